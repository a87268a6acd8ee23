// Package vault keeps what the app remembers in one sealed file: the device key,
// the halves of keys, the accounts, and the request that is under way. It knows
// nothing of servers and screens.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"

	"github.com/tunnus-id/tunnus"
)

// A Vault keeps the app's state in one file, sealed by AES-256-GCM under a key
// that Argon2id makes of the passphrase. It has one writer: a second process
// that opens it is refused, for two writers would look like two copies of a phone.
type Vault struct {
	path string
	lock *os.File
	seal sealing
	aead cipher.AEAD

	// State is what is kept. Whoever changes it calls [Vault.Save] before
	// anything that builds on the change leaves the phone.
	State State
}

// sealing is how the file is sealed; it stands beside the ciphertext.
type sealing struct {
	Version int    `json:"v"`
	Salt    []byte `json:"salt"`
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory_kib"`
	Nonce   []byte `json:"nonce"`
	Sealed  []byte `json:"sealed"`
}

// Argon2id for the vault: about 0.2 s on a small machine. A file may ask for
// more, up to what a small machine can bear.
const (
	vaultVersion = 1
	vaultTime    = 3
	vaultMemory  = 64 << 10 // KiB
	leastMemory  = 8 << 10
	mostMemory   = 256 << 10
	mostTime     = 16
	maxVault     = 4 << 20
)

// Open opens the file, or begins an empty one if there is none. It fails
// if another process has it open, if the passphrase is empty or wrong, or if the
// file is damaged.
func Open(path string, passphrase tunnus.Secret) (*Vault, error) {
	if len(passphrase.Reveal()) == 0 {
		return nil, errors.New("vault: an empty passphrase protects nothing")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	v := &Vault{path: path, lock: lock}
	if err := v.load(passphrase); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return v, nil
}

func (v *Vault) load(passphrase tunnus.Secret) error {
	raw, err := readCapped(v.path, maxVault)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return fmt.Errorf("vault: %w", err)
	}
	v.seal = sealing{Version: vaultVersion, Salt: draw(16), Time: vaultTime, Memory: vaultMemory}
	if !fresh {
		if err := json.Unmarshal(raw, &v.seal); err != nil {
			return fmt.Errorf("vault: the state file is damaged: %w", err)
		}
	}
	// The costs come from a file: bound them before they are spent.
	if v.seal.Version != vaultVersion || v.seal.Time < 1 || v.seal.Time > mostTime || v.seal.Memory < leastMemory || v.seal.Memory > mostMemory {
		return errors.New("vault: the state file is of a kind that this version does not open")
	}
	key := argon2.IDKey(passphrase.Reveal(), v.seal.Salt, v.seal.Time, v.seal.Memory, 2, 32)
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	if v.aead, err = cipher.NewGCM(block); err != nil || fresh {
		return err
	}
	if len(v.seal.Nonce) != v.aead.NonceSize() {
		return errors.New("vault: the state file is damaged")
	}
	plain, err := v.aead.Open(nil, v.seal.Nonce, v.seal.Sealed, v.seal.Salt)
	if err != nil {
		return errors.New("vault: wrong passphrase, or the state file is damaged")
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, &v.State); err != nil {
		return fmt.Errorf("vault: the state is not one that this version knows: %w", err)
	}
	return nil
}

// Save writes the state durably: when it returns nil, it survives a crash; a
// crash on the way leaves the state before. It fails once the vault is closed.
func (v *Vault) Save() error {
	if v.aead == nil {
		return errors.New("vault: the vault is closed")
	}
	plain, err := json.Marshal(v.State)
	if err != nil {
		return err
	}
	defer clear(plain)
	v.seal.Nonce = draw(v.aead.NonceSize())
	v.seal.Sealed = v.aead.Seal(nil, v.seal.Nonce, plain, v.seal.Salt)
	out, err := json.Marshal(v.seal)
	if err != nil {
		return err
	}
	return writeDurably(v.path, out)
}

// Close lets another process open the vault. Nothing can be saved any more.
func (v *Vault) Close() error {
	v.aead = nil
	return v.lock.Close()
}

// writeDurably replaces a file in one step: new content synced, then renamed.
// There is one writer, so what a crash leaves of a new file is written over.
func writeDurably(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// readCapped reads a file that must not be larger than limit.
func readCapped(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", filepath.Base(path), limit)
	}
	return os.ReadFile(path)
}

func draw(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
