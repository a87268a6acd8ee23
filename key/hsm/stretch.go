package hsm

import (
	"crypto/rand"
	"errors"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
	"golang.org/x/crypto/argon2"

	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
)

// A stretch is how a passphrase becomes a key (RFC 9106).
type stretch struct {
	Time    uint32 `json:"time"`
	KiB     uint32 `json:"kib"`
	Threads uint8  `json:"threads"`
	Salt    []byte `json:"salt"`
}

// RFC 9106 §4, second recommended option: 64 MiB, three passes, four lanes.
const (
	stretchTime    = 3
	stretchKiB     = 64 << 10
	stretchThreads = 4
	saltSize       = 16
	masterSize     = 32

	maxStretchTime = 100
	maxStretchKiB  = 4 << 20
)

func newStretch() *stretch {
	s := &stretch{stretchTime, stretchKiB, stretchThreads, make([]byte, saltSize)}
	_, _ = rand.Read(s.Salt) // never fails (crypto/rand)
	return s
}

// master makes the key that encrypts a keyset.
func (s *stretch) master(passphraseFile string) (tink.AEAD, error) {
	// Weaker than what is written here was written by somebody else.
	if s == nil || s.Time < stretchTime || s.Time > maxStretchTime || s.KiB < stretchKiB || s.KiB > maxStretchKiB ||
		s.Threads == 0 || len(s.Salt) != saltSize {
		return nil, errors.New("hsm: argon2id: parameters out of bounds")
	}
	phrase, err := secretfile.Passphrase(passphraseFile)
	if err != nil {
		return nil, err
	}
	defer clear(phrase)
	key := argon2.IDKey(phrase, s.Salt, s.Time, s.KiB, s.Threads, masterSize)
	defer clear(key)
	return subtle.NewAESGCM(key)
}
