package splitkey

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"golang.org/x/crypto/argon2"
)

// Cost of one guess for whoever has the phone's storage and the server's keys:
// Argon2id with three passes over 64 MiB (RFC 9106 §4, second choice).
const (
	argonPasses  = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 1
	saltSize     = 16
	keySize      = 32
)

// An Identity says which key one speaks of: what the blob and the internal
// proofs are bound to, and the server's public key that the phone pinned.
type Identity struct {
	Key        string  `json:"key"`
	Purpose    Purpose `json:"purpose"`
	Generation int     `json:"generation"`
	Modulus    []byte  `json:"modulus"` // n1
	Public     []byte  `json:"public"`  // pkS
}

// context encodes key id, purpose, generation and n1, each behind its length.
func (id Identity) context() []byte {
	b := field(nil, []byte(id.Key))
	b = field(b, []byte(id.Purpose))
	b = binary.BigEndian.AppendUint32(b, uint32(id.Generation))
	return field(b, id.Modulus)
}

// A Blob is the phone's half sealed under the hardened PIN, as the phone keeps it.
type Blob struct {
	Identity
	Salt []byte `json:"salt"`
	Box  []byte `json:"box"` // nonce ‖ AES-256-GCM of p1 ‖ q1
	Sum  []byte `json:"sum"` // SHA-256 against damage, see [Blob.Intact]
}

// Seal seals a half under a hardened PIN (from [Blind]).
func Seal(id Identity, h *Half, hardened []byte) (Blob, error) {
	if !bytes.Equal(id.Modulus, h.modulus) {
		return Blob{}, errors.New("splitkey: the half is not the one that is named")
	}
	b := Blob{Identity: id, Salt: make([]byte, saltSize)}
	_, _ = rand.Read(b.Salt) // never fails (crypto/rand)
	aead, err := b.cipher(hardened)
	if err != nil {
		return Blob{}, err
	}
	secret := append(bytes.Clone(h.pBytes), h.qBytes...)
	defer clear(secret)
	b.Box = aead.Seal(nil, nil, secret, id.context())
	b.Sum = b.sum()
	return b, nil
}

// cipher derives K = HKDF(Argon2id(hardened, salt), key id) and sets up AES-256-GCM.
func (b Blob) cipher(hardened []byte) (cipher.AEAD, error) {
	slow := argon2.IDKey(hardened, b.Salt, argonPasses, argonMemory, argonThreads, keySize)
	defer clear(slow)
	k, err := hkdf.Key(sha256.New, slow, nil, "tunnus/blob/v1/"+b.Key, keySize)
	if err != nil {
		return nil, fmt.Errorf("splitkey: %w", err)
	}
	defer clear(k)
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, fmt.Errorf("splitkey: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sum covers all that a try depends on, so that damage is found before it
// costs one. It holds no secret.
func (b Blob) sum() []byte {
	h := sha256.New()
	for _, part := range [][]byte{b.context(), b.Public, b.Salt, b.Box} {
		h.Write(field(nil, part))
	}
	return h.Sum(nil)
}

// ErrDamaged says that a blob is not what was stored: no PIN opens it.
var ErrDamaged = errors.New("splitkey: the stored key is damaged")

// Intact tells before a try whether the blob is as it was sealed. It fails with
// [ErrDamaged].
func (b Blob) Intact() error {
	if !bytes.Equal(b.Sum, b.sum()) {
		return ErrDamaged
	}
	return nil
}

// Open opens the blob. It fails with [tunnus.CodePINWrong] if the PIN was
// another one than at sealing; how many tries are left is told by the server's
// [Tries] and put there by the caller.
func (b Blob) Open(hardened []byte) (*Half, error) {
	if err := b.Intact(); err != nil {
		return nil, err
	}
	aead, err := b.cipher(hardened)
	if err != nil {
		return nil, err
	}
	secret, err := aead.Open(nil, nil, b.Box, b.context())
	if err != nil {
		return nil, tunnus.Fail(tunnus.CodePINWrong, errors.New("splitkey: the blob does not open"))
	}
	if len(secret) != 2*primeSize {
		return nil, ErrDamaged
	}
	h, err := newHalf(secret[:primeSize:primeSize], secret[primeSize:])
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(h.modulus, b.Modulus) {
		return nil, ErrDamaged
	}
	return h, nil
}
