package phrases

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/tunnus-id/tunnus"
)

func codes(t testing.TB) *Book {
	t.Helper()
	b, err := Codes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every key in six languages: the places of English, the plural forms of the
// language, its own script, no word left in English.
func TestBookIsComplete(t *testing.T) {
	for _, f := range codes(t).Faults() {
		t.Error(f)
	}
}

// Each code has both its sentences, in English those of the root package.
func TestEachCodeIsSaid(t *testing.T) {
	b := codes(t)
	for _, c := range tunnus.Codes() {
		for _, l := range Languages() {
			if s := b.In(l); !s.Knows(c) {
				t.Errorf("%s: active.%s.json needs %q and %q", c, l, c, string(c)+nextKey)
			} else if l == English && s.Sentence(c) != c.Sentence() {
				t.Errorf("%s: code.go says %q, active.en.json %q", c, c.Sentence(), s.Sentence(c))
			}
		}
	}
}

// Each note is said, in English as by the root package.
func TestEachNoteIsSaid(t *testing.T) {
	b := codes(t)
	for key, text := range tunnus.Notes() {
		want := strings.ReplaceAll(text, "{value}", "9.9")
		if got := b.Say(English, "note."+key, Values{"value": "9.9"}); got != want {
			t.Errorf("note %s: %q; note.go says %q", key, got, want)
		}
		for _, l := range Languages() {
			if got := b.Say(l, "note."+key, Values{"value": "9.9"}); strings.Contains(text, "{value}") != strings.Contains(got, "9.9") {
				t.Errorf("%s: note %s: %q", l, key, got)
			}
		}
	}
}

// spoil reads the files of the codes with one change to one of them.
func spoil(t *testing.T, l Language, change func(messages map[string]any)) *Book {
	t.Helper()
	dir := fstest.MapFS{}
	for _, each := range Languages() {
		name := fmt.Sprintf("active.%s.json", each)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if each == l {
			var all map[string]any
			if err := json.Unmarshal(text, &all); err != nil {
				t.Fatal(err)
			}
			change(all)
			if text, err = json.Marshal(all); err != nil {
				t.Fatal(err)
			}
		}
		dir[name] = &fstest.MapFile{Data: text}
	}
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What can be wrong with a translation is found, each by itself.
func TestFaultsAreFound(t *testing.T) {
	set := func(key, text string) func(map[string]any) { return func(m map[string]any) { m[key] = text } }
	tests := []struct {
		name   string
		l      Language
		change func(map[string]any)
		want   string
	}{
		{"missing", Latvian, func(m map[string]any) { delete(m, "doc-expired") }, "doc-expired: lv has it not"},
		{"empty", Danish, set("doc-expired", ""), "doc-expired: da has"},
		{"unknown key", Danish, set("doc-expird", "Udløbet."), "doc-expird: da has it, English has not"},
		{"left in English", Estonian, set("doc-expired", "This document has expired."), "doc-expired: et is left in English"},
		{"place lost", Lithuanian, set("field", "Laukas."), "field: lt has the places"},
		{"place mistyped", Lithuanian, set("field", "Laukas: {{.valeu}}."), "field: lt has the places"},
		{"mark of a template left", Lithuanian, set("field", "Laukas: {{.value}} {{value}}."), "field: lt has marks of a template"},
		{"one brace", Danish, set("doc-expired", "Udløbet {her."), "doc-expired: da has marks of a template"},
		{"HTML", Danish, set("doc-expired", "<b>Udløbet</b>."), "doc-expired: da has marks of a template or a page"},
		{"other end", Danish, set("doc-expired", "Udløbet"), "doc-expired: da ends with"},
		{"space", Danish, set("doc-expired", "Er  udløbet."), "doc-expired: da has spaces"},
		{"Latin letter in a Russian word", Russian, set("doc-expired", "Cрок истёк."), "in two scripts"},
		{"Latin word in Russian", Russian, set("doc-expired", "Срок expired."), "in Latin"},
		{"Cyrillic in Latvian", Latvian, set("doc-expired", "Срок."), "in Cyrillic"},
		{"no plural", Estonian, set("left", "{{.N}} katset."), "left: et has not the form one"},
		{"a plural form missing", Russian, func(m map[string]any) { delete(m["left"].(map[string]any), "many") }, "left: ru has not the form many"},
		{"a plural form too many", Estonian, func(m map[string]any) { m["left"].(map[string]any)["few"] = "{{.N}} katset." }, "left: et has a form few"},
		{"number lost", Russian, func(m map[string]any) { m["left"].(map[string]any)["few"] = "Осталось." }, "left: ru has the places"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := spoil(t, tt.l, tt.change).Faults()
			if !slices.ContainsFunc(got, func(f string) bool { return strings.Contains(f, tt.want) }) {
				t.Errorf("faults %q; want one with %q", got, tt.want)
			}
		})
	}
}

// A book needs all its files.
func TestOpenNeedsAllFiles(t *testing.T) {
	if _, err := Open(fstest.MapFS{"active.en.json": {Data: []byte(`{"a": "A."}`)}}); err == nil {
		t.Error("opened with one of six files")
	}
}

// What is not there in a language is said in English, what is not there at all is "".
func TestMissingIsSaidInEnglish(t *testing.T) {
	b := spoil(t, Danish, func(m map[string]any) { delete(m, "doc-expired") })
	if got := b.Say(Danish, "doc-expired", nil); got != "This document has expired." {
		t.Errorf("said %q", got)
	}
	if got := b.Say(Danish, "no-such-key", nil); got != "" {
		t.Errorf("said %q", got)
	}
	if got := b.Say(English, "field", nil); got != "Field: ." {
		t.Errorf("without its value: %q", got)
	}
}

// hostile is what somebody may try to have shown, in one value.
var hostile = "<script>alert(1)</script>\r\nSet-Cookie: a=b\x1b[2J\x1b]0;x\x07\u202eevil\u2066\x00{{.N}}`id`" + strings.Repeat("A", 1<<20)

// Whatever a failure carries, what is said of it is one harmless line.
func TestNothingHostileIsSaid(t *testing.T) {
	b := codes(t)
	for _, c := range tunnus.Codes() {
		e := tunnus.Fail(c, nil).WithField(hostile).WithNote("version", hostile)
		e.Public = hostile
		for _, l := range Languages() {
			s := b.In(l)
			for _, text := range []string{s.Detail(e), s.Field(e.Field), s.Reference(hostile), Speaker{}.Detail(e)} {
				if text == "" || len(text) > 3000 || strings.ContainsAny(text, "<>{}`") || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Fatalf("%s in %s: %.300q", c, l, text)
				}
			}
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"O'Brien-Šķēle, Ōta & Co.": "O'Brien-Šķēle, Ōta & Co.",
		"Иванов":                   "Иванов",
		"a\nb\tc\x1b[0m":           "abc[0m",
		"\xff\xfea\u202eb":         "ab",
		strings.Repeat("ā", 201):   strings.Repeat("ā", 200) + "…",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q; want %q", in, got, want)
		}
	}
}
