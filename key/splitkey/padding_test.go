package splitkey

import (
	"bytes"
	"crypto/rsa"
	"math/big"
	"testing"
)

var hashes = []Hash{SHA256, SHA384, SHA512, SHA3256, SHA3384, SHA3512}

// Raising a signature of crypto/rsa to e gives the encoding that it was made of:
// ours must be the same, byte for byte.
func TestPKCS1IsThatOfTheStandardLibrary(t *testing.T) {
	key := product6144(t)
	for _, h := range hashes {
		digest := h.Sum([]byte("payload"))
		s, err := rsa.SignPKCS1v15(nil, key, h.Crypto(), digest)
		if err != nil {
			t.Fatal(err)
		}
		want := new(big.Int).Exp(new(big.Int).SetBytes(s), big.NewInt(Exponent), key.N).FillBytes(make([]byte, ProductSize))
		got, err := PKCS1.Encode(h, digest, nil)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: PKCS1.Encode = %x, %v; want %x", h, got, err, want)
		}
	}
}

// Our encodings, signed by the whole key without any padding of its own, verify.
func TestPaddingsVerify(t *testing.T) {
	phone, server := testHalves()
	product, err := Join(phone.Modulus(), server.Modulus())
	if err != nil {
		t.Fatal(err)
	}
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(product.Modulus), E: Exponent}
	for _, p := range []Padding{"", PSS, PKCS1} {
		for _, h := range hashes {
			digest := h.Sum([]byte("payload"))
			em, err := p.Encode(h, digest, random(t, h.Size()))
			if err != nil || len(em) != ProductSize {
				t.Fatalf("%q: Encode = %d bytes, %v", p, len(em), err)
			}
			s1, err := phone.Share(em)
			if err != nil {
				t.Fatal(err)
			}
			s, err := server.Sign(product, phone.Modulus(), em, s1)
			if err != nil {
				t.Fatal(err)
			}
			if p == PKCS1 {
				err = rsa.VerifyPKCS1v15(pub, h.Crypto(), digest, s)
			} else {
				err = rsa.VerifyPSS(pub, h.Crypto(), digest, s, &rsa.PSSOptions{SaltLength: h.Size()})
			}
			if err != nil {
				t.Errorf("%q with %s: %v", p, h, err)
			}
		}
	}
}

func TestPaddingRefuses(t *testing.T) {
	for _, tt := range []struct {
		padding      Padding
		hash         Hash
		digest, salt int
	}{
		{PSS, SHA256, 32, 31},
		{PSS, SHA256, 32, 0},
		{"", SHA256, 31, 32},
		{PSS, SHA512, 32, 64},
		{PSS, "MD5", 16, 16},
		{PSS, "", 0, 0},
		{PKCS1, SHA256, 31, 32},
		{PKCS1, SHA512, 32, 64},
		{PKCS1, "MD5", 16, 0},
		{PKCS1, "", 0, 0},
		{"oaep", SHA256, 32, 32},
	} {
		if _, err := tt.padding.Encode(tt.hash, make([]byte, tt.digest), make([]byte, tt.salt)); err == nil {
			t.Errorf("Encode took %+v", tt)
		}
	}
}

// The salt of PKCS#1 is no part of what is signed.
func TestPKCS1IgnoresTheSalt(t *testing.T) {
	digest := SHA512.Sum(nil)
	a, errA := PKCS1.Encode(SHA512, digest, nil)
	b, errB := PKCS1.Encode(SHA512, digest, []byte("salt"))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Error("the salt changes the encoding")
	}
}

// product6144 is the whole key of the two test halves in one hand, as it never
// is outside a test.
func product6144(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	a, b := testHalves()
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{E: Exponent, N: big.NewInt(1)}}
	phi := big.NewInt(1)
	for _, p := range [][]byte{a.pBytes, a.qBytes, b.pBytes, b.qBytes} {
		prime := new(big.Int).SetBytes(p)
		key.Primes = append(key.Primes, prime)
		key.N.Mul(key.N, prime)
		phi.Mul(phi, new(big.Int).Sub(prime, big.NewInt(1)))
	}
	key.D = new(big.Int).ModInverse(big.NewInt(Exponent), phi)
	key.Precompute()
	return key
}
