package splitkey

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"sync"
	"testing"
)

// keys are made once: each costs a second on a busy machine.
var testHalves = sync.OnceValues(func() (a, b *Half) {
	a, errA := Generate()
	b, errB := Generate()
	if errA != nil || errB != nil {
		panic("no test keys")
	}
	return a, b
})

func random(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The constant-time arithmetic agrees with math/big.
func TestPowerAgreesWithBig(t *testing.T) {
	h, _ := testHalves()
	p, q := new(big.Int).SetBytes(h.pBytes), new(big.Int).SetBytes(h.qBytes)
	n := new(big.Int).SetBytes(h.modulus)
	if new(big.Int).Mul(p, q).Cmp(n) != 0 {
		t.Fatal("n is not p·q")
	}
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	d := new(big.Int).ModInverse(big.NewInt(Exponent), phi)
	for _, size := range []int{1, primeSize, HalfSize, ProductSize} {
		em := random(t, size)
		got, err := h.Power(em)
		if err != nil {
			t.Fatal(err)
		}
		want := new(big.Int).Exp(new(big.Int).SetBytes(em), d, n)
		if new(big.Int).SetBytes(got).Cmp(want) != 0 {
			t.Errorf("Power of %d bytes differs from math/big", size)
		}
	}
}

func TestInverseOfExponentAgreesWithBig(t *testing.T) {
	for range 200 {
		x := random(t, primeSize)
		x[0] |= 0x80
		x[primeSize-1] |= 1
		m := new(big.Int).Sub(new(big.Int).SetBytes(x), big.NewInt(1))
		want := new(big.Int).ModInverse(big.NewInt(Exponent), m)
		got, ok := inverseOfExponent(x)
		if ok != (want != nil) || ok && new(big.Int).SetBytes(got).Cmp(want) != 0 {
			t.Fatalf("inverseOfExponent(%x) = %x, %v; want %x", x, got, ok, want)
		}
	}
}

// p-1 divisible by 65537 has no inverse; a last byte of 1 makes newHalf borrow.
func TestInverseOfExponentEdges(t *testing.T) {
	m := new(big.Int).Lsh(big.NewInt(Exponent), primeBits-17)
	if _, ok := inverseOfExponent(m.Add(m, big.NewInt(1)).FillBytes(make([]byte, primeSize))); ok {
		t.Error("an inverse where there is none")
	}
	b := []byte{2, 0, 0}
	borrow(b)
	if !bytes.Equal(b, []byte{1, 255, 255}) {
		t.Errorf("borrow gave %v", b)
	}
}

func TestMarshalHalf(t *testing.T) {
	h, _ := testHalves()
	again, err := UnmarshalHalf(h.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	em := random(t, ProductSize)
	a, errA := h.Power(em)
	b, errB := again.Power(em)
	if errA != nil || errB != nil || !bytes.Equal(a, b) || !h.Equal(again) {
		t.Error("a half that was written and read signs otherwise")
	}
	for _, bad := range [][]byte{nil, h.Marshal()[1:], make([]byte, 5*primeSize)} {
		if _, err := UnmarshalHalf(bad); err == nil {
			t.Errorf("UnmarshalHalf took %d bytes", len(bad))
		}
	}
}

// The whole: two halves sign, crypto/rsa verifies under n, for every hash.
func TestSignatureVerifies(t *testing.T) {
	phone, server := testHalves()
	product, err := Join(phone.Modulus(), server.Modulus())
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckProduct(product.Modulus, phone.Modulus()); err != nil {
		t.Error(err)
	}
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(product.Modulus), E: Exponent}
	for _, h := range []Hash{SHA256, SHA384, SHA512, SHA3256, SHA3384, SHA3512} {
		t.Run(string(h), func(t *testing.T) {
			digest := h.Sum([]byte("payload"))
			em, err := PSS.Encode(h, digest, random(t, h.Size()))
			if err != nil {
				t.Fatal(err)
			}
			s1, err := phone.Share(em)
			if err != nil {
				t.Fatal(err)
			}
			s, err := server.Sign(product, phone.Modulus(), em, s1)
			if err != nil {
				t.Fatal(err)
			}
			if err := rsa.VerifyPSS(pub, h.Crypto(), digest, s, &rsa.PSSOptions{SaltLength: h.Size()}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPSSRefuses(t *testing.T) {
	for _, tt := range []struct {
		hash         Hash
		digest, salt int
	}{{SHA256, 32, 31}, {SHA256, 31, 32}, {SHA512, 32, 64}, {"MD5", 16, 16}, {"", 0, 0}} {
		if _, err := PSS.Encode(tt.hash, make([]byte, tt.digest), make([]byte, tt.salt)); err == nil {
			t.Errorf("Encode took %+v", tt)
		}
	}
}

func TestCheckShareRefuses(t *testing.T) {
	phone, server := testHalves()
	product, err := Join(phone.Modulus(), server.Modulus())
	if err != nil {
		t.Fatal(err)
	}
	em, other := random(t, ProductSize), random(t, ProductSize)
	s1, err := phone.Share(em)
	if err != nil {
		t.Fatal(err)
	}
	n := new(big.Int).SetBytes(phone.Modulus())
	at := func(x *big.Int, d int64) []byte {
		return new(big.Int).Add(x, big.NewInt(d)).FillBytes(make([]byte, HalfSize))
	}
	wrong, err := phone.Share(other)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		share []byte
	}{
		{"zero", make([]byte, HalfSize)},
		{"one", at(new(big.Int), 1)},
		{"n1-1", at(n, -1)},
		{"n1", at(n, 0)},
		{"not reduced", at(n, 5)},
		{"a prime of n1", new(big.Int).SetBytes(phone.pBytes).FillBytes(make([]byte, HalfSize))},
		{"another digest", wrong},
		{"one bit", append(bytes.Clone(s1[:HalfSize-1]), s1[HalfSize-1]^1)},
		{"short", s1[1:]},
		{"long", append([]byte{0}, s1...)},
		{"none", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if s, err := server.Sign(product, phone.Modulus(), em, tt.share); err != ErrShare || s != nil {
				t.Errorf("Sign = %d bytes, %v; want ErrShare", len(s), err)
			}
		})
	}
}

// The bounds hold by themselves: here each of these shares powers to its em.
func TestCheckShareBounds(t *testing.T) {
	h, _ := testHalves()
	n := new(big.Int).SetBytes(h.modulus)
	for name, s := range map[string]*big.Int{
		"zero": big.NewInt(0), "one": big.NewInt(1), "n1-1": new(big.Int).Sub(n, big.NewInt(1)),
		"n1": n, "not reduced": new(big.Int).Add(n, big.NewInt(5)), "a prime of n1": new(big.Int).SetBytes(h.pBytes),
	} {
		em := new(big.Int).Exp(s, big.NewInt(Exponent), n).FillBytes(make([]byte, HalfSize))
		if err := CheckShare(h.modulus, em, s.FillBytes(make([]byte, HalfSize))); err != ErrShare {
			t.Errorf("%s: CheckShare = %v; want ErrShare", name, err)
		}
	}
	five := big.NewInt(5)
	em := new(big.Int).Exp(five, big.NewInt(Exponent), n).FillBytes(make([]byte, HalfSize))
	if err := CheckShare(h.modulus, em, five.FillBytes(make([]byte, HalfSize))); err != nil {
		t.Errorf("a good share: %v", err)
	}
}

// A fault in the server's half gives no signature out.
func TestCombineRefusesFault(t *testing.T) {
	phone, server := testHalves()
	product, err := Join(phone.Modulus(), server.Modulus())
	if err != nil {
		t.Fatal(err)
	}
	em := random(t, ProductSize)
	s1, err1 := phone.Share(em)
	s2, err2 := server.Share(em)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if _, err := Combine(product, phone.Modulus(), em, s1, s2); err != nil {
		t.Fatalf("Combine = %v", err)
	}
	s2[200] ^= 4
	if _, err := Combine(product, phone.Modulus(), em, s1, s2); err == nil {
		t.Error("a wrong signature was given out")
	}
	s2[200] ^= 4
	product.Inverse = bytes.Clone(product.Inverse)
	product.Inverse[3] ^= 1
	if _, err := Combine(product, phone.Modulus(), em, s1, s2); err == nil {
		t.Error("a signature combined by a wrong inverse was given out")
	}
}
