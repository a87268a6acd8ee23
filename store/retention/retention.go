// Package retention deletes what has served: the nightly job of each database.
//
// [Rules] is the whole of it: which rows go, after how long, and by which key of the
// scheme file. What is not in that table is in [Kept], with the reason; a test
// demands that each table of the schema is in one of the two. Rows that somebody
// still needs (an open sitting, a letter that waits) are left out by the queries,
// whatever their age.
//
// Everything goes in batches of a bounded size, each in a transaction of its own, with
// a pause between: the database is never locked for long, a crash between two
// batches loses nothing, and several nodes at once do no harm.
package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

const (
	// Batch is how many rows of a table one transaction deletes at most; with each of
	// an app's sessions go the few replies that it has.
	Batch = 500
	// pause is left to others after a full batch.
	pause = 5 * time.Millisecond
)

// A Job deletes what has served in one database.
type Job struct {
	Database *engine.Database
	Keep     scheme.Retention
	Clock    tunnus.Clock
}

// Run applies all rules, and returns how many rows went, by table. A rule that fails
// does not keep the others from being applied. When ctx ends, what was deleted stays
// deleted, and the next run goes on. Without rules, nothing is deleted.
func (j Job) Run(ctx context.Context) (map[string]int, error) {
	if j.Keep == (scheme.Retention{}) {
		return nil, errors.New("retention: no rules say how long anything is kept")
	}
	gone := map[string]int{}
	var errs []error
	for _, r := range Rules() {
		n, err := j.apply(ctx, r)
		if gone[r.Table] += n; err != nil {
			errs = append(errs, fmt.Errorf("retention: %s: %w", r.Table, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return gone, errors.Join(errs...)
}

// apply deletes batch after batch until one is not full.
func (j Job) apply(ctx context.Context, r Rule) (n int, err error) {
	p := page{Before: engine.Millis(r.before(j.Keep, j.Clock.Now())), Many: Batch}
	for {
		var batch int64
		err := j.Database.Write(ctx, func(t *engine.Tx) (err error) {
			batch, err = r.forget(ctx, t, p)
			return err
		})
		if err != nil {
			return n, err
		}
		if n += int(batch); batch < Batch {
			return n, nil
		}
		select {
		case <-ctx.Done():
			return n, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// A page is what one batch is told; the parameters of the queries have its shape.
type page struct {
	Before int64 // Unix milliseconds
	Many   int32
}

// A Rule says which rows of a table go.
type Rule struct {
	Table string
	What  string // which rows, for the page of reference
	Key   string // of the scheme file's section retention; "" if the time is fixed
	Fixed time.Duration
	// From is what the time is counted from, for the page of reference.
	From string
	// Erased says that the row stays, and what it says goes.
	Erased bool

	before func(keep scheme.Retention, now time.Time) time.Time
	forget func(ctx context.Context, t *engine.Tx, p page) (int64, error)
}

// accountYears is how long an account lives at most: what is counted from the end of
// an account that its row does not name is kept so much longer.
const accountYears = 3

// The times that a scheme names.
func history(k scheme.Retention, now time.Time) time.Time  { return now.AddDate(0, -k.History, 0) }
func evidence(k scheme.Retention, now time.Time) time.Time { return now.AddDate(-k.Evidence, 0, 0) }
func sessions(k scheme.Retention, now time.Time) time.Time { return now.Add(-k.Sessions.Duration) }
func sheets(k scheme.Retention, now time.Time) time.Time   { return now.Add(-k.Sheets.Duration) }
func letters(k scheme.Retention, now time.Time) time.Time  { return now.Add(-k.Letters.Duration) }
func logins(k scheme.Retention, now time.Time) time.Time   { return now.Add(-k.Logins.Duration) }

// registered is for evidence that is dated by the registration.
func registered(k scheme.Retention, now time.Time) time.Time {
	return evidence(k, now).AddDate(-accountYears, 0, 0)
}

// fixed makes a time that no scheme names.
func fixed(d time.Duration) func(scheme.Retention, time.Time) time.Time {
	return func(_ scheme.Retention, now time.Time) time.Time { return now.Add(-d) }
}

// replies deletes the sessions of a batch after their replies.
func replies(ctx context.Context, t *engine.Tx, p page) (int64, error) {
	if _, err := t.ForgetAppReplies(ctx, db.ForgetAppRepliesParams(p)); err != nil {
		return 0, err
	}
	return t.ForgetAppSessions(ctx, db.ForgetAppSessionsParams(p))
}

// spends goes by the day's name.
func spends(ctx context.Context, t *engine.Tx, p page) (int64, error) {
	day := engine.Moment(p.Before).UTC().Format(time.DateOnly)
	return t.ForgetSpends(ctx, db.ForgetSpendsParams{Before: day, Many: p.Many})
}

// erase takes from transactions what was signed in them; the name of one stays, for it
// is never free again.
func erase(ctx context.Context, t *engine.Tx, p page) (int64, error) {
	return t.EraseTransactions(ctx, db.EraseTransactionsParams{Nothing: []byte{}, Before: p.Before, Many: p.Many})
}
