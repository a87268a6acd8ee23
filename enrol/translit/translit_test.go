package translit

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

var line = regexp.MustCompile(`^[A-Z]+( [A-Z]+)*$`)

// What a code line can hold stands for itself, and for nothing else.
func TestLineIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[A-Z]{1,12}( [A-Z]{1,9}){0,4}`).Draw(t, "text")
		s, err := Read(text)
		if err != nil || s.String() != text || s.Plain() != text || !s.Is(text) || s.Distance(text) != 0 {
			t.Fatalf("%q became %q, %v", text, s, err)
		}
		if other := rapid.StringMatching(`[A-Z]{1,12}( [A-Z]{1,9}){0,4}`).Draw(t, "other"); other != text && s.Is(other) {
			t.Fatalf("%q is taken for %q", text, other)
		}
	})
}

// Every letter of Doc 9303-3 §6 A and B, capital or small, alone and within a word.
func TestLettersOfTheStandard(t *testing.T) {
	b, err := os.ReadFile("testdata/letters.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for row := range strings.Lines(string(b)) {
		f := strings.Fields(row)
		if len(f) < 2 || f[0] == "#" {
			continue
		}
		n++
		for _, letter := range []string{f[0], strings.ToLower(f[0])} {
			s, err := Read(letter)
			if err != nil || s.String() != f[1] {
				t.Errorf("%s becomes %q, %v; want %s", letter, s, err, f[1])
			}
			for _, way := range f[1:] {
				if word, err := Read(letter + letter); err != nil || !s.Is(way) || !word.Is(way+way) {
					t.Errorf("%s is not taken for %s", letter, way)
				}
			}
		}
	}
	if n < 130 {
		t.Errorf("only %d letters", n)
	}
}

// Every letter of the tables has its ways, each of capital letters, and is taken
// for each of them.
func TestTablesAreOfCapitals(t *testing.T) {
	n := 0
	for name, table := range map[string]map[rune][]string{"latin": latin, "cyrillic": cyrillic, "greek": greek, "arabic": arabic} {
		for r, ways := range table {
			if r == shadda {
				continue
			}
			n++
			if !unicode.IsLetter(r) {
				t.Errorf("%s: %U is no letter", name, r)
			}
			for _, w := range ways {
				if strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
					t.Errorf("%s: %U becomes %q", name, r, w)
				}
				if w == "" || ways[0] == "" { // a sign that may leave no trace is no name alone
					continue
				}
				s, err := Read(string(r))
				if err != nil || !s.Is(w) {
					t.Errorf("%s: %U is not taken for %q: %v", name, r, w, err)
				}
			}
		}
	}
	if n < 180 {
		t.Errorf("only %d letters", n)
	}
}

// Every Latin, Cyrillic, Greek and Arabic letter that an alphabet of today has is
// written somehow, with and without its marks apart.
func TestLettersWithMarks(t *testing.T) {
	for r := rune(0xC0); r <= 0x17F; r++ {
		if r == 0xD7 || r == 0xF7 {
			continue
		}
		if got, err := Line(string(r)); err != nil || !line.MatchString(got) {
			t.Errorf("%U: %q, %v", r, got, err)
		}
	}
	for r := rune(0x400); r <= 0x45F; r++ {
		if _, err := Line("А" + string(r)); err != nil {
			t.Errorf("%U: %v", r, err)
		}
	}
	for r := rune(0x1EA0); r <= 0x1EF9; r++ { // Vietnamese
		if got, err := Line(string(r)); err != nil || len(got) != 1 {
			t.Errorf("%U: %q, %v", r, got, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]error{
		"":                            ErrEmpty,
		" - ":                         ErrEmpty,
		strings.Repeat("A", 1025):     ErrLong,
		"\xff":                        ErrLong,
		strings.Repeat("A", 161):      ErrLong,
		"Аnna":                        ErrMixed, // Cyrillic, then Latin
		"Annα":                        ErrMixed,
		"Anna 王":                      ErrLetters,
		"ანა":                         ErrLetters,
		"A1":                          ErrSign,
		"A\x00":                       ErrSign,
		"A\nB":                        ErrSign,
		"A\u202EB":                    ErrSign,
		"A\u2067B":                    ErrSign,
		"A<B":                         ErrSign,
		"A&B":                         ErrSign,
		"A;B":                         ErrSign,
		"A\u20DD":                     ErrSign, // a mark that encloses
		"🙂":                           ErrSign,
		"A\U000E0041":                 ErrSign, // a tag that nobody sees
		"A\uFE0F" + "\u3164":          ErrLetters,
		strings.Repeat("\u0301", 200): ErrLong,
	} {
		if s, err := Read(text); !errors.Is(err, want) || s.String() != "" {
			t.Errorf("%q: %q, %v; want %v", text, s, err, want)
		}
	}
}

// What comes out is a name of a code line, or nothing; a second time it is the
// same; and no error holds what was read.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"Müller", "Đặng", "Щукин", "Ευαγγελία", "محمّد", "O'Neill-Žď", "A\u0308\u0301", "ß", "ŉ"} {
		f.Add(s, "MUELLER")
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		s, err := Read(name)
		if err != nil {
			if len(name) > 3 && strings.Contains(err.Error(), name) && !strings.Contains("translit: longer than a name no letter in it letters of more than one alphabet a character that no name has letters that have no transliteration here", name) {
				t.Errorf("the error holds the name: %v", err)
			}
			return
		}
		for _, way := range []string{s.String(), s.Plain()} {
			if !line.MatchString(way) || !s.Is(way) || !s.Cut(way) {
				t.Fatalf("%q becomes %q; is: %v", name, way, s.Is(way))
			}
			again, err := Line(way)
			if len(way) <= MaxLetters && (err != nil || again != way) {
				t.Fatalf("%q becomes %q and then %q, %v", name, way, again, err)
			}
		}
		if s.Is(text) && !s.Cut(text) {
			t.Errorf("%q is %q, and not a part of it", text, name)
		}
		if s.Is(text) && !line.MatchString(text) {
			t.Errorf("%q is taken for %q", name, text)
		}
	})
}

// What is longer than a name is refused before any work is done with it.
func TestNoWorkForAMegabyte(t *testing.T) {
	mega := "a" + strings.Repeat("\u0301", 1<<19)
	if n := testing.AllocsPerRun(10, func() { _, _ = Read(mega) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
