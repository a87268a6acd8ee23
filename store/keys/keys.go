// Package keys keeps the server's halves of the holders' keys: the ports of key/keyshare.
package keys

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var (
	_ keyshare.Keys = (*Keys)(nil)
	_ keyshare.Pool = (*Pool)(nil)
)

// New returns all that package keyshare keeps its state in.
func New(d *engine.Database) keyshare.Store {
	return keyshare.Store{
		Keys: &Keys{d}, Evaluations: &Evaluations{d}, Transactions: &Transactions{d}, Pool: &Pool{d},
		Moduli: &Moduli{d}, Restores: &Restores{d},
	}
}

// Keys implements [keyshare.Keys].
type Keys struct{ d *engine.Database }

// Create implements [keyshare.Keys].
func (k *Keys) Create(ctx context.Context, v keyshare.Key, events []tunnus.Event) error {
	return k.d.Write(ctx, func(t *engine.Tx) error {
		if err := remember(ctx, t, v.Modulus); err != nil {
			return err
		}
		p := keyParams(v)
		p.Rev = 1
		if err := t.AddKey(ctx, db.AddKeyParams(p)); err != nil {
			return engine.Added("key", err)
		}
		if err := copies.Key(t, stored(v)); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// Key implements [keyshare.Keys].
func (k *Keys) Key(ctx context.Context, id string) (keyshare.Key, error) {
	r, err := k.d.Read().Key(ctx, id)
	if err != nil {
		return keyshare.Key{}, engine.Found("key", err)
	}
	return toKey(r), nil
}

// Save implements [keyshare.Keys].
func (k *Keys) Save(ctx context.Context, v keyshare.Key, events []tunnus.Event) error {
	return k.d.Write(ctx, func(t *engine.Tx) error {
		if err := saveKey(ctx, t, v); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// Assign implements [keyshare.Keys].
func (k *Keys) Assign(ctx context.Context, v keyshare.Key, modulus []byte, events []tunnus.Event) error {
	return k.d.Write(ctx, func(t *engine.Tx) error {
		if err := saveKey(ctx, t, v); err != nil {
			return err
		}
		// As it was read: a record that was brought to a new key since must not
		// come back under the old one.
		n, err := t.TakeHalf(ctx, db.TakeHalfParams{Modulus: engine.Full(modulus), SealedHalf: engine.Full(v.SealedHalf)})
		if err != nil || n != 1 {
			return engine.Swapped("pooled half", n, err)
		}
		return t.Events(ctx, events)
	})
}

// Due implements [keyshare.Keys].
func (k *Keys) Due(ctx context.Context, now time.Time, limit int) ([]string, error) {
	ids, err := k.d.Read().DueKeys(ctx, db.DueKeysParams{Now: engine.Millis(now), Many: engine.Many(limit)})
	if err != nil {
		return nil, fmt.Errorf("store: keys: %w", err)
	}
	return ids, nil
}

// Pool implements [keyshare.Pool].
type Pool struct{ d *engine.Database }

// Used implements [keyshare.Pool].
func (p *Pool) Used(ctx context.Context, modulus []byte) (bool, error) {
	n, err := p.d.Read().CountModulus(ctx, digest(modulus))
	if err != nil {
		return false, fmt.Errorf("store: modulus: %w", err)
	}
	return n > 0, nil
}

// Add implements [keyshare.Pool].
func (p *Pool) Add(ctx context.Context, v keyshare.Pooled) error {
	return p.d.Write(ctx, func(t *engine.Tx) error {
		if err := remember(ctx, t, v.Modulus); err != nil {
			return err
		}
		return engine.Added("pooled half", t.AddPooled(ctx, db.AddPooledParams{
			Modulus: engine.Full(v.Modulus), SealedHalf: engine.Full(v.SealedHalf), CreatedAt: engine.Millis(v.CreatedAt),
		}))
	})
}

// Size implements [keyshare.Pool].
func (p *Pool) Size(ctx context.Context) (int, error) {
	n, err := p.d.Read().CountPooled(ctx)
	if err != nil {
		return 0, fmt.Errorf("store: pool: %w", err)
	}
	return int(n), nil
}

// Oldest implements [keyshare.Pool].
func (p *Pool) Oldest(ctx context.Context) (keyshare.Pooled, error) {
	r, err := p.d.Read().OldestPooled(ctx)
	if err != nil {
		return keyshare.Pooled{}, engine.Found("pooled half", err)
	}
	return keyshare.Pooled{Modulus: r.Modulus, SealedHalf: r.SealedHalf, CreatedAt: engine.Moment(r.CreatedAt)}, nil
}

// digest is what a modulus is remembered by.
func digest(modulus []byte) []byte {
	hash := sha256.Sum256(modulus)
	return hash[:]
}

// remember notes a modulus for ever.
func remember(ctx context.Context, t *engine.Tx, modulus []byte) error {
	err := t.RememberModulus(ctx, digest(modulus))
	if engine.Taken(err) {
		return fmt.Errorf("store: %w", keyshare.ErrModulusUsed)
	}
	return engine.Added("modulus", err)
}

func saveKey(ctx context.Context, t *engine.Tx, v keyshare.Key) error {
	n, err := t.SaveKey(ctx, keyParams(v))
	if err := engine.Swapped("key", n, err); err != nil {
		return err
	}
	return copies.Key(t, stored(v))
}

// stored is a key as it stands in its row after a write.
func stored(v keyshare.Key) keyshare.Key {
	v.Rev++
	return v
}

func keyParams(v keyshare.Key) db.SaveKeyParams {
	return db.SaveKeyParams{
		ID: v.ID, Rev: v.Rev, Purpose: string(v.Purpose), Device: v.Device, Account: v.Account, State: string(v.State),
		Reason: v.Reason, Generation: int64(v.Generation), CreatedAt: engine.Millis(v.CreatedAt), Modulus: engine.Full(v.Modulus),
		Public: engine.Full(v.Public), SealedVoprf: engine.Full(v.SealedVOPRF), BeginHash: engine.Full(v.Begin), Hardenings: int64(v.Hardenings),
		Counter: int64(v.Counter), RotatedAt: engine.Millis(v.RotatedAt), Product: engine.Full(v.Product), Inverse: engine.Full(v.Inverse),
		SealedHalf: engine.Full(v.SealedHalf), LastSeq: v.LastSeq, LastNonce: engine.Full(v.LastNonce), ClearedSeq: v.ClearedSeq,
		Unconfirmed: int64(v.Unconfirmed), LifeCount: int64(v.LifeCount), DueAt: engine.Millis(v.DueAt),
		EndsAt: engine.Millis(v.EndsAt), NextChange: v.Next.Change, NextPublic: engine.Full(v.Next.Public),
		NextVoprf: engine.Full(v.Next.SealedVOPRF), NextSince: engine.Millis(v.Next.Since), NextHardenings: int64(v.Next.Hardenings),
		NextHardened: engine.Full(v.Next.Hardened), ChangedBy: v.ChangedBy, Changed: engine.Full(v.Changed),
	}
}

func toKey(r db.KeyshareKey) keyshare.Key {
	return keyshare.Key{
		ID: r.ID, Rev: r.Rev, Purpose: splitkey.Purpose(r.Purpose), Device: r.Device, Account: r.Account,
		State: keyshare.State(r.State), Reason: r.Reason, Generation: int(r.Generation), CreatedAt: engine.Moment(r.CreatedAt),
		Modulus: engine.Some(r.Modulus), Public: engine.Some(r.Public), SealedVOPRF: engine.Some(r.SealedVoprf), Begin: engine.Some(r.BeginHash),
		Hardenings: int(r.Hardenings), Counter: uint64(r.Counter), RotatedAt: engine.Moment(r.RotatedAt),
		Product: engine.Some(r.Product), Inverse: engine.Some(r.Inverse), SealedHalf: engine.Some(r.SealedHalf),
		LastSeq: r.LastSeq, LastNonce: engine.Some(r.LastNonce), ClearedSeq: r.ClearedSeq,
		Unconfirmed: int(r.Unconfirmed), LifeCount: int(r.LifeCount), DueAt: engine.Moment(r.DueAt), EndsAt: engine.Moment(r.EndsAt),
		Next: row.Next{
			Change: r.NextChange, Public: engine.Some(r.NextPublic), SealedVOPRF: engine.Some(r.NextVoprf),
			Since: engine.Moment(r.NextSince), Hardenings: int(r.NextHardenings), Hardened: engine.Some(r.NextHardened),
		},
		ChangedBy: r.ChangedBy, Changed: engine.Some(r.Changed),
	}
}
