package domain

import (
	"encoding/hex"
	"math/big"

	"filippo.io/bigmod"
)

// Sizes of primes that are accepted, in bits: the standardised groups begin at
// 1024, and above 4096 a chip would make its readers work for nothing.
const (
	minPrime = 1024
	maxPrime = 4096
)

// residues are the numbers below a prime, with multiplication.
type residues struct {
	prime     *big.Int
	modulus   *bigmod.Modulus
	generator []byte // as long as the prime
}

// newResidues refuses what cannot be a prime of the sizes accepted, or a
// generator. Whether the number is prime is for who signed it to know.
func newResidues(p, g *big.Int) (*residues, error) {
	if p.Sign() <= 0 || p.BitLen() < minPrime || p.BitLen() > maxPrime || p.Bit(0) == 0 {
		return nil, errUnknown
	}
	if g.Cmp(big.NewInt(1)) <= 0 || g.Cmp(new(big.Int).Sub(p, big.NewInt(1))) >= 0 {
		return nil, errUnknown
	}
	m, err := bigmod.NewModulus(p.Bytes())
	if err != nil {
		return nil, errUnknown
	}
	return &residues{p, m, g.FillBytes(make([]byte, m.Size()))}, nil
}

// nat reads a number that is below the prime.
func (r *residues) nat(b []byte) *bigmod.Nat {
	n, err := bigmod.NewNat().SetBytes(b, r.modulus)
	if err != nil { // cannot be: elements are checked when they are read
		return bigmod.NewNat().ExpandFor(r.modulus)
	}
	return n
}

func (r *residues) power(base, exponent []byte) []byte {
	return bigmod.NewNat().Exp(r.nat(base), exponent, r.modulus).Bytes(r.modulus)
}

func (r *residues) multiply(a, b []byte) []byte {
	return r.nat(a).Mul(r.nat(b), r.modulus).Bytes(r.modulus)
}

// element reads a public key: 1 < y < p-1, and of the order if that is known
// (RFC 2631 §2.1.5).
func (r *residues) element(b []byte, order *big.Int) (Element, error) {
	if len(b) == 0 || len(b) > r.modulus.Size() {
		return Element{}, ErrElement
	}
	y := new(big.Int).SetBytes(b)
	if y.Cmp(big.NewInt(1)) <= 0 || y.Cmp(new(big.Int).Sub(r.prime, big.NewInt(1))) >= 0 {
		return Element{}, ErrElement
	}
	value := y.FillBytes(make([]byte, r.modulus.Size()))
	if order != nil && r.nat(r.power(value, order.Bytes())).IsOne() != 1 {
		return Element{}, ErrElement
	}
	return Element{value: value}, nil
}

// encode raises the number to the cofactor (Doc 9303-11 appendix B.1).
func (r *residues) encode(number []byte, order *big.Int) (Element, error) {
	if order == nil {
		return Element{}, errUnknown
	}
	n := new(big.Int).SetBytes(number)
	n.Mod(n, r.prime)
	cofactor := new(big.Int).Sub(r.prime, big.NewInt(1))
	cofactor.Div(cofactor, order)
	e := Element{value: r.power(n.FillBytes(make([]byte, r.modulus.Size())), cofactor.Bytes())}
	if v := new(big.Int).SetBytes(e.value); v.Cmp(big.NewInt(1)) <= 0 {
		return Element{}, ErrElement
	}
	return e, nil
}

// A subgroup is a row of RFC 5114, hexadecimal.
type subgroup struct{ p, g, q string }

func (s subgroup) group(id int) (*Group, error) {
	r, err := newResidues(number(s.p), number(s.g))
	if err != nil {
		return nil, err
	}
	return &Group{ID: id, dh: r, order: number(s.q)}, nil
}

func number(s string) *big.Int {
	b, _ := hex.DecodeString(s) // the table is right: TestStandardGroups
	return new(big.Int).SetBytes(b)
}
