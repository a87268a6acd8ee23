package status

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// Times of lists.
const (
	renew  = time.Hour      // how old a list gets if nothing changes
	life   = 24 * time.Hour // nextUpdate
	linger = 48 * time.Hour // how long a certificate that ended stays on: on one list after its end at least (RFC 5280 §3.3)
	page   = 1000
)

// An Authority is an issuing CA's certificate with its key, RSA.
type Authority struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// A Lister makes the revocation list of one issuing CA. All fields are needed.
// It is safe for concurrent use.
type Lister struct {
	Shelf  Shelf
	Clock  tunnus.Clock
	Issuer func(context.Context) (Authority, error)
}

// IssuerID names an issuing CA's lists: hex of its key identifier.
func IssuerID(issuer *x509.Certificate) string { return hex.EncodeToString(issuer.SubjectKeyId) }

// Tick makes a new list if a status has changed since the last one, if that
// grows old, or if there is none. It reports whether it made one. It may be
// called as often as one likes, on several nodes: best every ten seconds, and
// after a revocation.
func (l *Lister) Tick(ctx context.Context) (bool, error) {
	by, err := l.Issuer(ctx)
	if err != nil {
		return false, fmt.Errorf("status: issuing CA: %w", err)
	}
	last, err := l.Shelf.Latest(ctx, IssuerID(by.Certificate))
	if err != nil {
		return false, fmt.Errorf("status: last list: %w", err)
	}
	mark, err := l.Shelf.Mark(ctx) // before the rows are read: what changes while they are is seen next time
	if err != nil {
		return false, fmt.Errorf("status: mark: %w", err)
	}
	now := l.Clock.Now().UTC().Truncate(time.Second)
	if last.Number > 0 && mark.equal(last.Mark) && within(now, last.Made, renew) {
		return false, nil
	}
	next, err := l.make(ctx, by, last.Number+1, now)
	if err != nil {
		return false, err
	}
	next.Mark = mark
	sum := sha256.Sum256(next.DER)
	err = l.Shelf.Publish(ctx, next, []tunnus.Event{{At: now, Kind: "crl.made", Subject: next.Issuer, Detail: map[string]string{
		"number": strconv.FormatInt(next.Number, 10), "sha256": hex.EncodeToString(sum[:]),
	}}})
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return false, nil // another node was faster; what it missed is seen next time
	}
	if err != nil {
		return false, fmt.Errorf("status: publish: %w", err)
	}
	return true, nil
}

func (m Mark) equal(o Mark) bool { return m.Count == o.Count && m.Newest.Equal(o.Newest) }

// make signs a list and reads it back.
func (l *Lister) make(ctx context.Context, by Authority, n int64, now time.Time) (List, error) {
	entries, err := l.entries(ctx, by.Certificate, now)
	if err != nil {
		return List{}, err
	}
	out := List{Issuer: IssuerID(by.Certificate), Number: n, Made: now, Next: now.Add(life)}
	out.DER, err = x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		SignatureAlgorithm: pki.Signing, Number: big.NewInt(n), ThisUpdate: now, NextUpdate: out.Next, RevokedCertificateEntries: entries,
	}, by.Certificate, by.Key)
	if err != nil {
		return List{}, fmt.Errorf("status: list: %w", err)
	}
	read, err := x509.ParseRevocationList(out.DER)
	if err != nil {
		return List{}, fmt.Errorf("status: own list: %w", err)
	}
	if err := read.CheckSignatureFrom(by.Certificate); err != nil {
		return List{}, fmt.Errorf("status: own list: %w", err)
	}
	if len(read.RevokedCertificateEntries) != len(entries) {
		return List{}, errors.New("status: own list lacks entries")
	}
	return out, nil
}

// entries reads all that stands on the list.
func (l *Lister) entries(ctx context.Context, issuer *x509.Certificate, now time.Time) ([]x509.RevocationListEntry, error) {
	var out []x509.RevocationListEntry
	for after := ""; ; {
		rows, err := l.Shelf.Bad(ctx, now.Add(-linger), after, page)
		if err != nil {
			return nil, fmt.Errorf("status: revoked certificates: %w", err)
		}
		for _, r := range rows {
			serial, ok := new(big.Int).SetString(r.Serial, 16)
			if !ok || !r.madeBy(serial, issuer) {
				continue
			}
			v := r.verdict()
			if v.since.After(now) {
				v.since = now
			}
			out = append(out, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: v.since, ReasonCode: v.reason.Code()})
		}
		if len(rows) < page {
			return out, nil
		}
		after = rows[len(rows)-1].Serial
	}
}
