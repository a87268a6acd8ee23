package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/db"
)

// A transaction that met another one is run again this often, with a pause that
// doubles from firstPause.
const (
	repeats    = 8
	firstPause = 5 * time.Millisecond
)

// A tx is one write transaction: the queries, and the lines that go with them.
type tx struct {
	*db.Queries
	order *order
}

// write runs fn in one transaction, and again from the start if the engine asks
// for that. fn must therefore have no effect but through t. When write returns
// nil, what fn wrote is durable; else nothing of it is kept.
func (s *Store) write(ctx context.Context, fn func(t tx) error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := s.once(ctx, fn)
		if err == nil || n == repeats || !repeatable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
			pause *= 2
		}
	}
}

func (s *Store) once(ctx context.Context, fn func(t tx) error) error {
	// Serializable, since some writes depend on a count of rows (SQLite is so anyway).
	sqlTx, err := s.writer.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	defer func() { _ = sqlTx.Rollback() }() // does nothing after a commit
	if err := fn(tx{db.New(sqlTx), &s.order}); err != nil {
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return fmt.Errorf("store: commit: %w", err)
	}
	return nil
}

// repeatable reports whether the engine asks for the transaction once more:
// busy or locked on SQLite, a serialization failure or deadlock on PostgreSQL
// and what speaks its protocol (SQLSTATE class 40).
func repeatable(err error) bool {
	const busy, locked = 5, 6
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == busy || e.Code()&0xff == locked
	}
	var state interface {
		error
		SQLState() string
	}
	return errors.As(err, &state) && len(state.SQLState()) == 5 && state.SQLState()[:2] == "40"
}

// taken reports whether a row of the same key is there already: a unique or
// primary key was met.
func taken(err error) bool {
	const unique, primary = 2067, 1555 // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == unique || e.Code() == primary
	}
	var state interface {
		error
		SQLState() string
	}
	return errors.As(err, &state) && state.SQLState() == "23505"
}

// swapped turns the count of a conditional update into a conflict if it met no
// row, or one that may not stand beside another.
func swapped(what string, n int64, err error) error {
	if err != nil {
		return added(what, err)
	}
	if n != 1 {
		return tunnus.Conflict(fmt.Errorf("store: %s: the revision has moved", what))
	}
	return nil
}

// exists turns the count of an update into a fault of ours if it met no row.
func exists(what string, n int64, err error) error {
	if err == nil && n != 1 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

// added turns the failure of a write into a conflict if a unique key is taken.
func added(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case taken(err):
		return tunnus.Conflict(fmt.Errorf("store: %s: already there", what))
	}
	return fmt.Errorf("store: %s: %w", what, err)
}

// found turns the failure of a read into not-found if there was no row.
func found(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return tunnus.NotFound(fmt.Errorf("store: no such %s", what))
	}
	return fmt.Errorf("store: %s: %w", what, err)
}

// millis is a time as it stands in a row; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment reads a time from a row.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// full makes sure that no bytes are written as empty bytes, not as NULL.
func full(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// some reads bytes that may be none: nil then.
func some(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// each turns rows into what a port returns.
func each[R, V any](what string, rows []R, err error, to func(R) V) ([]V, error) {
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = to(r)
	}
	return out, nil
}

// parsed is [each] where a row may be damaged.
func parsed[R, V any](what string, rows []R, err error, to func(R) (V, error)) ([]V, error) {
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	out := make([]V, len(rows))
	for i, r := range rows {
		if out[i], err = to(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// many bounds how much one read may return.
func many(limit int) int32 { return int32(max(0, min(limit, 1000))) }
