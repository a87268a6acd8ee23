package statement

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

func vouching() Statement {
	return Statement{
		Format: Version, About: Vouch, Session: "s1", Device: "d1", Person: "PNOXX-199002140017", Name: "Ada Åsk", Level: "QUALIFIED",
		Model: "Fairphone 9", Place: "Utopia", Code: "42", Time: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
	}
}

func TestCanonicalForm(t *testing.T) {
	got, err := vouching().Canonical()
	want := `{"format":"tunnus/statement/v1","about":"vouch","session":"s1","device":"d1","person":"PNOXX-199002140017","name":"Ada Åsk",` +
		`"level":"QUALIFIED","model":"Fairphone 9","place":"Utopia","code":"42","time":"2026-11-22T09:00:00Z"}`
	if err != nil || string(got) != want {
		t.Errorf("Canonical = %s, %v; want %s", got, err, want)
	}
	back, err := Parse(got)
	if err != nil || back != vouching() {
		t.Errorf("Parse = %+v, %v", back, err)
	}
}

func TestParseRefusesOtherForms(t *testing.T) {
	good, err := vouching().Canonical()
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, fresh string) string { return strings.Replace(string(good), old, fresh, 1) }
	for name, bad := range map[string]string{
		"nothing":            "",
		"no object":          "null",
		"a space":            swap(`":"`, `": "`),
		"something behind":   string(good) + "\n",
		"two":                string(good) + string(good),
		"a field twice":      swap(`"code":"42"`, `"code":"41","code":"42"`),
		"a field in capital": swap(`"code"`, `"Code"`),
		"an unknown field":   swap(`"code"`, `"amount":"1","code"`),
		"another order":      swap(`"session":"s1","device":"d1"`, `"device":"d1","session":"s1"`),
		"an empty field":     swap(`"place":"Utopia"`, `"place":""`),
		"escaped":            swap("Å", `\u00c5`),
		"another version":    swap("/v1", "/v2"),
		"another matter":     swap("vouch", "pay"),
		"parts of a second":  swap("00Z", "00.5Z"),
		"another zone":       swap("09:00:00Z", "11:00:00+02:00"),
		"not UTF-8":          swap("Å", "\xff"),
	} {
		if s, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// Text of others cannot pass for a line of ours, nor turn one around.
func TestHostileText(t *testing.T) {
	for _, text := range []string{"x\nLevel   ADVANCED", "x\r", "x\u2028y", "x\u202egnp", "x\u0000", "x\u200by", "\x1b[2J", "bad\xff", "tab\tbed"} {
		for name, put := range map[string]func(*Statement){
			"name": func(s *Statement) { s.Name = text }, "model": func(s *Statement) { s.Model = text }, "place": func(s *Statement) { s.Place = text },
			"code": func(s *Statement) { s.Code = text }, "person": func(s *Statement) { s.Person = text }, "device": func(s *Statement) { s.Device = text },
		} {
			s := vouching()
			put(&s)
			if b, err := s.Canonical(); err == nil {
				t.Errorf("%q as %s: %s", text, name, b)
			}
		}
	}
	s := vouching()
	s.Model = `"><script>&lt;'; DROP TABLE account; --`
	b, err := s.Canonical()
	if err != nil || !strings.Contains(string(b), `<script>`) {
		t.Errorf("Canonical = %s, %v", b, err)
	}
	if back, err := Parse(b); err != nil || back.Model != s.Model {
		t.Errorf("Parse = %q, %v", back.Model, err)
	}
}

func TestWhatAStatementHasToSay(t *testing.T) {
	for name, drop := range map[string]func(*Statement){
		"session": func(s *Statement) { s.Session = "" }, "device": func(s *Statement) { s.Device = "" },
		"person": func(s *Statement) { s.Person = "" }, "level": func(s *Statement) { s.Level = "" }, "format": func(s *Statement) { s.Format = "" },
	} {
		for _, about := range All() {
			s := vouching()
			s.About = about
			drop(&s)
			_, err := s.Canonical()
			if optional := about == Recall && (name == "person" || name == "level"); optional != (err == nil) {
				t.Errorf("%s without %s: %v", about, name, err)
			}
		}
	}
}

// The text says what the record says, for each matter something else.
func TestText(t *testing.T) {
	seen := map[string]bool{}
	for _, about := range All() {
		s := vouching()
		s.About = about
		text := s.Text()
		head, _, _ := strings.Cut(text, "\n")
		if head == "" || seen[head] {
			t.Errorf("%s begins with %q", about, head)
		}
		seen[head] = true
		for _, v := range []string{s.Name, s.Person, s.Level, s.Model, s.Place, s.Code, s.Device, "stealing your identity"} {
			if (about != Recall) != strings.Contains(text, v) {
				t.Errorf("%s: %q is missing, or too much:\n%s", about, v, text)
			}
		}
	}
}

// K8, P7: the log-in key proves and signs nothing; PIN2 signs or proves.
func TestSigns(t *testing.T) {
	for _, p := range []splitkey.Purpose{splitkey.Login, splitkey.Signature} {
		for _, how := range []splitkey.Padding{splitkey.Internal, splitkey.PSS, splitkey.PKCS1, "", "raw"} {
			want := how == splitkey.Internal || p == splitkey.Signature && how == splitkey.PSS
			if got := (Format{}).Signs(p, how); got != want {
				t.Errorf("a %s key says it with %q: %v", p, how, got)
			}
		}
	}
}

func TestAStatementHasNoAnswer(t *testing.T) {
	record, err := vouching().Canonical()
	if err != nil {
		t.Fatal(err)
	}
	for answer, ok := range map[string]bool{"": true, "null": true, "{}": true, " {} ": true, "{} ": true, `{"a":1}`: false, "0": false, "{}{}": false} {
		got, err := Format{}.Payload(record, []byte(answer))
		if ok != (err == nil) || ok && !bytes.Equal(got, record) {
			t.Errorf("answer %q: %v", answer, err)
		}
	}
	text, service, code, err := Format{}.Shown(record, nil)
	if err != nil || text != vouching().Text() || service != Service || code != "42" {
		t.Errorf("Shown = %q, %q, %q, %v", text, service, code, err)
	}
}

// What can be read is written just so again, and can be shown line by line.
func FuzzParse(f *testing.F) {
	for _, about := range All() {
		s := vouching()
		s.About = about
		b, err := s.Canonical()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"format":"tunnus/statement/v1","about":"recall","session":"s","device":"d","time":"2026-11-22T09:00:00+00:00"}`))
	f.Add([]byte(`{"format":"tunnus/statement/v1","about":"recall","session":"\ud800","device":"d","time":"0000-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		again, err := s.Canonical()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("read %q, written %q, %v", b, again, err)
		}
		text := s.Text()
		if lines := strings.Count(text, "\n"); s.About == Recall && lines != 1 || s.About != Recall && (lines < 6 || lines > 10) {
			t.Errorf("%d lines:\n%s", lines, text)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("something that cannot be shown: %q", text)
		}
	})
}
