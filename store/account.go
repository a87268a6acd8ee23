package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
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
	return toAccount(r)
}

// ByDocument implements [account.Store].
func (a *Accounts) ByDocument(ctx context.Context, document string) (account.Account, error) {
	r, err := a.d.Read().AccountByDocument(ctx, document)
	if err != nil {
		return account.Account{}, engine.Found("account", err)
	}
	return toAccount(r)
}

// ByPerson implements [account.Store].
func (a *Accounts) ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error) {
	rows, err := a.d.Read().AccountsByPerson(ctx, p.SemanticsID())
	return engine.Parsed("accounts", rows, err, toAccount)
}

// ByDevice implements [account.Store].
func (a *Accounts) ByDevice(ctx context.Context, thumbprint string) ([]account.Account, error) {
	rows, err := a.d.Read().AccountsByDevice(ctx, thumbprint)
	return engine.Parsed("accounts", rows, err, toAccount)
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
		if err := saveAccount(ctx, t, v); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// saveAccount leaves it to two unique indexes that a document number and a
// living account of a device stay single.
func saveAccount(ctx context.Context, t *engine.Tx, v account.Account) error {
	certificates, err := json.Marshal(v.Certificates)
	if err != nil {
		return fmt.Errorf("store: account: %w", err)
	}
	p := db.SaveAccountParams{
		ID: v.ID, Rev: v.Rev, Person: v.Person.SemanticsID(), Document: v.Document,
		Surname: v.Surname, GivenNames: v.GivenNames, Level: string(v.Level), State: string(v.State),
		Device: v.Device, LoginKey: v.LoginKey, SignKey: v.SignKey,
		Certificates: certificates, Contact: engine.Full(v.Contact),
		Application: engine.Full(v.Application), Signature: engine.Full(v.Signature),
		CreatedAt: engine.Millis(v.CreatedAt), ExpiresAt: engine.Millis(v.ExpiresAt),
	}
	if err := copies.AccountState(t, v.ID, string(v.State), v.Rev+1); err != nil {
		return err
	}
	if v.Rev == 0 {
		p.Rev = 1
		return engine.Added("account", t.AddAccount(ctx, db.AddAccountParams(p)))
	}
	n, err := t.SaveAccount(ctx, p)
	return engine.Swapped("account", n, err)
}

func toAccount(r db.Account) (account.Account, error) {
	person, err := tunnus.ParseSemanticsID(r.Person)
	if err != nil {
		return account.Account{}, fmt.Errorf("store: account %s: the person's code is damaged", r.ID)
	}
	v := account.Account{
		ID: r.ID, Document: r.Document, Person: person, Level: tunnus.Level(r.Level), State: account.State(r.State),
		Surname: r.Surname, GivenNames: r.GivenNames, Device: r.Device, LoginKey: r.LoginKey, SignKey: r.SignKey,
		Contact: engine.Some(r.Contact), Application: engine.Some(r.Application), Signature: engine.Some(r.Signature),
		CreatedAt: engine.Moment(r.CreatedAt), ExpiresAt: engine.Moment(r.ExpiresAt), Rev: r.Rev,
	}
	if err := json.Unmarshal(r.Certificates, &v.Certificates); err != nil {
		return account.Account{}, fmt.Errorf("store: account %s: %w", r.ID, err)
	}
	return v, nil
}
