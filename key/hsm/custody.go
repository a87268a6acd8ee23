package hsm

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
	"github.com/tunnus-id/tunnus/key/hsm/token"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
)

// A Custody is a server's own keys, open.
type Custody struct {
	cfg     Config
	sealers map[string]*Sealer
	tokens  map[token.Config]*token.Token
}

// Open opens the keysets named, of those in the folder of a configuration that
// is complete and valid. A process opens those that it needs and no others.
//
// It refuses two keysets that share a key (security.md K12). A missing file is
// an error that is [fs.ErrNotExist]: keysets are made by [Create], once.
func Open(cfg Config, names ...string) (*Custody, error) {
	c := &Custody{cfg: cfg, sealers: map[string]*Sealer{}, tokens: map[token.Config]*token.Token{}}
	err := c.open(names)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Custody) open(names []string) error {
	owner := map[KeyID]string{}
	for _, name := range names {
		src := c.cfg.of(name)
		t, err := c.token(src)
		if err != nil {
			return err
		}
		s, err := openSealer(path(c.cfg.Folder, name), name, src, t)
		if err != nil {
			return err
		}
		c.sealers[name] = s
		keys, _ := s.Keys()
		for _, k := range keys {
			if other, taken := owner[k.ID]; taken {
				return fmt.Errorf("hsm: %s and %s have the same key %s; each must have its own", other, name, k.ID)
			}
			owner[k.ID] = name
		}
	}
	return nil
}

// token opens a source's token, once for all keysets in it.
func (c *Custody) token(src Source) (*token.Token, error) {
	if src.Kind != InToken {
		return nil, nil
	}
	if t := c.tokens[src.Token]; t != nil {
		return t, nil
	}
	t, err := token.Open(src.Token)
	if err != nil {
		return nil, err
	}
	c.tokens[src.Token] = t
	return t, nil
}

// Sealer returns one of the sealers that were opened.
func (c *Custody) Sealer(name string) *Sealer { return c.sealers[name] }

// Halves returns what seals and opens the server's halves, for
// keyshare.Config.SealModulus: the sealer of the moduli, or the key module.
func (c *Custody) Halves() sealed.Sealer {
	s := c.sealers[Modulus]
	if c.cfg.HalvesInToken {
		return &tokenHalves{s, c.tokens[c.cfg.of(Modulus).Token]}
	}
	return s
}

// Secret opens the secret that names lock ledgers: 32 bytes, sealed by the
// keyset [Ledger]. With another secret every lock would be forgotten.
func (c *Custody) Secret() (tunnus.Secret, error) {
	record, err := secretfile.Read(secretPath(c.cfg.Folder), maxKeyset)
	if err != nil {
		return tunnus.Secret{}, fmt.Errorf("hsm: secret of the ledger: %w", err)
	}
	plain, err := c.sealers[Ledger].Open(record, []byte(secretPlace))
	if err != nil || len(plain) != secretSize {
		return tunnus.Secret{}, fmt.Errorf("hsm: secret of the ledger: %w", errors.Join(err, errDamaged))
	}
	return tunnus.NewSecret(plain), nil
}

// markPlain is what marks are made of.
const markPlain = "tunnus/custody/v1"

// Marks are what the keysets that are open can be known by, for a database to
// keep: with other keys it could not be read. Each is sealed under its keyset.
func (c *Custody) Marks() (map[string][]byte, error) {
	marks := map[string][]byte{}
	for name, s := range c.sealers {
		var err error
		if marks[name], err = s.Seal([]byte(markPlain), []byte(markPlain+"/"+name)); err != nil {
			return nil, err
		}
	}
	if c.sealers[Ledger] == nil {
		return marks, nil
	}
	var err error
	marks[secretMark], err = c.markSecret()
	return marks, err
}

// secretMark names the mark of the ledger's secret; the others have the names of their keysets.
const secretMark = "ledger.secret"

func (c *Custody) markSecret() ([]byte, error) {
	secret, err := c.Secret()
	if err != nil {
		return nil, err
	}
	defer secret.Wipe()
	m := hmac.New(sha256.New, secret.Reveal())
	m.Write([]byte(markPlain))
	return m.Sum(nil), nil
}

// ErrOtherKeys is told to an operator whose folder of keys is not the database's.
var ErrOtherKeys = errors.New("the database was made with other keys; put back the folder that belongs to it")

// Recognise fails with [ErrOtherKeys] unless the keysets that are open are those
// that made the marks.
func (c *Custody) Recognise(marks map[string][]byte) error {
	for name, s := range c.sealers {
		if plain, err := s.Open(marks[name], []byte(markPlain+"/"+name)); err != nil || string(plain) != markPlain {
			return fmt.Errorf("%s: %w", name, ErrOtherKeys)
		}
	}
	if c.sealers[Ledger] == nil {
		return nil
	}
	if mark, err := c.markSecret(); err != nil || !hmac.Equal(mark, marks[secretMark]) {
		return fmt.Errorf("%s: %w", secretMark, errors.Join(err, ErrOtherKeys))
	}
	return nil
}

// Close forgets the keys as far as it can, and leaves the key modules.
func (c *Custody) Close() error {
	var errs []error
	for _, t := range c.tokens {
		errs = append(errs, t.Close())
	}
	return errors.Join(errs...)
}

const (
	secretPlace = "tunnus/ledger/v1"
	secretSize  = 32
)

// Create makes the keysets named, where they are missing, and with [Ledger] its
// secret. What is there already it leaves alone. The folder is made, for its
// owner only, if it is not there.
func Create(cfg Config, now time.Time, names ...string) error {
	if err := os.MkdirAll(cfg.Folder, 0o700); err != nil {
		return fmt.Errorf("hsm: %w", err)
	}
	for _, name := range names {
		err := createKeyset(cfg, name, now)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if !slices.Contains(names, Ledger) {
		return nil
	}
	if err := secretfile.Absent(secretPath(cfg.Folder)); err != nil {
		return nil // it is there
	}
	c, err := Open(cfg, Ledger)
	if err != nil {
		return err
	}
	secret := make([]byte, secretSize)
	defer clear(secret)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	record, err := c.sealers[Ledger].Seal(secret, []byte(secretPlace))
	if err == nil {
		err = secretfile.WriteNew(secretPath(cfg.Folder), record)
	}
	return errors.Join(err, c.Close())
}
