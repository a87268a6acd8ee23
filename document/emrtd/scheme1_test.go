package emrtd

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"
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
		{"unknown trailer", block{0x6A, crypto.SHA256, []byte{0x34, 0xCD}, 0}, false},
		{"total recovery", block{0x4A, crypto.SHA256, []byte{0x34, 0xCC}, 0}, false},
		{"another header", block{0x6B, crypto.SHA256, []byte{0x34, 0xCC}, 0}, false},
		{"zero header", block{0x00, crypto.SHA256, []byte{0x34, 0xCC}, 0}, false},
		{"bytes behind the digest", block{0x6A, crypto.SHA256, []byte{0x34, 0xCC}, 8}, false},
	}
	challenge := []byte("8 bytes!")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkRSA(&key.PublicKey, challenge, tt.give.sign(t, key, challenge))
			if (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
			if checkRSA(&key.PublicKey, []byte("another!"), tt.give.sign(t, key, challenge)) == nil {
				t.Error("taken for another challenge")
			}
		})
	}
}

// Keys of no use are refused before they are used.
func TestScheme1Keys(t *testing.T) {
	odd := new(big.Int).Lsh(big.NewInt(1), 1023)
	odd.Add(odd, big.NewInt(1))
	huge := new(big.Int).Lsh(big.NewInt(1), 60_000)
	for name, key := range map[string]*rsa.PublicKey{
		"short":         {N: big.NewInt(0xC0FFEE), E: 3},
		"huge":          {N: huge.Add(huge, big.NewInt(1)), E: 65537},
		"exponent one":  {N: odd, E: 1},
		"exponent even": {N: odd, E: 2},
	} {
		if err := checkRSA(key, []byte("8 bytes!"), make([]byte, (key.N.BitLen()+7)/8)); err != errWeak {
			t.Errorf("%s: %v", name, err)
		}
	}
}
