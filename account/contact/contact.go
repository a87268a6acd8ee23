// Package contact keeps where a person is reached: e-mail addresses and phone
// numbers that were confirmed.
//
// Contacts belong to the person, not to an account. Each was confirmed by a code.
// One that is added later is held five days before it may receive codes for a
// registration or a recovery; until then, and as long as one that was removed is
// held, all of them are told of everything. Addresses are sealed; a row is named
// by a keyed hash of person and address, so that one address is one row. What an
// account has brought, by its registration or later, stands as long as it does not turn
// out to be fraud ([Service.Disown]), and is held while that is in doubt.
//
// Here contacts are read and their moves decided. Who is told of a move, and the
// codes, are the matter of package account/life.
package contact

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/address"
)

// A State is where a contact stands.
type State string

// The states. From Stopped and Removed an address comes back only as a new contact.
const (
	Pending   State = "pending"   // its code was not typed yet
	Confirmed State = "confirmed" // held at first, if it is not the first one
	Leaving   State = "leaving"   // the holder took it off; it is still told of everything, and can undo that, while it is held
	Removed   State = "removed"
	Stopped   State = "stopped" // somebody said "not me"
)

// HoldFor is how long a change is held, unless a scheme says otherwise.
const HoldFor = 5 * 24 * time.Hour

// A Contact is one contact of a person.
type Contact struct {
	Person    string // account.PersonKey
	ID        string // 32 hexadecimal digits
	Kind      address.Channel
	State     State
	Address   string    // in clear and normal form ([address.Address.Text]); "" once Removed or Stopped
	Since     time.Time // when it was brought; of one that was Stopped, when that was
	HeldUntil time.Time
	Account   string // whose registration or PIN1 brought it
	Rev       int64  // 0 until first saved
}

// Usable reports whether codes for a registration or a recovery may go there.
func (c Contact) Usable(now time.Time) bool { return c.State == Confirmed && !now.Before(c.HeldUntil) }

// Told reports whether it is told what happens to the person's accounts: also
// while it is held, on its way in or out, so that no thief silences it.
func (c Contact) Told(now time.Time) bool {
	return c.State == Confirmed || c.State == Leaving && now.Before(c.HeldUntil)
}

// Masked is the address as it is shown: enough to know it again.
func (c Contact) Masked() string {
	a, err := address.Of(c.Address)
	if err != nil {
		return "…"
	}
	return a.Mask()
}

// A Row is a contact as it is stored.
type Row struct {
	Person    string
	ID        string
	Kind      address.Channel
	State     State
	Sealed    []byte // the address; nil once Removed or Stopped
	Since     time.Time
	HeldUntil time.Time
	Account   string
	Rev       int64
}

// A Store keeps contacts.
type Store interface {
	// OfPerson returns all contacts of a person, in any state, oldest first.
	OfPerson(ctx context.Context, person string) ([]Row, error)

	// Save writes a contact if its stored revision is Rev (0: none is stored), as
	// revision Rev+1, and the events, in one transaction; else it fails with
	// [tunnus.CodeStateConflict].
	Save(ctx context.Context, r Row, events []tunnus.Event) error

	// Leaving returns at most limit contacts that are Leaving and no longer held.
	Leaving(ctx context.Context, now time.Time, limit int) ([]Row, error)
}

// A Sealer encrypts what stands in rows; see otp.Sealer.
type Sealer interface {
	Seal(plain, aad []byte) ([]byte, error)
	Open(sealed, aad []byte) ([]byte, error)
}

// Accounts finds the accounts of a person, in any state.
type Accounts interface {
	ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error)
}

// A Service reads contacts.
type Service struct {
	Store    Store
	Accounts Accounts
	Sealer   Sealer
	Secret   tunnus.Secret
	Clock    tunnus.Clock
	Hold     time.Duration // zero is [HoldFor]
}

func place(person, id string) []byte { return []byte("contact/" + person + "/" + id) }

// Held is how long a change is held here.
func (s Service) Held() time.Duration {
	if s.Hold == 0 {
		return HoldFor
	}
	return s.Hold
}

// New makes a contact of an address, which nothing is stored of yet.
func (s Service) New(p tunnus.PersonCode, a address.Address) Contact {
	person := account.PersonKey(s.Secret, p)
	id := account.Mark(s.Secret, "contact", person+"\x00"+a.Key())
	return Contact{Person: person, ID: id, Kind: a.Channel, State: Pending, Address: a.Text, Since: s.Clock.Now().UTC().Truncate(time.Millisecond)}
}

// Row seals a contact. An address that is over is not kept.
func (s Service) Row(c Contact) (Row, error) {
	r := Row{Person: c.Person, ID: c.ID, Kind: c.Kind, State: c.State, Since: c.Since, HeldUntil: c.HeldUntil, Account: c.Account, Rev: c.Rev}
	if c.State == Removed || c.State == Stopped {
		return r, nil
	}
	var err error
	if r.Sealed, err = s.Sealer.Seal([]byte(c.Address), place(c.Person, c.ID)); err != nil {
		return Row{}, fmt.Errorf("contact: sealing: %w", err)
	}
	return r, nil
}

func (s Service) open(r Row) (Contact, error) {
	c := Contact{Person: r.Person, ID: r.ID, Kind: r.Kind, State: r.State, Since: r.Since, HeldUntil: r.HeldUntil, Account: r.Account, Rev: r.Rev}
	if len(r.Sealed) == 0 {
		return c, nil
	}
	plain, err := s.Sealer.Open(r.Sealed, place(r.Person, r.ID))
	if err != nil {
		return Contact{}, fmt.Errorf("contact: opening: %w", err)
	}
	c.Address = string(plain)
	return c, nil
}

// List returns all contacts of a person, oldest first. The one that a registration
// has confirmed stands sealed with its account: it is taken over here the first time,
// unless the account never was in use or is known to be fraud.
func (s Service) List(ctx context.Context, p tunnus.PersonCode) ([]Contact, error) {
	list, _, err := s.list(ctx, p)
	return list, err
}

// list returns the accounts too, newest first.
func (s Service) list(ctx context.Context, p tunnus.PersonCode) ([]Contact, []account.Account, error) {
	rows, err := s.Store.OfPerson(ctx, account.PersonKey(s.Secret, p))
	if err != nil {
		return nil, nil, err
	}
	list := make([]Contact, 0, len(rows))
	for _, r := range rows {
		c, err := s.open(r)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, c)
	}
	accounts, err := s.Accounts.ByPerson(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range slices.Backward(accounts) { // oldest first
		if len(a.Contact) == 0 || a.ActiveAt.IsZero() || a.Fraud {
			continue
		}
		if list, err = s.adopt(ctx, a, list); err != nil {
			return nil, nil, err
		}
	}
	return list, accounts, s.doubt(list, accounts)
}

// doubt holds the contacts that only accounts in doubt have brought, for as long as they
// are: each of the others can stop them, and no code goes there.
func (s Service) doubt(list []Contact, accounts []account.Account) error {
	until := s.Clock.Now().Add(s.Held())
	for i, c := range list {
		if c.State != Confirmed || !c.HeldUntil.Before(until) {
			continue
		}
		doubted, err := s.only(accounts, c, account.Account.Doubted)
		if err != nil {
			return err
		}
		if doubted {
			list[i].HeldUntil = until
		}
	}
	return nil
}

// only reports whether a contact is on file because of such accounts, and no other.
func (s Service) only(accounts []account.Account, c Contact, such func(account.Account) bool) (bool, error) {
	i := slices.IndexFunc(accounts, func(a account.Account) bool { return a.ID == c.Account })
	if i < 0 || !such(accounts[i]) {
		return false, nil
	}
	bearing, err := s.bearing(accounts, c.ID)
	return !slices.ContainsFunc(bearing, func(a account.Account) bool { return !such(a) && !a.Fraud && !a.ActiveAt.IsZero() }), err
}

// of is the contact that stands sealed with an account.
func (s Service) of(a account.Account) (Contact, error) {
	text, err := s.Sealer.Open(a.Contact, a.ContactPlace())
	if err != nil {
		return Contact{}, fmt.Errorf("contact: opening that of account %s: %w", a.ID, err)
	}
	at, err := address.Of(string(text))
	if err != nil { // kept before there was a normal form
		if at, err = address.Parse(string(text)); err != nil {
			return Contact{}, fmt.Errorf("contact: that of account %s: %w", a.ID, err)
		}
	}
	return s.New(a.Person, at), nil
}

// bearing returns those of a person's accounts with which a contact stands sealed, as
// they are without it.
func (s Service) bearing(accounts []account.Account, id string) ([]account.Account, error) {
	var out []account.Account
	for _, a := range accounts {
		if len(a.Contact) == 0 {
			continue
		}
		c, err := s.of(a)
		if err != nil {
			return nil, err
		}
		if a.Contact = nil; c.ID == id {
			out = append(out, a)
		}
	}
	return out, nil
}

// Without returns the accounts of a person with which a contact stands sealed, as they
// are without it: whoever takes the contact off writes them too, or it would come back.
func (s Service) Without(ctx context.Context, p tunnus.PersonCode, id string) ([]account.Account, error) {
	accounts, err := s.Accounts.ByPerson(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.bearing(accounts, id)
}

// Disown stops the contacts of a person that are on file because of accounts got by
// fraud only; the one given counts as such. It returns them, and the other accounts as
// [Service.Without] does: nothing is stored.
func (s Service) Disown(ctx context.Context, fraud account.Account) (gone []Contact, without []account.Account, err error) {
	list, accounts, err := s.list(ctx, fraud.Person)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range list {
		if c.State != Confirmed && c.State != Leaving {
			continue
		}
		only, err := s.only(accounts, c, func(a account.Account) bool { return a.Fraud || a.ID == fraud.ID })
		if err != nil {
			return nil, nil, err
		}
		if !only {
			continue
		}
		c.State, c.Since = Stopped, s.Clock.Now()
		bearing, err := s.bearing(accounts, c.ID)
		if err != nil {
			return nil, nil, err
		}
		gone, without = append(gone, c), append(without, bearing...)
	}
	without = slices.DeleteFunc(without, func(a account.Account) bool { return a.ID == fraud.ID })
	return gone, without, nil
}

// adopt takes the contact of an account over. The first one of a person is not held: the
// registration that confirmed it has proved the person too. Any other is held as
// if it had been added. One that left, was stopped, or was never confirmed comes back so,
// by an account that was made after that: an older one says nothing new.
func (s Service) adopt(ctx context.Context, a account.Account, list []Contact) ([]Contact, error) {
	c, err := s.of(a)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(have Contact) bool { return have.ID == c.ID })
	if i >= 0 && (list[i].State == Confirmed || !a.CreatedAt.After(s.over(list[i]))) {
		return list, nil
	}
	c.State, c.Since, c.Account = Confirmed, a.CreatedAt, a.ID
	if len(list) > 0 {
		c.HeldUntil = a.CreatedAt.Add(s.Held())
	}
	if i >= 0 {
		c.Rev = list[i].Rev
	}
	row, err := s.Row(c)
	if err != nil {
		return nil, err
	}
	line := tunnus.Event{At: s.Clock.Now(), Kind: "contact.adopt", Subject: c.ID, Detail: map[string]string{"account": a.ID, "kind": string(c.Kind)}}
	if err := s.Store.Save(ctx, row, []tunnus.Event{line}); err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		return nil, err // else somebody was faster with the same row
	}
	c.Rev++
	if i >= 0 {
		list[i] = c
		return list, nil
	}
	return append(list, c), nil
}

// over is when a contact left, was stopped, or began to wait for its code.
func (s Service) over(c Contact) time.Time {
	if c.State == Leaving || c.State == Removed {
		return c.HeldUntil.Add(-s.Held())
	}
	return c.Since
}

// Usable returns the contacts that codes for a registration or a recovery may go
// to: confirmed, and no longer held.
func (s Service) Usable(ctx context.Context, p tunnus.PersonCode) ([]Contact, error) {
	list, err := s.List(ctx, p)
	now := s.Clock.Now()
	return slices.DeleteFunc(list, func(c Contact) bool { return !c.Usable(now) }), err
}

// All returns the contacts that are told of what happens.
func (s Service) All(ctx context.Context, p tunnus.PersonCode) ([]Contact, error) {
	list, err := s.List(ctx, p)
	now := s.Clock.Now()
	return slices.DeleteFunc(list, func(c Contact) bool { return !c.Told(now) }), err
}

// leavingBatch is how many contacts one round of [Service.Sweep] erases.
const leavingBatch = 100

// Sweep erases the addresses of contacts that were taken off, once they are no
// longer held. It may run on several nodes.
func (s Service) Sweep(ctx context.Context) (int, error) {
	rows, err := s.Store.Leaving(ctx, s.Clock.Now(), leavingBatch)
	n, errs := 0, []error{err}
	for _, r := range rows {
		r.State, r.Sealed = Removed, nil
		line := tunnus.Event{At: s.Clock.Now(), Kind: "contact.erase", Subject: r.ID}
		switch err := s.Store.Save(ctx, r, []tunnus.Event{line}); {
		case err == nil:
			n++
		case tunnus.CodeOf(err) != tunnus.CodeStateConflict:
			errs = append(errs, err)
		}
	}
	return n, errors.Join(errs...)
}
