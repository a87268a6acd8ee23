package tiles_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"
	"golang.org/x/mod/sumdb/note"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/audit"
	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tiles"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// A made log: its folder, its key, and the lines in it.
type made struct {
	dir   string
	key   proof.Key
	sign  note.Signer
	lines []audit.Line
}

// grow adds n lines to the log.
func (m *made) grow(t testing.TB, n int) {
	t.Helper()
	tree, err := folder.Open(t.Context(), m.dir, m.sign)
	if err != nil {
		t.Fatal(err)
	}
	for n > 0 {
		var leaves [][]byte
		for range min(n, 1024) {
			l, err := audit.Seal(tunnus.Event{At: time.Unix(int64(len(m.lines)), 0), Kind: "kind", Subject: fmt.Sprint(len(m.lines))})
			if err != nil {
				t.Fatal(err)
			}
			m.lines = append(m.lines, l)
			leaves = append(leaves, l.Leaf)
		}
		if _, err := tree.Append(t.Context(), leaves); err != nil {
			t.Fatal(err)
		}
		n -= len(leaves)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
}

func newLog(t testing.TB, n int) *made {
	t.Helper()
	m := &made{dir: filepath.Join(t.TempDir(), "log")}
	sign, text, err := folder.NewSigner("tunnus-demo/log", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if m.key, err = proof.ParseKey(text); err != nil {
		t.Fatal(err)
	}
	m.sign = sign
	m.grow(t, n)
	return m
}

// export is what an operator hands out of all lines.
func (m *made) export() []string {
	var out []string
	for i, l := range m.lines {
		at := uint64(i)
		b, _ := json.Marshal(tiles.Line{Index: &at, Leaf: l.Leaf, Salt: l.Salt, Record: l.Record})
		out = append(out, string(b))
	}
	return out
}

func (m *made) check(t testing.TB, lines []string, since ...[]byte) tiles.Report {
	t.Helper()
	o := tiles.Options{Key: m.key, Since: since}
	if lines != nil {
		o.Lines = tiles.NewLines(strings.NewReader(strings.Join(lines, "\n")))
	}
	r, err := tiles.Check(os.DirFS(m.dir), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (m *made) checkpoint(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(m.dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantFault(t *testing.T, what string, r tiles.Report, says string) {
	t.Helper()
	if !slices.ContainsFunc(r.Faults, func(f string) bool { return strings.Contains(f, says) }) {
		t.Errorf("%s: faults %q; want one with %q", what, r.Faults, says)
	}
}

func TestSoundLogs(t *testing.T) {
	for _, n := range []int{0, 1, 2, 255, 256, 257, 600, 1300} {
		m := newLog(t, n)
		r := m.check(t, m.export(), m.checkpoint(t))
		if !r.Sound() || r.Entries != uint64(n) || r.Records != uint64(n) || r.Since != 1 || n > 0 && r.Tiles == 0 {
			t.Errorf("%d lines: %+v", n, r)
		}
	}
}

// More than 256 full tiles, so that there are three levels.
func TestSoundLogOfThreeLevels(t *testing.T) {
	m := newLog(t, 65_900)
	r := m.check(t, nil)
	if !r.Sound() || r.Entries != 65_900 || r.Tiles < 258+2 {
		t.Errorf("%+v", r)
	}
	b := filepath.Join(m.dir, "tile/2/000.p/1")
	flip(t, b, 3)
	wantFault(t, "level 2", m.check(t, nil), "level 2")
}

func flip(t testing.TB, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Any byte of any file that belongs to the log.
func TestEveryFileIsChecked(t *testing.T) {
	m := newLog(t, 300)
	var files []string
	err := filepath.WalkDir(m.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && (strings.Contains(path, "/tile/") || filepath.Base(path) == "checkpoint") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) < 5 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, int(info.Size()) / 2, int(info.Size()) - 2} {
			flip(t, f, at)
			if m.check(t, nil).Sound() {
				t.Errorf("%s: byte %d was changed, and nobody noticed", f, at)
			}
			flip(t, f, at)
		}
		away := f + ".away"
		if err := os.Rename(f, away); err != nil {
			t.Fatal(err)
		}
		r, err := tiles.Check(os.DirFS(m.dir), tiles.Options{Key: m.key})
		if err == nil && r.Sound() && !strings.Contains(f, ".p/") { // older widths may be gone
			t.Errorf("%s is gone, and nobody noticed", f)
		}
		if err := os.Rename(away, f); err != nil {
			t.Fatal(err)
		}
	}
	if r := m.check(t, nil); !r.Sound() {
		t.Fatal(r.Faults)
	}
}

func TestRewrittenLogs(t *testing.T) {
	m, other := newLog(t, 40), newLog(t, 40)
	old := m.checkpoint(t)
	m.grow(t, 300)
	if r := m.check(t, nil, old); !r.Sound() || r.Since != 1 {
		t.Errorf("a log that grew: %+v", r)
	}
	other.grow(t, 300)
	wantFault(t, "forked", other.check(t, nil, old), "rewritten")
	fork := other.checkpoint(t)
	wantFault(t, "forked, same size", m.check(t, nil, fork), "rewritten")
	short := newLog(t, 10)
	wantFault(t, "cut", short.check(t, nil, old), "was cut")
	wantFault(t, "an older checkpoint of another key", m.check(t, nil, bytes.ToUpper(old)), "older checkpoint cannot be believed")
	stranger := *m
	stranger.key = otherKey(t)
	wantFault(t, "another key", stranger.check(t, nil), "cannot be believed")
}

func otherKey(t *testing.T) proof.Key {
	t.Helper()
	_, text, err := folder.NewSigner("tunnus-demo/log", ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	k, err := proof.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A checkpoint that is signed well, over other entries.
func TestSignedLie(t *testing.T) {
	m, other := newLog(t, 40), newLog(t, 40)
	if err := os.WriteFile(filepath.Join(m.dir, "checkpoint"), other.checkpoint(t), 0o644); err != nil {
		t.Fatal(err)
	}
	wantFault(t, "a root of other entries", m.check(t, nil), "do not give the root hash")
}

func TestTamperedRecords(t *testing.T) {
	m := newLog(t, 30)
	good := m.export()
	for name, tt := range map[string]struct {
		change func([]string) []string
		says   string
	}{
		"changed record": {func(l []string) []string {
			at := uint64(7)
			b, _ := json.Marshal(tiles.Line{Index: &at, Leaf: m.lines[7].Leaf, Salt: m.lines[7].Salt, Record: bytes.Replace(m.lines[7].Record, []byte("7"), []byte("8"), 1)})
			l[7] = string(b)
			return l
		}, "record of line 7 was changed"},
		"removed line":      {func(l []string) []string { return slices.Delete(l, 7, 8) }, "Line 7 is in the log, and there is no record"},
		"removed last line": {func(l []string) []string { return l[:29] }, "The records end before line 29, and the log goes on"},
		"reordered lines": {func(l []string) []string {
			l[7], l[8] = strings.Replace(l[8], `"index":8`, `"index":7`, 1), strings.Replace(l[7], `"index":7`, `"index":8`, 1)
			return l
		}, "Line 7 is not the one that was logged"},
		"lines in another order": {func(l []string) []string { l[7], l[8] = l[8], l[7]; return l }, "out of order"},
		"line twice":             {func(l []string) []string { return slices.Insert(l, 8, l[7]) }, "out of order"},
		"other leaf":             {func(l []string) []string { l[7] = strings.Replace(l[7], l[7][20:30], l[8][20:30], 1); return l }, "Line 7 is not the one"},
		"half erased":            {func(l []string) []string { l[7] = l[7][:strings.Index(l[7], `,"record"`)] + "}"; return l }, "record of line 7 was changed"},
		"not JSON":               {func(l []string) []string { return append(l, "nonsense") }, "cannot be read to their end"},
	} {
		wantFault(t, name, m.check(t, tt.change(slices.Clone(good))), tt.says)
	}
}

// Erased lines are told as such, lines that wait are no fault.
func TestErasedAndWaiting(t *testing.T) {
	m := newLog(t, 20)
	lines := m.export()
	lines[3] = lines[3][:strings.Index(lines[3], `,"salt"`)] + "}"
	lines = append(lines, `{"index":null,"leaf":"AAAA"}`)
	r := m.check(t, lines)
	if !r.Sound() || r.Records != 19 || r.Erased != 1 || r.Waiting != 1 {
		t.Errorf("%+v", r)
	}
}

func TestNoLog(t *testing.T) {
	if _, err := tiles.Check(os.DirFS(t.TempDir()), tiles.Options{}); err == nil {
		t.Error("an empty folder is a log")
	}
}

// Entries come back as tessera writes them.
func FuzzEntries(f *testing.F) {
	f.Add([]byte{0, 1, 7, 0, 0})
	f.Add(tessera.NewEntry(make([]byte, 32)).MarshalBundleData(0))
	f.Fuzz(func(t *testing.T, bundle []byte) {
		entries, err := tiles.Entries(bundle)
		var again []byte
		for _, e := range entries {
			again = append(again, tessera.NewEntry(e).MarshalBundleData(0)...)
		}
		if !bytes.HasPrefix(bundle, again) || err == nil && len(again) != len(bundle) {
			t.Errorf("%x became %x, %v", bundle, again, err)
		}
	})
}

// A line that is read can be written again, and means the same.
func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`{"index":1,"leaf":"AA==","salt":"AA==","record":"AA=="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := tiles.ParseLine(text)
		if err != nil {
			return
		}
		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		again, err := tiles.ParseLine(b)
		if err != nil || !bytes.Equal(again.Leaf, l.Leaf) || (again.Index == nil) != (l.Index == nil) || l.Index != nil && *again.Index != *l.Index {
			t.Errorf("%s became %s, %v", text, b, err)
		}
	})
}
