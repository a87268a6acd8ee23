package enrol

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/sitting"
)

// tellOthers writes to those who hear of a new account by other ways than its own
// contact: of a first one where the register reaches the person (R6), of a child's its
// other guardians (R9).
func (f *Flow) tellOthers(ctx context.Context, a account.Account, s sitting.Session, p sitting.Payload) (told tell.Told, err error) {
	if told.Letters, err = f.first(ctx, a, s); err != nil {
		return told, err
	}
	others, err := f.OtherGuardians(ctx, s, p)
	if err != nil {
		return told, err
	}
	for _, g := range others {
		more, err := f.tellGuardian(ctx, a, g)
		if err != nil {
			return told, err
		}
		told.Add(more)
	}
	return told, nil
}

// tellGuardian writes to the contacts on file of a guardian, with a link that freezes
// the child's account, or else to where the register reaches them.
func (f *Flow) tellGuardian(ctx context.Context, a account.Account, g tunnus.PersonCode) (told tell.Told, err error) {
	all, err := f.cfg.Accounts.ByPerson(ctx, g)
	if err != nil {
		return told, fmt.Errorf("enrol: accounts of a guardian: %w", err)
	}
	to := account.Account{ID: a.ID, Person: g, Model: a.Model, Language: tell.Language(account.Account{}, all, f.book.Now())}
	told, err = f.cfg.Teller.Of(ctx, tell.Occasion{ID: a.ID, Kind: tell.Ward, Account: to, Tap: tell.FreezeAccount})
	if err != nil || len(told.Letters) > 0 {
		return told, err
	}
	told.Letters, err = tell.Letters(f.cfg.Sealer, tell.Ward, f.channels(ctx, g), otp.Message{Device: a.Model, Language: to.Language})
	return told, err
}
