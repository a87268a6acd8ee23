// Package hsm keeps the keys that seal the server's secrets at rest.
//
// A [Sealer] encrypts small records (AES-256-GCM, NIST SP 800-38D) under a key
// that is read from a file at the start and never leaves this package. Each
// sealed record begins with the version of its key, so that keys can be changed
// while old records stay readable. The caller binds each record to its place
// by associated data; a record moved elsewhere does not open.
//
// VOPRF keys and moduli are sealed under two different keys (security.md K12),
// so there are two sealers. Key modules (PKCS#11) are not served yet.
package hsm

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// KeySize is the size of a sealing key and of its file, in bytes.
const KeySize = 32

// firstVersion is the key version of a sealer with one key.
const firstVersion = 1

// A Sealer seals and opens records. It is safe for use by several goroutines.
type Sealer struct {
	keys    map[byte]cipher.AEAD
	current byte
}

// New makes a sealer of a key of [KeySize] bytes, version 1.
func New(key []byte) (*Sealer, error) {
	s := &Sealer{keys: map[byte]cipher.AEAD{}}
	if err := s.Add(firstVersion, key); err != nil {
		return nil, err
	}
	return s, nil
}

// Add gives the sealer one more key, which seals from now on if its version is
// the highest. It must not be called while others use the sealer.
func (s *Sealer) Add(version byte, key []byte) error {
	if len(key) != KeySize {
		return fmt.Errorf("hsm: a sealing key has %d bytes, not %d", KeySize, len(key))
	}
	if _, ok := s.keys[version]; ok || version == 0 {
		return fmt.Errorf("hsm: key version %d is taken or not allowed", version)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return fmt.Errorf("hsm: %w", err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return fmt.Errorf("hsm: %w", err)
	}
	s.keys[version] = gcm
	s.current = max(s.current, version)
	return nil
}

// Seal encrypts plain and binds it to aad.
func (s *Sealer) Seal(plain, aad []byte) ([]byte, error) {
	return s.keys[s.current].Seal([]byte{s.current}, nil, plain, bind(s.current, aad)), nil
}

// Open decrypts what Seal made with the same aad.
func (s *Sealer) Open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, errors.New("hsm: nothing to open")
	}
	gcm, ok := s.keys[sealed[0]]
	if !ok {
		return nil, fmt.Errorf("hsm: no key of version %d", sealed[0])
	}
	plain, err := gcm.Open(nil, nil, sealed[1:], bind(sealed[0], aad))
	if err != nil {
		return nil, errors.New("hsm: the sealed record is damaged, or not of this place or key")
	}
	return plain, nil
}

// bind puts the key version under the seal too.
func bind(version byte, aad []byte) []byte { return append([]byte{version}, aad...) }

// OpenFile makes a sealer of the key in a file of exactly [KeySize] bytes, which
// only its owner may read or write.
func OpenFile(path string) (*Sealer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("hsm: sealing key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("hsm: sealing key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("hsm: sealing key %s: must be a file of mode 0600, not %s", path, info.Mode())
	}
	if info.Size() != KeySize {
		return nil, fmt.Errorf("hsm: sealing key %s: must have %d bytes, not %d", path, KeySize, info.Size())
	}
	key := make([]byte, KeySize)
	defer clear(key)
	if _, err := f.Read(key); err != nil {
		return nil, fmt.Errorf("hsm: sealing key: %w", err)
	}
	return New(key)
}

// CreateFile draws a key and writes it to a new file of mode 0600. If the file
// is there already, it fails with [fs.ErrExist] and changes nothing.
func CreateFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("hsm: new sealing key: %w", err)
	}
	key := make([]byte, KeySize)
	defer clear(key)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	_, werr := f.Write(key)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("hsm: new sealing key: %w", err)
	}
	return nil
}

// OpenOrCreateFile opens the key in a file, which it makes first if there is none.
func OpenOrCreateFile(path string) (*Sealer, error) {
	if err := CreateFile(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return OpenFile(path)
}
