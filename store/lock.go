package store

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var _ lock.Store = (*Ledger)(nil)

// Ledger implements [lock.Store].
type Ledger struct{ d *engine.Database }

// Ledger returns the lock ledgers of documents and devices.
func (s *Store) Ledger() *Ledger { return &Ledger{s.d} }

// Entries implements [lock.Store].
func (l *Ledger) Entries(ctx context.Context, key lock.Key) ([]lock.Entry, error) {
	rows, err := l.d.Read().LockEntries(ctx, string(key))
	return engine.Each("lock entries", rows, err, func(r db.LockEntry) lock.Entry {
		return lock.Entry{
			Kind: lock.Kind(r.Kind), Attempt: r.Attempt, At: engine.Moment(r.At), Code: tunnus.Code(r.Code),
			Copyable: r.Copyable, Release: r.Release, From: engine.Moment(r.FromAt), Until: engine.Moment(r.UntilAt), Input: r.Input, MAC: engine.Some(r.Mac),
		}
	})
}

// Append implements [lock.Store].
func (l *Ledger) Append(ctx context.Context, key lock.Key, n int, e lock.Entry, events []tunnus.Event) error {
	return l.d.Write(ctx, func(t *engine.Tx) error {
		have, err := t.CountLockEntries(ctx, string(key))
		if err != nil {
			return fmt.Errorf("store: lock entry: %w", err)
		}
		if have != int64(n) {
			return tunnus.Conflict(fmt.Errorf("store: lock entry: %d were read, there are %d", n, have))
		}
		row := db.LockEntry{
			Key: string(key), Place: have, Kind: string(e.Kind), Attempt: e.Attempt, At: engine.Millis(e.At),
			Code: string(e.Code), Copyable: e.Copyable, Mac: engine.Full(e.MAC),
			Release: e.Release, FromAt: engine.Millis(e.From), UntilAt: engine.Millis(e.Until), Input: e.Input,
		}
		if err := t.AddLockEntry(ctx, db.AddLockEntryParams(row)); err != nil {
			return engine.Added("lock entry", err)
		}
		if err := copies.Lock(t, row); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}
