// Package restore is what package keyshare does after its store was restored from
// a copy: what the second place has is merged into it, and for a declared time
// phones may show one-time values that are newer than ours. Our loss is never
// taken for a copy of a phone (security.md K1).
package restore

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
)

// An Epoch is the time after a restore in which one-time values may be newer than
// ours: what we have lost, the phones have not. The zero value is none.
type Epoch struct {
	From, Until time.Time
}

// Open reports whether the epoch has begun and is not over.
func (e Epoch) Open(now time.Time) bool { return !now.Before(e.From) && now.Before(e.Until) }

// maxEpoch bounds an epoch: a phone that was away for longer is told to ask again
// until another is declared.
const maxEpoch = 90 * 24 * time.Hour

// Store keeps what a restore leaves behind. Every write is one transaction with
// its events.
type Store interface {
	// Declare writes an epoch and empties the pool of server halves, which may have
	// been given away after the copy that was restored.
	Declare(ctx context.Context, e Epoch, events []tunnus.Event) error

	// Epoch reads the newest; the zero value if there is none.
	Epoch(ctx context.Context) (Epoch, error)

	// Reapply writes a merged key, if its stored Rev is the one given, and replaces
	// all of its tries; else it fails with [tunnus.CodeStateConflict], having
	// written nothing. Rev 0 is a key that is not there. The key is stored with the
	// Rev that it has, and its modulus is remembered, if it was not before.
	Reapply(ctx context.Context, rev int64, c Copy, events []tunnus.Event) error
}

// Keys reads keys; see keyshare.Keys.
type Keys interface {
	Key(ctx context.Context, id string) (row.Key, error)
}

// Tries reads tries; see keyshare.Evaluations.
type Tries interface {
	Since(ctx context.Context, key string, seq int64) ([]row.Evaluation, error)
}

// A Restorer does what is due after a restore.
type Restorer struct {
	keys  Keys
	tries Tries
	store Store
	clock tunnus.Clock
}

// New makes a restorer.
func New(k Keys, t Tries, s Store, c tunnus.Clock) *Restorer { return &Restorer{k, t, s, c} }

// Declare declares an epoch from now until the time given.
func (r *Restorer) Declare(ctx context.Context, until time.Time) error {
	now := r.clock.Now()
	if !until.After(now) || until.After(now.Add(maxEpoch)) {
		return fmt.Errorf("restore: an epoch from %s until %s cannot be declared", now, until)
	}
	e := tunnus.Event{
		At: now, Kind: "restore.declare", Subject: "keyshare",
		Detail: map[string]string{"until": until.UTC().Format(time.RFC3339)},
	}
	return r.store.Declare(ctx, Epoch{now, until}, []tunnus.Event{e})
}

// Declared reports whether an epoch is open.
func (r *Restorer) Declared(ctx context.Context) (bool, error) {
	e, err := r.store.Epoch(ctx)
	return e.Open(r.clock.Now()), err
}

// Reapply merges what the second place has of a key into the store ([Merge]). It
// may be run again.
func (r *Restorer) Reapply(ctx context.Context, c Copy) error {
	_, err := row.Settled(func(bool) (struct{}, error) {
		var have Copy
		k, err := r.keys.Key(ctx, c.Key.ID)
		if err == nil {
			have.Key = k
		} else if tunnus.CodeOf(err) != tunnus.CodeNotFound {
			return struct{}{}, err
		}
		if have.Tries, err = r.tries.Since(ctx, c.Key.ID, 0); err != nil {
			return struct{}{}, err
		}
		m := Merge(have, c)
		e := m.Key.Event(r.clock.Now(), "key.reapply", "", "state", string(m.Key.State))
		return struct{}{}, row.Moved(r.store.Reapply(ctx, have.Key.Rev, m, []tunnus.Event{e}))
	})
	return err
}
