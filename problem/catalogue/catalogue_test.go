package catalogue

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// Every code has its place, its step and its words in six languages.
func TestNothingIsMissing(t *testing.T) {
	book, err := phrases.Codes()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Check(book) {
		t.Error(f)
	}
}

// Entries are all codes, in order, each with six languages and a place.
func TestEntries(t *testing.T) {
	book, err := phrases.Codes()
	if err != nil {
		t.Fatal(err)
	}
	all := Entries(book)
	if len(all) != len(tunnus.Codes()) || !slices.IsSortedFunc(all, func(a, b Entry) int { return strings.Compare(string(a.Code), string(b.Code)) }) {
		t.Errorf("%d entries, %d codes", len(all), len(tunnus.Codes()))
	}
	for _, e := range all {
		if e.Code == tunnus.CodeOTPWrong && (!strings.HasPrefix(e.Place.File, "enrol/otp/") || !strings.HasPrefix(e.Place.Func, "enrol/otp.") || len(e.Languages) != 6) {
			t.Errorf("%+v", e)
		}
	}
}

// What is missing is named, with the file in which it is missing.
func TestMissingIsNamed(t *testing.T) {
	dir := fstest.MapFS{}
	for _, l := range phrases.Languages() {
		name := "active." + string(l) + ".json"
		text, err := os.ReadFile("../phrases/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if l == phrases.Latvian {
			text = []byte(strings.Replace(string(text), `"doc-expired.next"`, `"doc-expired.nxt"`, 1))
		}
		if l == phrases.English {
			text = []byte(strings.Replace(string(text), "Wrong PIN.", "PIN is wrong.", 1))
		}
		dir[name] = &fstest.MapFile{Data: text}
	}
	book, err := phrases.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := Check(book)
	for _, want := range []string{
		`doc-expired: no "doc-expired.next" in problem/phrases/active.lv.json`,
		"doc-expired.nxt: lv has it, English has not",
		`pin-wrong: code.go says "Wrong PIN. Please try again.", problem/phrases/active.en.json "PIN is wrong. Please try again."`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
}
