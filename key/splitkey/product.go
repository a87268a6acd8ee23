package splitkey

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
)

// A Product is the public side of a whole key: n = n1·n2.
type Product struct {
	Modulus []byte // n, [ProductSize] bytes
	Inverse []byte // n1⁻¹ mod n2, [HalfSize] bytes; public
}

// Join makes the product of the phone's modulus and the server's.
func Join(n1, n2 []byte) (Product, error) {
	a, b := new(big.Int).SetBytes(n1), new(big.Int).SetBytes(n2)
	n := new(big.Int).Mul(a, b)
	inv := new(big.Int).ModInverse(a, b)
	if !wide(a) || !wide(b) || n.BitLen() != ProductBits || inv == nil {
		return Product{}, errors.New("splitkey: these halves make no key of 6144 bits")
	}
	return Product{n.FillBytes(make([]byte, ProductSize)), inv.FillBytes(make([]byte, HalfSize))}, nil
}

// Other returns the half of the product that n1 is not.
func (p Product) Other(n1 []byte) ([]byte, error) {
	if err := CheckProduct(p.Modulus, n1); err != nil {
		return nil, err
	}
	n2 := new(big.Int).Quo(new(big.Int).SetBytes(p.Modulus), new(big.Int).SetBytes(n1))
	return n2.FillBytes(make([]byte, HalfSize)), nil
}

// CheckProduct is what the phone demands of n: 6144 bits and a multiple of its
// own n1, so that the certificate names a key of which it holds a half.
func CheckProduct(n, n1 []byte) error {
	product, own := new(big.Int).SetBytes(n), new(big.Int).SetBytes(n1)
	if len(n) != ProductSize || product.BitLen() != ProductBits || !wide(own) || new(big.Int).Mod(product, own).Sign() != 0 {
		return errors.New("splitkey: the key of the server does not hold the phone's half")
	}
	return nil
}

// ErrShare says that a half signature is not the one for what is to be signed.
var ErrShare = errors.New("splitkey: the half signature does not fit")

// CheckShare checks a half signature s1 for the encoding em: 1 < s1 < n1-1,
// prime to n1, and s1^e = em modulo n1. It fails with [ErrShare]. All of it is
// public, so it may take the time it takes.
func CheckShare(n1, em, share []byte) error {
	if len(share) != HalfSize || len(n1) != HalfSize {
		return ErrShare
	}
	n, s := new(big.Int).SetBytes(n1), new(big.Int).SetBytes(share)
	one := big.NewInt(1)
	if s.Cmp(one) <= 0 || s.Cmp(new(big.Int).Sub(n, one)) >= 0 {
		return ErrShare
	}
	if !powersTo(s, new(big.Int).SetBytes(em), n) {
		return ErrShare
	}
	// Last, because it costs most and an honest phone's share never fails it.
	if new(big.Int).GCD(nil, nil, s, n).Cmp(one) != 0 {
		return ErrShare
	}
	return nil
}

// powersTo reports whether s^65537 = m modulo n. s is reduced, m need not be.
func powersTo(s, m, n *big.Int) bool {
	t, quo, sq := new(big.Int).Set(s), new(big.Int), new(big.Int)
	for range 16 {
		quo.QuoRem(sq.Mul(t, t), n, t)
	}
	quo.QuoRem(sq.Mul(t, s), n, t)
	quo.QuoRem(m, n, sq)
	return t.Cmp(sq) == 0
}

// Combine puts the two half signatures together,
// s = s1 + n1·((s2 - s1)·n1⁻¹ mod n2), and checks s^e = em modulo n before it
// gives s out: a fault in either half would betray a factor of n.
//
// The check goes by halves, which is the same by the Chinese remainder theorem
// as long as n = n1·n2: s mod n1 is the s1 that [CheckShare] has passed, and
// (s mod n2)^e = em modulo n2. All of it is public.
func Combine(key Product, n1, em, s1, s2 []byte) ([]byte, error) {
	if err := CheckShare(n1, em, s1); err != nil {
		return nil, err
	}
	return combineChecked(key, n1, em, s1, s2)
}

// combineChecked is [Combine] for an s1 that has passed [CheckShare].
func combineChecked(key Product, n1, em, s1, s2 []byte) ([]byte, error) {
	a, n := new(big.Int).SetBytes(n1), new(big.Int).SetBytes(key.Modulus)
	b, rest := new(big.Int).QuoRem(n, a, new(big.Int))
	x1, x2 := new(big.Int).SetBytes(s1), new(big.Int).SetBytes(s2)
	inv := new(big.Int).SetBytes(key.Inverse)
	if rest.Sign() != 0 || b.BitLen() != HalfBits {
		return nil, errors.New("splitkey: the product is not one of these halves")
	}
	s := new(big.Int).Sub(x2, x1)
	s.Mul(s, inv).Mod(s, b).Mul(s, a).Add(s, x1)

	m := new(big.Int).SetBytes(em)
	if new(big.Int).Mod(s, a).Cmp(x1) != 0 || !powersTo(new(big.Int).Mod(s, b), m, b) {
		return nil, errors.New("splitkey: the signature is wrong, so it is not given out")
	}
	return s.FillBytes(make([]byte, ProductSize)), nil
}

// Sign is the server's part of a signature, whole: it checks the phone's share
// for em, makes its own, combines the two and checks the result. It fails with
// [ErrShare] if the phone's share is wrong, and gives nothing out then.
func (h *Half) Sign(key Product, n1, em, share []byte) ([]byte, error) {
	if err := CheckShare(n1, em, share); err != nil {
		return nil, err
	}
	own, err := h.Power(em)
	if err != nil {
		return nil, err
	}
	return combineChecked(key, n1, em, share, own)
}

// Share is the phone's part of a signature: the half signature for em, checked
// before it leaves (a fault would betray a prime).
func (h *Half) Share(em []byte) ([]byte, error) {
	s, err := h.Power(em)
	if err != nil {
		return nil, err
	}
	if err := CheckShare(h.modulus, em, s); err != nil {
		return nil, fmt.Errorf("splitkey: own half signature: %w", err)
	}
	return s, nil
}

// Equal reports whether two halves have one modulus.
func (h *Half) Equal(other *Half) bool { return bytes.Equal(h.modulus, other.modulus) }
