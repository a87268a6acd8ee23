package engine

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"modernc.org/sqlite"

	"github.com/tunnus-id/tunnus"
)

// state returns the SQLSTATE of an error of PostgreSQL, "" for others.
func state(err error) string {
	var e interface {
		error
		SQLState() string
	}
	if errors.As(err, &e) {
		return e.SQLState()
	}
	return ""
}

// repeatable reports whether the engine asks for the transaction once more:
// busy or locked on SQLite; a serialization failure, a deadlock or a lock that
// did not come on PostgreSQL and what speaks its protocol. Each of them says
// that nothing of the transaction was kept.
func repeatable(err error) bool {
	const busy, locked = 5, 6
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == busy || e.Code()&0xff == locked
	}
	return slices.Contains([]string{"40001", "40P01", "55P03"}, state(err))
}

// Taken reports whether a row of the same key is there already: a unique or
// primary key was met.
func Taken(err error) bool {
	const unique, primary = 2067, 1555 // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == unique || e.Code() == primary
	}
	return state(err) == "23505"
}

// Swapped turns the count of a conditional update into a conflict if it met no
// row, or one that may not stand beside another.
func Swapped(what string, n int64, err error) error {
	if err != nil {
		return Added(what, err)
	}
	if n != 1 {
		return tunnus.Conflict(fmt.Errorf("store: %s: the revision has moved", what))
	}
	return nil
}

// Exists turns the count of an update into a fault of ours if it met no row.
func Exists(what string, n int64, err error) error {
	if err == nil && n != 1 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

// Added turns the failure of a write into a conflict if a unique key is taken.
func Added(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case Taken(err):
		return tunnus.Conflict(fmt.Errorf("store: %s: already there: %w", what, err))
	}
	return fmt.Errorf("store: %s: %w", what, err)
}

// Found turns the failure of a read into not-found if there was no row.
func Found(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return tunnus.NotFound(fmt.Errorf("store: no such %s", what))
	}
	return fmt.Errorf("store: %s: %w", what, err)
}
