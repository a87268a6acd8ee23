package card

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A Mood is how an issuer's responder answers. The zero value is honest.
type Mood string

// The moods.
const (
	Honest      Mood = ""
	SaysRevoked Mood = "says-revoked"  // of every card
	SaysUnknown Mood = "says-unknown"  // of every card
	Stale       Mood = "stale"         // an answer of an hour ago
	Future      Mood = "future"        // an answer of an hour ahead
	WrongNonce  Mood = "wrong-nonce"   // the answer to another question
	NoNonce     Mood = "no-nonce"      // the nonce is not repeated
	Twice       Mood = "twice"         // two answers about one card
	OtherCard   Mood = "other-card"    // an answer about another card
	Impostor    Mood = "impostor"      // signed by a responder of another CA
	NoRight     Mood = "no-right"      // signed by a certificate that may not answer
	Garbled     Mood = "garbled"       // one bit of the signature is wrong
	TryLater    Mood = "try-later"     // no status, unsigned
	NotDER      Mood = "not-der"       // no OCSP response at all
	Mute        Mood = "mute"          // nothing
	Huge        Mood = "huge-response" // more than anybody should read
)

// SetMood changes how the responder answers from now on.
func (i *Issuer) SetMood(m Mood) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mood = m
}

// Revoke ends both certificates of a card.
func (i *Issuer) Revoke(c *Card, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, k := range []pair{c.login, c.signature} {
		i.issued[k.certificate.SerialNumber.Text(16)] = now.UTC().Truncate(time.Second)
	}
}

// Answer answers an OCSP request (DER) with a response (DER).
func (i *Issuer) Answer(request []byte, now time.Time) []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	q, err := ocsp.ParseRequest(request)
	switch {
	case i.mood == NotDER:
		return []byte("<html>It works!</html>")
	case i.mood == Mute:
		return nil
	case i.mood == Huge:
		return make([]byte, 1<<20)
	case i.mood == TryLater:
		return ocsp.TryLater.Encode()
	case err != nil:
		return ocsp.Malformed.Encode()
	}
	now = now.UTC()
	switch i.mood {
	case Stale:
		now = now.Add(-time.Hour)
	case Future:
		now = now.Add(time.Hour)
	}
	d := ocsp.Draft{Nonce: q.Nonce, Produced: now}
	switch i.mood {
	case WrongNonce:
		d.Nonce = make([]byte, 32)
		rand.Read(d.Nonce) // never fails
	case NoNonce:
		d.Nonce = nil
	}
	for _, id := range q.IDs {
		if !id.Of(i.anchor) {
			return ocsp.Unauthorized.Encode()
		}
		if d.Answers = append(d.Answers, i.status(id, now)); i.mood == Twice {
			d.Answers = append(d.Answers, i.status(id, now))
		}
	}
	return i.sign(d)
}

// A Responder is an idcard.Status without a network: it hands questions to the
// issuer in the same process.
type Responder struct {
	Issuer *Issuer
	Clock  tunnus.Clock
}

// Answer implements idcard.Status. An address of another issuer's responder
// leads nowhere.
func (r Responder) Answer(_ context.Context, url string, request []byte) ([]byte, error) {
	if url != r.Issuer.url {
		return nil, errors.New("card: no responder has this address")
	}
	return r.Issuer.Answer(request, r.Clock.Now()), nil
}

// status says what is known of one certificate.
func (i *Issuer) status(id ocsp.CertID, now time.Time) ocsp.Answer {
	a := ocsp.Answer{ID: id, Status: ocsp.Unknown, ThisUpdate: now} // always the newest: no nextUpdate
	revoked, made := i.issued[id.Serial.Text(16)]
	switch {
	case i.mood == SaysUnknown:
	case i.mood == SaysRevoked:
		a.Status, a.Revoked, a.Reason = ocsp.Revoked, i.founded, pki.Unspecified
	case made && revoked.IsZero():
		a.Status = ocsp.Good
	case made:
		a.Status, a.Revoked, a.Reason = ocsp.Revoked, revoked, pki.Unspecified
	}
	if i.mood == OtherCard {
		raw := append([]byte{}, id.Raw...)
		raw[len(raw)-1] ^= 1 // the serial number is what a CertID ends with
		a.ID.Raw = raw
	}
	return a
}

// sign makes the response, by the responder that the mood wants.
func (i *Issuer) sign(d ocsp.Draft) []byte {
	by := i.responder
	var err error
	switch i.mood {
	case Impostor:
		var other *Issuer
		if other, err = i.impostor(); err == nil {
			by = other.responder
		}
	case NoRight:
		by, err = i.newResponder(x509.ExtKeyUsageClientAuth)
	}
	if err != nil {
		return ocsp.InternalError.Encode()
	}
	out, err := ocsp.Sign(d, by)
	if err != nil {
		return ocsp.InternalError.Encode()
	}
	if i.mood == Garbled {
		// The embedded certificate is what a response ends with; the signature
		// of its RSA key stands right before it.
		out[len(out)-len(by.Certificate.Raw)-20] ^= 1
	}
	return out
}
