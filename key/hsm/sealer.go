package hsm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
	"github.com/tunnus-id/tunnus/key/hsm/token"
)

var errDamaged = errors.New("hsm: the sealed record is damaged, or not of this place or key")

// A Sealer seals and opens records under a keyset. It is safe for use by
// several goroutines.
type Sealer struct {
	path string // "" if the keyset is only in memory
	name string
	src  Source
	tok  *token.Token

	loading sync.Mutex
	now     atomic.Pointer[keysetState]
}

// keysetState is a keyset as it was read from its file.
type keysetState struct {
	at   os.FileInfo // of the file; nil in memory
	doc  *document
	ring tink.AEAD
	seal *aead.KMSEnvelopeAEAD
}

// same tells whether a file is still the one that was read.
func (k *keysetState) same(now os.FileInfo) bool {
	return k != nil && os.SameFile(k.at, now) && k.at.ModTime().Equal(now.ModTime()) && k.at.Size() == now.Size()
}

func openSealer(path, name string, src Source, t *token.Token) (*Sealer, error) {
	s := &Sealer{path: path, name: name, src: src, tok: t}
	return s, s.load()
}

// Ephemeral makes a sealer of a new key that nobody else has: what it seals is
// lost with it.
func Ephemeral() (*Sealer, error) {
	d, err := newDocument("ephemeral", Source{Kind: InFile}, nil, time.Time{})
	if err != nil {
		return nil, err
	}
	s := &Sealer{name: d.Name, src: Source{Kind: InFile}}
	return s, s.use(nil, d)
}

// load reads the file, if it is not as it was read last.
func (s *Sealer) load() error {
	if s.path == "" {
		return nil
	}
	at, err := os.Stat(s.path)
	if err != nil {
		return fmt.Errorf("hsm: keyset %s: %w", s.name, err)
	}
	if s.now.Load().same(at) {
		return nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	if s.now.Load().same(at) {
		return nil
	}
	b, err := secretfile.Read(s.path, maxKeyset)
	if err != nil {
		return fmt.Errorf("hsm: keyset %s: %w", s.name, err)
	}
	defer clear(b)
	d, err := parseDocument(b, s.name, s.src.Kind)
	if err != nil {
		return fmt.Errorf("hsm: %s: %w", s.path, err)
	}
	return s.use(at, d)
}

func (s *Sealer) use(at os.FileInfo, d *document) error {
	r, err := openRing(d, s.src, s.tok)
	if err != nil {
		return fmt.Errorf("hsm: keyset %s: %w", s.name, err)
	}
	d.Keyset = nil // needed no more
	s.now.Store(&keysetState{at, d, r, aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), r)})
	return nil
}

// Keys lists the keys of the keyset, oldest first, and the one that seals.
func (s *Sealer) Keys() (all []Key, seals KeyID) {
	d := s.now.Load().doc
	return slices.Clone(d.Keys), d.Seals
}

// Seal encrypts plain and binds it to aad, under the newest key of the keyset's
// file: once a rotation is written, nothing more is sealed under the key before.
func (s *Sealer) Seal(plain, aad []byte) ([]byte, error) {
	if err := s.load(); err != nil {
		return nil, err
	}
	sealed, err := s.now.Load().seal.Encrypt(plain, aad)
	if err != nil {
		return nil, fmt.Errorf("hsm: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made with the same aad.
func (s *Sealer) Open(sealed, aad []byte) ([]byte, error) {
	if err := s.know(sealed); err != nil {
		return nil, err
	}
	plain, err := s.now.Load().seal.Decrypt(sealed, aad)
	if err != nil {
		return nil, errDamaged
	}
	return plain, nil
}

// know reads the file again if a record is under a key that is not known yet.
func (s *Sealer) know(sealed []byte) error {
	id, err := s.KeyOf(sealed)
	if err != nil {
		return err
	}
	if s.now.Load().doc.index(id) >= 0 {
		return nil
	}
	if err := s.load(); err != nil {
		return err
	}
	if s.now.Load().doc.index(id) < 0 {
		return fmt.Errorf("hsm: keyset %s has no key %s", s.name, id)
	}
	return nil
}

// lengthSize is the size of the length of the wrapped key, with which an envelope begins.
const lengthSize = 4

// split splits an envelope: length ‖ wrapped key ‖ content, where the wrapped key
// begins 1 ‖ id of the key that wraps it (tink's wire format).
func split(sealed []byte) (id uint32, wrapped, content []byte, err error) {
	if len(sealed) < lengthSize+prefixSize {
		return 0, nil, nil, errDamaged
	}
	n := binary.BigEndian.Uint32(sealed)
	if n < prefixSize || uint64(n) > uint64(len(sealed)-lengthSize) || sealed[lengthSize] != 1 {
		return 0, nil, nil, errDamaged
	}
	wrapped, content = sealed[lengthSize:lengthSize+n], sealed[lengthSize+n:]
	return binary.BigEndian.Uint32(wrapped[1:]), wrapped, content, nil
}

// KeyOf tells the key that a record is under, whether or not it is known here.
func (s *Sealer) KeyOf(sealed []byte) (KeyID, error) {
	if r, ok := parseTokenRecord(sealed); ok {
		return idOf(r.key), nil
	}
	id, _, _, err := split(sealed)
	return idOf(id), err
}

// Rewrap returns a record under the key that seals now; changed is false if it
// is already. Only the wrapping of its key is made anew: what is sealed, and the
// place that it is bound to, stay as they are and need not be known.
func (s *Sealer) Rewrap(sealed []byte) (fresh []byte, changed bool, err error) {
	if err := errors.Join(s.load(), s.know(sealed)); err != nil {
		return nil, false, err
	}
	st := s.now.Load()
	if id, err := s.KeyOf(sealed); err != nil || id == st.doc.Seals {
		return sealed, false, err
	}
	if r, ok := parseTokenRecord(sealed); ok {
		return s.rewrapHalf(st, r)
	}
	_, wrapped, content, err := split(sealed)
	if err != nil {
		return nil, false, err
	}
	dek, err := st.ring.Decrypt(wrapped, nil)
	if err != nil {
		return nil, false, errDamaged
	}
	defer clear(dek)
	again, err := st.ring.Encrypt(dek, nil)
	if err != nil {
		return nil, false, fmt.Errorf("hsm: %w", err)
	}
	fresh = binary.BigEndian.AppendUint32(nil, uint32(len(again)))
	return append(append(fresh, again...), content...), true, nil
}
