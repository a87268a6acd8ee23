package enrol

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Accounts is what is asked of an [account.Store].
type Accounts interface {
	Get(ctx context.Context, id string) (account.Account, error)
	ByDevice(ctx context.Context, thumbprint string) ([]account.Account, error)
	ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error)
}

// A Ref names a session and the device that speaks.
type Ref = sitting.Ref

// A Form is what an applicant fills in.
type Form = match.Form

// step returns a session in which the fact is the next one, with what it holds.
// One whose time is over is ended first.
func (f *Flow) step(ctx context.Context, ref Ref, fact way.Fact) (sitting.Session, sitting.Payload, error) {
	s, err := f.book.Load(ctx, ref)
	if err != nil {
		return sitting.Session{}, sitting.Payload{}, f.book.Missed(ctx, ref, err)
	}
	if f.book.Over(s) {
		if _, err := f.lapse(context.WithoutCancel(ctx), s); err != nil {
			return sitting.Session{}, sitting.Payload{}, err
		}
		return sitting.Session{}, sitting.Payload{}, sitting.TimeUp()
	}
	return f.book.Admit(s, fact)
}
