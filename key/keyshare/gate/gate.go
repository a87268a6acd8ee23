// Package gate is what each request of a phone passes before package keyshare
// does anything for it: the device's own signature, the form of the message, the
// key that it names, and the one-time value, by which a copied phone is found.
package gate

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// HoldTime is the time from a copy's alarm to the end of the key (security.md K14).
const HoldTime = 72 * time.Hour

// Keys keeps the keys; see keyshare.Keys, of which it is a part.
type Keys interface {
	Key(ctx context.Context, id string) (row.Key, error)
	Save(ctx context.Context, k row.Key, events []tunnus.Event) error
}

// Restores knows of restores (package restore).
type Restores interface {
	// Declared reports whether our store may have lost what phones have.
	Declared(ctx context.Context) (bool, error)
}

// A Gate lets requests in.
type Gate struct {
	keys     Keys
	restores Restores
	clock    tunnus.Clock
}

// New makes a gate.
func New(k Keys, r Restores, c tunnus.Clock) *Gate { return &Gate{k, r, c} }

// A Request is what a phone asks, verified, as far as all messages but Begin are
// alike.
type Request struct {
	Signed device.Signed `json:"-"`
	Body   []byte        `json:"-"` // SHA-256 of the body
	Again  bool          `json:"-"` // judged before, and somebody else was faster

	Key        string `json:"key"`
	Generation int    `json:"generation"` // which OneTime is of: the one that lives, if all is well
	OneTime    []byte `json:"one_time"`
}

// Read verifies the device's own signature and reads the message.
func Read(r device.Signed, m splitkey.Message) (Request, error) {
	sum := sha256.Sum256(r.Request.Body)
	q := Request{Signed: r, Body: sum[:]}
	if err := r.Verify(); err != nil {
		return q, err
	}
	if err := splitkey.Decode(r.Request.Body, m); err != nil {
		return q, tunnus.BadRequest("body", err)
	}
	if err := json.Unmarshal(r.Request.Body, &q); err != nil {
		return q, fmt.Errorf("gate: %w", err)
	}
	return q, nil
}

// Admit reads a message and finds the key that it names. A key of another device
// looks like one that does not exist. again says that the request was judged
// before, see [row.Settled].
func (g *Gate) Admit(ctx context.Context, r device.Signed, m splitkey.Message, again bool) (Request, row.Key, error) {
	q, err := Read(r, m)
	if err != nil {
		return q, row.Key{}, err
	}
	q.Again = again
	k, err := g.keys.Key(ctx, q.Key)
	if err != nil {
		return q, row.Key{}, err
	}
	if k.Device != r.Thumbprint() {
		return q, row.Key{}, tunnus.NotFound(errors.New("gate: the key is another device's"))
	}
	return q, k, nil
}

// Present demands the current one-time value, of the generation that lives. A
// stale one is a copy's: the key is held at once, and no copy can lift that (K14).
// One that we do not know yet is our own loss, and good if a restore was declared
// (K1); k is the key as it is stored then. A request that was judged before, and
// has lost a race, never alarms.
func (g *Gate) Present(ctx context.Context, q Request, k *row.Key, x sealed.Secrets) error {
	n, ok := x.Behind(q.Generation, k.Counter, q.OneTime)
	switch {
	case q.Generation > k.Generation || ok && q.Generation < k.Generation && n <= 0:
		return row.RefuseTxn(fmt.Errorf("gate: generation %d asked, %d lives", q.Generation, k.Generation))
	case !ok:
		return tunnus.BadRequest("one_time", errors.New("gate: not a one-time value of this key"))
	case n == 0:
		return nil
	case n < 0:
		return g.jump(ctx, k, -n)
	case q.Again:
		return tunnus.Conflict(errors.New("gate: the one-time value changed while this was judged"))
	}
	now := g.clock.Now()
	if err := k.Move(row.CopySeen); err != nil {
		return err
	}
	k.Reason, k.DueAt, k.EndsAt = row.ReasonCopy, now, now.Add(HoldTime)
	e := k.Event(now, "key.copy", tunnus.CodeAccCloned, "reason", k.Reason)
	if err := g.keys.Save(ctx, *k, []tunnus.Event{e}); err != nil {
		return row.Moved(err)
	}
	return row.Cloned(fmt.Errorf("gate: a one-time value %d too old: the key was copied", n))
}

// jump follows a phone's one-time value that is newer than ours, if a restore has
// lost ours.
func (g *Gate) jump(ctx context.Context, k *row.Key, by int64) error {
	if declared, err := g.restores.Declared(ctx); err != nil {
		return err
	} else if !declared {
		return row.RefuseTxn(errors.New("gate: the one-time value is newer than ours, and no restore was declared"))
	}
	now := g.clock.Now()
	k.Counter += uint64(by)
	k.RotatedAt = now
	e := k.Event(now, "key.jump", "", "by", strconv.FormatInt(by, 10))
	if err := g.keys.Save(ctx, *k, []tunnus.Event{e}); err != nil {
		return row.Moved(err)
	}
	k.Rev++
	return nil
}
