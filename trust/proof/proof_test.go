package proof

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
)

// vectors are testdata/log.txt, read.
type vectors struct {
	key         Key
	checkpoints map[uint64][]byte
	inclusions  []Inclusion
	consistency []step
}

type step struct {
	from, to uint64
	hashes   [][]byte
}

func load(t testing.TB) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/log.txt")
	if err != nil {
		t.Fatal(err)
	}
	v := vectors{checkpoints: map[uint64][]byte{}}
	for line := range strings.Lines(string(text)) {
		switch f := strings.Fields(line); f[0] {
		case "key":
			if v.key, err = ParseKey(f[1]); err != nil {
				t.Fatal(err)
			}
		case "checkpoint":
			if v.checkpoints[number(t, f[1])], err = base64.StdEncoding.DecodeString(f[2]); err != nil {
				t.Fatal(err)
			}
		case "inclusion":
			v.inclusions = append(v.inclusions, Inclusion{
				Record: []byte(f[3]), Salt: unhex(t, f[4]), Leaf: unhex(t, f[5]), Index: number(t, f[1]), Size: number(t, f[2]),
				Hashes: hashes(t, f[6]), Checkpoint: v.checkpoints[number(t, f[2])],
			})
		case "consistency":
			v.consistency = append(v.consistency, step{number(t, f[1]), number(t, f[2]), hashes(t, f[3])})
		}
	}
	if len(v.checkpoints) != 5 || len(v.inclusions) != 23 || len(v.consistency) != 6 {
		t.Fatalf("%d checkpoints, %d inclusions, %d steps", len(v.checkpoints), len(v.inclusions), len(v.consistency))
	}
	return v
}

func number(t testing.TB, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func hashes(t testing.TB, s string) (out [][]byte) {
	t.Helper()
	if s == "-" {
		return nil
	}
	for _, h := range strings.Split(s, ",") {
		out = append(out, unhex(t, h))
	}
	return out
}

func TestVectorsOfAnotherImplementation(t *testing.T) {
	v := load(t)
	for size, text := range v.checkpoints {
		if c, err := v.key.Open(text); err != nil || c.Size != size || c.Origin != "tunnus-demo/log" {
			t.Errorf("checkpoint of %d: %+v, %v", size, c, err)
		}
	}
	for _, p := range v.inclusions {
		got, err := Certificate(fmt.Appendf(nil, "certificate %d", p.Index), p, v.key)
		if err != nil || got.Serial != fmt.Sprintf("%032x", p.Index) || got.At.Second() != int(p.Index) {
			t.Errorf("line %d of %d: %+v, %v", p.Index, p.Size, got, err)
		}
	}
	for _, s := range v.consistency {
		if err := Consistent(open(t, v, s.from), open(t, v, s.to), s.hashes); err != nil {
			t.Errorf("from %d to %d: %v", s.from, s.to, err)
		}
	}
}

func open(t testing.TB, v vectors, size uint64) Checkpoint {
	t.Helper()
	c, err := v.key.Open(v.checkpoints[size])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// copied is a deep copy, by way of the wire.
func copied(t *testing.T, p Inclusion) Inclusion {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var out Inclusion
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, out); diff != "" {
		t.Fatalf("on the wire a proof becomes another: %s", diff)
	}
	return out
}

// Any one changed byte, anywhere in a proof, is noticed.
func TestEveryChangeIsNoticed(t *testing.T) {
	v := load(t)
	good := v.inclusions[len(v.inclusions)-3] // line 8 of 11
	parts := map[string]func(*Inclusion) []byte{
		"record": func(p *Inclusion) []byte { return p.Record }, "salt": func(p *Inclusion) []byte { return p.Salt },
		"leaf": func(p *Inclusion) []byte { return p.Leaf }, "checkpoint": func(p *Inclusion) []byte { return p.Checkpoint },
	}
	for i := range good.Hashes {
		parts[fmt.Sprint("hash ", i)] = func(p *Inclusion) []byte { return p.Hashes[i] }
	}
	for name, part := range parts {
		for i := range part(&good) {
			bad := copied(t, good)
			part(&bad)[i] ^= 1
			if _, _, err := bad.Event(v.key); err == nil {
				t.Fatalf("%s: byte %d changed, and it was believed", name, i)
			}
		}
	}
}

func TestLinesDoNotMove(t *testing.T) {
	v := load(t)
	for _, p := range v.inclusions {
		for _, moved := range []func(*Inclusion){
			func(p *Inclusion) { p.Index++ }, func(p *Inclusion) { p.Index-- }, func(p *Inclusion) { p.Size++ },
			func(p *Inclusion) { p.Index, p.Size = p.Index+1, p.Size+1 },
			func(p *Inclusion) { p.Hashes = append(p.Hashes, make([]byte, 32)) },
			func(p *Inclusion) { p.Leaf = nil },
			func(p *Inclusion) { p.Checkpoint = v.checkpoints[0] },
		} {
			bad := copied(t, p)
			moved(&bad)
			if _, err := bad.Verify(v.key); err == nil {
				t.Errorf("line %d of %d was found as line %d of %d", p.Index, p.Size, bad.Index, bad.Size)
			}
		}
	}
}

func TestErasedLineIsStillProved(t *testing.T) {
	v := load(t)
	p := v.inclusions[5]
	p.Record, p.Salt = nil, nil
	p = copied(t, p)
	if _, err := p.Verify(v.key); err != nil || !p.Erased() {
		t.Errorf("Verify = %v, Erased = %v", err, p.Erased())
	}
	if _, _, err := p.Event(v.key); !errors.Is(err, ErrLine) {
		t.Errorf("Event of an erased line = %v", err)
	}
}

// A salt of another length would let one leaf stand for two records.
func TestCertificateOfSomethingElse(t *testing.T) {
	v := load(t)
	p := v.inclusions[5]
	for _, der := range []string{"", "certificate 0", fmt.Sprintf("certificate %d ", p.Index)} {
		if _, err := Certificate([]byte(der), p, v.key); !errors.Is(err, ErrCertificate) {
			t.Errorf("%q: %v", der, err)
		}
	}
	split := copied(t, p)
	split.Salt, split.Record = append(split.Salt, split.Record[0]), split.Record[1:]
	if _, err := Certificate(fmt.Appendf(nil, "certificate %d", p.Index), split, v.key); !errors.Is(err, ErrLine) {
		t.Errorf("a salt of 33 bytes: %v", err)
	}
}

func TestRewrittenLogIsNoticed(t *testing.T) {
	v := load(t)
	var long step
	for _, s := range v.consistency {
		if s.from == 3 && s.to == 11 {
			long = s
		}
	}
	three, eight, eleven := open(t, v, 3), open(t, v, 8), open(t, v, 11)
	forked := three
	forked.Root = bytes.Clone(forked.Root)
	forked.Root[0] ^= 1
	other := three
	other.Origin = "another/log"
	for name, got := range map[string]error{
		"forked":            Consistent(forked, eleven, long.hashes),
		"forked, same size": Consistent(forked, three, nil),
		"shorter":           Consistent(eleven, three, long.hashes),
		"other size":        Consistent(eight, eleven, long.hashes),
		"other log":         Consistent(other, eleven, long.hashes),
		"no proof":          Consistent(three, eleven, nil),
		"too much proof":    Consistent(three, eleven, append(long.hashes[:len(long.hashes):len(long.hashes)], make([]byte, 32))),
	} {
		if !errors.Is(got, ErrInconsistent) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func signer(t testing.TB, name string) (note.Signer, Key) {
	t.Helper()
	secret, public, err := note.GenerateKey(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(" " + public + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return s, k
}

// What is signed must also be a checkpoint, of the log whose key it is, in one spelling.
func TestCheckpointsInOtherForms(t *testing.T) {
	s, k := signer(t, "a/log")
	const root = "Mi3ZS7echwno2z57wF2y9dyW1hcV5aTZwipDxXZKe44="
	for _, tt := range []struct {
		text string
		ok   bool
	}{
		{"a/log\n8\n" + root + "\n", true},
		{"b/log\n8\n" + root + "\n", false},
		{"a/log\n08\n" + root + "\n", false},
		{"a/log\n-8\n" + root + "\n", false},
		{"a/log\n18446744073709551615\n" + root + "\n", false},
		{"a/log\n8\n" + root + "\nmore\n", false},
		{"a/log\n8\n" + root[:40] + "\n", false},
		{"a/log\n8\nMi3ZS7echwno2z57wF2y9dyW1hcV5aTZwipDxXZKe45=\n", false},
		{"a/log\n0\n" + root + "\n", false},
		{"8\n" + root + "\n", false},
	} {
		signed, err := note.Sign(&note.Note{Text: tt.text}, s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Open(signed); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
}

func TestOtherKeys(t *testing.T) {
	v := load(t)
	_, other := signer(t, "tunnus-demo/log")
	if _, err := other.Open(v.checkpoints[8]); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("another key of the same name: %v", err)
	}
	for _, text := range []string{"", "tunnus-demo/log", "tunnus-demo/log+6b6f6123+AAAA", "x+6b6f6123+AT/Kw0ud4lhUZTaQTO8qBoOXHZbeq8NKbul1oYaNQS1E"} {
		if k, err := ParseKey(text); !errors.Is(err, ErrKey) || k.Origin() != "" {
			t.Errorf("ParseKey(%q) = %v", text, err)
		}
	}
	if _, err := (Key{}).Open(v.checkpoints[8]); !errors.Is(err, ErrKey) {
		t.Errorf("no key at all: %v", err)
	}
}

// What parse takes is in the one spelling of a checkpoint.
func FuzzParse(f *testing.F) {
	f.Add("a/log\n8\nMi3ZS7echwno2z57wF2y9dyW1hcV5aTZwipDxXZKe44=\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parse(text); err == nil && c.Text() != text {
			t.Errorf("%q became %q", text, c.Text())
		}
	})
}

// An inclusion from outside never makes Verify panic, and is never believed
// without the log's signature.
func FuzzInclusion(f *testing.F) {
	v := load(f)
	_, stranger := signer(f, "tunnus-demo/log")
	for _, p := range v.inclusions {
		b, err := json.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var p Inclusion
		if json.Unmarshal(in, &p) != nil {
			return
		}
		if _, err := p.Verify(stranger); err == nil {
			t.Error("believed without a signature")
		}
		if c, err := p.Verify(v.key); err == nil && (c.Size != p.Size || v.checkpoints[c.Size] == nil) {
			t.Errorf("a checkpoint of %d that nobody signed", c.Size)
		}
	})
}
