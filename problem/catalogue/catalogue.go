package catalogue

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

//go:embed raised.txt
var raised string

// A Place is where a code is raised.
type Place struct {
	Func string // "enrol.judge": package and function
	File string // "enrol/chip.go:141", from the root of the module
}

// An Entry is what is known of one code.
type Entry struct {
	Code      tunnus.Code
	Place     Place
	Next      phrases.Step
	Ways      []phrases.Way
	Languages []phrases.Language // in which it has both its sentences
}

// Entries lists all codes by name, as they stand in book.
func Entries(book *phrases.Book) []Entry {
	places := Places()
	var out []Entry
	for _, c := range slices.Sorted(slices.Values(tunnus.Codes())) {
		e := Entry{Code: c, Place: places[c], Next: phrases.Next(c), Ways: phrases.Ways(c)}
		for _, l := range phrases.Languages() {
			if book.In(l).Knows(c) {
				e.Languages = append(e.Languages, l)
			}
		}
		out = append(out, e)
	}
	return out
}

// Places reads where each code is raised.
func Places() map[tunnus.Code]Place {
	out := map[tunnus.Code]Place{}
	for line := range strings.Lines(raised) {
		if f := strings.Fields(line); len(f) == 3 {
			out[tunnus.Code(f[0])] = Place{Func: f[1], File: f[2]}
		}
	}
	return out
}

// Check names all that is missing or unlike: a code without its place, its step or
// a language, a place of no code, words that are not those of the root package, and
// the faults of the book. None is the only good answer.
func Check(book *phrases.Book) []string {
	var out []string
	fault := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, e := range Entries(book) {
		if e.Place.Func == "" {
			fault("%s: not known where it is raised (problem/catalogue/raised.txt)", e.Code)
		}
		if e.Next == "" {
			fault("%s: no step (problem/phrases/advices.go)", e.Code)
		}
		for _, l := range phrases.Languages() {
			for _, key := range []string{string(e.Code), string(e.Code) + ".next"} {
				if !book.Has(l, key) {
					fault("%s: no %q in problem/phrases/active.%s.json", e.Code, key, l)
				}
			}
		}
		if said := book.In(phrases.English).Sentence(e.Code); said != e.Code.Sentence() {
			fault("%s: code.go says %q, problem/phrases/active.en.json %q", e.Code, e.Code.Sentence(), said)
		}
	}
	for c := range Places() {
		if !slices.Contains(tunnus.Codes(), c) {
			fault("%s: is no code, and has a place", c)
		}
	}
	for key, text := range tunnus.Notes() {
		if said := book.Say(phrases.English, "note."+key, phrases.Values{"value": "(value)"}); said != strings.ReplaceAll(text, "{value}", "(value)") {
			fault("note %s: note.go says %q, problem/phrases/active.en.json %q", key, text, said)
		}
	}
	slices.Sort(out)
	return append(out, book.Faults()...)
}
