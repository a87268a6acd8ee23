package idcard

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"testing"
)

func TestKeysOfCards(t *testing.T) {
	curve := func(c elliptic.Curve) crypto.PublicKey {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k.Public()
	}
	number := func(bits int) crypto.PublicKey {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		return k.Public()
	}
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		key  crypto.PublicKey
		ok   bool
	}{
		{"P-256", curve(elliptic.P256()), true},
		{"P-384", curve(elliptic.P384()), true},
		{"P-521", curve(elliptic.P521()), true},
		{"P-224", curve(elliptic.P224()), false},
		{"RSA-2048", number(2048), true},
		{"RSA-2047", number(2047), false},
		{"RSA-1024", number(1024), false},
		{"Ed25519", edwards, false},
		{"none", nil, false},
	} {
		if err := checkKey(tt.key); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
