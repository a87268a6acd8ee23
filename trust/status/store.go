package status

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A Standing is what is known of one certificate.
type Standing struct {
	Serial      string     // 32 lower-case hex digits
	Certificate []byte     // DER; empty while it is only intended
	Held        time.Time  // since when it is suspended; zero if it is not
	Revoked     time.Time  // zero if it is not revoked
	Reason      pki.Reason // "" if it is not revoked
}

// A Source tells what is known of certificates. Every implementation must pass
// storetest.Standings.
type Source interface {
	// Standing returns what is known of a serial number now, read from the
	// primary database: what another node committed before the call is in it.
	// It fails with [tunnus.CodeNotFound] if there is none.
	Standing(ctx context.Context, serial string) (Standing, error)
}

// verdict is what a standing amounts to.
type verdict struct {
	status ocsp.Status
	since  time.Time // if revoked
	reason pki.Reason
}

// judge says what is answered about the certificate with a serial number, which
// must be one that issuer has signed: an intent, or a certificate of another CA
// that stands in the same database, is unknown.
func (s Standing) judge(serial *big.Int, issuer *x509.Certificate) verdict {
	if !s.madeBy(serial, issuer) {
		return verdict{status: ocsp.Unknown}
	}
	return s.verdict()
}

// verdict does not look at the certificate. What is revoked while it is
// suspended is so since it was suspended: nothing says that it was good between.
func (s Standing) verdict() verdict {
	switch {
	case !s.Revoked.IsZero() && !s.Held.IsZero() && s.Held.Before(s.Revoked):
		return verdict{ocsp.Revoked, s.Held, s.Reason}
	case !s.Revoked.IsZero():
		return verdict{ocsp.Revoked, s.Revoked, s.Reason}
	case !s.Held.IsZero():
		return verdict{ocsp.Revoked, s.Held, pki.Hold}
	}
	return verdict{status: ocsp.Good}
}

func (s Standing) madeBy(serial *big.Int, issuer *x509.Certificate) bool {
	if len(s.Certificate) == 0 {
		return false
	}
	c, err := x509.ParseCertificate(s.Certificate)
	return err == nil && c.SerialNumber.Cmp(serial) == 0 &&
		bytes.Equal(c.RawIssuer, issuer.RawSubject) && bytes.Equal(c.AuthorityKeyId, issuer.SubjectKeyId)
}

// hexSerial writes a serial number as rows have it.
func hexSerial(n *big.Int) string { return fmt.Sprintf("%032x", n) }

// A List is one revocation list.
type List struct {
	Issuer string // hex of the issuing CA's key identifier
	Number int64  // 1 for the first, then one more each time
	Made   time.Time
	Next   time.Time // when the next one is there at the latest
	Mark   Mark      // what it was made of
	DER    []byte
}

// A Mark tells two states of the certificates apart: every change of a status
// changes it.
type Mark struct {
	Count  int64     // certificates that are revoked or suspended
	Newest time.Time // of all changes of a status; zero if there was none
}

// A Shelf keeps revocation lists and what they are made of. Every
// implementation must pass storetest.Lists.
type Shelf interface {
	// Mark reads the mark of what is committed now.
	Mark(ctx context.Context) (Mark, error)

	// Bad returns certificates that are revoked or suspended, and do not end
	// before a time: at most limit of them, those with the lowest serial
	// numbers above after ("" for the first).
	Bad(ctx context.Context, ends time.Time, after string, limit int) ([]Standing, error)

	// Latest returns an issuer's newest list; one with number 0 if there is none.
	Latest(ctx context.Context, issuer string) (List, error)

	// Publish keeps a list. If its number is not one above the newest, it fails
	// with [tunnus.CodeStateConflict], having written nothing. Older lists may
	// be thrown away.
	Publish(ctx context.Context, l List, events []tunnus.Event) error
}
