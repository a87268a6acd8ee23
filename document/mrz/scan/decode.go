package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/document/mrz"
)

// A form says which characters stand where in a zone (Doc 9303-4 to -6 §4.2.2):
// a letters and filler, n digits, d digits and filler, x all, s the sex, p and
// c the first letter of passports and cards. In capitals: no check digit covers
// this place.
type form struct {
	width int
	lines []string
}

func forms(lines int) []form {
	names := func(n int) string { return strings.Repeat("A", n) }
	rest := func(n int) string { return strings.Repeat("x", n) }
	if lines == 3 {
		return []form{{30, []string{
			"CAAAA" + rest(9) + "d" + rest(15),
			"ddddddnSnnnnnnnAAA" + rest(11) + "n",
			names(30),
		}}}
	}
	line2 := rest(9) + "dAAAddddddnSnnnnnnn"
	return []form{
		{44, []string{"PAAAA" + names(39), line2 + rest(14) + "dn"}},
		{36, []string{"CAAAA" + names(31), line2 + rest(7) + "n"}},
	}
}

func allowed(place byte) string {
	switch place {
	case 'A':
		return alphabet[10:]
	case 'n':
		return alphabet[:10]
	case 'd':
		return "0123456789<"
	case 'S':
		return "MF<"
	case 'P':
		return "P"
	case 'C':
		return "ACI"
	}
	return alphabet
}

// How sure a reading must be, in natural logarithms of odds.
const (
	sure     = 3.0 // of a character that nothing covers, against the next best
	near     = 5.0 // how far behind another character may be to be tried
	apart    = 3.0 // of a correction, against the next one for which all check digits hold
	unlikely = 9.0 // of a character that cannot be what is seen
)

// How much may be doubtful, in characters.
const (
	doubtful = 3   // may have another close to them
	changes  = 2   // may be corrected
	tries    = 400 // readings are looked at
)

// A choice is a character that may stand at a place instead of the best one,
// and what it costs.
type choice struct {
	at   int
	char byte
	cost float64
}

// decode turns scores into a zone, line by line from left to right.
func decode(f form, cells []scores) (mrz.Zone, error) {
	pattern := strings.Join(f.lines, "")
	text := make([]byte, len(pattern))
	var choices []choice
	doubts := 0
	for i := range pattern {
		best, others := rank(allowed(pattern[i]), &cells[i])
		text[i] = best.char
		if best.cost > unlikely || top(&cells[i]) == nothing {
			return mrz.Zone{}, ErrUnclear
		}
		covered := pattern[i] >= 'a'
		for _, o := range others {
			o.at = i
			if !covered && o.cost < sure {
				return mrz.Zone{}, ErrUnclear
			}
			if o.cost < apart {
				doubts++
			}
			if covered && o.cost < near {
				choices = append(choices, o)
			}
		}
	}
	if doubts > doubtful {
		return mrz.Zone{}, ErrUnclear
	}
	return correct(f.width, text, choices)
}

// rank finds the best of some characters, with its distance from certainty, and
// the two next with their distance from the best.
func rank(among string, s *scores) (best choice, others []choice) {
	for i := range among {
		c := among[i]
		others = append(others, choice{char: c, cost: -float64(s[strings.IndexByte(alphabet, c)])})
	}
	slices.SortStableFunc(others, func(a, b choice) int { return cmp.Compare(a.cost, b.cost) })
	best, others = others[0], others[1:min(3, len(others))]
	for i := range others {
		others[i].cost -= best.cost
	}
	return best, others
}

// top is the class that is seen most clearly.
func top(s *scores) (class int) {
	for i, v := range s {
		if v > s[class] {
			class = i
		}
	}
	return class
}

// A reading is a text for which all check digits hold, with what it costs and
// how many characters of it were changed.
type reading struct {
	zone    mrz.Zone
	cost    float64
	changed int
	last    int  // the place that was changed last
	far     bool // to a character that does not look alike
}

// correct tries the text as it is, then with up to three characters changed. One
// reading must hold, with at most two changes, and no other close to it: the
// check digits say too little to choose between more.
func correct(width int, text []byte, choices []choice) (mrz.Zone, error) {
	var good []reading
	left := tries
	var try func(from int, r reading)
	try = func(from int, r reading) {
		if left--; left < 0 {
			return
		}
		if z, err := mrz.Parse(wrap(text, width)); err == nil {
			r.zone = z
			good = append(good, r)
		}
		for i := from; i < len(choices) && r.changed <= changes; i++ {
			c := choices[i]
			if c.at == r.last || r.cost+c.cost >= near {
				continue
			}
			was := text[c.at]
			text[c.at] = c.char
			try(i+1, reading{cost: r.cost + c.cost, changed: r.changed + 1, last: c.at, far: r.far || !alike(was, c.char)})
			text[c.at] = was
		}
	}
	try(0, reading{last: -1})
	if len(good) == 0 || left < 0 {
		return mrz.Zone{}, ErrDigits
	}
	slices.SortStableFunc(good, func(a, b reading) int { return cmp.Compare(a.cost, b.cost) })
	if len(good) > 1 && good[1].cost < good[0].cost+apart || good[0].changed > changes || good[0].far {
		return mrz.Zone{}, ErrDigits
	}
	return good[0].zone, nil
}

// alike tells whether one character of OCR-B may be taken for the other.
func alike(a, b byte) bool {
	for _, group := range []string{"0OQD", "1I", "1L", "17T", "2Z", "3S", "5S", "6G", "8B", "8S", "UV", "VY", "MN", "MW", "HN", "HM", "KX", "KH", "EF", "PR", "PF", "CG", "BR", "BE", "IT", "JI", "39", "4A", "<K"} {
		if strings.IndexByte(group, a) >= 0 && strings.IndexByte(group, b) >= 0 {
			return true
		}
	}
	return false
}

func wrap(text []byte, width int) string {
	var lines []string
	for ; len(text) > 0; text = text[width:] {
		lines = append(lines, string(text[:width]))
	}
	return strings.Join(lines, "\n")
}
