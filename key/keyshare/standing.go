package keyshare

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// standing reads the charged rows and folds them.
func (s *Service) standing(ctx context.Context, k Key) (tunnus.Standing, error) {
	rows, err := s.Store.Evaluations.Since(ctx, k.ID, k.ClearedSeq)
	return row.Fold(s.Ladder, rows), err
}

// Status answers a phone that asks how its key stands and what waits for it
// (splitkey.Status). The phone shows its one-time value, which is how a copy is
// found at the first request of whichever comes second (K4).
func (s *Service) Status(ctx context.Context, r device.Signed) (splitkey.Standing, error) {
	return row.Settled(func(again bool) (splitkey.Standing, error) {
		var m splitkey.Status
		q, k, err := s.gate.Admit(ctx, r, &m, again)
		if err != nil {
			return splitkey.Standing{}, err
		}
		if err := k.Usable(); err != nil && k.State != Begun && k.State != Sealed {
			return splitkey.Standing{}, err
		}
		x, err := s.openSecrets(k)
		if err != nil {
			return splitkey.Standing{}, err
		}
		n, ok := x.Behind(q.Generation, k.Counter, m.OneTime)
		switch {
		case ok && n == 1 && q.Generation == k.Generation-1 && m.Change != "" && m.Change == k.ChangedBy:
			// The answer to the confirmation of this very change was lost.
			return s.status(ctx, k)
		case ok && n == 1 && s.Clock.Now().Sub(k.RotatedAt) < pollGrace:
			// A poll may cross the answer to an evaluation on its way.
			return splitkey.Standing{}, tunnus.Conflict(errors.New("keyshare: the one-time value has just changed"))
		}
		if err := s.gate.Present(ctx, q, &k, x); err != nil {
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
		Key: k.ID, Generation: k.Generation, Change: k.Next.Change, Public: k.Public, Modulus: k.Product,
		Tries: k.Tries(s.Ladder, st, s.Clock.Now()), Transactions: []splitkey.Fields{},
	}
	for _, t := range live {
		if t.Kind == splitkey.ChangeKind {
			continue // the phone has it from where it asked for it
		}
		out.Transactions = append(out.Transactions, t.Fields())
	}
	return out, err
}

// Key tells how a key stands. After the ninth wrong PIN Tries.Permanent is set
// at once; State becomes [Ended] with the next try, or by [Service.Settle].
func (s *Service) Key(ctx context.Context, keyID string) (View, error) {
	k, err := s.Store.Keys.Key(ctx, keyID)
	if err != nil {
		return View{}, err
	}
	rows, err := s.Store.Evaluations.Since(ctx, k.ID, k.ClearedSeq)
	now := s.Clock.Now()
	v := k.View(k.Tries(s.Ladder, row.Fold(s.Ladder, rows), now))
	if n := len(rows); n > 0 {
		newest := rows[n-1]
		v.Undecided = (newest.State == Reserved || newest.State == Answered) && now.Sub(newest.At) < shareTime
	}
	return v, err
}

// shareTime is how long a phone takes at most from a try to its share, where
// nobody waits for a person: the PIN is typed by then.
const shareTime = 5 * time.Second
