package keyshare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// Begin takes the phone's half of a new key (splitkey.Begin) and makes the
// VOPRF key. The same request again gets the same answer. It fails with
// [tunnus.CodeKeyRefused] if n1 is not acceptable (K10), is not new, or the
// phone does not prove that it holds its primes.
func (s *Service) Begin(ctx context.Context, r device.Signed) (splitkey.Begun, error) {
	var m splitkey.Begin
	if err := r.Verify(); err != nil {
		return splitkey.Begun{}, err
	}
	if err := splitkey.Decode(r.Request.Body, &m); err != nil {
		return splitkey.Begun{}, tunnus.BadRequest("body", err)
	}
	// The id follows from device and nonce, so a repeated request finds its key.
	k := Key{
		ID: name(hash(sealed.Place("tunnus/key/v1", r.Thumbprint(), string(m.Nonce)))[:16]), Device: r.Thumbprint(),
		Purpose: m.Purpose, State: Begun, Generation: 1, CreatedAt: s.Clock.Now(),
		Modulus: m.Modulus, Begin: hash(r.Request.Body), Counter: 1, RotatedAt: s.Clock.Now(),
	}
	return settled(func() (splitkey.Begun, error) {
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
	if k.SealedVOPRF, k.Public, err = sealed.Draw(s.SealVOPRF, k.owner()); err != nil {
		return Key{}, err
	}
	err = s.Store.Keys.Create(ctx, k, []tunnus.Event{s.event("key.begin", k, "", "device", k.Device)})
	if errors.Is(err, ErrModulusUsed) {
		return Key{}, s.used(ctx, k, err)
	}
	k.Rev = 1
	return k, moved(err)
}

// used is the refusal of a modulus that another key has, or a reason to look
// again: the same request may have come twice at once.
func (s *Service) used(ctx context.Context, k Key, cause error) error {
	if _, err := s.Store.Keys.Key(ctx, k.ID); err == nil {
		return errMoved
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
// served [maxHardenings] times, charged before the evaluation, and never once
// the key is confirmed: from then on each evaluation is a try.
func (s *Service) Harden(ctx context.Context, r device.Signed) (splitkey.Evaluated, error) {
	return settled(func() (splitkey.Evaluated, error) {
		var m splitkey.Harden
		k, err := s.admit(ctx, r, &m)
		if err != nil {
			return splitkey.Evaluated{}, err
		}
		if k.State != Begun || k.Hardenings >= maxHardenings {
			return splitkey.Evaluated{}, tunnus.Conflict(errors.New("keyshare: the time for hardening is over"))
		}
		if err := splitkey.CheckBlinded(m.Blinded); err != nil {
			return splitkey.Evaluated{}, tunnus.BadRequest("blinded", err)
		}
		k.Hardenings++
		if err := s.save(ctx, k, "key.harden", ""); err != nil {
			return splitkey.Evaluated{}, err
		}
		x, err := s.openSecrets(k)
		if err != nil {
			return splitkey.Evaluated{}, err
		}
		return x.Evaluate(k.Public, m.Blinded)
	})
}

// Confirm takes the phone's proof that its blob opens (splitkey.Confirm). It may
// be sent again. It fails with [tunnus.CodeKeyRefused] if the proof is wrong.
func (s *Service) Confirm(ctx context.Context, r device.Signed) error {
	_, err := settled(func() (struct{}, error) {
		var m splitkey.Confirm
		k, err := s.admit(ctx, r, &m)
		if err != nil {
			return struct{}{}, err
		}
		if err := splitkey.CheckProof(m.Proof, splitkey.StepConfirm, k.identity(), m.Nonce); err != nil {
			return struct{}{}, refuseKey(err)
		}
		switch k.State {
		case Sealed, Ready:
			return struct{}{}, nil
		case Begun:
			k.State = Sealed
			return struct{}{}, s.save(ctx, k, "key.confirm", "")
		}
		return struct{}{}, usable(k)
	})
	return err
}

// identity is what blob and proofs of a key are bound to.
func (k Key) identity() splitkey.Identity {
	return splitkey.Identity{Key: k.ID, Purpose: k.Purpose, Generation: k.Generation, Modulus: k.Modulus, Public: k.Public}
}

// AssignModulus gives a confirmed key its server half and returns n, of exactly
// 6144 bits, for the certificate. Call it once the identity of the holder stands
// and not before (K11). Again, it returns the same n. If the pool is empty, the
// half is made on the spot, which takes a second.
func (s *Service) AssignModulus(ctx context.Context, keyID string) ([]byte, error) {
	return settled(func() ([]byte, error) {
		k, err := s.Store.Keys.Key(ctx, keyID)
		if err != nil {
			return nil, err
		}
		if k.State == Ready {
			return k.Product, nil
		}
		if k.State != Sealed {
			return nil, tunnus.Conflict(fmt.Errorf("keyshare: a key that is %s gets no modulus", k.State))
		}
		half, err := s.Store.Pool.Oldest(ctx)
		if tunnus.CodeOf(err) == tunnus.CodeNotFound {
			half, err = s.addHalf(ctx)
		}
		if err != nil {
			return nil, err
		}
		product, err := splitkey.Join(k.Modulus, half.Modulus)
		if err != nil {
			return nil, err
		}
		k.State, k.Product, k.Inverse, k.SealedHalf = Ready, product.Modulus, product.Inverse, half.SealedHalf
		err = s.Store.Keys.Assign(ctx, k, half.Modulus, []tunnus.Event{s.event("key.modulus", k, "")})
		return k.Product, moved(err)
	})
}

// FillPool makes server halves until the pool holds n, or ctx ends. It takes a
// good part of a second of CPU for each; call it in the background.
func (s *Service) FillPool(ctx context.Context, n int) error {
	for ctx.Err() == nil {
		size, err := s.Store.Pool.Size(ctx)
		if err != nil || size >= n {
			return err
		}
		if _, err := s.addHalf(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// addHalf makes a server half and puts it into the pool.
func (s *Service) addHalf(ctx context.Context) (Pooled, error) {
	h, err := splitkey.Generate()
	if err != nil {
		return Pooled{}, err
	}
	defer h.Wipe()
	record, err := sealed.Half(s.SealModulus, h)
	if err != nil {
		return Pooled{}, err
	}
	p := Pooled{Modulus: h.Modulus(), SealedHalf: record, CreatedAt: s.Clock.Now()}
	return p, s.Store.Pool.Add(ctx, p)
}

// Bind says whose account a key belongs to. A key has one account for ever.
func (s *Service) Bind(ctx context.Context, keyID, account string) error {
	return s.change(ctx, keyID, func(k Key) error {
		if k.Account == account {
			return nil
		}
		if k.Account != "" || !slices.Contains([]State{Begun, Sealed, Ready}, k.State) {
			return tunnus.Conflict(errors.New("keyshare: the key has an account, or has ended"))
		}
		k.Account = account
		return s.save(ctx, k, "key.bind", "")
	})
}
