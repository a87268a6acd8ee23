package translit

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of a name, judged before any work is done with it. Names of 80
// characters fit whatever they are composed of.
const (
	MaxBytes   = 1024
	MaxLetters = 160 // after composing
)

// What Read refuses. The errors hold nothing of the name.
var (
	ErrLong    = errors.New("translit: longer than a name")
	ErrEmpty   = errors.New("translit: no letter in it")
	ErrMixed   = errors.New("translit: letters of more than one alphabet")
	ErrSign    = errors.New("translit: a character that no name has")
	ErrLetters = errors.New("translit: letters that have no transliteration here")
)

// A Spelling is a name in all the ways in which a code line may have it. The zero
// value is no name.
type Spelling struct {
	// cells are the letters, each with its alternatives, the recommended one
	// first. A cell that is a space parts two words; none begins or ends with it.
	cells [][]string
}

// Read reads a name as a person or a register writes it.
func Read(name string) (Spelling, error) {
	if len(name) > MaxBytes || !utf8.ValidString(name) {
		return Spelling{}, ErrLong
	}
	letters := []rune(norm.NFC.String(strings.ToUpper(name)))
	if len(letters) > MaxLetters {
		return Spelling{}, ErrLong
	}
	if err := oneAlphabet(letters); err != nil {
		return Spelling{}, err
	}
	var s Spelling
	for len(letters) > 0 {
		cell, n, err := next(letters)
		if err != nil {
			return Spelling{}, err
		}
		if cell != nil {
			s.cells = append(s.cells, cell)
		}
		letters = letters[n:]
	}
	s.cells = tidy(s.cells)
	if s.String() == "" {
		return Spelling{}, ErrEmpty
	}
	return s, nil
}

// space is the cell between two words.
var space = []string{" "}

// next reads one letter, or a pair that is written together: what it may become,
// nil if it leaves no trace, and how many characters it took.
func next(letters []rune) (cell []string, n int, err error) {
	r := letters[0]
	if len(letters) > 1 {
		if pair := pairs[string(letters[:2])]; pair != nil {
			return pair, 2, nil
		}
	}
	switch {
	case r >= 'A' && r <= 'Z':
		return []string{string(r)}, 1, nil
	case unicode.IsSpace(r) && !unicode.IsControl(r), unicode.Is(unicode.Pd, r), r == '\t', r == '\u00AD':
		if r == '\u00AD' { // a soft hyphen is not printed
			return nil, 1, nil
		}
		return space, 1, nil
	case strings.ContainsRune(stops, r):
		return []string{"", " "}, 1, nil
	case strings.ContainsRune(unseen, r), unicode.Is(unicode.Mn, r) && r != shadda:
		return nil, 1, nil
	}
	for _, table := range []map[rune][]string{latin, cyrillic, greek, arabic} {
		if cell := table[r]; cell != nil {
			return cell, 1, nil
		}
	}
	if base := bare(r); base != r {
		cell, _, err := next([]rune{base})
		return cell, 1, err
	}
	if unicode.IsLetter(r) {
		return nil, 0, ErrLetters
	}
	return nil, 0, ErrSign
}

// bare is a letter without its marks; itself if it has none.
func bare(r rune) rune {
	first, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
	return first
}

// stops are signs that a code line leaves out, joining what they part; some
// states part it (Doc 9303-3 §4.6). Among them the apostrophes.
const stops = "'’‘ʼʻ`´′.,·\u05F3"

// unseen are signs that nobody sees: joiners, and the marks that only confirm a direction.
const unseen = "\u200B\u200C\u200D\u200E\u200F\u061C\u2060\uFEFF\u0640"

// alphabets are those that have a table.
var alphabets = []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Arabic}

// oneAlphabet refuses letters of two alphabets in one name.
func oneAlphabet(letters []rune) error {
	var found *unicode.RangeTable
	for _, r := range letters {
		if !unicode.IsLetter(r) || r == 'ʼ' || r == 'ʻ' || r == '\u0640' {
			continue
		}
		at := slices.IndexFunc(alphabets, func(t *unicode.RangeTable) bool { return unicode.Is(t, r) })
		switch {
		case at < 0:
			return ErrLetters
		case found != nil && found != alphabets[at]:
			return ErrMixed
		}
		found = alphabets[at]
	}
	return nil
}

// tidy leaves one space between words, and none at the ends. A letter that is
// doubled by its mark (shadda) is written twice.
func tidy(cells [][]string) [][]string {
	var out [][]string
	for _, c := range cells {
		blank := c[0] == " "
		if blank && (len(out) == 0 || out[len(out)-1][0] == " ") {
			continue
		}
		if c[0] == doubled {
			if len(out) == 0 {
				continue
			}
			c = twice(out[len(out)-1])
		}
		out = append(out, c)
	}
	if len(out) > 0 && out[len(out)-1][0] == " " {
		out = out[:len(out)-1]
	}
	return out
}

// twice is what a doubled letter adds to itself: the letter again, or nothing.
func twice(c []string) []string { return append(slices.Clone(c), "") }

// String returns the recommended way, such as "MUELLER".
func (s Spelling) String() string {
	var b strings.Builder
	for _, c := range s.cells {
		b.WriteString(c[0])
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Plain returns the way that takes the shortest of each letter: "MULLER".
func (s Spelling) Plain() string {
	var b strings.Builder
	for _, c := range s.cells {
		short := c[0]
		for _, a := range c[1:] {
			if a != "" && a != " " && len(a) < len(short) {
				short = a
			}
		}
		b.WriteString(short)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Line is the recommended way of a name in a code line. It fails as [Read] does.
func Line(name string) (string, error) {
	s, err := Read(name)
	return s.String(), err
}
