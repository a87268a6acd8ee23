package enrol

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Look takes what somebody else has decided about a parked sitting, if they have: a
// guardian, or two people who look at faces.
func (f *Flow) Look(ctx context.Context, ref Ref) error {
	s, err := f.book.Load(ctx, ref)
	if err != nil || s.State != way.Parked {
		return err
	}
	over := f.book.Over(s)
	switch {
	case over:
	case s.Why == tunnus.CodeGuardWait:
		return f.Consented(ctx, s)
	default:
		if over, err = f.Reviewed(ctx, s); err != nil {
			return err
		}
	}
	if over {
		s.Due = f.book.Now()
		_, err = f.lapse(context.WithoutCancel(ctx), s)
	}
	return err
}
