package vault

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
)

func phrase(s string) tunnus.Secret { return tunnus.NewSecret([]byte(s)) }

// newVault makes a vault that holds one account, and closes it.
func newVault(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "phone.json")
	v := open(t, path)
	v.State.Accounts = []Account{{Document: "PNOXX-1"}}
	if err := v.Save(); err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *Vault {
	t.Helper()
	v, err := Open(path, phrase("right"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func TestVaultKeepsItsState(t *testing.T) {
	if got := open(t, newVault(t)).State.Accounts; len(got) != 1 || got[0].Document != "PNOXX-1" {
		t.Errorf("accounts = %v", got)
	}
}

func TestVaultRefusesAPassphrase(t *testing.T) {
	for name, say := range map[string]string{"another": "wrong", "none": ""} {
		t.Run(name, func(t *testing.T) {
			if v, err := Open(newVault(t), phrase(say)); err == nil {
				t.Errorf("the vault opened: %v", v.State.Accounts)
			}
		})
	}
}

// Nothing of what is inside may be read off the file.
func TestVaultFileShowsNothing(t *testing.T) {
	raw, err := os.ReadFile(newVault(t))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("PNOXX")) || bytes.Contains(raw, []byte("accounts")) {
		t.Error("the state stands in clear in the file")
	}
}

func TestVaultFilesAreTheirOwnersOnly(t *testing.T) {
	path := newVault(t)
	for _, p := range []string{path, path + ".lock"} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want 0600", p, info.Mode(), err)
		}
	}
}

// Whoever changes the file is found out, wherever the change is.
func TestVaultRefusesADamagedFile(t *testing.T) {
	change := func(f func(*sealing)) func([]byte) []byte {
		return func(raw []byte) []byte {
			var s sealing
			_ = json.Unmarshal(raw, &s)
			f(&s)
			out, _ := json.Marshal(s)
			return out
		}
	}
	for name, damage := range map[string]func([]byte) []byte{
		"cut short":      func(b []byte) []byte { return b[:len(b)/2] },
		"empty":          func([]byte) []byte { return nil },
		"not JSON":       func([]byte) []byte { return []byte("phone") },
		"something more": func(b []byte) []byte { return append(b, '{') },
		"too large":      func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), maxVault)...) },
		"ciphertext":     change(func(s *sealing) { s.Sealed[3] ^= 1 }),
		"salt":           change(func(s *sealing) { s.Salt[0] ^= 1 }),
		"nonce":          change(func(s *sealing) { s.Nonce[0] ^= 1 }),
		"short nonce":    change(func(s *sealing) { s.Nonce = s.Nonce[:4] }),
		"version":        change(func(s *sealing) { s.Version = 2 }),
	} {
		t.Run(name, func(t *testing.T) {
			path := newVault(t)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(raw), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path, phrase("right")); err == nil {
				t.Error("the vault opened")
			}
		})
	}
}

// The costs stand in the file, so a file could ask for all memory and a day of
// time. It is refused before anything is spent.
func TestVaultBoundsItsCosts(t *testing.T) {
	for name, f := range map[string]func(*sealing){
		"memory":     func(s *sealing) { s.Memory = mostMemory + 1 },
		"no memory":  func(s *sealing) { s.Memory = leastMemory - 1 },
		"time":       func(s *sealing) { s.Time = mostTime + 1 },
		"no time":    func(s *sealing) { s.Time = 0 },
		"all memory": func(s *sealing) { s.Memory = 1<<32 - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			s := sealing{Version: vaultVersion, Time: vaultTime, Memory: vaultMemory, Salt: draw(16), Nonce: draw(12)}
			f(&s)
			raw, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "phone.json")
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = Open(path, phrase("right"))
			if err == nil || !strings.Contains(err.Error(), "kind") {
				t.Errorf("error = %v; want the refusal of the costs", err)
			}
		})
	}
}

// Two processes on one state would look like two copies of a phone.
func TestVaultHasOneWriter(t *testing.T) {
	path := newVault(t)
	first := open(t, path)
	if _, err := Open(path, phrase("right")); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Fatalf("error = %v; want that it is open already", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

// Whoever has let go of the lock writes nothing any more.
func TestVaultSavesNothingOnceClosed(t *testing.T) {
	path := newVault(t)
	first := open(t, path)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	first.State.Accounts = nil
	if err := first.Save(); err == nil {
		t.Error("saved after closing")
	}
	if got := open(t, path).State.Accounts; len(got) != 1 {
		t.Errorf("accounts = %v", got)
	}
}

// A crash between the new file and its renaming leaves the state before.
func TestVaultCrashBeforeRename(t *testing.T) {
	path := newVault(t)
	if err := os.WriteFile(path+".new", []byte("half a sta"), 0o600); err != nil {
		t.Fatal(err)
	}
	v := open(t, path)
	if len(v.State.Accounts) != 1 {
		t.Fatalf("accounts = %v", v.State.Accounts)
	}
	v.State.Accounts = append(v.State.Accounts, Account{Document: "PNOXX-2"})
	if err := v.Save(); err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if got := open(t, path).State.Accounts; len(got) != 2 {
		t.Errorf("accounts = %v", got)
	}
}

// A save that fails leaves the state before, and says so.
func TestVaultSaveThatFails(t *testing.T) {
	path := newVault(t)
	v := open(t, path)
	if err := os.Mkdir(path+".new", 0o700); err != nil { // nothing can be written there
		t.Fatal(err)
	}
	v.State.Accounts = nil
	if err := v.Save(); err == nil {
		t.Fatal("saved")
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if got := open(t, path).State.Accounts; len(got) != 1 {
		t.Errorf("accounts = %v", got)
	}
}

func TestVaultNoncesDiffer(t *testing.T) {
	v := open(t, newVault(t))
	seen := map[string]bool{}
	for range 3 {
		if err := v.Save(); err != nil {
			t.Fatal(err)
		}
		if seen[string(v.seal.Nonce)] {
			t.Fatal("a nonce was used twice")
		}
		seen[string(v.seal.Nonce)] = true
	}
}
