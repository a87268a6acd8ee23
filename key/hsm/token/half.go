//go:build pkcs11

package token

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"

	"github.com/miekg/pkcs11"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

// maxDraws is how often a half is drawn until it is wide enough: more than half
// of them are, so this never ends with a token that works.
const maxDraws = 64

// keyWrap is AES Key Wrap with Padding (RFC 5649).
func keyWrap() []*pkcs11.Mechanism {
	return []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_WRAP_PAD, nil)}
}

// MakeHalf makes a server's half inside the token: RSA, 3072 bits, n² ≥ 2^6143,
// that passes what the phone's modulus has to pass (security.md K10), for key
// modules have made weak moduli before. It returns the modulus, and the private
// key wrapped under the key of [Token.CreateHalfWrapper]; nothing stays in the token.
func (t *Token) MakeHalf(label string, id uint32) (modulus, wrapped []byte, err error) {
	err = t.with(func(s pkcs11.SessionHandle) error {
		under, err := t.halfKey(s, label, id)
		if err != nil {
			return err
		}
		for range maxDraws {
			if modulus, wrapped, err = t.drawHalf(s, under); err != nil || modulus != nil {
				return err
			}
		}
		return errors.New("the token makes no modulus that is wide enough")
	})
	return modulus, wrapped, err
}

// drawHalf makes one half. The modulus is nil if it is not wide enough.
func (t *Token) drawHalf(s pkcs11.SessionHandle, under pkcs11.ObjectHandle) (modulus, wrapped []byte, err error) {
	public := []*pkcs11.Attribute{
		attribute(pkcs11.CKA_TOKEN, false),
		attribute(pkcs11.CKA_MODULUS_BITS, splitkey.HalfBits),
		attribute(pkcs11.CKA_PUBLIC_EXPONENT, big.NewInt(splitkey.Exponent).Bytes()),
	}
	private := append(halfTemplate(), attribute(pkcs11.CKA_EXTRACTABLE, true)) // so that it can be wrapped
	pub, priv, err := t.ctx.GenerateKeyPair(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, nil)}, public, private)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, t.ctx.DestroyObject(s, pub), t.ctx.DestroyObject(s, priv)) }()
	if modulus, err = t.modulus(s, pub); err != nil {
		return nil, nil, err
	}
	n := new(big.Int).SetBytes(modulus)
	if n.BitLen() != splitkey.HalfBits || new(big.Int).Mul(n, n).BitLen() != splitkey.ProductBits {
		return nil, nil, nil
	}
	if err := splitkey.CheckModulus(modulus); err != nil {
		return nil, nil, fmt.Errorf("the token made a weak modulus: %w", err)
	}
	wrapped, err = t.ctx.WrapKey(s, keyWrap(), under, priv)
	return modulus, wrapped, err
}

// halfTemplate is what a half is inside the token: never readable, gone with the session.
func halfTemplate() []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		attribute(pkcs11.CKA_TOKEN, false),
		attribute(pkcs11.CKA_PRIVATE, true),
		attribute(pkcs11.CKA_SENSITIVE, true),
		attribute(pkcs11.CKA_SIGN, true),
	}
}

func (t *Token) modulus(s pkcs11.SessionHandle, h pkcs11.ObjectHandle) ([]byte, error) {
	got, err := t.ctx.GetAttributeValue(s, h, []*pkcs11.Attribute{attribute(pkcs11.CKA_MODULUS, nil)})
	if err != nil {
		return nil, err
	}
	n := new(big.Int).SetBytes(got[0].Value)
	if n.BitLen() > splitkey.HalfBits {
		return nil, errors.New("a half of another size")
	}
	return n.FillBytes(make([]byte, splitkey.HalfSize)), nil
}

// halfKey finds the key that wraps halves.
func (t *Token) halfKey(s pkcs11.SessionHandle, label string, id uint32) (pkcs11.ObjectHandle, error) {
	h, err := t.one(s, fmt.Sprintf("%s %08x", halfLabel(label), id), secretKey(halfLabel(label), id)...)
	if err != nil {
		return 0, err
	}
	return h, t.stays(s, h)
}

// unwrap puts a wrapped half into the token, for the time of the session.
func (t *Token) unwrap(s pkcs11.SessionHandle, label string, id uint32, wrapped []byte, extractable bool) (pkcs11.ObjectHandle, error) {
	under, err := t.halfKey(s, label, id)
	if err != nil {
		return 0, err
	}
	return t.ctx.UnwrapKey(s, keyWrap(), under, wrapped, append(halfTemplate(),
		attribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY),
		attribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_RSA),
		attribute(pkcs11.CKA_EXTRACTABLE, extractable),
	))
}

// RewrapHalf unwraps a half and wraps it under the key of another id, inside the token.
func (t *Token) RewrapHalf(label string, from, to uint32, wrapped []byte) (out []byte, err error) {
	err = t.with(func(s pkcs11.SessionHandle) error {
		h, err := t.unwrap(s, label, from, wrapped, true)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, t.ctx.DestroyObject(s, h)) }()
		under, err := t.halfKey(s, label, to)
		if err != nil {
			return err
		}
		out, err = t.ctx.WrapKey(s, keyWrap(), under, h)
		return err
	})
	return out, err
}

// A Half is a server's half inside the token. It implements sealed.Power.
type Half struct {
	tok     *Token
	object  pkcs11.ObjectHandle
	modulus []byte
}

// OpenHalf unwraps a half into the token, where it cannot be taken out of again.
// It fails if the half is not the one of the modulus. Wipe it after use.
func (t *Token) OpenHalf(label string, id uint32, wrapped, modulus []byte) (*Half, error) {
	out := &Half{tok: t, modulus: bytes.Clone(modulus)}
	err := t.with(func(s pkcs11.SessionHandle) error {
		var err error
		if out.object, err = t.unwrap(s, label, id, wrapped, false); err != nil {
			return err
		}
		n, err := t.modulus(s, out.object)
		if err == nil && !bytes.Equal(n, modulus) {
			err = errors.New("the half of another modulus")
		}
		if err != nil {
			err = errors.Join(err, t.ctx.DestroyObject(s, out.object))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Power returns em^d mod n2 (CKM_RSA_X_509). The result is not checked here:
// that is sealed.Checked's, which no power gets around.
func (h *Half) Power(em []byte) (out []byte, err error) {
	// em and n2 are public.
	m := new(big.Int).Mod(new(big.Int).SetBytes(em), new(big.Int).SetBytes(h.modulus))
	err = h.tok.with(func(s pkcs11.SessionHandle) error {
		if err := h.tok.ctx.SignInit(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_X_509, nil)}, h.object); err != nil {
			return err
		}
		out, err = h.tok.ctx.Sign(s, m.FillBytes(make([]byte, splitkey.HalfSize)))
		return err
	})
	return out, err
}

// Wipe takes the half out of the token's memory. Whatever it fails to forget is
// gone with the session.
func (h *Half) Wipe() {
	_ = h.tok.with(func(s pkcs11.SessionHandle) error { return h.tok.ctx.DestroyObject(s, h.object) })
}
