package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/store/db"
)

var (
	_ account.Store = (*Accounts)(nil)
	_ account.Years = (*Accounts)(nil)
)

// Accounts implements [account.Store].
type Accounts struct{ s *Store }

// Accounts returns the accounts of holders.
func (s *Store) Accounts() *Accounts { return &Accounts{s} }

// Get implements [account.Store].
func (a *Accounts) Get(ctx context.Context, id string) (account.Account, error) {
	r, err := a.s.read.Account(ctx, id)
	if err != nil {
		return account.Account{}, found("account", err)
	}
	return toAccount(r)
}

// ByDocument implements [account.Store].
func (a *Accounts) ByDocument(ctx context.Context, document string) (account.Account, error) {
	r, err := a.s.read.AccountByDocument(ctx, document)
	if err != nil {
		return account.Account{}, found("account", err)
	}
	return toAccount(r)
}

// ByPerson implements [account.Store].
func (a *Accounts) ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error) {
	rows, err := a.s.read.AccountsByPerson(ctx, p.SemanticsID())
	return parsed("accounts", rows, err, toAccount)
}

// ByDevice implements [account.Store].
func (a *Accounts) ByDevice(ctx context.Context, thumbprint string) ([]account.Account, error) {
	rows, err := a.s.read.AccountsByDevice(ctx, thumbprint)
	return parsed("accounts", rows, err, toAccount)
}

// Over implements [account.Years].
func (a *Accounts) Over(ctx context.Context, now time.Time, limit int) ([]string, error) {
	ids, err := a.s.read.AccountsOver(ctx, db.AccountsOverParams{Now: millis(now), Many: many(limit)})
	if err != nil {
		return nil, fmt.Errorf("store: accounts: %w", err)
	}
	return ids, nil
}

// Save implements [account.Store].
func (a *Accounts) Save(ctx context.Context, v account.Account, events []tunnus.Event) error {
	return a.s.write(ctx, func(t tx) error {
		if err := t.saveAccount(ctx, v); err != nil {
			return err
		}
		return t.events(ctx, events)
	})
}

// saveAccount leaves it to two unique indexes that a document number and a
// living account of a device stay single.
func (t tx) saveAccount(ctx context.Context, v account.Account) error {
	certificates, err := json.Marshal(v.Certificates)
	if err != nil {
		return fmt.Errorf("store: account: %w", err)
	}
	p := db.SaveAccountParams{
		ID: v.ID, Rev: v.Rev, Person: v.Person.SemanticsID(), Document: v.Document,
		Surname: v.Surname, GivenNames: v.GivenNames, Level: string(v.Level), State: string(v.State),
		Device: v.Device, LoginKey: v.LoginKey, SignKey: v.SignKey,
		Certificates: certificates, Contact: full(v.Contact),
		Application: full(v.Application), Signature: full(v.Signature),
		CreatedAt: millis(v.CreatedAt), ExpiresAt: millis(v.ExpiresAt),
	}
	if v.Rev == 0 {
		p.Rev = 1
		return added("account", t.AddAccount(ctx, db.AddAccountParams(p)))
	}
	n, err := t.SaveAccount(ctx, p)
	return swapped("account", n, err)
}

func toAccount(r db.Account) (account.Account, error) {
	person, err := tunnus.ParseSemanticsID(r.Person)
	if err != nil {
		return account.Account{}, fmt.Errorf("store: account %s: the person's code is damaged", r.ID)
	}
	v := account.Account{
		ID: r.ID, Document: r.Document, Person: person, Level: tunnus.Level(r.Level), State: account.State(r.State),
		Surname: r.Surname, GivenNames: r.GivenNames, Device: r.Device, LoginKey: r.LoginKey, SignKey: r.SignKey,
		Contact: some(r.Contact), Application: some(r.Application), Signature: some(r.Signature),
		CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt), Rev: r.Rev,
	}
	if err := json.Unmarshal(r.Certificates, &v.Certificates); err != nil {
		return account.Account{}, fmt.Errorf("store: account %s: %w", r.ID, err)
	}
	return v, nil
}
