package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store/db"
)

var _ login.Store = (*Logins)(nil)

// Logins implements [login.Store].
type Logins struct{ s *Store }

// Logins returns the sessions of relying parties.
func (s *Store) Logins() *Logins { return &Logins{s} }

// Create implements [login.Store].
func (l *Logins) Create(ctx context.Context, v login.Session, since time.Time, seen int, events []tunnus.Event) error {
	return l.s.write(ctx, func(t tx) error {
		n, err := t.CountLoginSessions(ctx, db.CountLoginSessionsParams{Person: v.Person, Created: millis(since)})
		if err != nil {
			return fmt.Errorf("store: login session: %w", err)
		}
		if n != int64(seen) {
			return tunnus.Conflict(fmt.Errorf("store: login session: %d recent ones were read, there are %d", seen, n))
		}
		err = t.AddLoginSession(ctx, db.AddLoginSessionParams{
			ID: v.ID, Rev: v.Rev, Party: v.Party, Person: v.Person, Created: millis(v.Created), Expires: millis(v.Expires),
			Ended: millis(v.Ended), State: string(v.State), EndResult: string(v.End), NotMe: v.NotMe, Detail: full(v.Detail),
		})
		if err != nil {
			return added("login session", err)
		}
		return t.events(ctx, events)
	})
}

// Session implements [login.Store].
func (l *Logins) Session(ctx context.Context, id string) (login.Session, error) {
	r, err := l.s.read.LoginSession(ctx, id)
	if err != nil {
		return login.Session{}, found("login session", err)
	}
	return loginSession(r), nil
}

// Recent implements [login.Store].
func (l *Logins) Recent(ctx context.Context, person string, since time.Time) ([]login.Session, error) {
	rows, err := l.s.read.RecentLoginSessions(ctx, db.RecentLoginSessionsParams{Person: person, Created: millis(since)})
	return each("login sessions", rows, err, loginSession)
}

// Save implements [login.Store].
func (l *Logins) Save(ctx context.Context, v login.Session, events []tunnus.Event) error {
	return l.s.write(ctx, func(t tx) error {
		n, err := t.SaveLoginSession(ctx, db.SaveLoginSessionParams{
			ID: v.ID, Rev: v.Rev, Ended: millis(v.Ended), State: string(v.State), EndResult: string(v.End),
			NotMe: v.NotMe, Detail: full(v.Detail),
		})
		if err != nil || n != 1 {
			return swapped("login session", n, err)
		}
		return t.events(ctx, events)
	})
}

func loginSession(r db.LoginSession) login.Session {
	return login.Session{
		ID: r.ID, Rev: r.Rev, Party: r.Party, Person: r.Person, Created: moment(r.Created), Expires: moment(r.Expires),
		Ended: moment(r.Ended), State: login.State(r.State), End: login.EndResult(r.EndResult), NotMe: r.NotMe, Detail: r.Detail,
	}
}
