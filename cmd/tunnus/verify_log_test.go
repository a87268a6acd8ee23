package main

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/audit"
	"github.com/tunnus-id/tunnus/trust/tiles"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// growLog adds n lines to the log of a folder, and returns them as exported.
func growLog(t *testing.T, dir string, first, n int) (records []byte) {
	t.Helper()
	sign, key, err := folder.NewSigner("tunnus-demo/log", ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := folder.Open(t.Context(), filepath.Join(dir, "log"), sign)
	if err != nil {
		t.Fatal(err)
	}
	var leaves [][]byte
	for i := range n {
		l, err := audit.Seal(tunnus.Event{At: time.Unix(int64(i), 0), Kind: "kind"})
		if err != nil {
			t.Fatal(err)
		}
		at := uint64(first + i)
		b, err := json.Marshal(tiles.Line{Index: &at, Leaf: l.Leaf, Salt: l.Salt, Record: l.Record})
		if err != nil {
			t.Fatal(err)
		}
		leaves, records = append(leaves, l.Leaf), append(append(records, b...), '\n')
	}
	if _, err := tree.Append(t.Context(), leaves); err != nil {
		t.Fatal(err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "key"), []byte(key+"\n"))
	return records
}

func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyLog(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	records := growLog(t, dir, 0, 30)
	first := verifyLog{Dir: path("log"), Key: path("key"), Keep: path("kept")}
	if err := first.Run(); err != nil {
		t.Fatal(err)
	}
	records = append(records, growLog(t, dir, 30, 300)...)
	writeFile(t, path("records"), records)
	second := verifyLog{Dir: path("log"), Key: path("key"), Since: []string{path("kept")}, Records: path("records"), JSON: true}
	if err := second.Run(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path("records"), records[:len(records)/2])
	if err := second.Run(); !errors.Is(err, errSaid) {
		t.Errorf("half of the records: %v", err)
	}
	writeFile(t, path("key"), []byte("nonsense"))
	if err := second.Run(); err == nil || errors.Is(err, errSaid) {
		t.Errorf("a key that is none: %v", err)
	}
}

// A checkpoint is kept only if all is well: else the next check would take the
// rewritten log for the true one.
func TestNothingIsKeptOfALogThatWasRewritten(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	growLog(t, dir, 0, 30)
	growLog(t, other, 0, 40)
	kept := filepath.Join(dir, "kept")
	first := verifyLog{Dir: filepath.Join(dir, "log"), Key: filepath.Join(dir, "key"), Keep: kept}
	if err := first.Run(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	forked := verifyLog{Dir: filepath.Join(other, "log"), Key: filepath.Join(other, "key"), Since: []string{kept}, Keep: kept}
	if err := forked.Run(); !errors.Is(err, errSaid) {
		t.Errorf("a fork: %v", err)
	}
	if after, err := os.ReadFile(kept); err != nil || string(after) != string(before) {
		t.Errorf("the checkpoint of a fork was kept, %v", err)
	}
}
