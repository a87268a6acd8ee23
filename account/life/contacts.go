package life

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// An Asked is a change of contacts that waits for its code.
type Asked struct {
	Contact contact.Contact
	Sent    otp.Sent
}

// pendingFor is how long one attempt to add a contact lasts.
const pendingFor = 30 * time.Minute

// purpose is what the code is for, as package notify/words has it.
const purpose = "contact"

// AddContact begins to add a contact, by the word of an account that has proved its
// PIN1: a code goes there. One that is on its way out is not added meanwhile, or it would
// be told of nothing. device is the model that the phone claims. It fails as [otp.Codes] Send does.
func (s *Service) AddContact(ctx context.Context, a account.Account, typed, device string) (Asked, error) {
	at, err := address.Parse(typed)
	if err != nil {
		return Asked{}, err
	}
	c := s.cfg.Contacts.New(a.Person, at)
	c.Account = a.ID // with which it stands and falls
	have, err := s.find(ctx, a, c.ID)
	switch {
	case err == nil && have.State == contact.Confirmed:
		return Asked{}, tunnus.Conflict(errors.New("life: that contact is there already"))
	case err == nil && have.State == contact.Leaving:
		return Asked{}, tunnus.Conflict(errors.New("life: that contact is on its way out"))
	case err == nil:
		c.Rev = have.Rev
		if have.State == contact.Pending && s.now().Sub(have.Since) < pendingFor {
			c.Since = have.Since // the same sheet of codes, with its limits
		}
	case tunnus.CodeOf(err) != tunnus.CodeNotFound:
		return Asked{}, err
	}
	line := tunnus.Event{At: s.now(), Kind: "contact.ask", Subject: c.ID, Detail: map[string]string{"account": a.ID, "kind": string(c.Kind)}}
	if err := s.saveContact(ctx, a, c, Change{Events: []tunnus.Event{line}}); err != nil {
		return Asked{}, err
	}
	c.Rev++
	sent, err := s.cfg.Codes.Send(ctx, otp.Order{
		Session: sheet(c), Owner: a.Device, Contact: at.Text, Person: a.Person, Purpose: purpose, Device: device, Language: a.Language,
	})
	return Asked{c, sent}, err
}

// sheet names the codes of one attempt to add a contact.
func sheet(c contact.Contact) string { return fmt.Sprintf("contact/%s/%d", c.ID, c.Since.UnixMilli()) }

// find returns a contact of the account's holder, or fails with [tunnus.CodeNotFound].
func (s *Service) find(ctx context.Context, a account.Account, id string) (contact.Contact, error) {
	list, err := s.cfg.Contacts.List(ctx, a.Person)
	if err != nil {
		return contact.Contact{}, err
	}
	i := slices.IndexFunc(list, func(c contact.Contact) bool { return c.ID == id })
	if i < 0 {
		return contact.Contact{}, tunnus.NotFound(errors.New("life: no such contact"))
	}
	return list[i], nil
}

// ConfirmContact takes the code. The contact stands, and is held: until then it
// gets no codes, and each of the others can stop it with one tap. request names what
// asks: the same one again, for its answer was lost, gets the same. It fails as
// [otp.Codes] Confirm does.
func (s *Service) ConfirmContact(ctx context.Context, a account.Account, id, request, code string) (contact.Contact, error) {
	c, err := s.find(ctx, a, id)
	if err != nil {
		return contact.Contact{}, err
	}
	if c.State == contact.Confirmed {
		return c, nil // said again
	}
	if c.State != contact.Pending {
		return contact.Contact{}, tunnus.Conflict(fmt.Errorf("life: a contact that is %s", c.State))
	}
	proved, err := s.cfg.Codes.Confirm(ctx, sheet(c), request, code)
	if err != nil {
		return contact.Contact{}, err
	}
	if proved != s.cfg.Codes.ContactKey(c.Address) {
		return contact.Contact{}, tunnus.Conflict(errors.New("life: a code that went elsewhere"))
	}
	c.State, c.HeldUntil = contact.Confirmed, s.now().Add(s.cfg.Contacts.Held())
	if err := s.commitContact(ctx, a, c, tell.Added); err != nil {
		return contact.Contact{}, err
	}
	c.Rev++
	return c, nil
}

// RemoveContact takes a contact off, by the word of an account that has proved its
// PIN1. It gets no codes from now on, is told of everything for five days more, and
// can bring itself back by one tap. One that is held is stopped at once: brought back,
// it would be held no more. The last one stays. rev is the revision that was meant.
func (s *Service) RemoveContact(ctx context.Context, a account.Account, id string, rev int64) (contact.Contact, error) {
	c, err := s.find(ctx, a, id)
	if err != nil {
		return contact.Contact{}, err
	}
	switch c.State {
	case contact.Leaving, contact.Removed, contact.Stopped:
		return c, nil
	case contact.Confirmed:
	default:
		return contact.Contact{}, tunnus.Conflict(fmt.Errorf("life: a contact that is %s", c.State))
	}
	if rev != c.Rev {
		return contact.Contact{}, tunnus.Conflict(errors.New("life: the contact has moved since that was asked for"))
	}
	if s.now().Before(c.HeldUntil) {
		err := s.unchange(ctx, a, id, nil)
		gone, again := s.find(ctx, a, id)
		return gone, errors.Join(err, again)
	}
	usable, err := s.cfg.Contacts.Usable(ctx, a.Person)
	if err != nil {
		return contact.Contact{}, err
	}
	if !slices.ContainsFunc(usable, func(other contact.Contact) bool { return other.ID != id }) {
		return contact.Contact{}, tunnus.Conflict(errors.New("life: the last contact that could get a code"))
	}
	c.State, c.HeldUntil = contact.Leaving, s.now().Add(s.cfg.Contacts.Held())
	if err := s.commitContact(ctx, a, c, tell.Leaving); err != nil {
		return contact.Contact{}, err
	}
	c.Rev++
	return c, nil
}

// StopContact undoes a change that is held, by the word of any device of the
// person, without a PIN: what was added goes, what was on its way out stays.
func (s *Service) StopContact(ctx context.Context, a account.Account, id string) error {
	return s.unchange(ctx, a, id, nil)
}

// stop does so by a link.
func (s *Service) stop(ctx context.Context, t tell.Tap) error {
	a, err := s.cfg.Accounts.Get(ctx, t.Account)
	if err != nil {
		return fmt.Errorf("life: whose contact is stopped: %w", err)
	}
	return s.unchange(ctx, a, t.Target, &t)
}

// unchange is either.
func (s *Service) unchange(ctx context.Context, a account.Account, id string, tap *tell.Tap) error {
	return anew(func() error {
		c, err := s.find(ctx, a, id)
		if err != nil {
			return err
		}
		now := s.now()
		switch {
		case c.State == contact.Leaving && now.Before(c.HeldUntil):
			c.State, c.HeldUntil = contact.Confirmed, now // it was proved before; it is not held again
		case c.State == contact.Confirmed && now.Before(c.HeldUntil), c.State == contact.Pending:
			c.State, c.Since = contact.Stopped, now
		default: // nothing is held any more
			return nil
		}
		line := tunnus.Event{At: now, Kind: "contact.stop", Subject: c.ID, Detail: map[string]string{"to": string(c.State)}}
		entry, err := s.contactEntry(a, c)
		if err != nil {
			return err
		}
		return s.saveContact(ctx, a, c, Change{
			Tap: tap, Entries: []history.Row{entry}, Events: []tunnus.Event{line},
			Cases: []Case{{ID: fmt.Sprintf("contact/%s/%d", c.ID, c.Rev), Kind: CaseContact, Account: a.ID, Subject: c.ID, OpenedAt: now}},
		})
	})
}

func (s *Service) contactEntry(a account.Account, c contact.Contact) (history.Row, error) {
	return s.cfg.History.Seal(a.Person, history.Entry{
		ID: fmt.Sprintf("contact/%s/%d", c.ID, c.Rev), At: s.now(), Kind: history.Contact, Account: a.ID, Document: a.Document,
		Text: c.Masked(), Result: string(c.State),
	})
}

// commitContact writes a contact that has moved, and tells the others of it.
func (s *Service) commitContact(ctx context.Context, a account.Account, c contact.Contact, kind tell.Kind) error {
	others, err := s.cfg.Accounts.ByPerson(ctx, a.Person)
	if err != nil {
		return fmt.Errorf("life: accounts of a person: %w", err)
	}
	told, err := s.cfg.Teller.Of(ctx, tell.Occasion{
		ID: fmt.Sprintf("%s/%d", c.ID, c.Rev), Kind: kind, Account: a, Others: others, By: a.ID, Subject: c.ID, Detail: c.Masked(),
		Tap: tell.StopContact,
	})
	if err != nil {
		return err
	}
	entry, err := s.contactEntry(a, c)
	if err != nil {
		return err
	}
	line := tunnus.Event{At: s.now(), Kind: "contact." + string(c.State), Subject: c.ID, Detail: map[string]string{"account": a.ID, "kind": string(c.Kind)}}
	return s.saveContact(ctx, a, c, Change{Told: told, Entries: []history.Row{entry}, Events: []tunnus.Event{line}})
}

// saveContact writes a contact of an account's holder. One that was taken off, or stopped,
// stands with no account any more: what brings it back is its own row.
func (s *Service) saveContact(ctx context.Context, a account.Account, c contact.Contact, with Change) error {
	row, err := s.cfg.Contacts.Row(c)
	if err != nil {
		return err
	}
	with.Contacts = []contact.Row{row}
	return anew(func() (err error) {
		if c.State == contact.Leaving || c.State == contact.Stopped {
			with.Accounts, err = s.cfg.Contacts.Without(ctx, a.Person, c.ID)
		}
		if err != nil {
			return err
		}
		return s.cfg.Store.Commit(ctx, with)
	})
}

// commitFraud writes a change whose first account is fraud. The contacts that only such
// accounts have brought are stopped with it: no code and no letter goes there any more.
func (s *Service) commitFraud(ctx context.Context, c Change) error {
	fraud := c.Accounts[0]
	gone, without, err := s.cfg.Contacts.Disown(ctx, fraud)
	if err != nil {
		return err
	}
	for _, v := range gone {
		row, err1 := s.cfg.Contacts.Row(v)
		entry, err2 := s.contactEntry(fraud, v)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		c.Contacts, c.Entries = append(c.Contacts, row), append(c.Entries, entry)
		c.Events = append(c.Events, tunnus.Event{At: s.now(), Kind: "contact.disown", Subject: v.ID, Detail: map[string]string{"account": fraud.ID}})
	}
	c.Accounts[0].Contact = nil
	c.Accounts = append(c.Accounts, without...)
	return s.cfg.Store.Commit(ctx, c)
}
