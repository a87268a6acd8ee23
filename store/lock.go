package store

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/store/db"
)

var _ lock.Store = (*Ledger)(nil)

// Ledger implements [lock.Store].
type Ledger struct{ s *Store }

// Ledger returns the lock ledgers of documents and devices.
func (s *Store) Ledger() *Ledger { return &Ledger{s} }

// Entries implements [lock.Store].
func (l *Ledger) Entries(ctx context.Context, key lock.Key) ([]lock.Entry, error) {
	rows, err := l.s.read.LockEntries(ctx, string(key))
	return each("lock entries", rows, err, func(r db.LockEntry) lock.Entry {
		return lock.Entry{
			Kind: lock.Kind(r.Kind), Attempt: r.Attempt, At: moment(r.At), Code: tunnus.Code(r.Code),
			Copyable: r.Copyable, MAC: some(r.Mac),
		}
	})
}

// Append implements [lock.Store].
func (l *Ledger) Append(ctx context.Context, key lock.Key, n int, e lock.Entry, events []tunnus.Event) error {
	return l.s.write(ctx, func(t tx) error {
		have, err := t.CountLockEntries(ctx, string(key))
		if err != nil {
			return fmt.Errorf("store: lock entry: %w", err)
		}
		if have != int64(n) {
			return tunnus.Conflict(fmt.Errorf("store: lock entry: %d were read, there are %d", n, have))
		}
		err = t.AddLockEntry(ctx, db.AddLockEntryParams{
			Key: string(key), Place: have, Kind: string(e.Kind), Attempt: e.Attempt, At: millis(e.At),
			Code: string(e.Code), Copyable: e.Copyable, Mac: full(e.MAC),
		})
		if err != nil {
			return added("lock entry", err)
		}
		return t.events(ctx, events)
	})
}
