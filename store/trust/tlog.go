package trust

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/trust/tlog"
)

var (
	_ tlog.Store = (*Log)(nil)
	_ tlog.Lines = (*Log)(nil)
)

// Log implements [tlog.Store] and [tlog.Lines].
type Log struct{ d *engine.Database }

// NewLog returns the lines of the audit log as the transparency log sees them.
func NewLog(d *engine.Database) *Log { return &Log{d} }

// Lease implements [tlog.Store].
func (l *Log) Lease(ctx context.Context, holder string, now, until time.Time) (out tlog.Lease, err error) {
	err = l.d.Write(ctx, func(t *engine.Tx) error {
		n, err := t.TakeLogLease(ctx, db.TakeLogLeaseParams{Holder: holder, Now: engine.Millis(now), Until: engine.Millis(until)})
		if err := engine.Swapped("lease of the log", n, err); err != nil {
			return err
		}
		r, err := t.LogLease(ctx)
		if err != nil {
			return fmt.Errorf("store: lease of the log: %w", err)
		}
		out = tlog.Lease{Holder: r.Holder, Token: r.Token, Until: engine.Moment(r.Expires)}
		return nil
	})
	return out, err
}

// Waiting implements [tlog.Store].
func (l *Log) Waiting(ctx context.Context, limit int) ([][]byte, error) {
	leaves, err := l.d.Read().WaitingLeaves(ctx, int32(max(0, min(limit, most))))
	if err != nil {
		return nil, fmt.Errorf("store: waiting lines: %w", err)
	}
	return leaves, nil
}

// most bounds how many lines are read at a time.
const most = 10_000

// Indexed implements [tlog.Store].
func (l *Log) Indexed(ctx context.Context, lease tlog.Lease, first uint64, leaves [][]byte) error {
	return l.d.Write(ctx, func(t *engine.Tx) error {
		if err := next(ctx, t, lease, first); err != nil {
			return err
		}
		for i, leaf := range leaves {
			n, err := t.PlaceLine(ctx, db.PlaceLineParams{Place: placed(first + uint64(i)), Leaf: leaf})
			if err != nil {
				return fmt.Errorf("store: place of a line: %w", err)
			}
			if n != 1 {
				return tunnus.NotFound(fmt.Errorf("store: no line waits for the place %d", first+uint64(i)))
			}
		}
		return nil
	})
}

// Adopt implements [tlog.Store].
func (l *Log) Adopt(ctx context.Context, lease tlog.Lease, first uint64, leaves [][]byte) (lost int, err error) {
	now := engine.Millis(time.Now())
	err = l.d.Write(ctx, func(t *engine.Tx) error {
		lost = 0
		if err := next(ctx, t, lease, first); err != nil {
			return err
		}
		for i, leaf := range leaves {
			at := first + uint64(i)
			n, err := t.PlaceLine(ctx, db.PlaceLineParams{Place: placed(at), Leaf: leaf})
			if err == nil && n == 0 {
				lost++
				err = t.AddLostLine(ctx, db.AddLostLineParams{ID: fmt.Sprintf("lost%028x", at), At: now, Leaf: leaf, Place: placed(at)})
			}
			if err != nil {
				return engine.Added("place of a line", err)
			}
		}
		return nil
	})
	return lost, err
}

// next makes sure that the lease is still that one, and which place is the next.
func next(ctx context.Context, t *engine.Tx, lease tlog.Lease, first uint64) error {
	r, err := t.LogLease(ctx)
	if err != nil {
		return engine.Found("lease of the log", err)
	}
	if r.Token != lease.Token || r.Holder != lease.Holder {
		return tunnus.Conflict(errors.New("store: the lease of the log has changed hands"))
	}
	last, err := t.LastLogIndex(ctx)
	if err != nil {
		return fmt.Errorf("store: places of lines: %w", err)
	}
	if last+1 != int64(first) {
		return tunnus.Conflict(fmt.Errorf("store: the next line has the place %d, not %d", last+1, first))
	}
	return nil
}

// Count implements [tlog.Store].
func (l *Log) Count(ctx context.Context) (uint64, error) {
	last, err := l.d.Read().LastLogIndex(ctx)
	if err != nil {
		return 0, fmt.Errorf("store: places of lines: %w", err)
	}
	return uint64(last + 1), nil
}

// At implements [tlog.Lines].
func (l *Log) At(ctx context.Context, index uint64) (tlog.Line, error) {
	r, err := l.d.Read().LineAt(ctx, int64(index))
	if err != nil {
		return tlog.Line{}, engine.Found("line", err)
	}
	return toLine(r), nil
}

// Of implements [tlog.Lines].
func (l *Log) Of(ctx context.Context, subject string) ([]tlog.Line, error) {
	rows, err := l.d.Read().LinesOf(ctx, subject)
	return engine.Each("lines", rows, err, toLine)
}

// Page implements [tlog.Lines].
func (l *Log) Page(ctx context.Context, from uint64, limit int) ([]tlog.Line, error) {
	rows, err := l.d.Read().LinesFrom(ctx, db.LinesFromParams{Place: int64(from), Many: int32(max(0, min(limit, most)))})
	return engine.Each("lines", rows, err, toLine)
}

func toLine(r db.AuditLine) tlog.Line {
	return tlog.Line{
		Index: uint64(max(0, r.LogIndex.Int64)), Waiting: !r.LogIndex.Valid,
		Record: r.Record, Salt: r.Salt, Leaf: r.Leaf,
	}
}

func placed(index uint64) sql.NullInt64 { return sql.NullInt64{Int64: int64(index), Valid: true} }
