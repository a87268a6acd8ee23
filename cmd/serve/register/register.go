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
	"github.com/tunnus-id/tunnus/account/tell"
)

// Life is what leads accounts; a life.Service does.
type Life interface {
	// Follow lets keys and certificates follow their account; what it does not come
	// to, its own job does, for the row says that they are behind.
	Follow(ctx context.Context, id string) error
	// Elsewhere tells the holder, on all channels.
	Elsewhere(ctx context.Context, a account.Account, kind tell.Kind, id, detail string) (letters int, err error)
}

// A Teller tells holders; it implements reconcile.Teller.
type Teller struct{ Life Life }

// Renamed implements reconcile.Teller.
func (t Teller) Renamed(ctx context.Context, a account.Account, due time.Time) (told bool, err error) {
	date := due.UTC().Format(time.DateOnly)
	n, err := t.Life.Elsewhere(ctx, a, tell.Renamed, a.ID+"/"+date, date)
	return n > 0 && err == nil, err
}

// An Ender ends accounts.
type Ender struct {
	Accounts interface {
		Get(ctx context.Context, id string) (account.Account, error)
		Apply(ctx context.Context, id string, e account.Event, why tunnus.Code) (account.Account, error)
	}
	Life Life
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
			if _, err := e.Life.Elsewhere(ctx, a, tell.Ended, a.ID, ""); err != nil {
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
