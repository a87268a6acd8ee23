package hsm

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
	"github.com/tunnus-id/tunnus/key/hsm/token"
)

// newDocument makes a keyset of one key, which seals. A zero time is for one that
// is never written.
func newDocument(name string, src Source, t *token.Token, now time.Time) (*document, error) {
	d := &document{Format: documentFormat, Name: name, Kind: src.Kind}
	m := keyset.NewManager()
	id, err := d.addKey(m, t)
	if err != nil {
		return nil, err
	}
	d.Keys = []Key{{ID: idOf(id), MadeAt: now.UTC(), SealsSince: now.UTC()}}
	d.Seals = idOf(id)
	return d, d.keep(m, src, id)
}

// addKey makes one more key, in the keyset or in the token.
func (d *document) addKey(m *keyset.Manager, t *token.Token) (uint32, error) {
	if d.Kind != InToken {
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		if err != nil {
			return 0, fmt.Errorf("hsm: new key: %w", err)
		}
		return id, nil
	}
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	id := binary.BigEndian.Uint32(b[:]) | 1
	if err := t.CreateWrapper(tokenLabel(d.Name), id); err != nil {
		return 0, err
	}
	if d.Name == Modulus {
		return id, t.CreateHalfWrapper(tokenLabel(d.Name), id)
	}
	return id, nil
}

// keep puts what the manager holds into the document, with the key that seals.
func (d *document) keep(m *keyset.Manager, src Source, seals uint32) error {
	if d.Kind == InToken {
		return nil
	}
	if err := m.SetPrimary(seals); err != nil {
		return fmt.Errorf("hsm: %w", err)
	}
	h, err := m.Handle()
	if err != nil {
		return fmt.Errorf("hsm: %w", err)
	}
	return d.setHandle(h, src)
}

// An editor changes the file of one keyset, while no other process does.
type editor struct {
	path string
	src  Source
	tok  *token.Token
	doc  *document
}

// edit opens a keyset, changes it, and writes it.
func edit(cfg Config, name string, change func(*editor) error) error {
	return secretfile.Alone(cfg.Folder, func() error {
		src := cfg.of(name)
		e := &editor{path: path(cfg.Folder, name), src: src}
		b, err := secretfile.Read(e.path, maxKeyset)
		if err != nil {
			return fmt.Errorf("hsm: keyset %s: %w", name, err)
		}
		defer clear(b)
		if e.doc, err = parseDocument(b, name, src.Kind); err != nil {
			return fmt.Errorf("hsm: %s: %w", e.path, err)
		}
		if src.Kind == InToken {
			if e.tok, err = token.Open(src.Token); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, e.tok.Close()) }()
		}
		err = change(e)
		return err
	})
}

// manager opens what tink keeps, to change it; an empty one for a token.
func (e *editor) manager() (*keyset.Manager, error) {
	if e.doc.Kind == InToken {
		return keyset.NewManager(), nil
	}
	h, err := openHandle(e.doc, e.src)
	if err != nil {
		return nil, fmt.Errorf("hsm: keyset %s: %w", e.doc.Name, err)
	}
	return keyset.NewManagerFromHandle(h), nil
}

func (e *editor) write() error {
	b, err := e.doc.encode()
	if err != nil {
		return err
	}
	defer clear(b)
	return secretfile.Replace(e.path, b)
}

func createKeyset(cfg Config, name string, now time.Time) error {
	return secretfile.Alone(cfg.Folder, func() error {
		if err := secretfile.Absent(path(cfg.Folder, name)); err != nil {
			return err
		}
		src := cfg.of(name)
		var t *token.Token
		if src.Kind == InToken {
			var err error
			if t, err = token.Open(src.Token); err != nil {
				return err
			}
			defer t.Close()
		}
		d, err := newDocument(name, src, t, now)
		if err != nil {
			return err
		}
		b, err := d.encode()
		if err != nil {
			return err
		}
		defer clear(b)
		return secretfile.WriteNew(path(cfg.Folder, name), b)
	})
}

// Rotate lets a new key seal from now on, and returns its name. With announce
// the key is only added: where several machines have a copy of the folder, all
// of them must know a key before one seals with it. The next Rotate without
// announce then lets that key seal.
func Rotate(cfg Config, name string, now time.Time, announce bool) (KeyID, error) {
	var out KeyID
	err := edit(cfg, name, func(e *editor) error {
		d := e.doc
		m, err := e.manager()
		if err != nil {
			return err
		}
		// An announced key stands last and has never sealed.
		last := &d.Keys[len(d.Keys)-1]
		if announced := last.SealsSince.IsZero(); announced && announce {
			return fmt.Errorf("hsm: the key %s is announced already", last.ID)
		} else if !announced {
			if len(d.Keys) == maxKeys {
				return fmt.Errorf("hsm: %d keys are enough; drop those that no record needs", maxKeys)
			}
			id, err := d.addKey(m, e.tok)
			if err != nil {
				return err
			}
			d.Keys = append(d.Keys, Key{ID: idOf(id), MadeAt: now.UTC()})
			last = &d.Keys[len(d.Keys)-1]
		}
		out = last.ID
		if !announce {
			d.Seals, last.SealsSince = last.ID, now.UTC()
		}
		seals, err := number(d.Seals)
		if err != nil {
			return err
		}
		if err := d.keep(m, e.src, seals); err != nil {
			return err
		}
		return e.write()
	})
	return out, err
}

// ErrInUse says that records are still under a key.
var ErrInUse = errors.New("hsm: records are still under this key; bring them to the newest first (tunnus keys rewrap)")

// Drop forgets a key for ever, with all that is still sealed under it: it asks
// under, which counts those records, before and after it has taken the key out
// of the file, and refuses ([ErrInUse]) if there are any. It refuses the key
// that seals.
func Drop(ctx context.Context, cfg Config, name string, id KeyID, under func(context.Context) (int, error)) error {
	return edit(cfg, name, func(e *editor) error {
		d := e.doc
		at := d.index(id)
		if at < 0 {
			return fmt.Errorf("hsm: keyset %s has no key %s", name, id)
		}
		if id == d.Seals {
			return fmt.Errorf("hsm: the key %s seals now; rotate first", id)
		}
		if err := unused(ctx, under); err != nil {
			return err
		}
		before, err := e.doc.encode()
		if err != nil {
			return err
		}
		defer clear(before)
		if err := e.remove(at); err != nil {
			return err
		}
		// From here on nobody seals under the key; what was under way has been
		// written, or is seen now.
		if err := unused(ctx, under); err != nil {
			return errors.Join(err, secretfile.Replace(e.path, before))
		}
		if d.Kind != InToken {
			return nil
		}
		n, err := number(id)
		if err != nil {
			return err
		}
		return e.tok.Destroy(tokenLabel(name), n)
	})
}

func unused(ctx context.Context, under func(context.Context) (int, error)) error {
	n, err := under(ctx)
	if err == nil && n > 0 {
		err = fmt.Errorf("%w: %d of them", ErrInUse, n)
	}
	return err
}

// remove takes one key out of the file.
func (e *editor) remove(at int) error {
	m, err := e.manager()
	if err != nil {
		return err
	}
	n, err := number(e.doc.Keys[at].ID)
	if err != nil {
		return err
	}
	seals, err := number(e.doc.Seals)
	if err != nil {
		return err
	}
	if e.doc.Kind != InToken {
		if err := m.Delete(n); err != nil {
			return fmt.Errorf("hsm: %w", err)
		}
	}
	e.doc.Keys = slices.Delete(e.doc.Keys, at, at+1)
	if err := e.doc.keep(m, e.src, seals); err != nil {
		return err
	}
	return e.write()
}

// RewrapSecret brings the secret of the ledger to the newest key of its keyset.
func RewrapSecret(cfg Config) (changed bool, err error) {
	c, err := Open(cfg, Ledger)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	err = secretfile.Alone(cfg.Folder, func() error {
		record, err := secretfile.Read(secretPath(cfg.Folder), maxKeyset)
		if err != nil {
			return fmt.Errorf("hsm: secret of the ledger: %w", err)
		}
		var fresh []byte
		if fresh, changed, err = c.sealers[Ledger].Rewrap(record); err != nil || !changed {
			return err
		}
		return secretfile.Replace(secretPath(cfg.Folder), fresh)
	})
	return changed, err
}

// SecretKey tells the key that the secret of the ledger is under.
func SecretKey(cfg Config) (KeyID, error) {
	record, err := secretfile.Read(secretPath(cfg.Folder), maxKeyset)
	if err != nil {
		return "", fmt.Errorf("hsm: secret of the ledger: %w", err)
	}
	return (*Sealer)(nil).KeyOf(record)
}

func path(folder, name string) string { return filepath.Join(folder, name+".key") }

func secretPath(folder string) string { return filepath.Join(folder, "ledger.secret") }
