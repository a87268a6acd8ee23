package scan

import (
	"errors"
	"image"
	"math"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/mrz"
)

const specimen = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"

// seen are the scores of a text that is read clearly, but for what spots change:
// a place, and the characters seen there (0: none) with the odds between them.
func seen(text string, spots map[int]odds) []scores {
	text = strings.ReplaceAll(text, "\n", "")
	out := make([]scores, len(text))
	for i := range out {
		for c := range out[i] {
			out[i][c] = -20
		}
		odds := spots[i]
		if odds == nil {
			odds = map[byte]float64{text[i]: 1}
		}
		sum := 0.0
		for _, v := range odds {
			sum += v
		}
		for c, v := range odds {
			class := strings.IndexByte(alphabet, c)
			if c == 0 {
				class = nothing
			}
			out[i][class] = float32(math.Log(v / sum))
		}
	}
	return out
}

type odds = map[byte]float64

func TestDecode(t *testing.T) {
	const line2 = 44
	for _, tt := range []struct {
		name  string
		spots map[int]odds
		want  error
	}{
		{"clear", nil, nil},
		{"a letter among digits is not asked for", map[int]odds{line2 + 15: {'O': 9, '0': 1}}, nil},
		{"8 seen as B", map[int]odds{line2 + 1: {'B': 3, '8': 1}}, nil},
		{"8 seen as B, and 0 as O", map[int]odds{line2 + 1: {'B': 3, '8': 1}, line2 + 5: {'O': 2, '0': 1}}, nil},
		{"three seen wrongly", map[int]odds{line2 + 1: {'B': 2, '8': 1}, line2 + 5: {'O': 2, '0': 1}, line2 + 30: {'I': 2, '1': 1}}, ErrDigits},
		{"8 seen as B beyond doubt", map[int]odds{line2 + 1: {'B': 1e6, '8': 1}}, ErrDigits},
		{"8 seen as X, which it is not like", map[int]odds{line2 + 1: {'X': 3, '8': 1}}, ErrDigits},
		{"a name in doubt", map[int]odds{7: {'I': 5, 'L': 1}}, ErrUnclear},
		{"a state in doubt", map[int]odds{line2 + 12: {'O': 5, 'Q': 1}}, ErrUnclear},
		{"a sex in doubt", map[int]odds{line2 + 20: {'F': 5, 'M': 1}}, ErrUnclear},
		{"0 or K, which weigh the same", map[int]odds{line2 + 5: {'0': 2, 'K': 1}}, ErrDigits},
		{"many in doubt", map[int]odds{line2 + 1: {'8': 2, 'B': 1}, line2 + 3: {'8': 2, 'B': 1}, line2 + 5: {'0': 2, 'O': 1}, line2 + 29: {'E': 2, 'F': 1}}, ErrUnclear},
		{"a hole in the optional data", map[int]odds{line2 + 40: {'<': 1, 0: 9}}, ErrUnclear},
		{"something that is no digit", map[int]odds{line2 + 14: {'A': 1}}, ErrUnclear},
	} {
		t.Run(tt.name, func(t *testing.T) {
			z, err := decode(forms(2)[0], seen(specimen, tt.spots))
			if !errors.Is(err, tt.want) || err == nil && z.String() != specimen {
				t.Errorf("%v, %v; want %v", z, err, tt.want)
			}
		})
	}
}

// The forms agree with package mrz: what it prints has allowed characters only.
func TestForms(t *testing.T) {
	for _, z := range []mrz.Zone{
		{Kind: mrz.TD1, Document: "ID", Issuer: "D", Nationality: "D", Surname: "A", Number: "L898902C3X4", Birth: "74<<<<", Expiry: "120415", Optional2: "9Z"},
		{Kind: mrz.TD2, Document: "C", Issuer: "UTO", Nationality: "UTO", Surname: "ERIKSSON", GivenNames: "ANNA", Number: "D23145890", Birth: "740812", Sex: "F", Expiry: "120415", Optional1: "A1"},
		{Kind: mrz.TD3, Document: "PD", Issuer: "UTO", Nationality: "UTO", Surname: "ERIKSSON", GivenNames: "ANNA", Number: "L8", Birth: "740812", Sex: "M", Expiry: "120415"},
	} {
		text := z.String()
		n := strings.Count(text, "\n") + 1
		for _, f := range forms(n) {
			if len(text) != n*f.width+n-1 {
				continue
			}
			if got, err := decode(f, seen(text, nil)); err != nil || got.String() != text {
				t.Errorf("%s: %v, %v", text, got, err)
			}
		}
	}
}

// What is handed on is always a zone that package mrz accepts, whatever the
// scores are.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(specimen, "\n", "")), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, text, doubts []byte) {
		for _, form := range append(forms(2), forms(3)...) {
			cells := make([]scores, form.width*len(form.lines))
			for i := range cells {
				for c := range cells[i] {
					cells[i][c] = -20
				}
				if len(text) > 0 {
					cells[i][int(text[i%len(text)])%classes] = 0
				}
				if k := i % 61; k < len(doubts) {
					cells[i][int(doubts[k])%classes] = -float32(doubts[k]) / 64
				}
			}
			z, err := decode(form, cells)
			if err != nil {
				continue
			}
			if again, err := mrz.Parse(z.String()); err != nil || again != z {
				t.Errorf("%s: %v", z, err)
			}
		}
	})
}

// No picture hurts, and what is read of one is a zone.
func FuzzRead(f *testing.F) {
	f.Add(uint8(80), []byte("P<UTO"))
	f.Add(uint8(0), []byte{0, 255, 255, 0, 0, 0, 255})
	f.Fuzz(func(t *testing.T, width uint8, pix []byte) {
		m := image.NewGray(image.Rect(0, 0, 64+int(width), 160))
		for i := range m.Pix {
			if len(pix) > 0 {
				m.Pix[i] = pix[i%len(pix)]
			}
		}
		if z, err := Read(m); err == nil {
			if _, err := mrz.Parse(z.String()); err != nil {
				t.Error(err)
			}
		}
	})
}
