package curve

import (
	"encoding/binary"
	"math/big"
	"math/bits"
)

// maxLimbs holds 521 bits.
const maxLimbs = 9

// An element is a number below the prime in Montgomery form, least limb first;
// limbs that the field does not use are zero.
type element [maxLimbs]uint64

// A field is the arithmetic modulo one prime. Its methods take the result first,
// which may be one of the arguments.
type field struct {
	n    int      // limbs in use
	size int      // bytes of a number
	p    element  // the prime itself
	inv  uint64   // -1/p modulo 2^64
	one  element  // 1
	rr   element  // turns a number into Montgomery form
	big  *big.Int // the prime
}

func newField(p *big.Int) *field {
	f := &field{n: (p.BitLen() + 63) / 64, size: (p.BitLen() + 7) / 8, big: p}
	f.p = f.limbs(p)
	f.inv = 1
	for range 6 { // each round doubles the bits that are right
		f.inv *= 2 - f.p[0]*f.inv
	}
	f.inv = -f.inv
	r := new(big.Int).Lsh(big.NewInt(1), uint(64*f.n))
	f.one = f.limbs(new(big.Int).Mod(r, p))
	f.rr = f.limbs(r.Mul(r, r).Mod(r, p))
	return f
}

// limbs cuts a number below 2^576, as it is.
func (f *field) limbs(x *big.Int) (e element) {
	var b [8 * maxLimbs]byte
	x.FillBytes(b[:])
	for i := range e {
		e[i] = binary.BigEndian.Uint64(b[8*(maxLimbs-1-i):])
	}
	return e
}

// parse reads a number of exactly size bytes; ok is false if it is not below p.
func (f *field) parse(b []byte) (e element, ok bool) {
	if len(b) != f.size {
		return element{}, false
	}
	var padded [8 * maxLimbs]byte
	copy(padded[len(padded)-len(b):], b)
	var borrow uint64
	for i := range e {
		e[i] = binary.BigEndian.Uint64(padded[8*(maxLimbs-1-i):])
		_, borrow = bits.Sub64(e[i], f.p[i], borrow)
	}
	f.mul(&e, &e, &f.rr)
	return e, borrow == 1
}

// bytes writes the number in size bytes.
func (f *field) bytes(x *element) []byte {
	unit := element{1}
	f.mul(&unit, x, &unit)
	var b [8 * maxLimbs]byte
	for i, l := range unit {
		binary.BigEndian.PutUint64(b[8*(maxLimbs-1-i):], l)
	}
	return append([]byte(nil), b[len(b)-f.size:]...)
}

// mul multiplies, limb by limb with a reduction after each.
func (f *field) mul(z, x, y *element) {
	var t [maxLimbs + 2]uint64
	n := f.n
	for i := range n {
		var c, hi, lo, carry uint64
		for j := range n {
			hi, lo = bits.Mul64(x[j], y[i])
			lo, carry = bits.Add64(lo, t[j], 0)
			hi += carry
			t[j], carry = bits.Add64(lo, c, 0)
			c = hi + carry
		}
		t[n], t[n+1] = bits.Add64(t[n], c, 0)
		m := t[0] * f.inv
		hi, lo = bits.Mul64(m, f.p[0])
		_, carry = bits.Add64(lo, t[0], 0)
		c = hi + carry
		for j := 1; j < n; j++ {
			hi, lo = bits.Mul64(m, f.p[j])
			lo, carry = bits.Add64(lo, t[j], 0)
			hi += carry
			t[j-1], carry = bits.Add64(lo, c, 0)
			c = hi + carry
		}
		t[n-1], carry = bits.Add64(t[n], c, 0)
		t[n] = t[n+1] + carry
	}
	var r element
	copy(r[:n], t[:n])
	f.reduce(z, &r, t[n])
}

// reduce takes p off x + carry·2^64n once if it is not below p.
func (f *field) reduce(z, x *element, carry uint64) {
	var less element
	var borrow uint64
	for i := range f.n {
		less[i], borrow = bits.Sub64(x[i], f.p[i], borrow)
	}
	_, borrow = bits.Sub64(carry, 0, borrow)
	pick(z, x, &less, borrow)
}

// pick sets z to x if which is 1, to y if it is 0.
func pick(z, x, y *element, which uint64) {
	mask := -which
	for i := range z {
		z[i] = x[i]&mask | y[i]&^mask
	}
}

func (f *field) add(z, x, y *element) {
	var sum element
	var carry uint64
	for i := range f.n {
		sum[i], carry = bits.Add64(x[i], y[i], carry)
	}
	f.reduce(z, &sum, carry)
}

func (f *field) sub(z, x, y *element) {
	var d element
	var borrow, carry uint64
	for i := range f.n {
		d[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	mask := -borrow
	for i := range f.n {
		z[i], carry = bits.Add64(d[i], f.p[i]&mask, carry)
	}
	for i := f.n; i < maxLimbs; i++ {
		z[i] = 0
	}
}

// power raises x to an exponent that is no secret.
func (f *field) power(z, x *element, exponent *big.Int) {
	r, base := f.one, *x
	for i := exponent.BitLen() - 1; i >= 0; i-- {
		f.mul(&r, &r, &r)
		if exponent.Bit(i) == 1 {
			f.mul(&r, &r, &base)
		}
	}
	*z = r
}

// invert gives 1/x, and 0 for 0.
func (f *field) invert(z, x *element) {
	f.power(z, x, new(big.Int).Sub(f.big, big.NewInt(2)))
}

// zero is 1 if x is 0, else 0.
func (f *field) zero(x *element) uint64 {
	var all uint64
	for _, l := range x {
		all |= l
	}
	return 1 ^ (all|-all)>>63
}

// equal is 1 if x and y are the same, else 0.
func (f *field) equal(x, y *element) uint64 {
	var d element
	for i := range d {
		d[i] = x[i] ^ y[i]
	}
	return f.zero(&d)
}
