package keyshare

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/gate"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/key/voprf"
)

const (
	changeTime = 10 * time.Minute // for the proof of the old PIN
	maxChanges = 5                // asked for at once
)

// BeginChange puts up a PIN change (splitkey.Change): a transaction for which
// [Service.Evaluate] serves a try of the old PIN, also to a PIN that is worn out,
// and for which nothing is ever signed. The same request gets the same answer.
func (s *Service) BeginChange(ctx context.Context, r device.Signed) (splitkey.Changing, error) {
	return row.Settled(func(again bool) (splitkey.Changing, error) {
		var m splitkey.Change
		q, k, x, err := s.changing(ctx, r, &m, again)
		if err != nil {
			return splitkey.Changing{}, err
		}
		if err := s.gate.Present(ctx, q, &k, x); err != nil {
			return splitkey.Changing{}, err
		}
		id := changeName(k.ID, m.Nonce)
		t, err := s.ours(ctx, k, id)
		if tunnus.CodeOf(err) == tunnus.CodeNotFound {
			t, err = s.putChange(ctx, k, id)
		}
		return splitkey.Changing{Transaction: t.ID, Freshness: t.Freshness, ExpiresAt: t.ExpiresAt}, err
	})
}

// changeName is the transaction of a PIN change, so that a repeated request finds it.
func changeName(key string, nonce []byte) string {
	return name(hash(sealed.Place("tunnus/change/v1", key, string(nonce)))[:16])
}

// changing admits a message of a PIN change, for a key that signs.
func (s *Service) changing(ctx context.Context, r device.Signed, m splitkey.Message, again bool) (gate.Request, Key, sealed.Secrets, error) {
	q, k, err := s.gate.Admit(ctx, r, m, again)
	if err != nil {
		return q, k, sealed.Secrets{}, err
	}
	if err := k.Usable(); err != nil {
		return q, k, sealed.Secrets{}, err
	}
	x, err := s.openSecrets(k)
	return q, k, x, err
}

func (s *Service) putChange(ctx context.Context, k Key, id string) (Transaction, error) {
	now := s.Clock.Now()
	st, err := s.standing(ctx, k)
	if err != nil {
		return Transaction{}, err
	}
	if err := row.Locked(st, now); err != nil {
		return Transaction{}, err
	}
	live, err := s.Store.Transactions.LiveOf(ctx, k.ID, now, maxOffered)
	if err != nil {
		return Transaction{}, err
	}
	open := 0
	for _, t := range live {
		if t.Kind == splitkey.ChangeKind {
			open++
		}
	}
	if open >= maxChanges {
		return Transaction{}, tunnus.Conflict(errors.New("keyshare: too many PIN changes were asked for at once"))
	}
	t := Transaction{
		ID: id, Key: k.ID, Kind: splitkey.ChangeKind, Freshness: draw(splitkey.NonceSize),
		State: Live, CreatedAt: now, ExpiresAt: now.Add(changeTime),
	}
	e := s.event("pin.change", k, "", "transaction", id)
	return t, row.Moved(s.Store.Transactions.Put(ctx, t, []tunnus.Event{e}))
}

// ProveChange takes the proof of the old PIN (splitkey.ChangeProve), a half
// signature to which the server never adds its own, and makes the VOPRF key of the
// next generation. A right proof confirms its try and forgives earlier ones (K5);
// a wrong one ([tunnus.CodeShareWrong]) uses the try up. The change takes the place
// of another that is under way.
func (s *Service) ProveChange(ctx context.Context, r device.Signed) (splitkey.ChangeProved, error) {
	return row.Settled(func(again bool) (splitkey.ChangeProved, error) {
		var m splitkey.ChangeProve
		q, k, err := s.gate.Admit(ctx, r, &m, again)
		if err != nil {
			return splitkey.ChangeProved{}, err
		}
		c, done, err := s.completion(ctx, q, k, m.Transaction, m.Evaluation)
		switch {
		case err != nil:
			return splitkey.ChangeProved{}, err
		case c.txn.Kind != splitkey.ChangeKind:
			return splitkey.ChangeProved{}, row.RefuseTxn(errors.New("keyshare: the transaction is no PIN change"))
		case done && c.key.Next.Change != c.txn.ID:
			return splitkey.ChangeProved{}, row.RefuseTxn(errors.New("keyshare: another PIN change came after this one"))
		case done:
			var out splitkey.ChangeProved
			if err := json.Unmarshal(c.txn.Answer, &out); err != nil {
				return out, fmt.Errorf("keyshare: stored answer: %w", err)
			}
			return out, nil
		}
		return s.proved(ctx, c, m)
	})
}

func (s *Service) proved(ctx context.Context, c completion, m splitkey.ChangeProve) (splitkey.ChangeProved, error) {
	none := splitkey.ChangeProved{}
	wrong := splitkey.CheckProof(m.Proof, splitkey.StepChange, c.key.Identity(), []byte(c.txn.ID), m.Evaluation)
	k, err := s.accept(ctx, c, wrong)
	if err != nil {
		return none, err
	}
	x, err := s.openSecrets(c.key)
	if err != nil {
		return none, err
	}
	k.Next = row.Next{Change: c.txn.ID, Since: s.Clock.Now()}
	if k.Next.SealedVOPRF, k.Next.Public, err = x.Renew(s.SealVOPRF); err != nil {
		return none, err
	}
	// The phone has pinned the key that lives, so that one vouches for its successor.
	out := splitkey.ChangeProved{Generation: k.Generation + 1, Public: k.Next.Public}
	if out.Endorsed, err = x.Evaluate(k.Public, out.Public); err != nil {
		return none, err
	}
	if c.txn.Answer, err = json.Marshal(out); err != nil {
		return none, fmt.Errorf("keyshare: %w", err)
	}
	c.txn.Signature = m.Proof
	if err := s.release(ctx, c, k, "pin.proved"); err != nil {
		return none, err
	}
	return out, nil
}

// coming turns a request that names the generation to come into one of that which
// lives, as far as it is of a change under way: its one-time value is of that.
func (s *Service) coming(ctx context.Context, q gate.Request, k *Key, x sealed.Secrets, change string) error {
	q.Generation--
	if err := s.gate.Present(ctx, q, k, x); err != nil {
		return err
	}
	if k.Next.Change != change {
		return row.RefuseTxn(errors.New("keyshare: no such PIN change is under way"))
	}
	return nil
}

// HardenChange evaluates a blinded new PIN under the VOPRF key to come
// (splitkey.ChangeHarden): a few times, each charged to the key's life before it
// is answered. The same request again is answered and not charged.
func (s *Service) HardenChange(ctx context.Context, r device.Signed) (splitkey.Evaluated, error) {
	return row.Settled(func(again bool) (splitkey.Evaluated, error) {
		var m splitkey.ChangeHarden
		q, k, x, err := s.changing(ctx, r, &m, again)
		if err != nil {
			return splitkey.Evaluated{}, err
		}
		if err := s.coming(ctx, q, &k, x, m.Transaction); err != nil {
			return splitkey.Evaluated{}, err
		}
		if err := voprf.CheckElement(m.Blinded); err != nil {
			return splitkey.Evaluated{}, tunnus.BadRequest("blinded", err)
		}
		charged, known, err := k.Harden(q.Body, s.Clock.Now())
		if err != nil {
			return splitkey.Evaluated{}, row.RefuseTxn(err)
		}
		if !known {
			if err := s.closer.Save(ctx, charged, "pin.harden", ""); err != nil {
				return splitkey.Evaluated{}, err
			}
		}
		owner := sealed.Owner{Key: k.ID, Generation: k.Generation + 1}
		next, err := sealed.Open(s.SealVOPRF, owner, charged.Next.SealedVOPRF)
		if err != nil {
			return splitkey.Evaluated{}, err
		}
		return next.Evaluate(charged.Next.Public, m.Blinded)
	})
}

// ConfirmChange takes the proof that the new blob is stored and opens
// (splitkey.ChangeConfirm). In one write the next generation lives and the VOPRF
// key of the old one is gone: old copies of the blob are dead. The same request
// gets the same answer until the new generation's first try. It fails with
// [tunnus.CodeShareWrong] if the proof is wrong; the old generation lives on.
func (s *Service) ConfirmChange(ctx context.Context, r device.Signed) (splitkey.Changed, error) {
	return row.Settled(func(again bool) (splitkey.Changed, error) {
		var m splitkey.ChangeConfirm
		q, k, x, err := s.changing(ctx, r, &m, again)
		if err != nil {
			return splitkey.Changed{}, err
		}
		if bytes.Equal(k.LastNonce, m.Nonce) && bytes.Equal(k.Changed, q.Body) {
			return splitkey.Changed{Generation: k.Generation, OneTime: x.OneTime(k.Counter)}, nil
		}
		if err := s.coming(ctx, q, &k, x, m.Transaction); err != nil {
			return splitkey.Changed{}, err
		}
		id := k.Identity()
		id.Generation, id.Public = m.Generation, k.Next.Public
		if err := splitkey.CheckProof(m.Proof, splitkey.StepChanged, id, []byte(m.Transaction), id.Public, m.Nonce); err != nil {
			return splitkey.Changed{}, refuseShare(err)
		}
		if k.Next.Hardenings == 0 {
			return splitkey.Changed{}, row.RefuseTxn(errors.New("keyshare: nothing was hardened, so nothing is sealed"))
		}
		return s.turn(ctx, k, m.Nonce, q.Body)
	})
}

// turn makes the next generation the one that lives.
func (s *Service) turn(ctx context.Context, k Key, nonce, body []byte) (splitkey.Changed, error) {
	st, err := s.standing(ctx, k)
	if err != nil {
		return splitkey.Changed{}, err
	}
	k = k.Turn(nonce, body, s.Clock.Now()).Undue(st)
	x, err := s.openSecrets(k)
	if err != nil {
		return splitkey.Changed{}, err
	}
	if err := s.closer.Save(ctx, k, "pin.changed", ""); err != nil {
		return splitkey.Changed{}, err
	}
	return splitkey.Changed{Generation: k.Generation, OneTime: x.OneTime(k.Counter)}, nil
}
