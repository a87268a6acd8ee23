package audit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
)

var event = tunnus.Event{
	At: time.Date(2026, 11, 22, 14, 0, 0, 5e6, time.FixedZone("", 2*3600)), Kind: "cert.intent", Subject: "acc-1",
	Detail: map[string]string{"serial": "01", "profile": "<login>"},
}

const canonical = `{"at":"2026-11-22T12:00:00.005Z","kind":"cert.intent","subject":"acc-1","detail":{"profile":"<login>","serial":"01"}}`

func TestEncodeIsCanonical(t *testing.T) {
	for range 20 { // maps are walked in another order each time
		got, err := Encode(event)
		if err != nil || string(got) != canonical {
			t.Fatalf("got %s, %v\nwant %s", got, err, canonical)
		}
	}
}

func TestLeafIsTheHashOfSaltAndRecord(t *testing.T) {
	// printf: 32 zero bytes and the record above, through sha256sum.
	const want = "6ebe1005a4ae2aec05a8b06e49bc451480376ddb39edd349b43eb8047e19a2a7"
	if got := hex.EncodeToString(leaf(make([]byte, SaltSize), []byte(canonical))); got != want {
		t.Errorf("leaf %s, want %s", got, want)
	}
}

func TestOpenRefusesEveryChange(t *testing.T) {
	good, err := Seal(event)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(good); err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]func(*Line) []byte{
		"record": func(l *Line) []byte { return l.Record },
		"salt":   func(l *Line) []byte { return l.Salt },
		"leaf":   func(l *Line) []byte { return l.Leaf },
	} {
		for i := range part(&good) {
			bad := Line{bytes.Clone(good.Record), bytes.Clone(good.Salt), bytes.Clone(good.Leaf)}
			part(&bad)[i] ^= 1
			if _, err := Open(bad); !errors.Is(err, ErrLine) {
				t.Fatalf("%s: byte %d changed: %v", name, i, err)
			}
		}
	}
	moved := Line{good.Record[1:], append(bytes.Clone(good.Salt), good.Record[0]), good.Leaf}
	if _, err := Open(moved); !errors.Is(err, ErrLine) {
		t.Errorf("a byte moved from record to salt: %v", err)
	}
}

func TestSaltsDiffer(t *testing.T) {
	a, err := Seal(event)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Seal(event)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.Salt, b.Salt) || bytes.Equal(a.Leaf, b.Leaf) {
		t.Error("two lines of one event are alike")
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, e := range map[string]tunnus.Event{
		"no kind":   {At: event.At},
		"no time":   {Kind: "x"},
		"not UTF-8": {At: event.At, Kind: "x", Detail: map[string]string{"a": "\xff"}},
	} {
		if _, err := Encode(e); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
}

func TestDecodeIsTheInverseOfEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := tunnus.Event{
			At:   time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).UTC(),
			Kind: rapid.StringN(1, 20, -1).Draw(t, "kind"), Subject: rapid.String().Draw(t, "subject"),
			Code: tunnus.Code(rapid.String().Draw(t, "code")),
		}
		if d := rapid.MapOfN(rapid.String(), rapid.String(), 0, 4).Draw(t, "detail"); len(d) > 0 {
			e.Detail = d
		}
		text, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Error(diff)
		}
	})
}

// What is read is in canonical form: no two spellings of one event.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(canonical))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := Decode(text)
		if err != nil {
			return
		}
		if again, err := Encode(e); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%s became %s, %v", text, again, err)
		}
	})
}
