// Package history keeps what was done with the accounts of a person: each log-in,
// signature, refusal, change of a PIN or of the account itself, with who asked,
// when, which text was shown, and what came of it.
//
// Entries belong to the person and not to an account: they stay when an account
// has ended, and are seen with any other account of the person, for as long as the
// scheme says (security.md A3; package store/retention deletes them). What they say is sealed for person and entry; in clear stand
// a keyed hash of the person, the time and the kind. Hiding an entry or a service
// only takes it from the list: an export has all.
//
// The package decides nothing about accounts and tells nobody.
package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
)

// A Kind says what was done.
type Kind string

// The kinds.
const (
	Login     Kind = "log-in"
	Signature Kind = "signature"
	PINChange Kind = "pin-change"
	Begin     Kind = "account-new"
	Block     Kind = "account-blocked"
	Unblock   Kind = "account-unblocked"
	Freeze    Kind = "account-frozen"
	End       Kind = "account-ended"
	Contact   Kind = "contact-changed"
	Forgiven  Kind = "not-me-undone"
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{Login, Signature, PINChange, Begin, Block, Unblock, Freeze, End, Contact, Forgiven}
}

// An Entry is one thing that was done.
type Entry struct {
	ID       string    `json:"id"` // of what was done: noted twice, it is one entry
	At       time.Time `json:"at"`
	Kind     Kind      `json:"kind"`
	Account  string    `json:"-"`                  // id of the account it was done with
	Document string    `json:"document,omitempty"` // its number
	Service  string    `json:"service,omitempty"`  // who asked, as it was shown
	Text     string    `json:"text,omitempty"`     // what was shown
	Result   string    `json:"result"`             // "OK", "USER_REFUSED", … in the words of who was answered
	Hidden   bool      `json:"hidden,omitempty"`
}

// A Row is an entry as it is stored.
type Row struct {
	Person  string // account.PersonKey
	ID      string
	At      time.Time
	Account string
	Kind    Kind
	Service string // keyed hash of the service's name; "" if there is none
	Sealed  []byte
	Hidden  bool // by itself or with its service; never written by Add
}

// A Place is where a page begins: entries older than it, or of its time with a
// lower ID. The zero place is before the newest.
type Place struct {
	At time.Time
	ID string
}

// A Store keeps entries.
type Store interface {
	// Add writes entries in one transaction. One that is there already stays as it is.
	Add(ctx context.Context, rows []Row) error

	// Page returns at most limit entries of a person behind a place, newest
	// first; those that are hidden only if all is set.
	Page(ctx context.Context, person string, from Place, limit int, all bool) ([]Row, error)

	// Hide hides an entry or shows it again, or fails with [tunnus.CodeNotFound].
	Hide(ctx context.Context, person, id string, hidden bool) error

	// HideService hides all entries of a service, those to come too, or shows them
	// again.
	HideService(ctx context.Context, person, service string, hidden bool) error
}

// A Sealer encrypts what stands in rows; see otp.Sealer.
type Sealer interface {
	Seal(plain, aad []byte) ([]byte, error)
	Open(sealed, aad []byte) ([]byte, error)
}

// A Book is the history of everybody.
type Book struct {
	Store  Store
	Sealer Sealer
	Secret tunnus.Secret // keys the hashes of persons and services
	Clock  tunnus.Clock
}

func place(person, id string) []byte { return []byte("history/" + person + "/" + id) }

// Seal makes the row of an entry, for whoever writes it with the change that it
// tells of.
func (b Book) Seal(p tunnus.PersonCode, e Entry) (Row, error) {
	if p.IsZero() || e.ID == "" || e.Kind == "" || e.At.IsZero() {
		return Row{}, errors.New("history: an entry needs a person, an id, a kind and a time")
	}
	r := Row{Person: account.PersonKey(b.Secret, p), ID: e.ID, At: e.At.UTC().Truncate(time.Millisecond), Account: e.Account, Kind: e.Kind}
	e.At, e.Hidden = r.At, false
	if e.Service != "" {
		r.Service = b.service(e.Service)
	}
	plain, err := json.Marshal(e)
	if err != nil {
		return Row{}, fmt.Errorf("history: %w", err)
	}
	if r.Sealed, err = b.Sealer.Seal(plain, place(r.Person, r.ID)); err != nil {
		return Row{}, fmt.Errorf("history: sealing an entry: %w", err)
	}
	return r, nil
}

func (b Book) service(name string) string { return account.Mark(b.Secret, "service", name) }

// Note writes entries of one person.
func (b Book) Note(ctx context.Context, p tunnus.PersonCode, list ...Entry) error {
	rows := make([]Row, len(list))
	for i, e := range list {
		var err error
		if rows[i], err = b.Seal(p, e); err != nil {
			return err
		}
	}
	return b.Store.Add(ctx, rows)
}

// maxPage bounds a page.
const maxPage = 100

// Page returns one page of a person's history, newest first, and where the next
// one begins: more is false behind the last. With all it has the hidden ones too.
func (b Book) Page(ctx context.Context, p tunnus.PersonCode, from Place, limit int, all bool) (list []Entry, next Place, more bool, err error) {
	limit = min(max(limit, 1), maxPage)
	rows, err := b.Store.Page(ctx, account.PersonKey(b.Secret, p), from, limit+1, all)
	if err != nil {
		return nil, Place{}, false, err
	}
	if more = len(rows) > limit; more {
		rows = rows[:limit]
	}
	for _, r := range rows {
		plain, err := b.Sealer.Open(r.Sealed, place(r.Person, r.ID))
		if err != nil {
			return nil, Place{}, false, fmt.Errorf("history: opening an entry: %w", err)
		}
		var e Entry
		if err := json.Unmarshal(plain, &e); err != nil {
			return nil, Place{}, false, fmt.Errorf("history: an entry is damaged: %w", err)
		}
		e.Account, e.Hidden = r.Account, r.Hidden
		list, next = append(list, e), Place{r.At, r.ID}
	}
	return list, next, more, nil
}

// Hide takes an entry from the list, or puts it back. It fails with
// [tunnus.CodeNotFound] if the person has none with that ID.
func (b Book) Hide(ctx context.Context, p tunnus.PersonCode, id string, hidden bool) error {
	return b.Store.Hide(ctx, account.PersonKey(b.Secret, p), id, hidden)
}

// HideService takes all entries of a service from the list, or puts them back.
func (b Book) HideService(ctx context.Context, p tunnus.PersonCode, service string, hidden bool) error {
	return b.Store.HideService(ctx, account.PersonKey(b.Secret, p), b.service(service), hidden)
}
