package hsm

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func keyOf(t testing.TB, s *Sealer, record []byte) KeyID {
	t.Helper()
	id, err := s.KeyOf(record)
	must(t, err)
	return id
}

func rotate(t testing.TB, c Config, name string, announce bool) KeyID {
	t.Helper()
	id, err := Rotate(c, name, testTime.Add(time.Hour), announce)
	must(t, err)
	return id
}

// A server that runs while the keys are rotated seals under the new key at once,
// and goes on opening what is under the old one.
func TestRotateUnderARunningServer(t *testing.T) {
	for name, cfg := range map[string]Config{"file": inFile(t), "passphrase": byPassphrase(t)} {
		t.Run(name, func(t *testing.T) {
			running := made(t, cfg, VOPRF).Sealer(VOPRF)
			old := seal(t, running, "old", "a")
			id := rotate(t, cfg, VOPRF, false)
			fresh := seal(t, running, "new", "a")
			if got := keyOf(t, running, fresh); got != id || got == keyOf(t, running, old) {
				t.Errorf("sealed under %s; want the new key %s", got, id)
			}
			if plain, err := running.Open(old, []byte("a")); err != nil || string(plain) != "old" {
				t.Errorf("Open(old) = %q, %v", plain, err)
			}
		})
	}
}

// A second server that has not sealed since opens what the first one sealed.
func TestOpenLearnsNewKeys(t *testing.T) {
	cfg := inFile(t)
	first, second := made(t, cfg, VOPRF).Sealer(VOPRF), opened(t, cfg, VOPRF).Sealer(VOPRF)
	rotate(t, cfg, VOPRF, false)
	record := seal(t, first, "new", "a")
	if plain, err := second.Open(record, []byte("a")); err != nil || string(plain) != "new" {
		t.Errorf("Open = %q, %v", plain, err)
	}
}

// A key that is announced opens, and seals only once it is its turn.
func TestAnnounce(t *testing.T) {
	cfg := inFile(t)
	s := made(t, cfg, VOPRF).Sealer(VOPRF)
	before := keyOf(t, s, seal(t, s, "x", ""))
	id := rotate(t, cfg, VOPRF, true)
	if got := keyOf(t, s, seal(t, s, "x", "")); got != before {
		t.Errorf("sealed under %s, which is only announced", got)
	}
	if _, err := Rotate(cfg, VOPRF, testTime, true); err == nil {
		t.Error("two keys were announced")
	}
	if got := rotate(t, cfg, VOPRF, false); got != id {
		t.Errorf("%s seals; want the announced %s", got, id)
	}
	if got := keyOf(t, s, seal(t, s, "x", "")); got != id {
		t.Errorf("sealed under %s; want %s", got, id)
	}
}

func TestRewrap(t *testing.T) {
	cfg := inFile(t)
	s := made(t, cfg, VOPRF).Sealer(VOPRF)
	old := seal(t, s, "secret", "place")
	id := rotate(t, cfg, VOPRF, false)
	fresh, changed, err := s.Rewrap(old)
	if err != nil || !changed || keyOf(t, s, fresh) != id {
		t.Fatalf("Rewrap = %v, %v", changed, err)
	}
	if plain, err := s.Open(fresh, []byte("place")); err != nil || string(plain) != "secret" {
		t.Errorf("Open = %q, %v", plain, err)
	}
	if _, err := s.Open(fresh, []byte("elsewhere")); err == nil {
		t.Error("rewrapping has loosened the record from its place")
	}
	if _, changed, err := s.Rewrap(fresh); err != nil || changed {
		t.Errorf("a second time: %v, %v", changed, err)
	}
}

func TestDrop(t *testing.T) {
	cfg := inFile(t)
	s := made(t, cfg, VOPRF).Sealer(VOPRF)
	record := seal(t, s, "x", "")
	old := keyOf(t, s, record)
	if err := Drop(t.Context(), cfg, VOPRF, old, none); err == nil || !strings.Contains(err.Error(), "seals now") {
		t.Fatalf("the key that seals: %v", err)
	}
	rotate(t, cfg, VOPRF, false)
	inUse := func(context.Context) (int, error) { return 3, nil }
	if err := Drop(t.Context(), cfg, VOPRF, old, inUse); !errors.Is(err, ErrInUse) {
		t.Fatalf("a key with three records = %v; want ErrInUse", err)
	}
	if err := Drop(t.Context(), cfg, VOPRF, "0000abcd", none); err == nil {
		t.Error("a key was dropped that is not there")
	}
	fresh, _, err := s.Rewrap(record)
	must(t, err)
	must(t, Drop(t.Context(), cfg, VOPRF, old, none))
	later := opened(t, cfg, VOPRF).Sealer(VOPRF)
	if _, err := later.Open(record, nil); err == nil {
		t.Error("a record opened under a key that was dropped")
	}
	if _, err := later.Open(fresh, nil); err != nil {
		t.Error(err)
	}
}

// A record that appears while a key is being dropped keeps the key.
func TestDropLooksTwice(t *testing.T) {
	cfg := inFile(t)
	s := made(t, cfg, VOPRF).Sealer(VOPRF)
	record := seal(t, s, "x", "")
	rotate(t, cfg, VOPRF, false)
	counts := []int{0, 1}
	appears := func(context.Context) (int, error) {
		n := counts[0]
		counts = counts[1:]
		return n, nil
	}
	if err := Drop(t.Context(), cfg, VOPRF, keyOf(t, s, record), appears); !errors.Is(err, ErrInUse) {
		t.Fatalf("Drop = %v; want ErrInUse", err)
	}
	if _, err := opened(t, cfg, VOPRF).Sealer(VOPRF).Open(record, nil); err != nil {
		t.Errorf("the key is gone: %v", err)
	}
}

func TestLedgerSecretIsRewrapped(t *testing.T) {
	cfg := byPassphrase(t)
	own := made(t, cfg, Ledger)
	before, err := own.Secret()
	must(t, err)
	id := rotate(t, cfg, Ledger, false)
	if changed, err := RewrapSecret(cfg); err != nil || !changed {
		t.Fatalf("RewrapSecret = %v, %v", changed, err)
	}
	if under, err := SecretKey(cfg); err != nil || under != id {
		t.Errorf("the secret is under %s, %v; want %s", under, err, id)
	}
	if after, err := opened(t, cfg, Ledger).Secret(); err != nil || !after.Equal(before) {
		t.Errorf("another secret: %v", err)
	}
}

// Rotations at the same time lose no key.
func TestRotateAtTheSameTime(t *testing.T) {
	cfg := inFile(t)
	s := made(t, cfg, VOPRF).Sealer(VOPRF)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := Rotate(cfg, VOPRF, testTime, false); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seal(t, s, "x", "")
	if keys, _ := s.Keys(); len(keys) != 9 {
		t.Errorf("%d keys; want 9", len(keys))
	}
}

// A keyset whose file is gone seals nothing more: nobody could open it later.
func TestNothingIsSealedUnderALostKeyset(t *testing.T) {
	cfg := inFile(t)
	s := made(t, cfg, VOPRF).Sealer(VOPRF)
	record := seal(t, s, "x", "")
	must(t, os.Remove(path(cfg.Folder, VOPRF)))
	if _, err := s.Seal([]byte("y"), nil); err == nil {
		t.Error("sealed")
	}
	if _, err := s.Open(record, nil); err != nil {
		t.Errorf("what was sealed before: %v", err)
	}
}
