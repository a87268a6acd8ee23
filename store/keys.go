package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/store/db"
)

var (
	_ keyshare.Keys = (*Keys)(nil)
	_ keyshare.Pool = (*Pool)(nil)
)

// Keyshare returns all that package keyshare keeps its state in.
func (s *Store) Keyshare() keyshare.Store {
	return keyshare.Store{
		Keys: &Keys{s}, Evaluations: &Evaluations{s}, Transactions: &Transactions{s}, Pool: &Pool{s},
	}
}

// Keys implements [keyshare.Keys].
type Keys struct{ s *Store }

// Create implements [keyshare.Keys].
func (k *Keys) Create(ctx context.Context, v keyshare.Key, events []tunnus.Event) error {
	return k.s.write(ctx, func(t tx) error {
		if err := t.remember(ctx, v.Modulus); err != nil {
			return err
		}
		p := keyParams(v)
		p.Rev = 1
		if err := t.AddKey(ctx, db.AddKeyParams(p)); err != nil {
			return added("key", err)
		}
		return t.events(ctx, events)
	})
}

// Key implements [keyshare.Keys].
func (k *Keys) Key(ctx context.Context, id string) (keyshare.Key, error) {
	r, err := k.s.read.Key(ctx, id)
	if err != nil {
		return keyshare.Key{}, found("key", err)
	}
	return toKey(r), nil
}

// Save implements [keyshare.Keys].
func (k *Keys) Save(ctx context.Context, v keyshare.Key, events []tunnus.Event) error {
	return k.s.write(ctx, func(t tx) error {
		if err := t.saveKey(ctx, v); err != nil {
			return err
		}
		return t.events(ctx, events)
	})
}

// Assign implements [keyshare.Keys].
func (k *Keys) Assign(ctx context.Context, v keyshare.Key, modulus []byte, events []tunnus.Event) error {
	return k.s.write(ctx, func(t tx) error {
		if err := t.saveKey(ctx, v); err != nil {
			return err
		}
		n, err := t.TakePooled(ctx, full(modulus))
		if err != nil || n != 1 {
			return swapped("pooled half", n, err)
		}
		return t.events(ctx, events)
	})
}

// Due implements [keyshare.Keys].
func (k *Keys) Due(ctx context.Context, now time.Time, limit int) ([]string, error) {
	ids, err := k.s.read.DueKeys(ctx, db.DueKeysParams{Now: millis(now), Many: many(limit)})
	if err != nil {
		return nil, fmt.Errorf("store: keys: %w", err)
	}
	return ids, nil
}

// Pool implements [keyshare.Pool].
type Pool struct{ s *Store }

// Used implements [keyshare.Pool].
func (p *Pool) Used(ctx context.Context, modulus []byte) (bool, error) {
	hash := sha256.Sum256(modulus)
	n, err := p.s.read.CountModulus(ctx, hash[:])
	if err != nil {
		return false, fmt.Errorf("store: modulus: %w", err)
	}
	return n > 0, nil
}

// Add implements [keyshare.Pool].
func (p *Pool) Add(ctx context.Context, v keyshare.Pooled) error {
	return p.s.write(ctx, func(t tx) error {
		if err := t.remember(ctx, v.Modulus); err != nil {
			return err
		}
		return added("pooled half", t.AddPooled(ctx, db.AddPooledParams{
			Modulus: full(v.Modulus), SealedHalf: full(v.SealedHalf), CreatedAt: millis(v.CreatedAt),
		}))
	})
}

// Size implements [keyshare.Pool].
func (p *Pool) Size(ctx context.Context) (int, error) {
	n, err := p.s.read.CountPooled(ctx)
	if err != nil {
		return 0, fmt.Errorf("store: pool: %w", err)
	}
	return int(n), nil
}

// Oldest implements [keyshare.Pool].
func (p *Pool) Oldest(ctx context.Context) (keyshare.Pooled, error) {
	r, err := p.s.read.OldestPooled(ctx)
	if err != nil {
		return keyshare.Pooled{}, found("pooled half", err)
	}
	return keyshare.Pooled{Modulus: r.Modulus, SealedHalf: r.SealedHalf, CreatedAt: moment(r.CreatedAt)}, nil
}

// remember notes a modulus for ever.
func (t tx) remember(ctx context.Context, modulus []byte) error {
	hash := sha256.Sum256(modulus)
	err := t.RememberModulus(ctx, hash[:])
	if taken(err) {
		return fmt.Errorf("store: %w", keyshare.ErrModulusUsed)
	}
	return added("modulus", err)
}

func (t tx) saveKey(ctx context.Context, v keyshare.Key) error {
	n, err := t.SaveKey(ctx, keyParams(v))
	return swapped("key", n, err)
}

func keyParams(v keyshare.Key) db.SaveKeyParams {
	return db.SaveKeyParams{
		ID: v.ID, Rev: v.Rev, Purpose: string(v.Purpose), Device: v.Device, Account: v.Account, State: string(v.State),
		Reason: v.Reason, Generation: int64(v.Generation), CreatedAt: millis(v.CreatedAt), Modulus: full(v.Modulus),
		Public: full(v.Public), SealedVoprf: full(v.SealedVOPRF), BeginHash: full(v.Begin), Hardenings: int64(v.Hardenings),
		Counter: int64(v.Counter), RotatedAt: millis(v.RotatedAt), Product: full(v.Product), Inverse: full(v.Inverse),
		SealedHalf: full(v.SealedHalf), LastSeq: v.LastSeq, LastNonce: full(v.LastNonce), ClearedSeq: v.ClearedSeq,
		Unconfirmed: int64(v.Unconfirmed), LifeCount: int64(v.LifeCount), DueAt: millis(v.DueAt),
		EndsAt: millis(v.EndsAt),
	}
}

func toKey(r db.KeyshareKey) keyshare.Key {
	return keyshare.Key{
		ID: r.ID, Rev: r.Rev, Purpose: splitkey.Purpose(r.Purpose), Device: r.Device, Account: r.Account,
		State: keyshare.State(r.State), Reason: r.Reason, Generation: int(r.Generation), CreatedAt: moment(r.CreatedAt),
		Modulus: some(r.Modulus), Public: some(r.Public), SealedVOPRF: some(r.SealedVoprf), Begin: some(r.BeginHash),
		Hardenings: int(r.Hardenings), Counter: uint64(r.Counter), RotatedAt: moment(r.RotatedAt),
		Product: some(r.Product), Inverse: some(r.Inverse), SealedHalf: some(r.SealedHalf),
		LastSeq: r.LastSeq, LastNonce: some(r.LastNonce), ClearedSeq: r.ClearedSeq,
		Unconfirmed: int(r.Unconfirmed), LifeCount: int(r.LifeCount), DueAt: moment(r.DueAt), EndsAt: moment(r.EndsAt),
	}
}
