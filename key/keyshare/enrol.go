package keyshare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/gate"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/key/voprf"
)

// Begin takes the phone's half of a new key (splitkey.Begin) and makes the
// VOPRF key. The same request again gets the same answer. It fails with
// [tunnus.CodeKeyRefused] if n1 is not acceptable (K10), is not new, or the
// phone does not prove that it holds its primes.
func (s *Service) Begin(ctx context.Context, r device.Signed) (splitkey.Begun, error) {
	var m splitkey.Begin
	q, err := gate.Read(r, &m)
	if err != nil {
		return splitkey.Begun{}, err
	}
	// The id follows from device and nonce, so a repeated request finds its key.
	k := Key{
		ID: keyName(r.Thumbprint(), m.Nonce), Device: r.Thumbprint(),
		Purpose: m.Purpose, State: Begun, Generation: 1, CreatedAt: s.Clock.Now(),
		Modulus: m.Modulus, Begin: q.Body, Counter: 1, RotatedAt: s.Clock.Now(),
	}
	return row.Settled(func(bool) (splitkey.Begun, error) {
		old, err := s.Store.Keys.Key(ctx, k.ID)
		if tunnus.CodeOf(err) == tunnus.CodeNotFound {
			old, err = s.create(ctx, k, m)
		}
		if err != nil {
			return splitkey.Begun{}, err
		}
		if old.State != Begun || !bytes.Equal(old.Begin, k.Begin) {
			return splitkey.Begun{}, tunnus.Conflict(errors.New("keyshare: this key was begun otherwise"))
		}
		return s.begun(old)
	})
}

// keyName is the id of a key, which both sides work out.
func keyName(device string, nonce []byte) string {
	return name(hash(sealed.Place("tunnus/key/v1", device, string(nonce)))[:16])
}

// create checks what was offered and stores the key. The cheap question comes
// first: a modulus that was used before costs us no arithmetic.
func (s *Service) create(ctx context.Context, k Key, m splitkey.Begin) (Key, error) {
	used, err := s.Store.Pool.Used(ctx, m.Modulus)
	if err != nil {
		return Key{}, err
	}
	if used {
		return Key{}, s.used(ctx, k, ErrModulusUsed)
	}
	id := splitkey.Identity{Purpose: m.Purpose, Generation: 1, Modulus: m.Modulus}
	if err := splitkey.CheckProof(m.Proof, splitkey.StepBegin, id, []byte(k.Device), m.Nonce); err != nil {
		return Key{}, refuseKey(err)
	}
	if err := splitkey.CheckModulus(m.Modulus); err != nil {
		return Key{}, refuseKey(err)
	}
	if k.SealedVOPRF, k.Public, err = sealed.Draw(s.SealVOPRF, k.Owner()); err != nil {
		return Key{}, err
	}
	err = s.Store.Keys.Create(ctx, k, []tunnus.Event{s.event("key.begin", k, "", "device", k.Device)})
	if errors.Is(err, ErrModulusUsed) {
		return Key{}, s.used(ctx, k, err)
	}
	k.Rev = 1
	return k, row.Moved(err)
}

// used is the refusal of a modulus that another key has, or a reason to look
// again: the same request may have come twice at once.
func (s *Service) used(ctx context.Context, k Key, cause error) error {
	if _, err := s.Store.Keys.Key(ctx, k.ID); err == nil {
		return row.ErrMoved
	}
	return refuseKey(cause)
}

func (s *Service) begun(k Key) (splitkey.Begun, error) {
	x, err := s.openSecrets(k)
	if err != nil {
		return splitkey.Begun{}, err
	}
	return splitkey.Begun{Key: k.ID, Generation: k.Generation, Public: k.Public, OneTime: x.OneTime(k.Counter)}, nil
}

// Harden evaluates a blinded PIN for sealing the blob (splitkey.Harden). It is
// served [row.MaxHardenings] times, charged before the evaluation, and never once
// the key is confirmed: from then on each evaluation is a try.
func (s *Service) Harden(ctx context.Context, r device.Signed) (splitkey.Evaluated, error) {
	return row.Settled(func(again bool) (splitkey.Evaluated, error) {
		var m splitkey.Harden
		q, k, err := s.gate.Admit(ctx, r, &m, again)
		if err != nil {
			return splitkey.Evaluated{}, err
		}
		if err := first(q, k); err != nil {
			return splitkey.Evaluated{}, err
		}
		if k.State != Begun || k.Hardenings >= row.MaxHardenings {
			return splitkey.Evaluated{}, tunnus.Conflict(errors.New("keyshare: the time for hardening is over"))
		}
		if err := voprf.CheckElement(m.Blinded); err != nil {
			return splitkey.Evaluated{}, tunnus.BadRequest("blinded", err)
		}
		k.Hardenings++
		if err := s.closer.Save(ctx, k, "key.harden", ""); err != nil {
			return splitkey.Evaluated{}, err
		}
		x, err := s.openSecrets(k)
		if err != nil {
			return splitkey.Evaluated{}, err
		}
		return x.Evaluate(k.Public, m.Blinded)
	})
}

// first refuses a message about the making of a key that names a generation
// which was not made so, or does not live any more.
func first(q gate.Request, k Key) error {
	if q.Generation != 1 || k.Generation != 1 {
		return row.RefuseTxn(fmt.Errorf("keyshare: generation %d asked, %d lives", q.Generation, k.Generation))
	}
	return nil
}

// Confirm takes the phone's proof that its blob opens (splitkey.Confirm). It may
// be sent again. It fails with [tunnus.CodeKeyRefused] if the proof is wrong, or
// names another public key than ours: then somebody on the way has put his own in
// its place, under which he could test PINs of a stolen phone by himself.
// Hardenings that led to nothing count as tries that did (K6).
func (s *Service) Confirm(ctx context.Context, r device.Signed) error {
	_, err := row.Settled(func(again bool) (struct{}, error) {
		var m splitkey.Confirm
		q, k, err := s.gate.Admit(ctx, r, &m, again)
		if err != nil {
			return struct{}{}, err
		}
		if err := first(q, k); err != nil {
			return struct{}{}, err
		}
		if err := splitkey.CheckProof(m.Proof, splitkey.StepConfirm, k.Identity(), k.Public, m.Nonce); err != nil {
			return struct{}{}, refuseKey(err)
		}
		switch k.State {
		case Sealed, Ready:
			return struct{}{}, nil
		case Begun:
			if err := k.Move(row.Confirm); err != nil {
				return struct{}{}, err
			}
			k.Unconfirmed = max(0, k.Hardenings-1)
			k.LifeCount = k.Unconfirmed
			return struct{}{}, s.closer.Save(ctx, k, "key.confirm", "")
		}
		return struct{}{}, k.Usable()
	})
	return err
}

// AssignModulus gives a confirmed key its server half and returns n, of exactly
// 6144 bits, for the certificate. Call it once the identity of the holder stands
// and not before (K11). Again, it returns the same n. If the pool is empty, the
// half is made on the spot, which takes a second.
func (s *Service) AssignModulus(ctx context.Context, keyID string) ([]byte, error) {
	return s.keeper.Assign(ctx, keyID)
}

// Bind says whose account a key belongs to. A key has one account for ever.
func (s *Service) Bind(ctx context.Context, keyID, account string) error {
	return s.closer.Change(ctx, keyID, func(k Key) error {
		if k.Account == account {
			return nil
		}
		if k.Account != "" || !slices.Contains([]State{Begun, Sealed, Ready}, k.State) {
			return tunnus.Conflict(errors.New("keyshare: the key has an account, or has ended"))
		}
		k.Account = account
		return s.closer.Save(ctx, k, "key.bind", "")
	})
}
