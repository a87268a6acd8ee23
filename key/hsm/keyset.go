package hsm

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/tunnus-id/tunnus/key/hsm/token"
)

// A KeyID names a key within all keysets: eight hexadecimal digits.
type KeyID = string

func idOf(n uint32) KeyID { return fmt.Sprintf("%08x", n) }

func number(id KeyID) (uint32, error) {
	n, err := strconv.ParseUint(id, 16, 32)
	if err != nil || len(id) != 8 || n == 0 {
		return 0, fmt.Errorf("hsm: %q is no name of a key", id)
	}
	return uint32(n), nil
}

// A Key is what may be told of a key.
type Key struct {
	ID     KeyID     `json:"id"`
	MadeAt time.Time `json:"made_at"`
	// SealsSince is when the key began to seal; the zero time if it never did.
	// The one with the latest time seals.
	SealsSince time.Time `json:"seals_since"`
}

// A document is the file of a keyset.
type document struct {
	Format string `json:"format"`
	Name   string `json:"name"`
	Kind   Kind   `json:"kind"`
	Seals  KeyID  `json:"seals"` // the key that seals now
	Keys   []Key  `json:"keys"`  // oldest first
	// Stretch is how the passphrase becomes a key. Only with [ByPassphrase].
	Stretch *stretch `json:"argon2id,omitempty"`
	// Keyset is tink's: in clear, or encrypted. Not with [InToken].
	Keyset json.RawMessage `json:"keyset,omitempty"`
}

const (
	documentFormat = "tunnus-keyset-1"
	maxKeyset      = 1 << 20
	maxKeys        = 100
)

// place binds an encrypted keyset to its name: the file of one keyset does not
// open as another's.
func (d *document) place() []byte { return []byte("tunnus/keyset/v1/" + d.Name) }

// parseDocument reads the file of a keyset; name and kind are what is expected.
func parseDocument(b []byte, name string, kind Kind) (*document, error) {
	d := new(document)
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(d); err != nil {
		return nil, errors.New("no keyset, or damaged") // the cause might hold parts of a key
	}
	switch {
	case d.Format != documentFormat:
		return nil, fmt.Errorf("not a keyset of the form %s", documentFormat)
	case d.Name != name:
		return nil, fmt.Errorf("the keyset %q, not %q", d.Name, name)
	case d.Kind != kind:
		return nil, fmt.Errorf("keys of kind %q; the configuration says %q", d.Kind, kind)
	case len(d.Keys) == 0 || len(d.Keys) > maxKeys:
		return nil, fmt.Errorf("%d keys; 1 to %d are expected", len(d.Keys), maxKeys)
	case d.index(d.Seals) < 0:
		return nil, errors.New("the key that seals is not among the keys")
	}
	for i, k := range d.Keys {
		if _, err := number(k.ID); err != nil || d.index(k.ID) != i {
			return nil, errors.New("a key's name is malformed, or stands twice")
		}
	}
	return d, nil
}

func (d *document) index(id KeyID) int {
	return slices.IndexFunc(d.Keys, func(k Key) bool { return k.ID == id })
}

func (d *document) encode() ([]byte, error) {
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("hsm: %w", err)
	}
	return append(b, '\n'), nil
}

// openRing opens the keys of a document: what it returns wraps under one key and
// unwraps under all.
func openRing(d *document, src Source, t *token.Token) (tink.AEAD, error) {
	if d.Kind == InToken {
		return openTokenRing(d, t)
	}
	h, err := openHandle(d, src)
	if err != nil {
		return nil, err
	}
	return aead.New(h)
}

// openHandle opens the keyset that tink keeps.
func openHandle(d *document, src Source) (*keyset.Handle, error) {
	r := keyset.NewJSONReader(bytes.NewReader(d.Keyset))
	var h *keyset.Handle
	var err error
	if d.Kind == ByPassphrase {
		master, merr := d.Stretch.master(src.PassphraseFile)
		if merr != nil {
			return nil, merr
		}
		if h, err = keyset.ReadWithAssociatedData(r, master, d.place()); err != nil {
			return nil, errors.New("the passphrase is not this keyset's, or the file is damaged")
		}
	} else if h, err = insecurecleartextkeyset.Read(r); err != nil {
		return nil, errors.New("damaged")
	}
	// What the file tells in clear must be what the keyset says.
	info := h.KeysetInfo()
	if idOf(info.GetPrimaryKeyId()) != d.Seals || len(info.GetKeyInfo()) != len(d.Keys) {
		return nil, errors.New("the list of keys is not that of the keyset")
	}
	for _, k := range info.GetKeyInfo() {
		if d.index(idOf(k.GetKeyId())) < 0 {
			return nil, errors.New("the list of keys is not that of the keyset")
		}
	}
	return h, nil
}

// setHandle puts a keyset into the document, encrypted under a passphrase with
// new salt if it is of that kind.
func (d *document) setHandle(h *keyset.Handle, src Source) error {
	var out bytes.Buffer
	w := keyset.NewJSONWriter(&out)
	if d.Kind == InFile {
		if err := insecurecleartextkeyset.Write(h, w); err != nil {
			return fmt.Errorf("hsm: %w", err)
		}
		d.Keyset = out.Bytes()
		return nil
	}
	d.Stretch = newStretch()
	master, err := d.Stretch.master(src.PassphraseFile)
	if err != nil {
		return err
	}
	if err := h.WriteWithAssociatedData(w, master, d.place()); err != nil {
		return fmt.Errorf("hsm: %w", err)
	}
	d.Keyset = out.Bytes()
	return nil
}

// A tokenRing wraps by keys that do not leave a token. What it wraps begins as
// tink's does, 1 ‖ key id, so that all envelopes are alike.
type tokenRing struct {
	keys  map[uint32]tink.AEAD
	seals uint32
}

const prefixSize = 5

func openTokenRing(d *document, t *token.Token) (*tokenRing, error) {
	r := &tokenRing{keys: map[uint32]tink.AEAD{}}
	for _, k := range d.Keys {
		id, err := number(k.ID)
		if err != nil {
			return nil, err
		}
		if r.keys[id], err = t.Wrapper(tokenLabel(d.Name), id); err != nil {
			return nil, err
		}
		if k.ID == d.Seals {
			r.seals = id
		}
	}
	return r, nil
}

func tokenLabel(name string) string { return "tunnus-" + name }

// Encrypt implements [tink.AEAD].
func (r *tokenRing) Encrypt(plain, aad []byte) ([]byte, error) {
	sealed, err := r.keys[r.seals].Encrypt(plain, aad)
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint32([]byte{1}, r.seals), sealed...), nil
}

// Decrypt implements [tink.AEAD].
func (r *tokenRing) Decrypt(sealed, aad []byte) ([]byte, error) {
	if len(sealed) < prefixSize || sealed[0] != 1 {
		return nil, errDamaged
	}
	k, ok := r.keys[binary.BigEndian.Uint32(sealed[1:])]
	if !ok {
		return nil, errDamaged
	}
	return k.Decrypt(sealed[prefixSize:], aad)
}
