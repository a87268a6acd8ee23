package translit

import "strings"

// Is reports whether a text of a code line, words parted by one space, may be
// this name.
func (s Spelling) Is(text string) bool {
	return len(s.cells) > 0 && words(text) && s.walk(text, false)
}

// Cut reports whether a text may be this name in a line that had no room for all
// of it: words were cut, one letter of each at least being left, or the last of
// them left out (Doc 9303-4 §4.2.3).
func (s Spelling) Cut(text string) bool {
	return len(s.cells) > 0 && words(text) && s.walk(text, true)
}

// words reports whether a text is words parted by one space.
func words(text string) bool {
	return text != "" && !strings.HasPrefix(text, " ") && !strings.HasSuffix(text, " ") && !strings.Contains(text, "  ")
}

// walk tells whether the cells can be laid over the text. It keeps all places of
// the text that the cells so far can end at, so it takes time of cells × text.
func (s Spelling) walk(text string, cut bool) bool {
	text += " " // so that a stop that parts can be told at the end
	at := make([]bool, len(text)+1)
	at[0] = true
	skipping := make([]bool, len(text)+1) // in the rest of a word that was cut
	for _, cell := range s.cells {
		to, skip := make([]bool, len(text)+1), make([]bool, len(text)+1)
		for i := range at {
			if at[i] {
				for _, a := range cell {
					switch {
					case a == " " && (i == 0 || text[i-1] == ' '): // words are parted there already
						to[i] = true
					case strings.HasPrefix(text[i:], a):
						to[i+len(a)] = true
					}
				}
			}
			if cut && (skipping[i] || at[i] && i > 0 && text[i-1] != ' ') {
				switch {
				case cell[0] != " ":
					skip[i] = true
				case strings.HasPrefix(text[i:], " "):
					to[i+1] = true
				}
			}
		}
		if cut && at[len(text)] { // all that the line had room for was found: the rest was left out
			return true
		}
		at, skipping = to, skip
	}
	end := len(text) - 1
	return at[end] || at[len(text)] || skipping[end]
}

// Distance is how many letters have to be put in, left out, changed, or changed
// with their neighbour, to make the text of this name: the least of its ways that
// are looked at, the recommended and the plain one.
func (s Spelling) Distance(text string) int {
	d := distance(s.String(), text)
	if plain := s.Plain(); plain != s.String() {
		d = min(d, distance(plain, text))
	}
	return d
}

// distance is the optimal string alignment distance, over bytes.
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		below := make([]int, len(b)+1)
		below[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			below[j+1] = min(row[j]+change, row[j+1]+1, below[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				below[j+1] = min(below[j+1], before[j-1]+1)
			}
		}
		before, row = row, below
	}
	return row[len(b)]
}
