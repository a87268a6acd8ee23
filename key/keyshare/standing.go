package keyshare

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// Why a key is held or has ended, where keyshare itself says so. Others give
// reasons of their own.
const (
	ReasonPIN  = "pin"  // wrong PIN too often
	ReasonCopy = "copy" // a second copy was seen
)

// fold works out where a key stands on the ladder: a failure for each charged
// row, in their order. Rows up to Key.ClearedSeq are not among them.
func (s *Service) fold(rows []EvaluationRow) tunnus.Standing {
	var st tunnus.Standing
	for _, r := range rows {
		if r.State != Confirmed {
			st = s.Ladder.Fail(st, r.At)
		}
	}
	return st
}

// standing reads the charged rows and folds them.
func (s *Service) standing(ctx context.Context, k Key) (tunnus.Standing, error) {
	rows, err := s.Store.Evaluations.Since(ctx, k.ID, k.ClearedSeq)
	return s.fold(rows), err
}

// tries puts a standing into the words of the message.
func (s *Service) tries(k Key, st tunnus.Standing) splitkey.Tries {
	t := splitkey.Tries{Left: s.Ladder.Left(st), Permanent: st.Permanent, Unconfirmed: k.Unconfirmed}
	if st.Locked(s.Clock.Now()) && !st.Permanent {
		until := st.LockedUntil
		t.Left, t.LockedUntil = 0, &until
	}
	return t
}

// locked is the refusal of a key that is locked; nil if it is not.
func (s *Service) locked(st tunnus.Standing) error {
	cause := errors.New("keyshare: locked after wrong PINs")
	switch {
	case !st.Locked(s.Clock.Now()):
		return nil
	case st.Permanent:
		return gone(cause)
	case st.Rung <= 1:
		return tunnus.Fail(tunnus.CodePINLock1, cause).WithLeft(0).WithUntil(st.LockedUntil)
	}
	return tunnus.Fail(tunnus.CodePINLock2, cause).WithLeft(0).WithUntil(st.LockedUntil)
}

// Status answers a phone that asks how its key stands and what waits for it
// (splitkey.Status). The phone shows its one-time value, which is how a copy is
// found at the first request of whichever comes second (K4).
func (s *Service) Status(ctx context.Context, r device.Signed) (splitkey.Standing, error) {
	return settled(func() (splitkey.Standing, error) {
		var m splitkey.Status
		k, err := s.admit(ctx, r, &m)
		if err != nil {
			return splitkey.Standing{}, err
		}
		if err := usable(k); err != nil && k.State != Begun && k.State != Sealed {
			return splitkey.Standing{}, err
		}
		x, err := s.openSecrets(k)
		if err != nil {
			return splitkey.Standing{}, err
		}
		// A poll may cross the answer to an evaluation on its way.
		if n, ok := x.Behind(k.Counter, m.OneTime); ok && n == 1 && s.Clock.Now().Sub(k.RotatedAt) < pollGrace {
			return splitkey.Standing{}, tunnus.Conflict(errors.New("keyshare: the one-time value has just changed"))
		}
		if err := s.present(ctx, k, x, m.OneTime); err != nil {
			return splitkey.Standing{}, err
		}
		return s.status(ctx, k)
	})
}

func (s *Service) status(ctx context.Context, k Key) (splitkey.Standing, error) {
	st, err := s.standing(ctx, k)
	if err != nil {
		return splitkey.Standing{}, err
	}
	live, err := s.Store.Transactions.LiveOf(ctx, k.ID, s.Clock.Now(), maxOffered)
	out := splitkey.Standing{
		Key: k.ID, Generation: k.Generation, Public: k.Public, Modulus: k.Product,
		Tries: s.tries(k, st), Transactions: []splitkey.Fields{},
	}
	for _, t := range live {
		out.Transactions = append(out.Transactions, splitkey.Fields{
			Transaction: t.ID, Kind: t.Kind, Record: t.Record, Hash: t.Hash, Salt: t.Salt,
			Freshness: t.Freshness, ExpiresAt: t.ExpiresAt,
		})
	}
	return out, err
}

// present demands the current one-time value. A stale one is a copy: the key is
// held at once, and no copy can lift that (K14). [Service.Settle] tells of it.
func (s *Service) present(ctx context.Context, k Key, x sealed.Secrets, value []byte) error {
	n, ok := x.Behind(k.Counter, value)
	switch {
	case !ok:
		return tunnus.BadRequest("one_time", errors.New("keyshare: not a one-time value of this key"))
	case n == 0:
		return nil
	case n < 0: // only after a restore; until there are restore epochs it is refused
		return refuseTxn(errors.New("keyshare: the one-time value is newer than ours"))
	}
	now := s.Clock.Now()
	k.State, k.Reason, k.DueAt, k.EndsAt = Held, ReasonCopy, now, now.Add(holdTime)
	if err := s.save(ctx, k, "key.copy", tunnus.CodeAccCloned); err != nil {
		return err
	}
	return cloned(fmt.Errorf("keyshare: a one-time value %d too old: the key was copied", n))
}

// A View is what the server's other parts may know of a key.
type View struct {
	ID, Device, Account string
	Purpose             splitkey.Purpose
	State               State
	Reason              string
	Generation          int
	Modulus             []byte // n; empty until assigned
	Tries               splitkey.Tries
}

// Key tells how a key stands. After the ninth wrong PIN Tries.Permanent is set
// at once; State becomes [Ended] with the next try, or by [Service.Settle].
func (s *Service) Key(ctx context.Context, keyID string) (View, error) {
	k, err := s.Store.Keys.Key(ctx, keyID)
	if err != nil {
		return View{}, err
	}
	st, err := s.standing(ctx, k)
	return View{
		ID: k.ID, Device: k.Device, Account: k.Account, Purpose: k.Purpose, State: k.State, Reason: k.Reason,
		Generation: k.Generation, Modulus: k.Product, Tries: s.tries(k, st),
	}, err
}

// save writes a key with one event, which tells the reason if there is one.
func (s *Service) save(ctx context.Context, k Key, kind string, code tunnus.Code) error {
	var details []string
	if k.Reason != "" {
		details = []string{"reason", k.Reason}
	}
	return moved(s.Store.Keys.Save(ctx, k, []tunnus.Event{s.event(kind, k, code, details...)}))
}
