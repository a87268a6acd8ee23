package sealed

import (
	"fmt"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A HalfSigner is the server's half of one key, ready to sign. Whatever makes its
// raw power, in this process or in a key module, nothing that it gives out is
// unchecked (security.md, split-key §4: a fault would betray a factor of n).
type HalfSigner interface {
	// Sign checks the phone's share s1 for the encoding em, makes s2, combines
	// them, and checks the result modulo n before it returns it. It fails with
	// [splitkey.ErrShare] if the share is wrong; s2 is not made then.
	Sign(key splitkey.Product, n1, em, share []byte) ([]byte, error)
	// Wipe forgets the half. It must not be used any more.
	Wipe()
}

// A Power is a half that only raises to its exponent: em^d mod n2, 384 bytes. It
// is not believed: see [Checked].
type Power interface {
	Power(em []byte) ([]byte, error)
	Wipe()
}

// A HalfKeeper is a [Sealer] that makes halves and keeps them by itself, such as
// a key module out of which they never come.
type HalfKeeper interface {
	Sealer
	// MakeHalf makes a half that is wide enough (splitkey.Generate) and seals it.
	MakeHalf() (modulus, record []byte, err error)
	// OpenHalf opens what MakeHalf sealed. ok is false if the record is none of its own.
	OpenHalf(modulus, record []byte) (p Power, ok bool, err error)
}

// NewHalf makes a half and seals it, bound to its n2.
func NewHalf(s Sealer) (modulus, record []byte, err error) {
	if k, ok := s.(HalfKeeper); ok {
		return k.MakeHalf()
	}
	h, err := splitkey.Generate()
	if err != nil {
		return nil, nil, err
	}
	defer h.Wipe()
	record, err = Half(s, h)
	return h.Modulus(), record, err
}

// Half seals a half that was made in this process, bound to its n2.
func Half(s Sealer, h *splitkey.Half) ([]byte, error) {
	secret := h.Marshal()
	defer clear(secret)
	record, err := s.Seal(secret, halfPlace(h.Modulus()))
	if err != nil {
		return nil, fmt.Errorf("sealed: server's half: %w", err)
	}
	return record, nil
}

// OpenHalf opens what [NewHalf] or [Half] sealed, for the same n2. Wipe it after use.
func OpenHalf(s Sealer, modulus, record []byte) (HalfSigner, error) {
	if k, ok := s.(HalfKeeper); ok {
		p, own, err := k.OpenHalf(modulus, record)
		if err != nil {
			return nil, fmt.Errorf("sealed: server's half: %w", err)
		}
		if own {
			return Checked(p), nil
		}
	}
	b, err := s.Open(record, halfPlace(modulus))
	if err != nil {
		return nil, fmt.Errorf("sealed: server's half: %w", err)
	}
	defer clear(b)
	h, err := splitkey.UnmarshalHalf(b)
	if err != nil {
		return nil, err // and not a HalfSigner that holds a nil
	}
	return h, nil
}

func halfPlace(modulus []byte) []byte { return Place("tunnus/half/v1", string(modulus)) }

// Checked makes a [HalfSigner] of a power that may answer wrongly.
func Checked(p Power) HalfSigner { return checked{p} }

type checked struct{ power Power }

// Sign implements [HalfSigner].
func (c checked) Sign(key splitkey.Product, n1, em, share []byte) ([]byte, error) {
	if err := splitkey.CheckShare(n1, em, share); err != nil {
		return nil, err
	}
	own, err := c.power.Power(em)
	if err != nil {
		return nil, fmt.Errorf("sealed: server's half: %w", err)
	}
	return splitkey.Combine(key, n1, em, share, own)
}

// Wipe implements [HalfSigner].
func (c checked) Wipe() { c.power.Wipe() }
