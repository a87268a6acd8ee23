package desks

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/staff/support"
)

// Accounts are what support asks of accounts.
type Accounts struct {
	Rows   account.Store
	Life   *life.Service
	Record func(ctx context.Context, events []tunnus.Event) error // writes audit lines
}

// Mine implements [support.Accounts].
func (a Accounts) Mine(ctx context.Context, p tunnus.PersonCode) ([]support.Account, error) {
	all, err := a.Rows.ByPerson(ctx, p)
	out := make([]support.Account, 0, len(all))
	for _, v := range all {
		out = append(out, support.Account{ID: v.ID, State: string(v.State), Level: v.Level, Created: v.CreatedAt, Expires: v.ExpiresAt})
	}
	return out, err
}

// Person implements [support.Accounts].
func (a Accounts) Person(ctx context.Context, id string) (tunnus.PersonCode, error) {
	v, err := a.Rows.Get(ctx, id)
	return v.Person, err
}

// Close implements [support.Accounts]: who wanted it is written down before it is done.
func (a Accounts) Close(ctx context.Context, id string, events []tunnus.Event) error {
	if err := a.Record(ctx, events); err != nil {
		return err
	}
	_, err := a.Life.Close(ctx, id, life.By{Means: life.BySupport, Actor: events[0].Detail["staff"]})
	return err
}

// Fraud implements [support.Accounts].
func (a Accounts) Fraud(ctx context.Context, id, first, second string) error {
	return a.Life.Fraud(ctx, id, life.By{Means: life.BySupport, Actor: first, Second: second})
}

// Settle implements [support.Accounts].
func (a Accounts) Settle(ctx context.Context, id, first, second string) error {
	_, err := a.Life.Settle(ctx, id, life.By{Means: life.BySupport, Actor: first, Second: second})
	return err
}
