package serve

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/store"
)

// custody are the server's own keys, one file each. They are made together with
// the database and belong to it for ever: with other keys every lock would be
// forgotten, for the names of ledgers are keyed hashes.
type custody struct {
	voprf, modulus, session *hsm.Sealer
	secret                  tunnus.Secret
}

const ledgerKey = "ledger.key"

// errOtherKeys is told to an operator whose keys folder is not the database's.
var errOtherKeys = errors.New("the database was made with other keys; put back the folder that belongs to it")

// openCustody opens the keys of a database, or makes them if it is new.
func openCustody(ctx context.Context, dir string, db *store.Store) (custody, error) {
	marks, err := db.Marks(ctx)
	if err != nil {
		return custody{}, err
	}
	if len(marks) == 0 {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return custody{}, err
		}
		if err := hsm.CreateFile(filepath.Join(dir, ledgerKey)); err != nil && !errors.Is(err, os.ErrExist) {
			return custody{}, err
		}
	}
	open := hsm.OpenFile
	if len(marks) == 0 {
		open = hsm.OpenOrCreateFile
	}
	var c custody
	for name, to := range c.sealers() {
		if *to, err = open(filepath.Join(dir, name)); err != nil {
			return custody{}, errors.Join(err, refuseIf(len(marks) > 0))
		}
	}
	if c.secret, err = readSecret(filepath.Join(dir, ledgerKey)); err != nil {
		return custody{}, errors.Join(err, refuseIf(len(marks) > 0))
	}
	if len(marks) == 0 {
		return c, c.mark(ctx, db)
	}
	return c, c.recognise(marks)
}

func refuseIf(known bool) error {
	if known {
		return errOtherKeys
	}
	return nil
}

func (c *custody) sealers() map[string]**hsm.Sealer {
	return map[string]**hsm.Sealer{"voprf.key": &c.voprf, "modulus.key": &c.modulus, "session.key": &c.session}
}

// tag is what marks are made of.
const tag = "tunnus/custody/v1"

func (c *custody) mark(ctx context.Context, db *store.Store) error {
	marks := map[string][]byte{ledgerKey: c.secretMark()}
	for name, s := range c.sealers() {
		sealed, err := (*s).Seal([]byte(tag), []byte(name))
		if err != nil {
			return err
		}
		marks[name] = sealed
	}
	return db.SetMarks(ctx, marks)
}

func (c *custody) recognise(marks map[string][]byte) error {
	for name, s := range c.sealers() {
		if plain, err := (*s).Open(marks[name], []byte(name)); err != nil || !bytes.Equal(plain, []byte(tag)) {
			return fmt.Errorf("%s: %w", name, errOtherKeys)
		}
	}
	if !hmac.Equal(marks[ledgerKey], c.secretMark()) {
		return fmt.Errorf("%s: %w", ledgerKey, errOtherKeys)
	}
	return nil
}

func (c *custody) secretMark() []byte {
	m := hmac.New(sha256.New, c.secret.Reveal())
	m.Write([]byte(tag))
	return m.Sum(nil)
}

// readSecret reads a key of 32 bytes that only its owner may read.
func readSecret(path string) (tunnus.Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return tunnus.Secret{}, err
	}
	if info.Mode().Perm()&0o077 != 0 || info.Size() != hsm.KeySize {
		return tunnus.Secret{}, fmt.Errorf("%s: %d bytes that only the owner may read are expected", filepath.Base(path), hsm.KeySize)
	}
	b, err := os.ReadFile(path)
	return tunnus.NewSecret(b), err
}
