package life

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/tell"
)

// RetireAfter is how long an account stays beside the one that replaces it, if its
// own device did not confirm that (security.md R4).
const RetireAfter = 72 * time.Hour

// Activated is to be called once a new account is active: it tells all contacts and
// all other devices of the person, with a link that freezes it, and begins the
// replacement that the account's row asks for. It may be called again, and by
// several; what nobody calls it for, [Service.Run] finds.
//
// A replacement is three commits: the new account is active (the caller's), the old
// device and all contacts are told and the old account has its date (here), and the
// old one is closed when that has come. With the confirmation of the old device it
// comes at once, else after 72 hours, in which the old device can freeze the new one.
func (s *Service) Activated(ctx context.Context, id string) error {
	ctx = context.WithoutCancel(ctx)
	var old string
	err := anew(func() error {
		a, err := s.cfg.Accounts.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("life: a new account: %w", err)
		}
		old = a.Replaces
		if a.Told || a.ActiveAt.IsZero() {
			return nil
		}
		return s.announce(ctx, a)
	})
	if err != nil || old == "" {
		return err
	}
	return s.retire(ctx, old)
}

// announce is the commit that tells of a new account.
func (s *Service) announce(ctx context.Context, a account.Account) error {
	now := s.now()
	others, err := s.cfg.Accounts.ByPerson(ctx, a.Person)
	if err != nil {
		return fmt.Errorf("life: accounts of a person: %w", err)
	}
	own := ""
	if len(a.Contact) > 0 { // its registration has written to that one
		plain, err := s.cfg.Teller.Sealer.Open(a.Contact, a.ContactPlace())
		if err != nil {
			return fmt.Errorf("life: the contact of account %s: %w", a.ID, err)
		}
		own = string(plain)
	}
	a.Told = true
	c := Change{Accounts: []account.Account{a}}
	o := tell.Occasion{ID: a.ID, Kind: tell.New, Account: a, Others: others, By: a.ID, But: own, Tap: tell.FreezeAccount}
	for _, b := range others {
		if b.ID != a.Replaces || !b.State.Live() || b.ReplacedBy != "" {
			continue
		}
		b.ReplacedBy, b.RetireAt = a.ID, now
		if !a.Agreed {
			b.RetireAt = now.Add(s.cfg.Rules.Retire)
		}
		c.Accounts = append(c.Accounts, b)
		c.Events = append(c.Events, tunnus.Event{At: now, Kind: "account.replace", Subject: b.ID, Detail: map[string]string{"by": a.ID, "agreed": fmt.Sprint(a.Agreed)}})
		o.Kind, o.Detail = tell.Replaced, b.RetireAt.UTC().Format(time.RFC3339)
	}
	if c.Told, err = s.cfg.Teller.Of(ctx, o); err != nil {
		return err
	}
	entry, err := s.cfg.History.Seal(a.Person, history.Entry{
		ID: string(history.Begin) + "/" + a.ID, At: a.ActiveAt, Kind: history.Begin, Account: a.ID, Document: a.Document, Result: string(account.Active),
	})
	if err != nil {
		return err
	}
	c.Entries = append(c.Entries, entry)
	c.Events = append(c.Events, tunnus.Event{At: now, Kind: "account.announce", Subject: a.ID, Detail: map[string]string{
		"letters": fmt.Sprint(len(c.Told.Letters)), "notices": fmt.Sprint(len(c.Told.Notices)),
	}})
	return s.cfg.Store.Commit(ctx, c)
}

// wait is when an account is looked at again whose place is in doubt.
const wait = time.Hour

// retire closes an account whose place was taken, when its time has come. As long
// as the new one is stopped, or this one is frozen, it waits: nobody ends with no
// account by a trick. If the new one has ended, the old one stays.
func (s *Service) retire(ctx context.Context, id string) error {
	var a account.Account
	err := anew(func() (err error) {
		if a, err = s.cfg.Accounts.Get(ctx, id); err != nil {
			return fmt.Errorf("life: an account that is replaced: %w", err)
		}
		if a.RetireAt.IsZero() || s.now().Before(a.RetireAt) {
			return nil
		}
		by, err := s.cfg.Accounts.Get(ctx, a.ReplacedBy)
		if err != nil {
			return fmt.Errorf("life: the account that replaces another: %w", err)
		}
		c := Change{}
		switch {
		case !a.State.Live():
			a.RetireAt = time.Time{}
		case !by.State.Live():
			a.RetireAt, a.ReplacedBy = time.Time{}, ""
			c.Events = append(c.Events, tunnus.Event{At: s.now(), Kind: "account.keep", Subject: a.ID, Detail: map[string]string{"by": by.ID}})
		case by.State != account.Active || a.State == account.Frozen || a.State == account.Disputed:
			a.RetireAt = s.now().Add(wait)
		default:
			after, line, err := a.After(account.Close, "", s.now())
			if err != nil {
				return err
			}
			a, line.Detail["cause"], line.Detail["by"] = after, "replaced", by.ID
			a.RetireAt = time.Time{}
			c.Events = append(c.Events, line)
			m := move{event: account.Close, by: By{Means: ByTime, Actor: by.ID}, kind: tell.Ended, note: history.End}
			if err := s.write(ctx, &c, a, m); err != nil {
				return err
			}
		}
		c.Accounts = []account.Account{a}
		return s.cfg.Store.Commit(ctx, c)
	})
	if err != nil {
		return err
	}
	return s.Follow(ctx, id)
}

// remind tells the holder that an account ends soon. Which reminders were sent
// stands in the account's row: each goes out once for its date, whoever looks, and
// one that is late by more than the next is left out.
func (s *Service) remind(ctx context.Context, id string) error {
	return anew(func() error {
		a, err := s.cfg.Accounts.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("life: reminder: %w", err)
		}
		due := 0
		switch left := a.ExpiresAt.Sub(s.now()); {
		case left <= 0:
		case left <= s.cfg.Rules.Reminders[1]:
			due = 2
		case left <= s.cfg.Rules.Reminders[0]:
			due = 1
		}
		if !a.State.Begun() || due <= a.Reminded {
			return nil
		}
		a.Reminded = due
		others, err := s.cfg.Accounts.ByPerson(ctx, a.Person)
		if err != nil {
			return fmt.Errorf("life: accounts of a person: %w", err)
		}
		date := a.ExpiresAt.UTC().Format(time.DateOnly)
		told, err := s.cfg.Teller.Of(ctx, tell.Occasion{
			ID: fmt.Sprintf("%s/%s/%d", a.ID, date, due), Kind: tell.Expires, Account: a, Others: others, Detail: date,
		})
		if err != nil {
			return err
		}
		line := tunnus.Event{At: s.now(), Kind: "account.remind", Subject: a.ID, Detail: map[string]string{"which": fmt.Sprint(due)}}
		return s.cfg.Store.Commit(ctx, Change{Accounts: []account.Account{a}, Told: told, Events: []tunnus.Event{line}})
	})
}
