package trustlist

import (
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/crl"
)

// A Status tells what revocation lists say of a certificate.
type Status string

// The statuses. Unknown and Stale are not Good: nobody has said so lately.
const (
	Good    Status = "good"
	Revoked Status = "revoked"
	Stale   Status = "stale"   // the newest list is too old, and does not name it
	Unknown Status = "unknown" // there is no list of its issuer
)

// A Standing is what revocation lists say of a certificate.
type Standing struct {
	Status Status
	At     time.Time // Revoked: since when
	Reason int       // Revoked: RFC 5280 §5.3.1
	This   time.Time // of the newest list of the issuer; zero if there is none
	Next   time.Time // until when it is good: see [GoodUntil]
}

// maxAge is how long a list is good, whatever it says: country signers issue one
// every 90 days at least (Doc 9303-12 §4.3.2).
const maxAge = 90 * 24 * time.Hour

// GoodUntil is until when a list tells that somebody is not revoked: as long as it
// says, and no longer than states have for the next one.
func GoodUntil(c *crl.CRL) time.Time {
	if most := c.This.Add(maxAge); c.Next.IsZero() || c.Next.After(most) {
		return most
	}
	return c.Next
}

// Revoked tells how the certificate stands by the revocation lists of its issuer.
// A revocation counts whether its list is still valid or not.
func (l *List) Revoked(c *certificate.Certificate, now time.Time) Standing {
	s := Standing{Status: Unknown}
	for _, list := range l.crlsOf[c.Issuer.Key()] {
		next := GoodUntil(list)
		if e, ok := list.Find(c.Serial); ok {
			return Standing{Revoked, e.At, e.Reason, list.This, next}
		}
		if list.This.After(now) || list.This.Before(s.This) {
			continue
		}
		s = Standing{Status: Good, This: list.This, Next: next}
		if now.After(next) {
			s.Status = Stale
		}
	}
	return s
}
