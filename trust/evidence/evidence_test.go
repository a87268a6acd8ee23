package evidence

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/mod/sumdb/note"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/audit"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// way is the table of the tests.
var way = Table{Revision: "way/1", Facts: []Fact{
	{"terms", "attested", nil}, {"chip", "proved", []string{"enrol.challenge"}}, {"keys", "proved", nil}, {"application", "proved", nil},
}}

func tables(route, revision string) (Table, bool) {
	if route == "way/renew" { // asks for one fact more
		return Table{way.Revision, append(way.Facts[:1:1], append([]Fact{{"old-device", "proved", nil}}, way.Facts[1:]...)...)}, revision == way.Revision
	}
	return way, route == "way" && revision == way.Revision
}

var began = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// der stands for a certificate: only its hash counts here.
var der = []byte("a certificate")

// a line is one event, at a second of its own.
func line(n int, kind, subject string, detail map[string]string) tunnus.Event {
	return tunnus.Event{At: began.Add(time.Duration(n) * time.Second), Kind: kind, Subject: subject, Detail: detail}
}

func fact(n int, name, mark string) tunnus.Event {
	return line(n, "enrol.fact", "session", map[string]string{"fact": name, "mark": mark, "revision": "way/1", "rules": "r/1", "route": "way"})
}

// story is a registration that goes well.
func story() []tunnus.Event {
	sum := sha256.Sum256(der)
	return []tunnus.Event{
		fact(0, "terms", "attested"), line(1, "enrol.challenge", "session", nil), fact(1, "chip", "proved"),
		line(2, "enrol.plan", "session", map[string]string{"account": "account"}), line(2, "cert.intent", "account", map[string]string{"serial": "01"}),
		line(3, "cert.issued", "account", map[string]string{"serial": "01", "sha256": hex.EncodeToString(sum[:])}),
		fact(4, "keys", "proved"), line(4, "account.create", "account", map[string]string{"device": "hk", "level": "QUALIFIED"}),
		fact(6, "application", "proved"), line(6, "account.activate", "account", nil),
	}
}

// logged puts events into a log of its own, and returns the evidence with its key.
func logged(t testing.TB, events []tunnus.Event) (File, proof.Key) {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, "test/log")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	key, err := proof.ParseKey(public)
	if err != nil {
		t.Fatal(err)
	}
	tree := testonly.New(rfc6962.DefaultHasher)
	var lines []audit.Line
	for _, e := range events {
		l, err := audit.Seal(e)
		if err != nil {
			t.Fatal(err)
		}
		tree.AppendData([]byte("somebody else's"), l.Leaf)
		lines = append(lines, l)
	}
	text := fmt.Sprintf("test/log\n%d\n%s\n", tree.Size(), base64.StdEncoding.EncodeToString(tree.Hash()))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	f := File{Format: Format, Session: "session", Account: "account", Certificates: [][]byte{der}}
	for i, l := range lines {
		at := uint64(2*i + 1)
		hashes, err := tree.InclusionProof(at, tree.Size())
		if err != nil {
			t.Fatal(err)
		}
		f.Lines = append(f.Lines, proof.Inclusion{Record: l.Record, Salt: l.Salt, Leaf: l.Leaf, Index: at, Size: tree.Size(), Hashes: hashes, Checkpoint: signed})
	}
	return f, key
}

func TestVerify(t *testing.T) {
	f, key := logged(t, story())
	r, err := Verify(f, key, tables)
	if err != nil {
		t.Fatal(err)
	}
	if r.Route != "way" || len(r.Facts) != 4 || r.Facts[1].Mark != "proved" || r.Level != "QUALIFIED" || r.Device != "hk" ||
		!r.Active.Equal(began.Add(6*time.Second)) || len(r.Certificates) != 1 || r.Certificates[0].Serial != "01" || r.Checkpoint.Size != 20 {
		t.Errorf("%+v", r)
	}
}

// Who wanted to renew and had nothing to renew made a new account: what was asked for
// before that was known stands in the log, and counts for nothing. A fact that no route
// asks for, or that the last one does not, stays one too many.
func TestNothingToRenew(t *testing.T) {
	for name, c := range map[string]struct {
		name, route string
		good        bool
	}{
		"of the route before":  {"old-device", "way/renew", true},
		"of this route":        {"old-device", "way", false},
		"of no route":          {"more", "way/renew", false},
		"of a route of nobody": {"old-device", "elsewhere", false},
	} {
		moot := fact(0, c.name, "claimed")
		moot.Detail["route"] = c.route
		f, key := logged(t, append(story()[:1:1], append([]tunnus.Event{moot}, story()[1:]...)...))
		r, err := Verify(f, key, tables)
		if (err == nil) != c.good || c.good && (r.Route != "way" || len(r.Facts) != 5) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// A story that does not hold is refused, although each of its lines is in the log.
func TestStoriesThatDoNotHold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s []tunnus.Event) []tunnus.Event
		why    string
	}{
		"a fact is missing":   {func(s []tunnus.Event) []tunnus.Event { return append(s[:2:2], s[3:]...) }, `"keys" stands where "chip"`},
		"the last is missing": {func(s []tunnus.Event) []tunnus.Event { return append(s[:8:8], s[9]) }, `"application" is missing`},
		"two in another order": {func(s []tunnus.Event) []tunnus.Event {
			s[0], s[2] = fact(0, "chip", "proved"), fact(1, "terms", "attested")
			return s
		}, `"chip" stands where "terms"`},
		"a time that runs back": {func(s []tunnus.Event) []tunnus.Event { s[2].At = began.Add(-time.Second); return s }, "older than the one before"},
		"a fact too many":       {func(s []tunnus.Event) []tunnus.Event { return append(s[:9:9], fact(6, "more", "proved"), s[9]) }, "1 facts more"},
		"a mark too high":       {func(s []tunnus.Event) []tunnus.Event { s[0] = fact(0, "terms", "proved"); return s }, "it can be attested"},
		"a mark of nowhere":     {func(s []tunnus.Event) []tunnus.Event { s[0] = fact(0, "terms", "sworn"); return s }, "is called sworn"},
		"another table":         {func(s []tunnus.Event) []tunnus.Event { s[0].Detail["revision"] = "way/0"; return s }, "under two tables"},
		"no such way":           {func(s []tunnus.Event) []tunnus.Event { s[8].Detail["route"] = "elsewhere"; return s }, `"elsewhere" has no table`},
		"another account":       {func(s []tunnus.Event) []tunnus.Event { s[3].Detail["account"] = "other"; return s }, "came of this session"},
		"keys of another":       {func(s []tunnus.Event) []tunnus.Event { s[6].Detail["account"] = "other"; return s }, "made for another account"},
		"it was ended": {func(s []tunnus.Event) []tunnus.Event {
			e := line(5, "enrol.end", "session", nil)
			e.Code = "x"
			return append(s, e)
		}, "ended without an account"},
		"never active":        {func(s []tunnus.Event) []tunnus.Event { return s[:9] }, "became active"},
		"active too soon":     {func(s []tunnus.Event) []tunnus.Event { s[9].At = began.Add(5 * time.Second); return s }, "active before"},
		"never made":          {func(s []tunnus.Event) []tunnus.Event { return append(s[:7:7], s[8:]...) }, "how the account was made"},
		"another certificate": {func(s []tunnus.Event) []tunnus.Event { s[5].Detail["sha256"] = strings.Repeat("00", 32); return s }, "was issued"},
		"issued to another":   {func(s []tunnus.Event) []tunnus.Event { s[5].Subject = "session"; return s }, "was issued"},
		"issued too late":     {func(s []tunnus.Event) []tunnus.Event { s[5].At = began.Add(time.Hour); return s }, "younger than the account"},
		"one more certificate": {func(s []tunnus.Event) []tunnus.Event {
			return append(s[:6:6], append([]tunnus.Event{
				line(3, "cert.intent", "account", map[string]string{"serial": "02"}),
				line(3, "cert.issued", "account", map[string]string{"serial": "02", "sha256": strings.Repeat("11", 32)}),
			}, s[6:]...)...)
		}, "is not in it"},
		"a fact on nothing":    {func(s []tunnus.Event) []tunnus.Event { return append(s[:1:1], s[2:]...) }, `"chip" rests on no line enrol.challenge`},
		"certified too soon":   {func(s []tunnus.Event) []tunnus.Event { s[2], s[3] = s[3], s[2]; s[2].At = s[3].At; return s }, "2 facts came between"},
		"issued before all":    {func(s []tunnus.Event) []tunnus.Event { s[3], s[4], s[5] = s[4], s[5], s[3]; return s }, "before everything was proved"},
		"nobody meant to":      {func(s []tunnus.Event) []tunnus.Event { return append(s[:4:4], s[5:]...) }, "going to be issued"},
		"somebody else's line": {func(s []tunnus.Event) []tunnus.Event { return append(s, line(9, "enrol.fact", "other", nil)) }, "another registration"},
	} {
		t.Run(name, func(t *testing.T) {
			f, key := logged(t, c.change(story()))
			if _, err := Verify(f, key, tables); err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%v; want %q", err, c.why)
			}
		})
	}
}

// What was changed in the file, and what another log signed, proves nothing.
func TestFilesThatWereChanged(t *testing.T) {
	_, other := logged(t, story())
	for name, change := range map[string]func(f *File, key *proof.Key){
		"a record": func(f *File, _ *proof.Key) {
			f.Lines[1].Record = []byte(strings.Replace(string(f.Lines[1].Record), "challenge", "change", 1))
		},
		"a salt":            func(f *File, _ *proof.Key) { f.Lines[1].Salt = make([]byte, 32) },
		"a leaf":            func(f *File, _ *proof.Key) { f.Lines[1].Leaf = f.Lines[2].Leaf },
		"a place":           func(f *File, _ *proof.Key) { f.Lines[1].Index++ },
		"the order":         func(f *File, _ *proof.Key) { f.Lines[1], f.Lines[2] = f.Lines[2], f.Lines[1] },
		"a line twice":      func(f *File, _ *proof.Key) { f.Lines = append(f.Lines[:2:2], f.Lines[1:]...) },
		"a line left out":   func(f *File, _ *proof.Key) { f.Lines = append(f.Lines[:1:1], f.Lines[2:]...) },
		"a line erased":     func(f *File, _ *proof.Key) { f.Lines[1].Record, f.Lines[1].Salt = nil, nil },
		"another key":       func(_ *File, key *proof.Key) { *key = other },
		"no certificate":    func(f *File, _ *proof.Key) { f.Certificates = nil },
		"other certificate": func(f *File, _ *proof.Key) { f.Certificates = append(f.Certificates, []byte("more")) },
		"another account":   func(f *File, _ *proof.Key) { f.Account = "other" },
		"another session":   func(f *File, _ *proof.Key) { f.Session = "other" },
	} {
		t.Run(name, func(t *testing.T) {
			f, key := logged(t, story())
			change(&f, &key)
			if r, err := Verify(f, key, tables); err == nil || r.Lines != 0 {
				t.Errorf("%+v, %v; want a refusal and no report", r, err)
			}
		})
	}
}

// A fact may be worth less than the table says: a phone that is gone confirms nothing.
func TestWeakerMarkIsAdmitted(t *testing.T) {
	s := story()
	s[2] = fact(1, "chip", "attested")
	f, key := logged(t, s)
	if r, err := Verify(f, key, tables); err != nil || r.Facts[1].Mark != "attested" {
		t.Errorf("%+v, %v", r.Facts, err)
	}
}

// What Parse takes is written back as it came, and nothing else is a file.
func FuzzParse(f *testing.F) {
	good, _ := logged(f, story())
	b, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"format":"tunnus/evidence/v1","session":"s","account":"a","lines":[],"certificates":[],"container":""}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		file, err := Parse(in)
		if err != nil {
			return
		}
		out, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(out)
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if twice, err := json.Marshal(again); err != nil || string(twice) != string(out) {
			t.Errorf("%s became %s, %v", out, twice, err)
		}
	})
}

func TestParseRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing": "", "no object": "[]", "another format": `{"format":"x","session":"s","account":"a"}`, "of nothing": `{"format":"tunnus/evidence/v1"}`,
		"more in it": `{"format":"tunnus/evidence/v1","session":"s","account":"a","more":1}`,
		"behind it":  `{"format":"tunnus/evidence/v1","session":"s","account":"a"}{}`, "too large": strings.Repeat(" ", MaxSize+1),
	} {
		if f, err := Parse([]byte(in)); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
