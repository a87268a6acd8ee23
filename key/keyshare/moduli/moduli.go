// Package moduli looks after the moduli of all keys: it makes the server's halves
// in advance, so that nobody waits for them, and looks every night whether any
// two moduli that were ever made share a factor (security.md K10). It is part of
// package keyshare.
package moduli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// pageSize is how many moduli are read at once.
const pageSize = 1000

// Pool keeps server halves made in advance.
type Pool interface {
	// Used reports whether a modulus was ever remembered, here or by [Keys].
	Used(ctx context.Context, modulus []byte) (bool, error)

	// Add writes one and remembers its modulus for ever. It fails with
	// keyshare.ErrModulusUsed if that was remembered before.
	Add(ctx context.Context, h row.Half) error

	// Size counts them.
	Size(ctx context.Context) (int, error)

	// Oldest reads one without taking it; [tunnus.CodeNotFound] if the pool is empty.
	Oldest(ctx context.Context) (row.Half, error)
}

// Keys keeps the keys; see keyshare.Keys, of which it is a part.
type Keys interface {
	Key(ctx context.Context, id string) (row.Key, error)
	Assign(ctx context.Context, k row.Key, modulus []byte, events []tunnus.Event) error
}

// Listed lists all moduli: those of keys, whatever their state, and those in the
// pool. Both lists go by name in pages.
type Listed interface {
	// OfKeys lists, of keys with an id after the one given, ID, Modulus and
	// Product, in the order of id, at most limit.
	OfKeys(ctx context.Context, after string, limit int) ([]row.Key, error)

	// OfPool lists the moduli in the pool after the one given, in their order.
	OfPool(ctx context.Context, after []byte, limit int) ([][]byte, error)

	// Discard deletes one from the pool, in one transaction with the events; if it
	// is not there, it does and writes nothing.
	Discard(ctx context.Context, modulus []byte, events []tunnus.Event) error
}

// A Keeper looks after the moduli.
type Keeper struct {
	keys   Keys
	pool   Pool
	listed Listed
	clock  tunnus.Clock
	seal   sealed.Sealer
	revoke func(ctx context.Context, keyID, reason string) error
}

// New makes a keeper; revoke ends a key.
func New(k Keys, p Pool, l Listed, c tunnus.Clock, s sealed.Sealer, revoke func(ctx context.Context, keyID, reason string) error) *Keeper {
	return &Keeper{k, p, l, c, s, revoke}
}

// Assign gives a confirmed key its server half and returns n. Again, it returns
// the same n.
func (k *Keeper) Assign(ctx context.Context, keyID string) ([]byte, error) {
	return row.Settled(func(bool) ([]byte, error) {
		key, err := k.keys.Key(ctx, keyID)
		if err != nil {
			return nil, err
		}
		if key.State == row.Ready {
			return key.Product, nil
		}
		if err := key.Move(row.Assign); err != nil {
			return nil, err
		}
		half, err := k.pool.Oldest(ctx)
		if tunnus.CodeOf(err) == tunnus.CodeNotFound {
			half, err = k.makeHalf(ctx)
		}
		if err != nil {
			return nil, err
		}
		product, err := splitkey.Join(key.Modulus, half.Modulus)
		if err != nil {
			return nil, err
		}
		key.Product, key.Inverse, key.SealedHalf = product.Modulus, product.Inverse, half.SealedHalf
		e := key.Event(k.clock.Now(), "key.modulus", "")
		return key.Product, row.Moved(k.keys.Assign(ctx, key, half.Modulus, []tunnus.Event{e}))
	})
}

// FillPool makes server halves until the pool holds n, or ctx ends. It takes a
// good part of a second of CPU for each; call it in the background.
func (k *Keeper) FillPool(ctx context.Context, n int) error {
	for ctx.Err() == nil {
		size, err := k.pool.Size(ctx)
		if err != nil || size >= n {
			return err
		}
		if _, err := k.makeHalf(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// makeHalf makes a server half and puts it into the pool.
func (k *Keeper) makeHalf(ctx context.Context) (row.Half, error) {
	modulus, record, err := sealed.NewHalf(k.seal)
	if err != nil {
		return row.Half{}, err
	}
	h := row.Half{Modulus: modulus, SealedHalf: record, CreatedAt: k.clock.Now()}
	return h, k.pool.Add(ctx, h)
}

// An owner is whose a modulus is: a key's, or the pool's if that is "".
type owner struct {
	key     string
	modulus []byte
}

// AuditModuli searches all moduli ever made, of both sides and the pool's, for
// two that share a factor, and ends the keys concerned: whoever knows one of them
// can work out the other. A half in the pool that a key has already is thrown
// away. It returns how many moduli it looked at, and how many shared a factor.
// Run it once a day; it may be run again at any time, and goes on after an error.
func (k *Keeper) AuditModuli(ctx context.Context) (seen, hits int, err error) {
	owners, errs := k.all(ctx)
	numbers := make([]*big.Int, len(owners))
	for i, o := range owners {
		numbers[i] = new(big.Int).SetBytes(o.modulus)
	}
	shared := Shared(numbers)
	for _, i := range shared {
		errs = append(errs, k.hit(ctx, owners[i]))
	}
	return len(owners), len(shared), errors.Join(errs...)
}

// hit ends a key, or throws a half of the pool away.
func (k *Keeper) hit(ctx context.Context, o owner) error {
	if o.key != "" {
		return k.revoke(ctx, o.key, row.ReasonFactor)
	}
	e := tunnus.Event{
		At: k.clock.Now(), Kind: "pool.factor", Subject: "pool",
		Detail: map[string]string{"reason": row.ReasonFactor},
	}
	return k.listed.Discard(ctx, o.modulus, []tunnus.Event{e})
}

// all reads every modulus, each once. The pool comes first: a half that goes to a
// key meanwhile is seen twice rather than not at all.
func (k *Keeper) all(ctx context.Context) (out []owner, errs []error) {
	pooled := map[string]bool{}
	for after := []byte(nil); ; {
		page, err := k.listed.OfPool(ctx, after, pageSize)
		if err != nil {
			return nil, []error{err}
		}
		for _, m := range page {
			pooled[string(m)], after = true, m
		}
		if len(page) < pageSize {
			break
		}
	}
	for after := ""; ; {
		page, err := k.listed.OfKeys(ctx, after, pageSize)
		if err != nil {
			return nil, []error{err}
		}
		for _, key := range page {
			halves, err := halvesOf(key)
			errs = append(errs, err)
			out, after = append(out, halves...), key.ID
		}
		if len(page) < pageSize {
			break
		}
	}
	for _, o := range out {
		if pooled[string(o.modulus)] {
			delete(pooled, string(o.modulus))
			errs = append(errs, k.hit(ctx, owner{"", o.modulus}))
		}
	}
	for _, m := range slices.Sorted(maps.Keys(pooled)) {
		out = append(out, owner{"", []byte(m)})
	}
	return out, errs
}

// halvesOf takes a key's modulus apart: n1, and n2 once it is there.
func halvesOf(k row.Key) ([]owner, error) {
	out := []owner{{k.ID, k.Modulus}}
	if len(k.Product) == 0 {
		return out, nil
	}
	n2, err := splitkey.Product{Modulus: k.Product}.Other(k.Modulus)
	if err != nil {
		return out, fmt.Errorf("moduli: key %s: %w", k.ID, err)
	}
	return append(out, owner{k.ID, n2}), nil
}
