package life

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var (
	_ contact.Store = (*Contacts)(nil)
	_ history.Store = (*History)(nil)
)

// Contacts implements [contact.Store].
type Contacts struct{ d *engine.Database }

// NewContacts returns the contacts in a database.
func NewContacts(d *engine.Database) *Contacts { return &Contacts{d} }

func toContact(r db.Contact) contact.Row {
	return contact.Row{
		Person: r.Person, ID: r.ID, Kind: address.Channel(r.Kind), State: contact.State(r.State), Sealed: engine.Some(r.Sealed),
		Since: engine.Moment(r.Since), HeldUntil: engine.Moment(r.HeldUntil), Account: r.Account, Rev: r.Rev,
	}
}

// OfPerson implements [contact.Store].
func (c *Contacts) OfPerson(ctx context.Context, person string) ([]contact.Row, error) {
	rows, err := c.d.Read().Contacts(ctx, person)
	return engine.Each("contacts", rows, err, toContact)
}

// Leaving implements [contact.Store].
func (c *Contacts) Leaving(ctx context.Context, now time.Time, limit int) ([]contact.Row, error) {
	rows, err := c.d.Read().LeavingContacts(ctx, db.LeavingContactsParams{Now: engine.Millis(now), Many: engine.Many(limit)})
	return engine.Each("contacts", rows, err, toContact)
}

// Save implements [contact.Store].
func (c *Contacts) Save(ctx context.Context, r contact.Row, events []tunnus.Event) error {
	return c.d.Write(ctx, func(t *engine.Tx) error {
		if err := saveContact(ctx, t, r); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

func saveContact(ctx context.Context, t *engine.Tx, r contact.Row) error {
	left := copies.Contact{Person: r.Person, ID: r.ID, Kind: string(r.Kind), State: string(r.State), Since: engine.Millis(r.Since), HeldUntil: engine.Millis(r.HeldUntil), Account: r.Account}
	if err := copies.ContactState(t, left, r.Rev+1); err != nil {
		return err
	}
	if r.Rev == 0 {
		return engine.Added("contact", t.AddContact(ctx, db.AddContactParams{
			Person: r.Person, ID: r.ID, Kind: string(r.Kind), State: string(r.State), Sealed: engine.Full(r.Sealed),
			Since: engine.Millis(r.Since), HeldUntil: engine.Millis(r.HeldUntil), Account: r.Account,
		}))
	}
	n, err := t.SaveContact(ctx, db.SaveContactParams{
		State: string(r.State), Sealed: engine.Full(r.Sealed), Since: engine.Millis(r.Since), HeldUntil: engine.Millis(r.HeldUntil),
		Account: r.Account, Person: r.Person, ID: r.ID, Rev: r.Rev,
	})
	return engine.Swapped("contact", n, err)
}

// History implements [history.Store].
type History struct{ d *engine.Database }

// NewHistory returns the history in a database.
func NewHistory(d *engine.Database) *History { return &History{d} }

// Add implements [history.Store].
func (h *History) Add(ctx context.Context, rows []history.Row) error {
	return h.d.Write(ctx, func(t *engine.Tx) error { return addHistory(ctx, t, rows) })
}

func addHistory(ctx context.Context, t *engine.Tx, rows []history.Row) error {
	for _, r := range rows {
		err := t.AddHistory(ctx, db.AddHistoryParams{
			Person: r.Person, ID: r.ID, At: engine.Millis(r.At), Account: r.Account, Kind: string(r.Kind), Service: r.Service, Sealed: engine.Full(r.Sealed),
		})
		if err != nil {
			return fmt.Errorf("store: history: %w", err)
		}
	}
	return nil
}

// Page implements [history.Store].
func (h *History) Page(ctx context.Context, person string, from history.Place, limit int, all bool) ([]history.Row, error) {
	before := int64(math.MaxInt64)
	if !from.At.IsZero() {
		before = engine.Millis(from.At)
	}
	row := func(r db.History) history.Row {
		return history.Row{
			Person: r.Person, ID: r.ID, At: engine.Moment(r.At), Account: r.Account, Kind: history.Kind(r.Kind), Service: r.Service,
			Sealed: engine.Some(r.Sealed), Hidden: r.Hidden,
		}
	}
	if !all {
		rows, err := h.d.Read().VisibleHistory(ctx, db.VisibleHistoryParams{Person: person, Before: before, ID: from.ID, Many: engine.Many(limit)})
		return engine.Each("history", rows, err, row)
	}
	rows, err := h.d.Read().History(ctx, db.HistoryParams{Person: person, Before: before, ID: from.ID, Many: engine.Many(limit)})
	return engine.Each("history", rows, err, func(r db.HistoryRow) history.Row {
		return row(db.History{
			Person: r.Person, ID: r.ID, At: r.At, Account: r.Account, Kind: r.Kind, Service: r.Service, Sealed: r.Sealed, Hidden: r.Hidden || r.Muted,
		})
	})
}

// Hide implements [history.Store].
func (h *History) Hide(ctx context.Context, person, id string, hidden bool) error {
	return h.d.Write(ctx, func(t *engine.Tx) error {
		n, err := t.HideHistory(ctx, db.HideHistoryParams{Person: person, ID: id, Hidden: hidden})
		switch {
		case err != nil:
			return fmt.Errorf("store: history: %w", err)
		case n == 0:
			return tunnus.NotFound(fmt.Errorf("store: no such entry"))
		}
		return nil
	})
}

// HideService implements [history.Store].
func (h *History) HideService(ctx context.Context, person, service string, hidden bool) error {
	return h.d.Write(ctx, func(t *engine.Tx) (err error) {
		if hidden {
			err = t.HideService(ctx, db.HideServiceParams{Person: person, Service: service})
		} else {
			err = t.ShowService(ctx, db.ShowServiceParams{Person: person, Service: service})
		}
		if err != nil {
			return fmt.Errorf("store: history: %w", err)
		}
		return nil
	})
}

// Unnoted returns at most limit log-ins that have ended, or ran out of time by now,
// and are in no history yet, oldest first.
func (l *Life) Unnoted(ctx context.Context, now time.Time, limit int) ([]login.Session, error) {
	rows, err := l.d.Read().UnnotedLogins(ctx, db.UnnotedLoginsParams{Now: engine.Millis(now), Many: engine.Many(limit)})
	return engine.Each("login sessions", rows, err, ToLogin)
}

// ToLogin reads a session from its row.
func ToLogin(r db.LoginSession) login.Session {
	return login.Session{
		ID: r.ID, Rev: r.Rev, Party: r.Party, Person: r.Person, Created: engine.Moment(r.Created), Expires: engine.Moment(r.Expires),
		Ended: engine.Moment(r.Ended), State: login.State(r.State), End: login.EndResult(r.EndResult), NotMe: r.NotMe, Detail: r.Detail,
	}
}
