package splitkey

import (
	"crypto/rand"
	"math/big"
	"strings"
	"testing"
)

// prime draws a prime of the size given.
func prime(t *testing.T, bits int) *big.Int {
	t.Helper()
	p, err := rand.Prime(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheckModulus(t *testing.T) {
	h, _ := testHalves()
	good := new(big.Int).SetBytes(h.modulus)
	low := new(big.Int).Lsh(big.NewInt(1), HalfBits-1) // 3072 bits, but its square has only 6143
	r := prime(t, HalfBits/2)
	for !wide(new(big.Int).Mul(r, r)) {
		r = prime(t, HalfBits/2)
	}
	cube := prime(t, HalfBits/3)
	for !wide(new(big.Int).Exp(cube, big.NewInt(3), nil)) {
		cube = prime(t, HalfBits/3)
	}
	// A multiple of a small factor close to the good one.
	multiple := func(f int64) *big.Int {
		x := new(big.Int).Sub(good, new(big.Int).Mod(good, big.NewInt(2*f)))
		return x.Add(x, big.NewInt(f))
	}
	big3072 := prime(t, HalfBits)
	for !wide(big3072) {
		big3072 = prime(t, HalfBits)
	}
	tests := []struct {
		name string
		n    *big.Int
		why  string // part of the reason; "" if good
	}{
		{"good", good, ""},
		{"zero", big.NewInt(0), "3072 bits"},
		{"small", big.NewInt(35), "3072 bits"},
		{"short", new(big.Int).Rsh(good, 1), "3072 bits"},
		{"square too small", low.Add(low, big.NewInt(1)), "3072 bits"},
		{"even", new(big.Int).Sub(good, big.NewInt(1)), "even"},
		{"factor 3", multiple(3), "factor 3"},
		{"factor 65537", multiple(65537), "factor"},
		{"factor 1048573", multiple(1048573), "factor"},
		{"prime", big3072, "prime"},
		{"square of a prime", new(big.Int).Mul(r, r), "power"},
		{"cube of a prime", new(big.Int).Exp(cube, big.NewInt(3), nil), "power"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckModulus(tt.n.FillBytes(make([]byte, HalfSize)))
			if (err == nil) != (tt.why == "") || err != nil && !strings.Contains(err.Error(), tt.why) {
				t.Errorf("CheckModulus = %v; want %q", err, tt.why)
			}
		})
	}
	if CheckModulus(append([]byte{0}, h.modulus...)) == nil || CheckModulus(h.modulus[1:]) == nil || CheckModulus(nil) == nil {
		t.Error("a modulus of another length was taken")
	}
}

// A modulus of the broken generator: both primes are k·M + (65537^a mod M).
func TestROCA(t *testing.T) {
	m := big.NewInt(1)
	for p := int64(2); p <= 167; p++ {
		if big.NewInt(p).ProbablyPrime(0) {
			m.Mul(m, big.NewInt(p))
		}
	}
	weak := func(a int64) *big.Int {
		base := new(big.Int).Exp(big.NewInt(Exponent), big.NewInt(a), m)
		k, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 1200))
		if err != nil {
			t.Fatal(err)
		}
		return base.Add(base, k.Mul(k, m)) // that it is no prime does not matter here
	}
	if !roca(new(big.Int).Mul(weak(1234), weak(98765))) {
		t.Error("the fingerprint is not seen")
	}
	h, other := testHalves()
	if roca(new(big.Int).SetBytes(h.modulus)) || roca(new(big.Int).SetBytes(other.modulus)) {
		t.Error("a good modulus has the fingerprint")
	}
}

// n always has 6144 bits, whichever halves meet.
func TestGenerateIsWide(t *testing.T) {
	a, b := testHalves()
	for _, pair := range [][2]*Half{{a, a}, {a, b}, {b, b}} {
		x, y := new(big.Int).SetBytes(pair[0].modulus), new(big.Int).SetBytes(pair[1].modulus)
		if got := new(big.Int).Mul(x, y).BitLen(); got != ProductBits {
			t.Errorf("the product has %d bits", got)
		}
	}
}

func TestJoinRefuses(t *testing.T) {
	a, b := testHalves()
	if _, err := Join(a.modulus, a.modulus); err == nil {
		t.Error("halves with a common factor were joined")
	}
	if _, err := Join(a.modulus, b.modulus[:HalfSize-1]); err == nil {
		t.Error("a short half was joined")
	}
	product, err := Join(a.modulus, b.modulus)
	if err != nil {
		t.Fatal(err)
	}
	if CheckProduct(product.Modulus, a.modulus) != nil || CheckProduct(product.Modulus, b.modulus) != nil {
		t.Error("a product without its halves")
	}
	product.Modulus[ProductSize-1] ^= 2
	if CheckProduct(product.Modulus, a.modulus) == nil || CheckProduct(a.modulus, a.modulus) == nil {
		t.Error("the phone took a key that does not hold its half")
	}
}
