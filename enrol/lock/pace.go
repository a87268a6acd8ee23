package lock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Pace is how an address is slowed, and never locked (L7): many people share
// one, and none of them may keep the others out. After Free proofs within Window
// that did not end well, the next ones are let in every Every.
type Pace struct {
	Window time.Duration
	Free   int
	Every  time.Duration
}

// DefaultPace suits the address of a household, and still serves a school's.
var DefaultPace = Pace{Window: time.Hour, Free: 30, Every: 20 * time.Second}

// A Count is what is kept of an address: nothing but numbers, under a keyed hash,
// for a Window.
type Count struct {
	Since time.Time // when its window began
	Open  int       // proofs that were let in and have not ended well
	Last  time.Time // when the last one was let in
	Rev   int64     // 0 until first saved; every save raises it by one
}

// A Paces keeps counts of addresses.
type Paces interface {
	// Pace returns a count, the zero one if there is none.
	Pace(ctx context.Context, key Key) (Count, error)

	// SavePace writes c if its stored revision is c.Rev, as c.Rev+1; else it fails
	// with [tunnus.CodeStateConflict].
	SavePace(ctx context.Context, key Key, c Count) error

	// DropPaces deletes the counts whose Since is before the time given.
	DropPaces(ctx context.Context, before time.Time) error
}

// Addresses slows addresses.
type Addresses struct {
	Paces Paces
	Rules Pace
	Names *Ledger // whose key names addresses
	Clock tunnus.Clock
}

// races is how often a count that moved is read again: nothing was judged yet.
const races = 10

// Key names the count of an address, in the form in which it is compared: for IPv6
// that of its /64.
func (a Addresses) Key(address string) Key { return a.Names.name("address", address) }

// Enter counts one more proof of an address, before it is judged. It fails with
// req-too-often and the time at which the next one is let in: that is never more
// than Every away.
func (a Addresses) Enter(ctx context.Context, key Key) error {
	return a.change(ctx, key, func(c *Count, now time.Time) error {
		if next := c.Last.Add(a.Rules.Every); c.Open >= a.Rules.Free && now.Before(next) {
			return tooOften(fmt.Errorf("lock: an address with %d proofs open or failed", c.Open), next)
		}
		c.Open++
		c.Last = now
		return nil
	})
}

// Well takes one proof back that ended well, or that ended by a fault of ours.
func (a Addresses) Well(ctx context.Context, key Key) error {
	return a.change(ctx, key, func(c *Count, _ time.Time) error {
		c.Open = max(0, c.Open-1)
		return nil
	})
}

func (a Addresses) change(ctx context.Context, key Key, do func(c *Count, now time.Time) error) (err error) {
	for range races {
		now := a.Clock.Now().UTC().Truncate(time.Millisecond)
		c, rerr := a.Paces.Pace(ctx, key)
		if rerr != nil {
			return fmt.Errorf("lock: reading a pace: %w", rerr)
		}
		if now.Sub(c.Since) >= a.Rules.Window {
			c = Count{Since: now, Rev: c.Rev}
		}
		if err := do(&c, now); err != nil {
			return err
		}
		if err = a.Paces.SavePace(ctx, key, c); err == nil || tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			return err
		}
	}
	return errors.Join(errors.New("lock: an address that many come from at once"), err)
}

// Sweep forgets the addresses whose window is over.
func (a Addresses) Sweep(ctx context.Context) error {
	return a.Paces.DropPaces(ctx, a.Clock.Now().Add(-a.Rules.Window))
}
