package emrtd

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/emrtd/compare"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// details holds data groups 11 and 12 against the code line: who is born and when
// the document was made must not be said in two ways.
func (in *inspection) details() error {
	if !in.read {
		return ReasonBefore
	}
	dg11, dg12 := in.ev.Groups[11], in.ev.Groups[12]
	if dg11 == nil && dg12 == nil {
		if in.sod.Object.Has(11) || in.sod.Object.Has(12) {
			return ReasonNotTold
		}
		return ReasonNotOffered
	}
	if dg11 != nil {
		d, err := lds.ReadPersonalDetails(dg11)
		if err != nil {
			return fmt.Errorf("%w: data group 11", ReasonOdd)
		}
		if !compare.Days(in.zone.Birth, string(d.Birth)) {
			return fmt.Errorf("%w: birth in data groups 1 and 11", ReasonConflict)
		}
	}
	if dg12 != nil {
		d, err := lds.ReadDocumentDetails(dg12)
		if err != nil {
			return fmt.Errorf("%w: data group 12", ReasonOdd)
		}
		if issued, ok := d.Issued.Day(); ok {
			return in.issuedOn(issued)
		}
	}
	return nil
}

// issuedOn takes the day of issue, if it can be right.
func (in *inspection) issuedOn(day time.Time) error {
	last, err := in.zone.ExpiryDate()
	if err != nil || day.After(last) || day.After(in.now.AddDate(0, 0, 1)) { // it is tomorrow somewhere
		return fmt.Errorf("%w: issue in data group 12", ReasonConflict)
	}
	in.issued = day
	return nil
}

// earliest is the day of issue as far as it is told, or else the earliest that it can
// be: what the reader brings of a document must not decide on its age.
func (in *inspection) earliest() time.Time {
	switch {
	case !in.issued.IsZero():
		return in.issued
	case !in.sod.SigningTime.IsZero(), !in.sod.Object.Has(12), in.ev.Groups[12] != nil:
		return in.sod.SigningTime
	case in.ds.UseFrom.After(in.ds.NotBefore):
		return in.ds.UseFrom
	}
	return in.ds.NotBefore
}

// com compares EF.COM with what was signed. Nobody signs EF.COM, so it decides
// nothing.
func (in *inspection) com() error {
	switch {
	case in.ev.COM == nil:
		return ReasonNotTold
	case in.sod == nil:
		return ReasonBefore
	}
	index, err := lds.ReadCOM(in.ev.COM)
	if err != nil {
		return fmt.Errorf("%w: EF.COM", ReasonUnreadable)
	}
	said := slices.Sorted(slices.Values(index.Groups))
	signed := slices.Sorted(maps.Keys(in.sod.Object.Groups))
	if !slices.Equal(slices.Compact(said), signed) {
		return fmt.Errorf("%w: %v, not %v", ReasonList, said, signed)
	}
	return nil
}

// expiry looks at the last day of the document itself.
func (in *inspection) expiry() error {
	if !in.read {
		return ReasonBefore
	}
	if expired(in.zone, in.now) {
		return ReasonExpired
	}
	return nil
}

func expired(z mrz.Zone, now time.Time) bool {
	last, err := z.ExpiryDate()
	return err != nil || !now.Before(last.AddDate(0, 0, 1))
}
