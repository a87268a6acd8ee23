package status

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
)

// How answers are signed before they are asked for.
const (
	early  = 3 * time.Minute // how old a kept answer is when it is signed again; it may get as old as resign
	lately = 5 * time.Minute // if somebody asked for it within this time
	// Round is how many answers a round signs at most: half a second of one
	// processor. Whatever is left over comes in the next one, or is signed when
	// somebody asks.
	Round = 500
	// newest is how many new certificates wait for a round. More are answered when
	// somebody asks.
	newest = 256
)

// usualHashes are those by which clients name the issuer.
func usualHashes() []crypto.Hash { return []crypto.Hash{crypto.SHA1, crypto.SHA256} }

// Issued tells that a certificate (DER) was issued, so that its first answers are
// signed in the next round. It does not wait, and does nothing if too many wait already.
func (r *Responder) Issued(certificate []byte) {
	select {
	case r.issued <- certificate:
	default:
		return
	}
	select {
	case r.due <- struct{}{}:
	default: // somebody has said so already
	}
}

// Due tells when it is time for a round before the usual one, which is best every
// five seconds: when a certificate was issued. One listener hears it.
func (r *Responder) Due() <-chan struct{} { return r.due }

// Renew does one round: it signs the first answers about certificates that were
// issued, and again those that were asked for lately and grow old. It returns how
// many it signed. Where questions are waiting it leaves the work to the next round.
func (r *Responder) Renew(ctx context.Context) (signed int, err error) {
	for _, w := range append(r.firsts(), r.cache.due(r.cfg.Clock.Now(), Round)...) {
		if signed >= Round {
			break
		}
		ok, err := r.ahead(ctx, w)
		if err != nil {
			return signed, err
		}
		if ok {
			signed++
		}
	}
	return signed, nil
}

// A wanted answer is one to be signed ahead.
type wanted struct {
	id   ocsp.CertID
	used time.Time // when it was last asked for
}

// firsts are the answers about new certificates.
func (r *Responder) firsts() (out []wanted) {
	for range newest {
		select {
		case der := <-r.issued:
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				continue // Standing.judge says what it is when somebody asks
			}
			for _, h := range usualHashes() {
				if id, err := idOf(cert, r.cfg.Issuer, h); err == nil {
					out = append(out, wanted{id, r.cfg.Clock.Now()})
				}
			}
		default:
			return out
		}
	}
	return out
}

func idOf(cert, issuer *x509.Certificate, h crypto.Hash) (ocsp.CertID, error) {
	question, err := ocsp.NewRequest(cert, issuer, h, nil)
	if err != nil {
		return ocsp.CertID{}, err
	}
	q, err := ocsp.ParseRequest(question)
	if err != nil {
		return ocsp.CertID{}, err
	}
	return q.IDs[0], nil
}

// ahead signs one answer and keeps it, unless a question was faster or others
// wait for their turn.
func (r *Responder) ahead(ctx context.Context, w wanted) (bool, error) {
	select {
	case r.turns <- struct{}{}:
		defer func() { <-r.turns }()
	default:
		return false, nil
	}
	serial, asked, now := hexSerial(w.id.Serial), string(w.id.Raw), r.cfg.Clock.Now()
	kept, ok, epoch := r.cache.find(serial, asked)
	if ok && within(now, kept.made, early) {
		return false, nil
	}
	v, err := r.look(ctx, w.id)
	if err != nil {
		return false, err
	}
	if v.status == ocsp.Unknown {
		return false, nil
	}
	der, err := r.sign(ctx, ocsp.Draft{Answers: []ocsp.Answer{r.answer(w.id, v, now)}, Produced: now})
	if err != nil {
		return false, fmt.Errorf("status: ahead: %w", err)
	}
	r.cache.put(serial, entry{asked: asked, der: der, said: v, read: now, made: now, used: w.used}, epoch)
	return true, nil
}
