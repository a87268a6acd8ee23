package answer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"

	"github.com/tunnus-id/tunnus/document/signature"
)

// block is an opened signature of ISO/IEC 9796-2 scheme 1.
type block struct {
	header  byte
	hash    crypto.Hash
	trailer []byte
	early   int // bytes by which the digest stands too far ahead
}

// sign fills the block with the message and signs it.
func (b block) sign(t *testing.T, key *rsa.PrivateKey, challenge []byte) []byte {
	t.Helper()
	f := make([]byte, key.Size())
	_, _ = rand.Read(f)
	f[0] = b.header
	copy(f[len(f)-len(b.trailer):], b.trailer)
	at := len(f) - len(b.trailer) - b.hash.Size() - b.early
	h := b.hash.New()
	h.Write(f[1:at])
	h.Write(challenge)
	copy(f[at:], h.Sum(nil))
	m := new(big.Int).SetBytes(f)
	return m.Exp(m, key.D, key.N).FillBytes(f)
}

func TestScheme1(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		give block
		ok   bool
	}{
		{"SHA-1, one byte", block{0x6A, crypto.SHA1, []byte{0xBC}, 0}, true},
		{"SHA-1", block{0x6A, crypto.SHA1, []byte{0x33, 0xCC}, 0}, true},
		{"SHA-224", block{0x6A, crypto.SHA224, []byte{0x38, 0xCC}, 0}, true},
		{"SHA-256", block{0x6A, crypto.SHA256, []byte{0x34, 0xCC}, 0}, true},
		{"SHA-384", block{0x6A, crypto.SHA384, []byte{0x36, 0xCC}, 0}, true},
		{"SHA-512", block{0x6A, crypto.SHA512, []byte{0x35, 0xCC}, 0}, true},
		{"digest unlike the trailer", block{0x6A, crypto.SHA1, []byte{0x34, 0xCC}, 0}, false},
		{"unknown digest", block{0x6A, crypto.SHA256, []byte{0x31, 0xCC}, 0}, false},
		{"unknown trailer of one byte", block{0x6A, crypto.SHA1, []byte{0xBD}, 0}, false},
		{"unknown trailer", block{0x6A, crypto.SHA256, []byte{0x34, 0xCD}, 0}, false},
		{"total recovery", block{0x4A, crypto.SHA256, []byte{0x34, 0xCC}, 0}, false},
		{"another header", block{0x6B, crypto.SHA256, []byte{0x34, 0xCC}, 0}, false},
		{"zero header", block{0x00, crypto.SHA256, []byte{0x34, 0xCC}, 0}, false},
		{"bytes behind the digest", block{0x6A, crypto.SHA256, []byte{0x34, 0xCC}, 8}, false},
	}
	challenge := []byte("8 bytes!")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := RSA(public(t, &key.PublicKey), challenge, tt.give.sign(t, key, challenge))
			if (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
			if _, err := RSA(public(t, &key.PublicKey), []byte("another!"), tt.give.sign(t, key, challenge)); err == nil {
				t.Error("taken for another challenge")
			}
		})
	}
}

// public is the key as data group 15 has it.
func public(t *testing.T, k *rsa.PublicKey) signature.Key {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		t.Fatal(err)
	}
	key, err := signature.ParseKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Keys of no use are refused before they are used.
func TestScheme1Keys(t *testing.T) {
	huge := new(big.Int).Lsh(big.NewInt(1), 5000)
	key := public(t, &rsa.PublicKey{N: huge.Add(huge, big.NewInt(1)), E: 65537})
	if _, err := RSA(key, []byte("8 bytes!"), make([]byte, 626)); err != ErrKey {
		t.Errorf("huge: %v", err)
	}
	if _, err := RSA(signature.Key{}, []byte("8 bytes!"), make([]byte, 256)); err == nil {
		t.Error("no key at all opens something")
	}
}
