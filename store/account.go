package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/life"
)

var (
	_ account.Store = (*Accounts)(nil)
	_ account.Years = (*Accounts)(nil)
)

// Accounts implements [account.Store].
type Accounts struct{ d *engine.Database }

// Accounts returns the accounts of holders.
func (s *Store) Accounts() *Accounts { return &Accounts{s.d} }

// Get implements [account.Store].
func (a *Accounts) Get(ctx context.Context, id string) (account.Account, error) {
	r, err := a.d.Read().Account(ctx, id)
	if err != nil {
		return account.Account{}, engine.Found("account", err)
	}
	return life.ToAccount(r)
}

// ByDocument implements [account.Store].
func (a *Accounts) ByDocument(ctx context.Context, document string) (account.Account, error) {
	r, err := a.d.Read().AccountByDocument(ctx, document)
	if err != nil {
		return account.Account{}, engine.Found("account", err)
	}
	return life.ToAccount(r)
}

// ByPerson implements [account.Store].
func (a *Accounts) ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error) {
	rows, err := a.d.Read().AccountsByPerson(ctx, p.SemanticsID())
	return engine.Parsed("accounts", rows, err, life.ToAccount)
}

// ByDevice implements [account.Store].
func (a *Accounts) ByDevice(ctx context.Context, thumbprint string) ([]account.Account, error) {
	rows, err := a.d.Read().AccountsByDevice(ctx, thumbprint)
	return engine.Parsed("accounts", rows, err, life.ToAccount)
}

// Over implements [account.Years].
func (a *Accounts) Over(ctx context.Context, now time.Time, limit int) ([]string, error) {
	ids, err := a.d.Read().AccountsOver(ctx, db.AccountsOverParams{Now: engine.Millis(now), Many: engine.Many(limit)})
	if err != nil {
		return nil, fmt.Errorf("store: accounts: %w", err)
	}
	return ids, nil
}

// Save implements [account.Store].
func (a *Accounts) Save(ctx context.Context, v account.Account, events []tunnus.Event) error {
	return a.d.Write(ctx, func(t *engine.Tx) error {
		if err := life.SaveAccount(ctx, t, v); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}
