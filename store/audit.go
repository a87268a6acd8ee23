package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/trust/audit"
)

// Audit reads the audit log. Nothing but decisions write it.
type Audit struct{ s *Store }

// Audit returns the audit log.
func (s *Store) Audit() *Audit { return &Audit{s} }

// Events returns the events of a subject that are not erased, in the order in
// which they were written. It fails with [audit.ErrLine] if one was changed.
func (a *Audit) Events(ctx context.Context, subject string) ([]tunnus.Event, error) {
	rows, err := a.s.read.AuditLines(ctx, subject)
	return parsed("audit lines", rows, err, func(r db.AuditLine) (tunnus.Event, error) {
		e, err := audit.Open(audit.Line{Record: r.Record, Salt: r.Salt, Leaf: r.Leaf})
		if err == nil && (e.Subject != r.Subject || millis(e.At) != r.At) {
			err = audit.ErrLine
		}
		if err != nil {
			return tunnus.Event{}, fmt.Errorf("store: audit line %s: %w", r.ID, err)
		}
		return e, nil
	})
}

// Erase forgets what the lines of a subject say; their leaves stay. Erasing
// again does nothing more.
func (a *Audit) Erase(ctx context.Context, subject string) error {
	return a.s.write(ctx, func(t tx) error {
		if err := t.EraseAuditLines(ctx, subject); err != nil {
			return fmt.Errorf("store: audit lines: %w", err)
		}
		return nil
	})
}

// events writes audit lines in the transaction of what they tell of.
func (t tx) events(ctx context.Context, events []tunnus.Event) error {
	for _, e := range events {
		line, err := audit.Seal(e)
		if err != nil {
			return fmt.Errorf("store: audit line: %w", err)
		}
		err = t.AddAuditLine(ctx, db.AddAuditLineParams{
			ID: t.order.next(), At: millis(e.At), Subject: e.Subject,
			Record: line.Record, Salt: line.Salt, Leaf: line.Leaf,
		})
		if err != nil {
			return fmt.Errorf("store: audit line: %w", err)
		}
	}
	return nil
}

// An order makes names that sort in the order in which they were made, by one
// process at least; the clocks of several order theirs.
type order struct {
	mu   sync.Mutex
	last int64 // Unix milliseconds and a count: 48 and 15 bits
}

// next returns 16 hexadecimal digits of time and count, and 16 random ones.
func (o *order) next() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = max(o.last+1, time.Now().UnixMilli()<<15)
	var tail [8]byte
	_, _ = rand.Read(tail[:]) // never fails (crypto/rand)
	return fmt.Sprintf("%016x", o.last) + hex.EncodeToString(tail[:])
}
