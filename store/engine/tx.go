package engine

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/trust/audit"
)

// A Tx is one write transaction: the queries, and the lines that go with them.
type Tx struct {
	*db.Queries
	raw    *sql.Tx
	queue  *queue
	order  *order
	copies []Copy
	marks  marks
}

// tx makes one over a transaction, and what its statements run on.
func (d *Database) tx(raw *sql.Tx, on db.DBTX) *Tx {
	return &Tx{Queries: db.New(on), raw: raw, queue: d.queue, order: &d.order}
}

// Copy wants something kept in the second place too, if the transaction is committed.
func (t *Tx) Copy(kind, id string, body []byte) {
	t.copies = append(t.copies, Copy{kind, id, body})
}

// Events writes audit lines in the transaction of what they tell of.
func (t *Tx) Events(ctx context.Context, events []tunnus.Event) error {
	for _, e := range events {
		line, err := audit.Seal(e)
		if err != nil {
			return fmt.Errorf("store: audit line: %w", err)
		}
		err = t.AddAuditLine(ctx, db.AddAuditLineParams{
			ID: t.order.next(), At: Millis(e.At), Subject: e.Subject,
			Record: line.Record, Salt: line.Salt, Leaf: line.Leaf,
		})
		if err != nil {
			return fmt.Errorf("store: audit line: %w", err)
		}
		t.marks.note(e)
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
