package match

import (
	"strings"

	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/enrol/translit"
)

// A Likeness says how far something written is from what a chip says.
type Likeness string

// The kinds of likeness.
const (
	Alike     Likeness = "alike"
	Swapped   Likeness = "swapped"   // surname and given names stand in each other's field
	Misspelt  Likeness = "misspelt"  // a letter or two
	Partial   Likeness = "partial"   // some of the given names are missing
	Different Likeness = "different" // as it is written, somebody else
)

// A Difference is the first field of a form that is not as the chip says.
type Difference struct {
	Field string // "country", "surname", "given_names", "document", "person_code"; "" if there is none
	How   Likeness
}

// Careless reports whether this may be the right person who has written badly.
func (d Difference) Careless() bool {
	return d.How == Swapped || d.How == Misspelt || d.How == Partial
}

// nameCells is the room that code lines have for names (Doc 9303-4 §4.2.2,
// 9303-5 §4.2.2, 9303-6 §4.2.2).
var nameCells = map[mrz.Kind]int{mrz.TD3: 39, mrz.TD1: 30, mrz.TD2: 31}

// Names compares names as a person writes them with those of a code line,
// which may be cut at the end of its room. It names the first that differs:
// "surname", "given_names", or "" if none does.
func Names(surname, given string, z mrz.Zone) (differs string) {
	return Compare(surname, given, z).Field
}

// Compare is [Names] that also tells how far the names are from each other. Names
// that cannot be read ([translit.Read]) are Different.
func Compare(surname, given string, z mrz.Zone) Difference {
	s, err := translit.Read(surname)
	if err != nil {
		return Difference{"surname", Different}
	}
	g, err := translit.Read(given)
	if err != nil && strings.TrimSpace(given) != "" { // somebody may have one name only
		return Difference{"given_names", Different}
	}
	first := first(s, g, z)
	if first == "" {
		return Difference{"", Alike}
	}
	return Difference{first, careless(s, g, z)}
}

// first names the first field that differs.
func first(s, g translit.Spelling, z mrz.Zone) string {
	surname, given := is(s, z.Surname), is(g, z.GivenNames)
	switch {
	case surname && given, cut(s, g, z):
		return ""
	case surname:
		return "given_names"
	}
	return "surname"
}

// is compares a name that may be missing on both sides.
func is(s translit.Spelling, text string) bool {
	return s.Is(text) || s.String() == "" && text == ""
}

// cut compares names with a line that is full, and may have been cut.
func cut(s, g translit.Spelling, z mrz.Zone) bool {
	room, ok := nameCells[z.Kind]
	if !ok {
		room = nameCells[mrz.TD3]
	}
	printed := len(z.Surname)
	if z.GivenNames != "" {
		printed += 2 + len(z.GivenNames)
	}
	if printed < room-1 { // the last cell may be a filler before a word that was left out
		return false
	}
	return s.Cut(z.Surname) && (g.Cut(z.GivenNames) || z.GivenNames == "")
}

// nearBy is how many letters may be wrong in a name that is only misspelt, and
// only of a name that has thrice as many.
const nearBy = 2

// careless says how names differ that are not alike.
func careless(s, g translit.Spelling, z mrz.Zone) Likeness {
	near := func(s translit.Spelling, text string) bool {
		return is(s, text) || text != "" && s.Distance(text) <= min(nearBy, len(text)/3)
	}
	switch {
	case near(s, z.GivenNames) && near(g, z.Surname):
		return Swapped
	case near(s, z.Surname) && near(g, z.GivenNames):
		return Misspelt
	case near(s, z.Surname) && someOf(g, z.GivenNames):
		return Partial
	}
	return Different
}

// someOf reports whether a name is some of the words of a text, in their order.
func someOf(g translit.Spelling, text string) bool {
	words := strings.Fields(text)
	if len(words) < 2 || len(words) > 16 {
		return false
	}
	for from := range words {
		for to := from + 1; to <= len(words); to++ {
			if g.Is(strings.Join(words[from:to], " ")) {
				return true
			}
		}
	}
	return false
}
