package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/life"
)

var _ login.Store = (*Logins)(nil)

// Logins implements [login.Store].
type Logins struct{ d *engine.Database }

// Logins returns the sessions of relying parties.
func (s *Store) Logins() *Logins { return &Logins{s.d} }

// Create implements [login.Store].
func (l *Logins) Create(ctx context.Context, v login.Session, since time.Time, seen int, events []tunnus.Event) error {
	return l.d.Write(ctx, func(t *engine.Tx) error {
		n, err := t.CountLoginSessions(ctx, db.CountLoginSessionsParams{Person: v.Person, Created: engine.Millis(since)})
		if err != nil {
			return fmt.Errorf("store: login session: %w", err)
		}
		if n != int64(seen) {
			return tunnus.Conflict(fmt.Errorf("store: login session: %d recent ones were read, there are %d", seen, n))
		}
		err = t.AddLoginSession(ctx, db.AddLoginSessionParams{
			ID: v.ID, Rev: v.Rev, Party: v.Party, Person: v.Person, Created: engine.Millis(v.Created), Expires: engine.Millis(v.Expires),
			Ended: engine.Millis(v.Ended), State: string(v.State), EndResult: string(v.End), NotMe: v.NotMe, Detail: engine.Full(v.Detail),
		})
		if err != nil {
			return engine.Added("login session", err)
		}
		return t.Events(ctx, events)
	})
}

// Session implements [login.Store].
func (l *Logins) Session(ctx context.Context, id string) (login.Session, error) {
	r, err := l.d.Read().LoginSession(ctx, id)
	if err != nil {
		return login.Session{}, engine.Found("login session", err)
	}
	return life.ToLogin(r), nil
}

// Recent implements [login.Store].
func (l *Logins) Recent(ctx context.Context, person string, since time.Time) ([]login.Session, error) {
	rows, err := l.d.Read().RecentLoginSessions(ctx, db.RecentLoginSessionsParams{Person: person, Created: engine.Millis(since)})
	return engine.Each("login sessions", rows, err, life.ToLogin)
}

// Save implements [login.Store].
func (l *Logins) Save(ctx context.Context, v login.Session, events []tunnus.Event) error {
	return l.d.Write(ctx, func(t *engine.Tx) error {
		n, err := t.SaveLoginSession(ctx, db.SaveLoginSessionParams{
			ID: v.ID, Rev: v.Rev, Ended: engine.Millis(v.Ended), State: string(v.State), EndResult: string(v.End),
			NotMe: v.NotMe, Detail: engine.Full(v.Detail),
		})
		if err != nil || n != 1 {
			return engine.Swapped("login session", n, err)
		}
		return t.Events(ctx, events)
	})
}
