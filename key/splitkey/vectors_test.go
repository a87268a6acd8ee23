package splitkey

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/voprf"
)

// A block is one case of a vector file (doc/splitkey-vectors.md).
type block map[string]string

func (b block) hex(t testing.TB, name string) []byte {
	t.Helper()
	v, err := hex.DecodeString(b[name])
	if err != nil {
		t.Fatalf("%s: %s: %v", b["case"], name, err)
	}
	return v
}

func (b block) accept() bool { return b["expect"] == "accept" }

func (b block) identity(t testing.TB) Identity {
	t.Helper()
	g, err := strconv.Atoi(b["generation"])
	if err != nil {
		t.Fatal(err)
	}
	return Identity{Key: b["key"], Purpose: Purpose(b["purpose"]), Generation: g, Modulus: b.hex(t, "modulus"), Public: b.hex(t, "public")}
}

// readers are the files with the test that reads each, and the fewest cases
// that it must have; most cases are refusals.
var readers = map[string]struct {
	least int
	judge func(*testing.T, block)
}{
	"modulus.txt":   {20, judgeModulus},
	"padding.txt":   {20, judgePadding},
	"share.txt":     {25, judgeShare},
	"product.txt":   {8, judgeProduct},
	"signature.txt": {11, judgeSignature},
	"internal.txt":  {13, judgeInternal},
	"harden.txt":    {6, judgeHarden},
	"blob.txt":      {14, judgeBlob},
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
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txt")+"/"+b["case"], func(t *testing.T) { r.judge(t, b) })
		}
		if n < r.least {
			t.Errorf("%s has %d cases, at least %d are expected", path, n, r.least)
		}
	}
}

func judgeModulus(t *testing.T, b block) {
	err := CheckModulus(b.hex(t, "modulus"))
	words := map[string]string{ // of the reason, by that of the vector
		"size": "3072 bits", "even": "even", "factor": "has the factor", "prime": "modulus: prime", "power": "power", "roca": "ROCA",
	}
	why, refuse := strings.CutPrefix(b["expect"], "refuse ")
	if (err != nil) != refuse || refuse && !strings.Contains(err.Error(), words[why]) {
		t.Errorf("CheckModulus = %v; want %s", err, b["expect"])
	}
}

func judgePadding(t *testing.T, b block) {
	em, err := Padding(b["padding"]).Encode(Hash(b["hash"]), b.hex(t, "digest"), b.hex(t, "salt"))
	if (err == nil) != b.accept() || b.accept() && !bytes.Equal(em, b.hex(t, "em")) {
		t.Errorf("Encode = %x, %v; want %s", em, err, b["expect"])
	}
}

func judgeShare(t *testing.T, b block) {
	err := CheckShare(b.hex(t, "modulus"), b.hex(t, "em"), b.hex(t, "share"))
	if b.accept() && err != nil || !b.accept() && err != ErrShare {
		t.Errorf("CheckShare = %v; want %s", err, b["expect"])
	}
}

func judgeProduct(t *testing.T, b block) {
	if err := CheckProduct(b.hex(t, "modulus"), b.hex(t, "own")); (err == nil) != b.accept() {
		t.Errorf("CheckProduct = %v; want %s", err, b["expect"])
	}
}

// Both halves, what each makes, and the whole.
func judgeSignature(t *testing.T, b block) {
	phone, err1 := newHalf(b.hex(t, "p1"), b.hex(t, "q1"))
	server, err2 := newHalf(b.hex(t, "p2"), b.hex(t, "q2"))
	key, err3 := Join(b.hex(t, "modulus1"), b.hex(t, "modulus2"))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(phone.Modulus(), b.hex(t, "modulus1")) || !bytes.Equal(server.Modulus(), b.hex(t, "modulus2")) || !bytes.Equal(key.Modulus, b.hex(t, "product")) {
		t.Fatal("the halves are other ones")
	}
	em := b.hex(t, "em")
	got, err := Combine(key, phone.Modulus(), em, b.hex(t, "share1"), b.hex(t, "share2"))
	if !b.accept() {
		if err == nil || got != nil {
			t.Errorf("Combine = %x; want a refusal", got)
		}
		return
	}
	s1, err1 := phone.Share(em)
	s2, err2 := server.Share(em)
	whole, err3 := server.Sign(key, phone.Modulus(), em, s1)
	if err := errors.Join(err, err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string][]byte{"share1": s1, "share2": s2, "signature": got} {
		if !bytes.Equal(v, b.hex(t, name)) {
			t.Errorf("%s = %x", name, v)
		}
	}
	if !bytes.Equal(whole, got) {
		t.Error("Sign and Combine differ")
	}
}

func judgeInternal(t *testing.T, b block) {
	var extras [][]byte
	for _, x := range strings.Split(b["extras"], ",") {
		if v, err := hex.DecodeString(x); err != nil {
			t.Fatal(err)
		} else if x != "" {
			extras = append(extras, v)
		}
	}
	if err := CheckProof(b.hex(t, "proof"), Step(b["step"]), b.identity(t), extras...); (err == nil) != b.accept() {
		t.Errorf("CheckProof = %v; want %s", err, b["expect"])
	}
}

func judgeHarden(t *testing.T, b block) {
	id, typed := b.identity(t), []byte(b["pin"])
	if in := hardenInput(id, typed); !bytes.Equal(in, b.hex(t, "input")) {
		t.Errorf("input = %x", in)
	}
	s, err := voprf.NewServer(b.hex(t, "scalar"))
	if err != nil || !bytes.Equal(s.Public(), id.Public) {
		t.Fatalf("NewServer = %v", err)
	}
	if got, err := s.Evaluate(b.hex(t, "blinded")); err != nil || !bytes.Equal(got.Element, b.hex(t, "element")) {
		t.Errorf("element = %x, %v", got.Element, err)
	}
	if got := harden(t, s, id, string(typed)); !bytes.Equal(got, b.hex(t, "hardened")) {
		t.Errorf("hardened = %x", got)
	}
}

func judgeBlob(t *testing.T, b block) {
	blob := Blob{Identity: b.identity(t), Salt: b.hex(t, "salt"), Box: b.hex(t, "box"), Sum: b.hex(t, "sum")}
	h, err := blob.Open(b.hex(t, "hardened"))
	switch b["expect"] {
	case "accept":
		if err != nil || !bytes.Equal(h.pBytes, b.hex(t, "p1")) || !bytes.Equal(h.qBytes, b.hex(t, "q1")) {
			t.Errorf("Open = %v", err)
		}
	case "refuse pin":
		if tunnus.CodeOf(err) != tunnus.CodePINWrong {
			t.Errorf("Open = %v; want %s", err, tunnus.CodePINWrong)
		}
	case "refuse damage":
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("Open = %v; want ErrDamaged", err)
		}
	default:
		t.Errorf("expect: %s", b["expect"])
	}
}
