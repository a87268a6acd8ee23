package life

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/tell"
)

// Rules are the numbers of a scheme.
type Rules struct {
	Freeze    time.Duration    // of a new account, by one tap (R1)
	Retire    time.Duration    // how long an account stays beside the one that replaces it, if its own device has not confirmed (R4)
	Reminders [2]time.Duration // before the end of an account, the earlier one first
}

// DefaultRules are those of the schemes that ship.
func DefaultRules() Rules {
	return Rules{Freeze: account.FreezeFor, Retire: RetireAfter, Reminders: [2]time.Duration{60 * 24 * time.Hour, 72 * time.Hour}}
}

// Config is what a [Service] is made of. All of it is needed but Rules, which are
// then [DefaultRules].
type Config struct {
	Rules     Rules
	Store     Store
	Accounts  Accounts
	Contacts  contact.Service
	History   history.Book
	Teller    tell.Teller
	Keys      Keys
	Authority Authority
	Codes     Codes
	Clock     tunnus.Clock

	// WriteUses tells the contacts of each log-in too, not only the other devices.
	WriteUses bool
}

// A Service leads accounts through their life. It may be used by many at once, in
// several processes over one store.
type Service struct{ cfg Config }

// New makes a service.
func New(c Config) *Service {
	if c.Rules == (Rules{}) {
		c.Rules = DefaultRules()
	}
	return &Service{c}
}

func (s *Service) now() time.Time { return s.cfg.Clock.Now() }

// A Means is how it was proved, elsewhere than on the account itself, that its
// holder asks.
type Means string

// The means.
const (
	ByAccount Means = "account" // PIN1 of another account of the same person
	ByPortal  Means = "portal"  // logged in with a card
	BySupport Means = "support" // two members of the staff
	ByLetter  Means = "letter"  // a link that only a contact of the person has
	ByDevice  Means = "device"  // the key of another device of the person, without a PIN
)

// By says who asks for a move, and by which means. The caller has verified it.
type By struct {
	Means  Means
	Actor  string // id of the account with [ByAccount] and [ByDevice]; who of the staff, with [BySupport]
	Second string // the other one of the staff

	// Rev is the revision of the account that was meant, if the proof names one: it
	// is good for that only.
	Rev int64
}

// check sees that the means are whole and not the account itself.
func (b By) check(a account.Account) error {
	switch b.Means {
	case ByAccount, ByDevice:
		if b.Actor == "" || b.Actor == a.ID {
			return tunnus.Conflict(errors.New("life: by the account itself"))
		}
	case BySupport:
		if b.Actor == "" {
			return tunnus.Conflict(errors.New("life: by nobody of the staff"))
		}
	case ByPortal, ByLetter:
	default:
		return tunnus.Conflict(fmt.Errorf("life: by no known means (%q)", b.Means))
	}
	return nil
}

// fourEyes demands two different members of the staff, where it is the staff that asks.
func (b By) fourEyes() error {
	if b.Means == BySupport && (b.Second == "" || b.Second == b.Actor) {
		return tunnus.Conflict(errors.New("life: four eyes are needed"))
	}
	return nil
}

// actor reads the account that asks, and sees that it is another one of the same
// person, in a state that may.
func (s *Service) actor(ctx context.Context, by By, a account.Account, ok func(account.Account) bool) (account.Account, error) {
	if by.Means != ByAccount && by.Means != ByDevice {
		return account.Account{}, nil
	}
	actor, err := s.cfg.Accounts.Get(ctx, by.Actor)
	if err != nil {
		return account.Account{}, fmt.Errorf("life: who asks: %w", err)
	}
	if actor.Person != a.Person {
		return account.Account{}, tunnus.NotFound(errors.New("life: an account of somebody else"))
	}
	if !ok(actor) {
		return account.Account{}, tunnus.Conflict(fmt.Errorf("life: an account that is %s, or too young, asks", actor.State))
	}
	return actor, nil
}

// rounds is how often a move that meets another one is decided anew.
const rounds = 5

// anew decides until nobody was faster.
func anew(decide func() error) (err error) {
	for range rounds {
		if err = decide(); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			return err
		}
	}
	return err
}

// A move is what one event does to one account.
type move struct {
	event account.Event
	why   tunnus.Code
	by    By
	kind  tell.Kind
	note  history.Kind
	tap   *tell.Tap
	open  CaseKind // "" opens no case
}

// apply lets an event happen to an account, tells everybody, and brings keys and
// certificates to where it stands. done reports that it is there already: then
// nothing is told, and what follows is looked after once more.
func (s *Service) apply(ctx context.Context, id string, m move, done func(account.Account) bool, allowed func(account.Account) error) (account.Account, error) {
	var a account.Account
	err := anew(func() (err error) {
		if a, err = s.cfg.Accounts.Get(ctx, id); err != nil {
			return fmt.Errorf("life: %s: %w", m.event, err)
		}
		if done(a) {
			return nil
		}
		if err := allowed(a); err != nil {
			return refusal{err}
		}
		if m.by.Rev != 0 && m.by.Rev != a.Rev {
			return refusal{tunnus.Conflict(errors.New("life: the account has moved since that was asked for"))}
		}
		after, line, err := a.After(m.event, m.why, s.now())
		if m.event == account.Freeze {
			after.FrozenUntil = s.now().Add(s.cfg.Rules.Freeze)
		}
		if err != nil {
			return refusal{err}
		}
		line.Detail["means"] = string(m.by.Means)
		if m.by.Means == BySupport {
			line.Detail["staff"], line.Detail["second"] = m.by.Actor, m.by.Second
		}
		c := Change{Accounts: []account.Account{after}, Tap: m.tap, Events: []tunnus.Event{line}}
		if err := s.write(ctx, &c, after, m); err != nil {
			return err
		}
		if err := s.cfg.Store.Commit(ctx, c); err != nil {
			return err
		}
		a = after
		a.Rev++
		return nil
	})
	if no, ok := errors.AsType[refusal](err); ok {
		return account.Account{}, no.error
	}
	if err != nil {
		return account.Account{}, err
	}
	return a, s.Follow(ctx, id)
}

// A refusal is a failure that deciding anew does not change.
type refusal struct{ error }

func (r refusal) Unwrap() error { return nil } // its code is not seen by anew

// write adds to a change what tells of it: letters, notices, an entry of the
// history, a case.
func (s *Service) write(ctx context.Context, c *Change, a account.Account, m move) error {
	now := s.now()
	id := fmt.Sprintf("%s/%s/%d", m.note, a.ID, a.Rev)
	others, err := s.cfg.Accounts.ByPerson(ctx, a.Person)
	if err != nil {
		return fmt.Errorf("life: accounts of a person: %w", err)
	}
	told, err := s.cfg.Teller.Of(ctx, tell.Occasion{ID: id, Kind: m.kind, Account: a, Others: others, By: m.by.Actor})
	if err != nil {
		return err
	}
	c.Told.Add(told)
	entry, err := s.cfg.History.Seal(a.Person, history.Entry{
		ID: id, At: now, Kind: m.note, Account: a.ID, Document: a.Document, Result: string(a.State), Text: string(m.by.Means),
	})
	if err != nil {
		return err
	}
	c.Entries = append(c.Entries, entry)
	if m.open != "" {
		c.Cases = append(c.Cases, Case{ID: id, Kind: m.open, Account: a.ID, Subject: m.by.Actor, OpenedAt: now})
	}
	return nil
}

// Of returns the accounts of a person that are, or were, in use, newest first.
func (s *Service) Of(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error) {
	all, err := s.cfg.Accounts.ByPerson(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("life: accounts of a person: %w", err)
	}
	return slices.DeleteFunc(all, func(a account.Account) bool { return a.ActiveAt.IsZero() }), nil
}

// Named returns the account with a number, if it is of the same person as another;
// else it fails with [tunnus.CodeNotFound].
func (s *Service) Named(ctx context.Context, of account.Account, document string) (account.Account, error) {
	all, err := s.Of(ctx, of.Person)
	if err != nil {
		return account.Account{}, err
	}
	for _, a := range all {
		if a.Document == document {
			return a, nil
		}
	}
	return account.Account{}, tunnus.NotFound(errors.New("life: no account of this person has the number"))
}

// Contacts returns the contacts of an account's holder, oldest first.
func (s *Service) Contacts(ctx context.Context, a account.Account) ([]contact.Contact, error) {
	return s.cfg.Contacts.List(ctx, a.Person)
}

// Contact returns one of them, or fails with [tunnus.CodeNotFound].
func (s *Service) Contact(ctx context.Context, a account.Account, id string) (contact.Contact, error) {
	return s.find(ctx, a, id)
}
