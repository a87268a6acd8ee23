package keyshare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
)

// end makes a key useless for ever: its secrets are erased. The key stays due
// until somebody has seen to its account: an account never outlives its keys.
func (s *Service) end(ctx context.Context, k Key, reason string, due time.Time) error {
	k.State, k.Reason, k.DueAt, k.EndsAt = Ended, reason, due, time.Time{}
	k.SealedVOPRF, k.SealedHalf = nil, nil
	return s.save(ctx, k, "key.end", "")
}

// change does one step on a key.
func (s *Service) change(ctx context.Context, keyID string, step func(Key) error) error {
	_, err := settled(func() (struct{}, error) {
		k, err := s.Store.Keys.Key(ctx, keyID)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, step(k)
	})
	return err
}

// Suspend blocks a key until [Service.Resume]; the reason is a word of the
// system. A key that is held or has ended stays so.
func (s *Service) Suspend(ctx context.Context, keyID, reason string) error {
	return s.turn(ctx, keyID, Ready, Suspended, reason)
}

// Resume lifts what [Service.Suspend] did, and nothing else.
func (s *Service) Resume(ctx context.Context, keyID string) error {
	return s.turn(ctx, keyID, Suspended, Ready, "")
}

func (s *Service) turn(ctx context.Context, keyID string, from, to State, reason string) error {
	return s.change(ctx, keyID, func(k Key) error {
		switch k.State {
		case to:
			return nil
		case from:
			k.State, k.Reason = to, reason
			return s.save(ctx, k, "key."+string(to), "")
		}
		return tunnus.Conflict(fmt.Errorf("keyshare: a key that is %s does not become %s", k.State, to))
	})
}

// Revoke ends a key for ever; the reason is a word of the system. A key that is
// held keeps the reason of that. [Service.Settle] tells of it, so that the
// account is closed if the caller does not see to that. Again, it does nothing.
func (s *Service) Revoke(ctx context.Context, keyID, reason string) error {
	return s.change(ctx, keyID, func(k Key) error {
		switch k.State {
		case Ended:
			return nil
		case Held:
			reason = k.Reason
		}
		return s.end(ctx, k, reason, s.Clock.Now())
	})
}

// A Notice is a key whose account needs something done.
type Notice struct {
	ID     string
	Device string // thumbprint of hk
	State  State  // [Held]: suspend the account. [Ended]: close it
	Reason string // why: [ReasonPIN], [ReasonCopy], or as [Service.Revoke] was told
}

// Settle ends the keys whose time has come: the ninth wrong PIN was ten minutes
// ago and its right share never came, or a copy was seen 72 hours ago. It
// returns these, the keys that ended otherwise, and those that were held, at
// once (K14). Each is told again half a minute later until [Service.Done] was
// called for it, however often the caller fails or dies; what is told now makes
// way for the next, so call it until it returns nothing. It goes on after an
// error: the notices returned beside one are good.
func (s *Service) Settle(ctx context.Context) ([]Notice, error) {
	ids, err := s.Store.Keys.Due(ctx, s.Clock.Now(), maxNotices)
	if err != nil {
		return nil, err
	}
	var out []Notice
	var errs []error
	for _, id := range ids {
		var n *Notice
		err := s.change(ctx, id, func(k Key) (err error) {
			n, err = s.notice(ctx, k)
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
func (s *Service) notice(ctx context.Context, k Key) (*Notice, error) {
	now := s.Clock.Now()
	if k.DueAt.IsZero() || now.Before(k.DueAt) {
		return nil, nil // somebody was faster
	}
	n := &Notice{k.ID, k.Device, Ended, k.Reason}
	again := now.Add(noticeTime)
	switch {
	case k.State == Held && now.Before(k.EndsAt):
		n.State, k.DueAt = Held, again
	case k.State == Ended:
		k.DueAt = again
	default:
		if k.State != Held {
			n.Reason = ReasonPIN
		}
		return n, s.end(ctx, k, n.Reason, again)
	}
	return n, moved(s.Store.Keys.Save(ctx, k, nil)) // it may be told many times: no line in the log
}

// Done says that what a notice asks for has been done, durably. It does nothing
// if the key has gone on since, for then there is another notice to come.
func (s *Service) Done(ctx context.Context, n Notice) error {
	return s.change(ctx, n.ID, func(k Key) error {
		if k.State != n.State || k.DueAt.IsZero() || k.State == Held && k.DueAt.Equal(k.EndsAt) {
			return nil
		}
		k.DueAt = k.EndsAt // zero unless held
		return s.save(ctx, k, "key.seen", "")
	})
}
