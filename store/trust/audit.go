package trust

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/trust/audit"
)

// Audit reads the audit log. Nothing but decisions write it.
type Audit struct{ d *engine.Database }

// NewAudit returns the audit log of a database.
func NewAudit(d *engine.Database) *Audit { return &Audit{d} }

// Events returns the events of a subject that are not erased, in the order in
// which they were written. It fails with [audit.ErrLine] if one was changed.
func (a *Audit) Events(ctx context.Context, subject string) ([]tunnus.Event, error) {
	rows, err := a.d.Read().AuditLines(ctx, subject)
	return engine.Parsed("audit lines", rows, err, func(r db.AuditLine) (tunnus.Event, error) {
		e, err := audit.Open(audit.Line{Record: r.Record, Salt: r.Salt, Leaf: r.Leaf})
		if err == nil && (e.Subject != r.Subject || engine.Millis(e.At) != r.At) {
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
	return a.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.EraseAuditLines(ctx, subject); err != nil {
			return fmt.Errorf("store: audit lines: %w", err)
		}
		return nil
	})
}
