package store

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/key/hsm/rewrap"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/storetest/keytest"
)

func TestSealed(t *testing.T) {
	both(t, keytest.Sealed, func(s *Store) keytest.SealedPorts {
		return keytest.SealedPorts{Rows: s.Sealed(), Keys: s.Keyshare().Keys, Pool: s.Keyshare().Pool, Mark: s.SetMarks}
	})
}

// A key that is brought to a new sealing key stands so in the second place too: a
// restore must not bring a record back whose key was dropped.
func TestRewrappedKeysAreCopied(t *testing.T) {
	var left []engine.Copy
	sink := func(_ context.Context, c []engine.Copy) error { left = append(left, c...); return nil }
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db"), engine.CopyTo(sink))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Keyshare().Keys.Create(t.Context(), keyshare.Key{ID: "key", State: keyshare.Begun, SealedVOPRF: []byte("old")}, nil); err != nil {
		t.Fatal(err)
	}
	const place = "keyshare_key.sealed_voprf"
	list, err := s.Sealed().SealedRows(t.Context(), place, "", 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d records, %v", len(list), err)
	}
	left = nil
	if err := s.Sealed().ReplaceSealed(t.Context(), place, list[0], []byte("fresh")); err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0].Kind != copies.KindKey {
		t.Fatalf("copies: %+v", left)
	}
	c, err := copies.Unpack(left[0])
	var k keyshare.Key
	if err := errors.Join(err, json.Unmarshal(c.Body, &k)); err != nil || c.Rev != 2 || string(k.SealedVOPRF) != "fresh" {
		t.Errorf("revision %d, record %q, %v", c.Rev, k.SealedVOPRF, err)
	}
}

// Each column that a migration calls sealed is one that a rotation of keys goes
// through: a key is dropped only when nothing is under it.
func TestEverySealedColumnIsRewrapped(t *testing.T) {
	var places []string
	for _, keyset := range []string{"voprf", "modulus", "session", "ledger"} {
		places = append(places, rewrap.Places(keyset)...)
	}
	table := regexp.MustCompile(`(?m)^(?:CREATE TABLE|ALTER TABLE) (\w+)`)
	column := regexp.MustCompile(`(?m)^\s+(\w*sealed\w*)\s+bytea|^\s+(\w+)\s+bytea[^\n]*-- sealed|ADD COLUMN (\w*(?:sealed|voprf|half)\w*) bytea`)
	renamed := regexp.MustCompile(`(?m)^ALTER TABLE (\w+) RENAME TO (\w+)`) // a table that was made anew
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	found := 0
	for _, f := range files {
		b, err := migrations.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, m := range renamed.FindAllStringSubmatch(text, -1) {
			text = regexp.MustCompile(`\b`+m[1]+`\b`).ReplaceAllString(text, m[2])
		}
		for _, m := range column.FindAllStringSubmatchIndex(text, -1) {
			name := ""
			for g := 2; g < len(m); g += 2 {
				if m[g] >= 0 {
					name = text[m[g]:m[g+1]]
				}
			}
			var of string
			for _, at := range table.FindAllStringSubmatchIndex(text, -1) {
				if at[0] <= m[0] || at[0] <= m[1] && at[3] <= m[1] {
					of = text[at[2]:at[3]]
				}
			}
			found++
			if of != "custody_mark" && !slices.Contains(places, of+"."+name) {
				t.Errorf("%s: %s.%s is sealed, and no rotation goes through it", f, of, name)
			}
		}
	}
	if found < 7 {
		t.Errorf("%d sealed columns found in the migrations; this test does not see them any more", found)
	}
}
