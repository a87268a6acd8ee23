// Package closing blocks and ends keys, and tells whose account has to be seen
// to: an account never outlives its keys. It is part of package keyshare.
package closing

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
)

// How notices are given.
const (
	NoticeTime = 30 * time.Second // until a notice that nobody saw to is given again
	MaxNotices = 100              // given at once
)

// Keys keeps the keys; see keyshare.Keys, of which it is a part.
type Keys interface {
	Key(ctx context.Context, id string) (row.Key, error)
	Save(ctx context.Context, k row.Key, events []tunnus.Event) error
	Due(ctx context.Context, now time.Time, limit int) ([]string, error)
}

// A Closer blocks and ends keys.
type Closer struct {
	keys  Keys
	clock tunnus.Clock
}

// New makes a closer.
func New(keys Keys, clock tunnus.Clock) *Closer { return &Closer{keys, clock} }

// Save writes a key with one event, which tells the reason if there is one. It
// fails with [row.ErrMoved] if somebody else wrote it since it was read.
func (c *Closer) Save(ctx context.Context, k row.Key, kind string, code tunnus.Code) error {
	var details []string
	if k.Reason != "" {
		details = []string{"reason", k.Reason}
	}
	return row.Moved(c.keys.Save(ctx, k, []tunnus.Event{k.Event(c.clock.Now(), kind, code, details...)}))
}

// End makes a key useless for ever: its secrets are erased. The key stays due
// until somebody has seen to its account.
func (c *Closer) End(ctx context.Context, k row.Key, reason string, due time.Time) error {
	if err := k.Move(row.End); err != nil {
		return err
	}
	k.Reason, k.DueAt, k.EndsAt = reason, due, time.Time{}
	k.SealedVOPRF, k.SealedHalf, k.Next = nil, nil, row.Next{}
	return c.Save(ctx, k, "key.end", "")
}

// Change does one step on a key.
func (c *Closer) Change(ctx context.Context, keyID string, step func(row.Key) error) error {
	_, err := row.Settled(func(bool) (struct{}, error) {
		k, err := c.keys.Key(ctx, keyID)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, step(k)
	})
	return err
}

// Suspend blocks a key until [Closer.Resume]; the reason is a word of the
// system. A key that is held or has ended stays so.
func (c *Closer) Suspend(ctx context.Context, keyID, reason string) error {
	return c.turn(ctx, keyID, row.Suspend, row.Suspended, reason)
}

// Resume lifts what [Closer.Suspend] did, and nothing else.
func (c *Closer) Resume(ctx context.Context, keyID string) error {
	return c.turn(ctx, keyID, row.Resume, row.Ready, "")
}

func (c *Closer) turn(ctx context.Context, keyID string, by row.Move, to row.State, reason string) error {
	return c.Change(ctx, keyID, func(k row.Key) error {
		if k.State == to {
			return nil
		}
		if err := k.Move(by); err != nil {
			return err
		}
		k.Reason = reason
		return c.Save(ctx, k, "key."+string(to), "")
	})
}

// Revoke ends a key for ever; the reason is a word of the system. A key that is
// held keeps the reason of that. [Closer.Settle] tells of it, so that the
// account is closed if the caller does not see to that. Again, it does nothing.
func (c *Closer) Revoke(ctx context.Context, keyID, reason string) error {
	return c.Change(ctx, keyID, func(k row.Key) error {
		switch k.State {
		case row.Ended:
			return nil
		case row.Held:
			reason = k.Reason
		}
		return c.End(ctx, k, reason, c.clock.Now())
	})
}

// A Notice is a key whose account needs something done.
type Notice struct {
	ID     string
	Device string    // thumbprint of hk
	State  row.State // [row.Held]: suspend the account. [row.Ended]: close it
	Reason string    // why: [row.ReasonPIN], [row.ReasonCopy] …, or as [Closer.Revoke] was told
}

// Settle ends the keys whose time has come: the ninth wrong PIN was ten minutes
// ago and its right share never came, or a copy was seen 72 hours ago. It
// returns these, the keys that ended otherwise, and those that were held, at
// once (K14). Each is told again half a minute later until [Closer.Done] was
// called for it, however often the caller fails or dies; what is told now makes
// way for the next, so call it until it returns nothing. It goes on after an
// error: the notices returned beside one are good.
func (c *Closer) Settle(ctx context.Context) ([]Notice, error) {
	ids, err := c.keys.Due(ctx, c.clock.Now(), MaxNotices)
	if err != nil {
		return nil, err
	}
	var out []Notice
	var errs []error
	for _, id := range ids {
		var n *Notice
		err := c.Change(ctx, id, func(k row.Key) (err error) {
			n, err = c.notice(ctx, k)
			return err
		})
		if n != nil && err == nil {
			out = append(out, *n)
		}
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

// notice does what is due for a key, and says what its account needs.
func (c *Closer) notice(ctx context.Context, k row.Key) (*Notice, error) {
	now := c.clock.Now()
	if k.DueAt.IsZero() || now.Before(k.DueAt) {
		return nil, nil // somebody was faster
	}
	n := &Notice{k.ID, k.Device, row.Ended, k.Reason}
	again := now.Add(NoticeTime)
	switch {
	case k.State == row.Held && now.Before(k.EndsAt):
		n.State, k.DueAt = row.Held, again
	case k.State == row.Ended:
		k.DueAt = again
	default:
		if k.State != row.Held {
			n.Reason = row.ReasonPIN
		}
		return n, c.End(ctx, k, n.Reason, again)
	}
	return n, row.Moved(c.keys.Save(ctx, k, nil)) // it may be told many times: no line in the log
}

// Done says that what a notice asks for has been done, durably. It does nothing
// if the key has gone on since, for then there is another notice to come.
func (c *Closer) Done(ctx context.Context, n Notice) error {
	return c.Change(ctx, n.ID, func(k row.Key) error {
		if k.State != n.State || k.DueAt.IsZero() || k.State == row.Held && k.DueAt.Equal(k.EndsAt) {
			return nil
		}
		k.DueAt = k.EndsAt // zero unless held
		return c.Save(ctx, k, "key.seen", "")
	})
}
