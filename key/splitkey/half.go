package splitkey

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/bits"

	"filippo.io/bigmod"
)

// Sizes of the key, in bits and bytes.
const (
	HalfBits    = 3072
	HalfSize    = HalfBits / 8
	ProductBits = 2 * HalfBits
	ProductSize = ProductBits / 8
	Exponent    = 65537

	primeBits = HalfBits / 2
	primeSize = primeBits / 8
	limbs     = primeBits / 64
)

// A Half is one side's RSA key of 3072 bits, with what is needed to use it in
// constant time. It is safe for use by several goroutines.
type Half struct {
	modulus []byte // public
	p, q    *bigmod.Modulus
	pBytes  []byte
	qBytes  []byte
	dP, dQ  []byte
	qInv    []byte // mod p
}

// Generate makes a half: n of 3072 bits with n² ≥ 2^6143, so that the product
// of any two halves has exactly 6144 bits.
func Generate() (*Half, error) {
	for {
		key, err := rsa.GenerateKey(rand.Reader, HalfBits)
		if err != nil {
			return nil, fmt.Errorf("splitkey: making a half: %w", err)
		}
		if !wide(key.N) {
			continue
		}
		// FillBytes copies; from here on no secret is held by math/big.
		p := key.Primes[0].FillBytes(make([]byte, primeSize))
		q := key.Primes[1].FillBytes(make([]byte, primeSize))
		return newHalf(p, q)
	}
}

// wide reports whether n has 3072 bits and n² ≥ 2^6143.
func wide(n *big.Int) bool {
	return n.BitLen() == HalfBits && new(big.Int).Mul(n, n).BitLen() == ProductBits
}

// newHalf works out the rest of the key from its primes.
func newHalf(p, q []byte) (*Half, error) {
	dP, okP := inverseOfExponent(p)
	dQ, okQ := inverseOfExponent(q)
	if !okP || !okQ {
		return nil, errors.New("splitkey: the exponent has no inverse")
	}
	h, err := loadHalf(p, q, dP, dQ, nil)
	if err != nil {
		return nil, err
	}
	// q⁻¹ = q^(p-2) mod p, by Fermat: the usual algorithms leak.
	minusTwo := bytes.Clone(p)
	minusTwo[primeSize-1] -= 2 // p is odd and large: the last byte is odd, 1 wraps
	if p[primeSize-1] < 2 {
		borrow(minusTwo[:primeSize-1])
	}
	qModP, err := bigmod.NewNat().SetOverflowingBytes(q, h.p)
	if err != nil {
		return nil, fmt.Errorf("splitkey: %w", err)
	}
	h.qInv = bigmod.NewNat().Exp(qModP, minusTwo, h.p).Bytes(h.p)
	return h, nil
}

// borrow subtracts one from a big-endian number.
func borrow(b []byte) {
	c := uint16(1)
	for i := len(b) - 1; i >= 0; i-- {
		d := uint16(b[i]) - c
		b[i], c = byte(d), d>>15
	}
}

// loadHalf checks sizes and computes n.
func loadHalf(p, q, dP, dQ, qInv []byte) (*Half, error) {
	mp, errP := bigmod.NewModulus(p)
	mq, errQ := bigmod.NewModulus(q)
	if err := errors.Join(errP, errQ); err != nil {
		return nil, fmt.Errorf("splitkey: %w", err)
	}
	if mp.BitLen() != primeBits || mq.BitLen() != primeBits || p[primeSize-1]&1 == 0 || q[primeSize-1]&1 == 0 {
		return nil, errors.New("splitkey: a prime of the half has the wrong size")
	}
	h := &Half{p: mp, q: mq, pBytes: p, qBytes: q, dP: dP, dQ: dQ, qInv: qInv}
	h.modulus = mulAdd(p, q, make([]byte, primeSize))
	return h, nil
}

// Modulus returns the public modulus, [HalfSize] bytes big-endian.
func (h *Half) Modulus() []byte { return bytes.Clone(h.modulus) }

// Marshal returns the key's secrets: p ‖ q ‖ d mod p-1 ‖ d mod q-1 ‖ q⁻¹ mod p.
func (h *Half) Marshal() []byte {
	return bytes.Join([][]byte{h.pBytes, h.qBytes, h.dP, h.dQ, h.qInv}, nil)
}

// UnmarshalHalf reads what [Half.Marshal] wrote. It takes the parts on trust:
// they come from a sealed record, and a result is checked before it is used.
func UnmarshalHalf(b []byte) (*Half, error) {
	if len(b) != 5*primeSize {
		return nil, fmt.Errorf("splitkey: a half has %d bytes, not %d", 5*primeSize, len(b))
	}
	b = bytes.Clone(b)
	part := func(i int) []byte { return b[i*primeSize : (i+1)*primeSize] }
	return loadHalf(part(0), part(1), part(2), part(3), part(4))
}

// Wipe overwrites the secrets, as far as they can be reached: what bigmod keeps
// of the primes is left to the garbage collector.
func (h *Half) Wipe() {
	for _, b := range [][]byte{h.pBytes, h.qBytes, h.dP, h.dQ, h.qInv} {
		clear(b)
	}
}

// Power returns em^d mod n, where em is any public number in big-endian order.
// It is the caller's to check the result: [CheckShare] for the phone,
// [Combine] for the server.
func (h *Half) Power(em []byte) ([]byte, error) {
	// em and n are public.
	m := new(big.Int).Mod(new(big.Int).SetBytes(em), new(big.Int).SetBytes(h.modulus))
	c := m.FillBytes(make([]byte, HalfSize))
	m1, err := powerMod(c, h.dP, h.p, h.pBytes)
	if err != nil {
		return nil, err
	}
	m2, err := powerMod(c, h.dQ, h.q, h.qBytes)
	if err != nil {
		return nil, err
	}
	// Garner: s = m2 + q·((m1-m2)·q⁻¹ mod p). Both primes have 1536 bits, so
	// m2 is below 2p and one subtraction reduces it.
	m2Bytes := m2.Bytes(h.q)
	m2ModP, errM := bigmod.NewNat().SetOverflowingBytes(m2Bytes, h.p)
	qInv, errQ := bigmod.NewNat().SetBytes(h.qInv, h.p)
	if err := errors.Join(errM, errQ); err != nil {
		return nil, fmt.Errorf("splitkey: %w", err)
	}
	m1.Sub(m2ModP, h.p).Mul(qInv, h.p)
	return mulAdd(m1.Bytes(h.p), h.qBytes, m2Bytes), nil
}

// powerMod returns c^d mod p for c of two primes' size. It reduces c by halves:
// 2^1536 mod p is 2^1536 - p, which costs one multiplication instead of the
// bit-by-bit reduction of [bigmod.Nat.Mod].
func powerMod(c, d []byte, p *bigmod.Modulus, pBytes []byte) (*bigmod.Nat, error) {
	high, errH := bigmod.NewNat().SetOverflowingBytes(c[:primeSize], p)
	low, errL := bigmod.NewNat().SetOverflowingBytes(c[primeSize:], p)
	radix, errR := bigmod.NewNat().SetBytes(negate(pBytes), p)
	if err := errors.Join(errH, errL, errR); err != nil {
		return nil, fmt.Errorf("splitkey: %w", err)
	}
	high.Mul(radix, p).Add(low, p)
	return bigmod.NewNat().Exp(high, d, p), nil
}

// negate returns 2^1536 - b.
func negate(b []byte) []byte {
	out := make([]byte, primeSize)
	c := uint16(1)
	for i := primeSize - 1; i >= 0; i-- {
		d := uint16(^b[i]) + c
		out[i], c = byte(d), d>>8
	}
	return out
}

// toLimbs reads a prime-sized big-endian number, lowest limb first.
func toLimbs(b []byte) (x [limbs]uint64) {
	for i := range x {
		x[i] = binary.BigEndian.Uint64(b[primeSize-8*(i+1):])
	}
	return x
}

// mulAdd returns a·b + c for prime-sized numbers, in constant time.
func mulAdd(aBytes, bBytes, cBytes []byte) []byte {
	a, b, c := toLimbs(aBytes), toLimbs(bBytes), toLimbs(cBytes)
	var out [2 * limbs]uint64
	copy(out[:], c[:])
	for i, x := range a {
		var carry uint64
		for j, y := range b {
			hi, lo := bits.Mul64(x, y)
			var k uint64
			lo, k = bits.Add64(lo, carry, 0)
			hi += k
			out[i+j], k = bits.Add64(out[i+j], lo, 0)
			carry = hi + k
		}
		// The carry never runs on: out[i+limbs] is written here first.
		out[i+limbs] = carry
	}
	res := make([]byte, HalfSize)
	for i, w := range out {
		binary.BigEndian.PutUint64(res[HalfSize-8*(i+1):], w)
	}
	return res
}

// inverseOfExponent returns 65537⁻¹ mod p-1, in constant time: with
// k = -(p-1)⁻¹ mod 65537 it is (1 + k·(p-1)) / 65537, an exact division.
func inverseOfExponent(p []byte) (d []byte, ok bool) {
	x := toLimbs(p)
	x[0] &^= 1 // p is odd
	k := (Exponent - inverseModExponent(modExponent(x))) % Exponent
	if k == 0 {
		return nil, false
	}
	var t [limbs]uint64 // 1 + k·(p-1), whose top limb is not needed
	carry := uint64(1)
	for i, w := range x {
		hi, lo := bits.Mul64(w, k)
		var c uint64
		t[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	// 65537⁻¹ mod 2^64, by Newton; then exact division from the lowest limb.
	inv := uint64(Exponent)
	for range 5 {
		inv *= 2 - Exponent*inv
	}
	d = make([]byte, primeSize)
	var debt uint64
	for i, w := range t {
		lo, b := bits.Sub64(w, debt, 0)
		digit := lo * inv
		hi, _ := bits.Mul64(digit, Exponent)
		debt = hi + b
		binary.BigEndian.PutUint64(d[primeSize-8*(i+1):], digit)
	}
	return d, true
}

// modExponent returns x mod 65537 without a division: 2^16 = -1 there.
func modExponent(x [limbs]uint64) uint64 {
	sum := uint64(2 * limbs * Exponent)
	for _, w := range x {
		sum += w&0xffff + w>>32&0xffff - w>>16&0xffff - w>>48
	}
	return sum % Exponent
}

// inverseModExponent returns r⁻¹ mod 65537, which is prime: r^65535. 0 gives 0.
func inverseModExponent(r uint64) uint64 {
	out, base := uint64(1), r
	for range 16 { // 65535 is sixteen ones
		out = out * base % Exponent
		base = base * base % Exponent
	}
	return out
}
