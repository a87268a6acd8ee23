// Package register joins the nightly walk through the accounts (enrol/reconcile)
// with what it acts on: accounts, their keys and certificates, and letters.
package register

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// Renamed is the kind of the letter to whoever has another name in the register.
const Renamed = "account-renamed"

// Letters tell the contacts of holders.
type Letters struct {
	Contacts interface {
		All(ctx context.Context, p tunnus.PersonCode) ([]contact.Contact, error)
	}
	Outbox interface {
		Put(ctx context.Context, l otp.Letter) error
	}
	Sealer otp.Sealer
}

// Renamed implements reconcile.Teller.
func (l Letters) Renamed(ctx context.Context, a account.Account, due time.Time) (told bool, err error) {
	return l.write(ctx, a, Renamed, due.UTC().Format(time.DateOnly))
}

func (l Letters) write(ctx context.Context, a account.Account, kind, about string) (told bool, err error) {
	list, err := l.Contacts.All(ctx, a.Person)
	if err != nil {
		return false, fmt.Errorf("register: contacts: %w", err)
	}
	for _, c := range list {
		letter, err := otp.Seal(l.Sealer, kind, otp.Message{To: c.Address, About: about})
		if err != nil {
			return told, err
		}
		if err := l.Outbox.Put(ctx, letter); err != nil {
			return told, err
		}
		told = true
	}
	return told, nil
}

// An Ender ends accounts.
type Ender struct {
	Accounts interface {
		Get(ctx context.Context, id string) (account.Account, error)
		Apply(ctx context.Context, id string, e account.Event, why tunnus.Code) (account.Account, error)
	}
	// Life lets keys and certificates follow; what it does not come to, its own job
	// does, for the row says that they are behind.
	Life interface {
		Follow(ctx context.Context, id string) error
	}
	Letters Letters
}

// End implements reconcile.Ender. The holder of an account that is closed is told
// before; of one whose holder has died, nobody is.
func (e Ender) End(ctx context.Context, a account.Account, event account.Event, why tunnus.Code) error {
	now, err := e.Accounts.Get(ctx, a.ID)
	if err != nil {
		return err
	}
	if now.State.Live() {
		if event == account.Close {
			if _, err := e.Letters.write(ctx, a, string(tell.Ended), ""); err != nil {
				return err
			}
		}
		if _, err := e.Accounts.Apply(ctx, a.ID, event, why); err != nil {
			return err
		}
	}
	if err := e.Life.Follow(ctx, a.ID); err != nil {
		return fmt.Errorf("register: the account has ended; its certificates are to follow: %w", err)
	}
	return nil
}

// Every makes the pace of a walk: one question in so much time.
func Every(pause time.Duration) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		wait := time.NewTimer(pause)
		defer wait.Stop()
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("register: the walk was stopped"), ctx.Err())
		case <-wait.C:
			return nil
		}
	}
}
