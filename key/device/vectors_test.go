package device

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
)

// A block is one case of a vector file (doc/splitkey-vectors.md).
type block map[string]string

func (b block) hex(t *testing.T, name string) []byte {
	t.Helper()
	v, err := hex.DecodeString(b[name])
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// readers are the files with the test that reads each, and the fewest cases that
// it must have; most cases are refusals.
var readers = map[string]struct {
	accept, refuse int
	judge          func(*testing.T, block)
}{
	"request.txt": {11, 58, judgeRequest},
	"session.txt": {4, 7, judgeSession},
}

// TestVectors runs every case of every file.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != len(readers) {
		t.Fatalf("there are %d files and %d readers, %v", len(files), len(readers), err)
	}
	for _, path := range files {
		r, ok := readers[filepath.Base(path)]
		if !ok {
			t.Fatalf("nobody reads %s", path)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for _, part := range strings.Split(string(text), "\n\n") {
			b := block{}
			for line := range strings.Lines(part) {
				if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); ok && name[0] != '#' {
					b[name] = strings.TrimSpace(value)
				}
			}
			if b["case"] == "" {
				continue
			}
			n[b["expect"]]++
			t.Run(filepath.Base(path)+"/"+b["case"], func(t *testing.T) { r.judge(t, b) })
		}
		if n["accept"] < r.accept || n["refuse"] < r.refuse || len(n) != 2 {
			t.Errorf("%s has the cases %v; at least %d to accept and %d to refuse are expected, and no others", path, n, r.accept, r.refuse)
		}
	}
}

func judgeRequest(t *testing.T, b block) {
	counter, err := strconv.ParseUint(b["counter"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	r := Request{
		Method: b["method"], Path: b["path"], Session: b["session"], Nonce: b["nonce"], Counter: counter, Body: b.hex(t, "body"),
	}
	if sum := sha256.Sum256(r.Canonical()); hex.EncodeToString(sum[:]) != b["digest"] {
		t.Errorf("digest = %x; want %s", sum, b["digest"])
	}
	want := tunnus.Code("")
	if b["expect"] != "accept" {
		want = tunnus.CodeBadSignature
	}
	err = Verify(b.hex(t, "device"), r, b.hex(t, "signature"))
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("Verify = %v; want %q", err, want)
	}
}

func judgeSession(t *testing.T, b block) {
	key := b.hex(t, "device")
	if err := Check(key); err != nil {
		t.Fatal(err)
	}
	ours := Thumbprint(key) == b["thumbprint"] && SessionID(key, b.hex(t, "nonce")) == b["session"]
	if ours != (b["expect"] == "accept") {
		t.Errorf("%s, %s; want %s", Thumbprint(key), SessionID(key, b.hex(t, "nonce")), b["expect"])
	}
}
