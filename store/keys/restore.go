package keys

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/moduli"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var (
	_ moduli.Listed = (*Moduli)(nil)
	_ restore.Store = (*Restores)(nil)
)

// Moduli implements [moduli.Listed].
type Moduli struct{ d *engine.Database }

// OfKeys implements [moduli.Listed].
func (m *Moduli) OfKeys(ctx context.Context, after string, limit int) ([]keyshare.Key, error) {
	rows, err := m.d.Read().ModuliOfKeys(ctx, db.ModuliOfKeysParams{After: after, Many: engine.Many(limit)})
	return engine.Each("moduli", rows, err, func(r db.ModuliOfKeysRow) keyshare.Key {
		return keyshare.Key{ID: r.ID, Modulus: engine.Some(r.Modulus), Product: engine.Some(r.Product)}
	})
}

// OfPool implements [moduli.Listed].
func (m *Moduli) OfPool(ctx context.Context, after []byte, limit int) ([][]byte, error) {
	rows, err := m.d.Read().ModuliOfPool(ctx, db.ModuliOfPoolParams{After: engine.Full(after), Many: engine.Many(limit)})
	if err != nil {
		return nil, fmt.Errorf("store: moduli: %w", err)
	}
	return rows, nil
}

// Discard implements [moduli.Listed].
func (m *Moduli) Discard(ctx context.Context, modulus []byte, events []tunnus.Event) error {
	return m.d.Write(ctx, func(t *engine.Tx) error {
		n, err := t.TakePooled(ctx, engine.Full(modulus))
		if err != nil || n == 0 {
			return err
		}
		return t.Events(ctx, events)
	})
}

// Restores implements [restore.Store].
type Restores struct{ d *engine.Database }

// Declare implements [restore.Store].
func (r *Restores) Declare(ctx context.Context, e keyshare.Epoch, events []tunnus.Event) error {
	return r.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.EmptyPool(ctx); err != nil {
			return fmt.Errorf("store: pool: %w", err)
		}
		err := t.AddEpoch(ctx, db.AddEpochParams{FromAt: engine.Millis(e.From), UntilAt: engine.Millis(e.Until)})
		if err := engine.Added("epoch", err); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// Epoch implements [restore.Store].
func (r *Restores) Epoch(ctx context.Context) (keyshare.Epoch, error) {
	v, err := r.d.Read().NewestEpoch(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return keyshare.Epoch{}, nil
	}
	if err != nil {
		return keyshare.Epoch{}, fmt.Errorf("store: epoch: %w", err)
	}
	return keyshare.Epoch{From: engine.Moment(v.FromAt), Until: engine.Moment(v.UntilAt)}, nil
}

// Reapply implements [restore.Store].
func (r *Restores) Reapply(ctx context.Context, rev int64, c keyshare.Copy, events []tunnus.Event) error {
	return r.d.Write(ctx, func(t *engine.Tx) error {
		if err := putMerged(ctx, t, rev, c.Key); err != nil {
			return err
		}
		if err := t.ForgetEvaluations(ctx, c.Key.ID); err != nil {
			return fmt.Errorf("store: evaluations: %w", err)
		}
		for _, e := range c.Tries {
			if err := addTry(ctx, t, e); err != nil {
				return err
			}
		}
		return t.Events(ctx, events)
	})
}

// putMerged writes a key in the place of the one with the revision given, 0 for
// none, with the revision that it has.
func putMerged(ctx context.Context, t *engine.Tx, rev int64, v keyshare.Key) error {
	p := keyParams(v)
	if rev == 0 {
		if err := t.AddKey(ctx, db.AddKeyParams(p)); err != nil {
			return engine.Added("key", err)
		}
		if err := recall(ctx, t, v.Modulus); err != nil {
			return err
		}
		return copies.Key(t, v)
	}
	p.Rev = rev
	n, err := t.SaveKey(ctx, p)
	if err := engine.Swapped("key", n, err); err != nil {
		return err
	}
	n, err = t.MoveKeyRev(ctx, db.MoveKeyRevParams{NewRev: v.Rev, ID: v.ID, Rev: rev + 1})
	if err := engine.Swapped("key", n, err); err != nil {
		return err
	}
	return copies.Key(t, v)
}

// recall notes a modulus, if it is not noted yet.
func recall(ctx context.Context, t *engine.Tx, modulus []byte) error {
	if n, err := t.CountModulus(ctx, digest(modulus)); err != nil || n > 0 {
		return engine.Added("modulus", err)
	}
	return remember(ctx, t, modulus)
}
