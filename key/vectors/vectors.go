// Package vectors reads the test vectors of the packages under key/: text files
// of blocks "name: value", one block a case, which doc/splitkey-vectors.md
// describes for other implementations. It is for tests.
package vectors

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A Block is one case: its values by name. "case" names it; "expect" is "accept",
// or "refuse" with or without a reason.
type Block map[string]string

// Hex returns a value that is written in hexadecimal digits.
func (b Block) Hex(t testing.TB, name string) []byte {
	t.Helper()
	v, err := hex.DecodeString(b[name])
	if err != nil {
		t.Fatalf("%s: %s: %v", b["case"], name, err)
	}
	return v
}

// Number returns a value that is a decimal number.
func (b Block) Number(t testing.TB, name string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(b[name], 10, 64)
	if err != nil {
		t.Fatalf("%s: %s: %v", b["case"], name, err)
	}
	return n
}

// Accepts reports whether the case is to be accepted.
func (b Block) Accepts() bool { return !strings.HasPrefix(b["expect"], "refuse") }

// A File says how the cases of a file are judged, and how many it has at least:
// a file that lost its refusals would show nothing.
type File struct {
	Accept, Refuse int
	Judge          func(*testing.T, Block)
}

// Run judges every case of every file in testdata. Each file must be named, and
// each that is named must be there.
func Run(t *testing.T, files map[string]File) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) != len(files) {
		t.Fatalf("there are %d files, and %d are judged: %v", len(paths), len(files), err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		f, ok := files[name]
		if !ok {
			t.Fatalf("nobody judges %s", name)
		}
		for _, b := range Read(t, path, f.Accept, f.Refuse) {
			t.Run(strings.TrimSuffix(name, ".txt")+"/"+b["case"], func(t *testing.T) { f.Judge(t, b) })
		}
	}
}

// Read returns the cases of one file, and fails if fewer are to be accepted or to be
// refused than there must be.
func Read(t testing.TB, path string, accept, refuse int) (list []Block) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "\n\n") {
		b := Block{}
		for line := range strings.Lines(part) {
			if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); ok && name[0] != '#' {
				b[name] = strings.TrimSpace(value)
			}
		}
		if b["case"] == "" {
			continue
		}
		list = append(list, b)
		if b.Accepts() {
			accept--
		} else {
			refuse--
		}
	}
	if accept > 0 || refuse > 0 {
		t.Errorf("%s: %d cases to accept and %d to refuse are missing", filepath.Base(path), max(accept, 0), max(refuse, 0))
	}
	return list
}
