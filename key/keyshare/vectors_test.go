package keyshare

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
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

func (b block) number(t *testing.T, name string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(b[name], 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func (b block) accept() bool { return b["expect"] == "accept" }

// readers are the files with the test that reads each, and the fewest cases that
// it must have.
var readers = map[string]struct {
	least int
	judge func(*testing.T, block)
}{
	"one-time.txt": {19, judgeOneTime},
	"names.txt":    {3, judgeNames},
	"messages.txt": {36, judgeMessage},
	"change.txt":   {13, judgeProof},
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
		n := 0
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
			n++
			t.Run(filepath.Base(path)+"/"+b["case"], func(t *testing.T) { r.judge(t, b) })
		}
		if n < r.least {
			t.Errorf("%s has %d cases, at least %d are expected", path, n, r.least)
		}
	}
}

func judgeOneTime(t *testing.T, b block) {
	seal := newTestSealer(t)
	owner := sealed.Owner{Key: b["key"], Generation: int(b.number(t, "generation"))}
	place := sealed.Place("tunnus/voprf/v1", owner.Key, b["generation"])
	record, err := seal.Seal(append(make([]byte, 32), b.hex(t, "secret")...), place)
	if err != nil {
		t.Fatal(err)
	}
	x, err := sealed.Open(seal, owner, record)
	if err != nil {
		t.Fatal(err)
	}
	current := uint64(b.number(t, "current"))
	n, ok := x.Behind(owner.Generation, current, b.hex(t, "value"))
	if ok != b.accept() {
		t.Fatalf("Behind = %d, %v; want %s", n, ok, b["expect"])
	}
	if !ok {
		return
	}
	if want := b.number(t, "behind"); n != want || !bytes.Equal(x.OneTime(current-uint64(want)), b.hex(t, "value")) {
		t.Errorf("%d behind; want %d. The value is %x", n, want, x.OneTime(current-uint64(want)))
	}
}

func judgeNames(t *testing.T, b block) {
	if got := keyName(b["device"], b.hex(t, "nonce")); got != b["key"] {
		t.Errorf("key %s; want %s", got, b["key"])
	}
	if got := changeName(b["key"], b.hex(t, "change")); got != b["transaction"] {
		t.Errorf("transaction %s; want %s", got, b["transaction"])
	}
}

func judgeMessage(t *testing.T, b block) {
	m, ok := map[string]splitkey.Message{
		splitkey.TypeBegin: &splitkey.Begin{}, splitkey.TypeHarden: &splitkey.Harden{}, splitkey.TypeConfirm: &splitkey.Confirm{},
		splitkey.TypeStatus: &splitkey.Status{}, splitkey.TypeEvaluate: &splitkey.Evaluate{}, splitkey.TypeComplete: &splitkey.Complete{},
		splitkey.TypeChange: &splitkey.Change{}, splitkey.TypeChangeProve: &splitkey.ChangeProve{},
		splitkey.TypeChangeHarden: &splitkey.ChangeHarden{}, splitkey.TypeChangeConfirm: &splitkey.ChangeConfirm{},
	}[b["type"]]
	if !ok {
		t.Fatalf("no message %q", b["type"])
	}
	err := splitkey.Decode([]byte(b["body"]), m)
	if (err == nil) != b.accept() {
		t.Fatalf("Decode = %v; want %s", err, b["expect"])
	}
	if err != nil {
		return
	}
	again, err := splitkey.Encode(m)
	if err != nil || string(again) != b["body"] {
		t.Errorf("written again: %s, %v", again, err)
	}
	if sum := sha256.Sum256(again); !bytes.Equal(sum[:], b.hex(t, "digest")) {
		t.Errorf("digest %x", sum)
	}
}

func judgeProof(t *testing.T, b block) {
	var extras [][]byte
	for _, e := range strings.Split(b["extras"], ",") {
		extras = append(extras, block{"extra": e}.hex(t, "extra"))
	}
	id := splitkey.Identity{
		Key: b["key"], Purpose: splitkey.Purpose(b["purpose"]), Generation: int(b.number(t, "generation")), Modulus: b.hex(t, "modulus"),
	}
	if err := splitkey.CheckProof(b.hex(t, "proof"), splitkey.Step(b["step"]), id, extras...); (err == nil) != b.accept() {
		t.Errorf("CheckProof = %v; want %s", err, b["expect"])
	}
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(id.Modulus), E: splitkey.Exponent}
	opts := &rsa.PSSOptions{SaltLength: sha256.Size}
	if err := rsa.VerifyPSS(pub, crypto.SHA256, b.hex(t, "digest"), b.hex(t, "proof"), opts); (err == nil) != b.accept() {
		t.Errorf("the digest is another one: %v", err)
	}
}
