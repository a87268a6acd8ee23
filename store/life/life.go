// Package life keeps what happens to accounts: their rows, contacts, the history,
// notices, links of letters and cases. It is a part of package store, over the same
// database.
package life

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/letters"
)

var _ life.Store = (*Life)(nil)

// Life implements [life.Store].
type Life struct{ d *engine.Database }

// New returns the life of accounts in a database.
func New(d *engine.Database) *Life { return &Life{d} }

// Commit implements [life.Store].
func (l *Life) Commit(ctx context.Context, c life.Change) error {
	return l.d.Write(ctx, func(t *engine.Tx) error {
		if c.Once != "" && len(c.Entries) > 0 {
			n, err := t.HasHistory(ctx, db.HasHistoryParams{Person: c.Entries[0].Person, ID: c.Once})
			if err != nil || n > 0 {
				return err
			}
		}
		for _, a := range c.Accounts {
			if err := SaveAccount(ctx, t, a); err != nil {
				return err
			}
		}
		for _, r := range c.Contacts {
			if err := saveContact(ctx, t, r); err != nil {
				return err
			}
		}
		if err := addHistory(ctx, t, c.Entries); err != nil {
			return err
		}
		if err := cases(ctx, t, c); err != nil {
			return err
		}
		if err := told(ctx, t, c.Told, c.Tap); err != nil {
			return err
		}
		return t.Events(ctx, c.Events)
	})
}

// cases opens and closes cases, and marks log-ins as noted.
func cases(ctx context.Context, t *engine.Tx, c life.Change) error {
	for _, v := range c.Cases {
		err := t.AddCase(ctx, db.AddCaseParams{ID: v.ID, Kind: string(v.Kind), Account: v.Account, Subject: v.Subject, Opened: engine.Millis(v.OpenedAt)})
		if err != nil {
			return fmt.Errorf("store: case: %w", err)
		}
	}
	for _, id := range c.Closes {
		if err := t.CloseCase(ctx, db.CloseCaseParams{ID: id, Closed: engine.Millis(time.Now())}); err != nil {
			return fmt.Errorf("store: case: %w", err)
		}
	}
	for _, id := range c.Sessions {
		n, err := t.NoteLogin(ctx, id)
		if err := engine.Swapped("login session", n, err); err != nil {
			return err
		}
	}
	return nil
}

// Tell writes what tells of a change that another package writes.
func Tell(ctx context.Context, t *engine.Tx, v tell.Told) error { return told(ctx, t, v, nil) }

// told writes what tells of a change, and marks the link that made it as used.
func told(ctx context.Context, t *engine.Tx, v tell.Told, used *tell.Tap) error {
	if used != nil {
		n, err := t.UseTap(ctx, db.UseTapParams{Hash: used.Hash, Used: engine.Millis(used.UsedAt)})
		if err := engine.Swapped("link", n, err); err != nil {
			return err
		}
	}
	for _, n := range v.Notices {
		err := t.AddNotice(ctx, db.AddNoticeParams{Account: n.Account, ID: n.ID, Kind: string(n.Kind), At: engine.Millis(n.At), About: n.About})
		if err != nil {
			return fmt.Errorf("store: notice: %w", err)
		}
	}
	for _, p := range v.Taps {
		err := t.AddTap(ctx, db.AddTapParams{Hash: p.Hash, Purpose: string(p.Purpose), Account: p.Account, Target: p.Target, Expires: engine.Millis(p.ExpiresAt)})
		if err != nil {
			return engine.Added("link", err)
		}
	}
	return letters.Post(ctx, t, v.Letters)
}

// List implements [life.Store].
func (l *Life) List(ctx context.Context, q life.Queue, at time.Time, after string, limit int) ([]string, error) {
	r, now, many := l.d.Read(), engine.Millis(at), engine.Many(limit)
	list, ok := map[life.Queue]func() ([]string, error){
		life.Behind: func() ([]string, error) {
			return r.AccountsBehind(ctx, db.AccountsBehindParams{After: after, Many: many})
		},
		life.Untold: func() ([]string, error) {
			return r.AccountsUntold(ctx, db.AccountsUntoldParams{After: after, Many: many})
		},
		life.Thawing: func() ([]string, error) {
			return r.AccountsThawing(ctx, db.AccountsThawingParams{Now: now, Many: many})
		},
		life.Retiring: func() ([]string, error) {
			return r.AccountsRetiring(ctx, db.AccountsRetiringParams{Now: now, Many: many})
		},
		life.Remind: func() ([]string, error) {
			return r.AccountsUnreminded(ctx, db.AccountsUnremindedParams{Before: now, Many: many})
		},
		life.Last: func() ([]string, error) {
			return r.AccountsRemindedOnce(ctx, db.AccountsRemindedOnceParams{Before: now, Many: many})
		},
		life.Vouched: func() ([]string, error) {
			return r.AccountsVouched(ctx, db.AccountsVouchedParams{Voucher: after, Many: many})
		},
	}[q]
	if !ok {
		return nil, fmt.Errorf("store: no queue %q", q)
	}
	ids, err := list()
	if err != nil {
		return nil, fmt.Errorf("store: accounts: %w", err)
	}
	return ids, nil
}

// Notices implements [life.Store].
func (l *Life) Notices(ctx context.Context, accountID string, limit int) ([]tell.Notice, error) {
	rows, err := l.d.Read().Notices(ctx, db.NoticesParams{Account: accountID, Many: engine.Many(limit)})
	return engine.Each("notices", rows, err, func(r db.Notice) tell.Notice {
		return tell.Notice{ID: r.ID, Account: r.Account, Kind: tell.Kind(r.Kind), At: engine.Moment(r.At), About: r.About, Acked: engine.Moment(r.Acked)}
	})
}

// Ack implements [life.Store].
func (l *Life) Ack(ctx context.Context, accountID string, ids []string, at time.Time) error {
	return l.d.Write(ctx, func(t *engine.Tx) error {
		for _, id := range ids {
			if err := t.AckNotice(ctx, db.AckNoticeParams{Account: accountID, ID: id, Acked: engine.Millis(at)}); err != nil {
				return fmt.Errorf("store: notice: %w", err)
			}
		}
		return nil
	})
}

// Tap implements [life.Store].
func (l *Life) Tap(ctx context.Context, hash string) (tell.Tap, error) {
	r, err := l.d.Read().Tap(ctx, hash)
	if err != nil {
		return tell.Tap{}, engine.Found("link", err)
	}
	return tell.Tap{
		Hash: r.Hash, Purpose: tell.Purpose(r.Purpose), Account: r.Account, Target: r.Target,
		ExpiresAt: engine.Moment(r.Expires), UsedAt: engine.Moment(r.Used),
	}, nil
}

// Cases returns the open cases, oldest first, at most limit.
func (l *Life) Cases(ctx context.Context, limit int) ([]life.Case, error) {
	rows, err := l.d.Read().OpenCases(ctx, engine.Many(limit))
	return engine.Each("cases", rows, err, func(r db.HolderCase) life.Case {
		return life.Case{ID: r.ID, Kind: life.CaseKind(r.Kind), Account: r.Account, Subject: r.Subject, OpenedAt: engine.Moment(r.Opened), ClosedAt: engine.Moment(r.Closed)}
	})
}

// Close closes a case, with the line that says who did.
func (l *Life) Close(ctx context.Context, id string, at time.Time, events []tunnus.Event) error {
	return l.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.CloseCase(ctx, db.CloseCaseParams{ID: id, Closed: engine.Millis(at)}); err != nil {
			return fmt.Errorf("store: case: %w", err)
		}
		return t.Events(ctx, events)
	})
}
