package hsm

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func sealer(t *testing.T, fill byte) *Sealer {
	t.Helper()
	s, err := New(bytes.Repeat([]byte{fill}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func seal(t *testing.T, s *Sealer, plain, aad string) []byte {
	t.Helper()
	b, err := s.Seal([]byte(plain), []byte(aad))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpen(t *testing.T) {
	s := sealer(t, 1)
	sealed := seal(t, s, "secret", "place")
	tests := []struct {
		name   string
		sealer *Sealer
		sealed []byte
		aad    string
		ok     bool
	}{
		{"as sealed", s, sealed, "place", true},
		{"another place", s, sealed, "elsewhere", false},
		{"another key", sealer(t, 2), sealed, "place", false},
		{"cut", s, sealed[:len(sealed)-1], "place", false},
		{"empty", s, nil, "place", false},
		{"unknown version", s, append([]byte{9}, sealed[1:]...), "place", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plain, err := tt.sealer.Open(tt.sealed, []byte(tt.aad))
			if (err == nil) != tt.ok || tt.ok && string(plain) != "secret" {
				t.Errorf("Open = %q, %v; want ok %v", plain, err, tt.ok)
			}
		})
	}
}

func TestSealIsFresh(t *testing.T) {
	s := sealer(t, 1)
	if a, b := seal(t, s, "x", ""), seal(t, s, "x", ""); bytes.Equal(a, b) {
		t.Error("the same record was sealed to the same bytes twice")
	}
}

func TestOldKeysStillOpen(t *testing.T) {
	s := sealer(t, 1)
	old := seal(t, s, "old", "")
	if err := s.Add(2, bytes.Repeat([]byte{2}, KeySize)); err != nil {
		t.Fatal(err)
	}
	if fresh := seal(t, s, "new", ""); fresh[0] != 2 {
		t.Errorf("sealed under version %d; want 2", fresh[0])
	}
	if plain, err := s.Open(old, nil); err != nil || string(plain) != "old" {
		t.Errorf("Open(old) = %q, %v", plain, err)
	}
	if err := s.Add(2, make([]byte, KeySize)); err == nil {
		t.Error("a key version was given twice")
	}
}

func TestOpenFileRefuses(t *testing.T) {
	tests := []struct {
		name string
		size int
		mode os.FileMode
	}{
		{"readable by others", KeySize, 0o644},
		{"too short", KeySize - 1, 0o600},
		{"too long", KeySize + 1, 0o600},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, make([]byte, tt.size), tt.mode); err != nil {
				t.Fatal(err)
			}
			if _, err := OpenFile(path); err == nil {
				t.Error("OpenFile took it")
			}
		})
	}
}

func TestOpenOrCreateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := OpenOrCreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := CreateFile(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("CreateFile over a key = %v; want ErrExist", err)
	}
	again, err := OpenOrCreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open(seal(t, first, "x", "a"), []byte("a")); err != nil || string(plain) != "x" {
		t.Errorf("after reopening: %q, %v", plain, err)
	}
}
