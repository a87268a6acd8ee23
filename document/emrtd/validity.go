package emrtd

import (
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/mrz/state"
)

// validity looks at the certificates now; those of a document that is expired
// need to have lived no longer, so that it is told to be expired and not to be
// false. Of the certificates of the country signer's key and name one has to be right.
func (in *inspection) validity() error {
	if in.csca == nil {
		return ReasonBefore
	}
	if in.sod.SigningTime.After(in.now.Add(day)) {
		return ReasonSignedLate
	}
	if err := in.valid(in.ds); err != nil {
		return err
	}
	for _, c := range in.anchors {
		if c.Subject.Equal(in.ds.Issuer) && in.valid(c) == nil {
			in.csca = c
			return nil
		}
	}
	return in.valid(in.csca)
}

// valid looks at one certificate.
func (in *inspection) valid(c *signer) error {
	until := in.now
	if last, err := in.zone.ExpiryDate(); in.read && err == nil && last.Before(until) {
		until = last
	}
	switch signed := in.sod.SigningTime; {
	case in.now.Before(c.NotBefore):
		return ReasonNotYetValid
	case until.After(c.NotAfter):
		return ReasonNotValid
	case !signed.IsZero() && !within(signed, c.NotBefore, c.NotAfter):
		return ReasonSignedLate
	}
	return nil
}

// day is how far clocks and calendars may be apart.
const day = 24 * time.Hour

// keyPeriod checks that the document was signed while the signer's key was to be
// used: it retires long before the certificate, which must outlive the last
// document (Doc 9303-12 §7.1.1.2). Where the day of issue stands for the time of
// signing, it is compared by the day: a document may be signed the day before or
// after, and it is another day elsewhere.
func (in *inspection) keyPeriod() error {
	switch {
	case in.ds == nil:
		return ReasonBefore
	case in.ds.UseFrom.IsZero() && in.ds.UseUntil.IsZero():
		return ReasonNotOffered
	}
	signed, from, until := in.sod.SigningTime, in.ds.UseFrom, in.ds.UseUntil
	if signed.IsZero() {
		signed, from = in.issued, from.Truncate(day).Add(-day)
		if !until.IsZero() {
			until = until.Truncate(day).Add(day)
		}
	}
	if signed.IsZero() {
		return ReasonNoTime
	}
	if !within(signed, from, until) {
		return ReasonKeyPeriod
	}
	return nil
}

// within reports whether t is in the time between; a zero time is no bound.
func within(t, from, until time.Time) bool {
	return !t.Before(from) && (until.IsZero() || !t.After(until))
}

// country checks that the code line's issuer and both signers are of one country, of
// those that this issuer's signers may have.
func (in *inspection) country() error {
	if !in.read {
		return ReasonBefore
	}
	may, want := state.Countries(in.zone.Issuer), in.ds.Subject.Country()
	if len(may) == 0 {
		return ReasonState
	}
	for _, c := range []*certificate.Certificate{in.ds.Certificate, in.csca.Certificate} {
		if c.Subject.Country() != want || c.Issuer.Country() != want || !slices.Contains(may, want) {
			return ReasonCountry
		}
	}
	return nil
}
