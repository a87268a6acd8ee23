// Package match tells whether what a person or a register writes agrees with
// what a chip says.
//
// Code lines know capital letters A to Z only, so names are transliterated first
// (ICAO Doc 9303-3 §6). Differences are named by field, never by content.
package match

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// nameCells is the room that a passport's code line has for names (Doc 9303-4 §4.2.2).
const nameCells = 39

// letters are the recommended transliterations of Latin letters that have no
// plain base (Doc 9303-3 §6 A).
var letters = map[rune]string{
	'Æ': "AE", 'Œ': "OE", 'Ø': "OE", 'ẞ': "SS", 'ß': "SS", 'Đ': "D", 'Ð': "D", 'Ħ': "H",
	'ı': "I", 'Ĳ': "IJ", 'ĸ': "K", 'Ł': "L", 'Ŋ': "N", 'Þ': "TH", 'Ŧ': "T", 'Ə': "E",
}

// umlauts are those for which states choose between two transliterations: the
// one here, or the letter without its mark.
var umlauts = map[rune]string{'Ä': "AE", 'Å': "AA", 'Ö': "OE", 'Ü': "UE"}

// transliterate writes a name as a code line does: capital letters A to Z in
// words parted by one space. Hyphens part words, apostrophes and full stops go
// (Doc 9303-3 §4.6). plain chooses the shorter way for umlauts.
func transliterate(name string, plain bool) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToUpper(name)) {
		if two, ok := umlauts[r]; ok && !plain {
			b.WriteString(two)
			continue
		}
		if s, ok := letters[r]; ok {
			if plain && r == 'Ø' {
				s = "O"
			}
			b.WriteString(s)
			continue
		}
		for _, base := range norm.NFD.String(string(r)) {
			switch {
			case base >= 'A' && base <= 'Z':
				b.WriteRune(base)
			case unicode.IsSpace(base) || unicode.Is(unicode.Pd, base):
				b.WriteByte(' ')
			case unicode.Is(unicode.Mn, base), base == '\'', base == '’', base == '.', base == '`', base == ',':
			default:
				b.WriteRune(base) // matches no code line
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Names compares names as a person writes them with those of a code line,
// which may be cut at the end of its room. It names the first that differs:
// "surname", "given_names", or "" if none does.
func Names(surname, given string, z mrz.Zone) (differs string) {
	for _, plain := range []bool{false, true} {
		s, g := transliterate(surname, plain), transliterate(given, plain)
		if s == z.Surname && g == z.GivenNames {
			return ""
		}
		printed := strings.TrimRight(z.Surname+"  "+z.GivenNames, " ")
		if len(printed) >= nameCells-1 && strings.HasPrefix(s+"  "+g, printed) {
			return ""
		}
		if s == z.Surname {
			differs = "given_names"
		}
	}
	if differs == "" {
		return "surname"
	}
	return differs
}

// A Form is what an applicant fills in, as printed on the document.
type Form struct {
	Country    string `json:"country"` // whose personal code, two letters
	Surname    string `json:"surname"`
	GivenNames string `json:"given_names"`
	PersonCode string `json:"person_code"`
	Document   string `json:"document"` // document number
}

// Chip names the first field in which a form is not as the chip says, "" if
// there is none. state is the issuing state in two letters: personal numbers are
// taken from no other. A chip without personal number says less: then something
// else must bind the document to the code.
func Chip(form Form, z mrz.Zone, state string) string {
	if form.Country != state {
		return "country"
	}
	if field := Names(form.Surname, form.GivenNames, z); field != "" {
		return field
	}
	if form.Document != z.Number {
		return "document"
	}
	if z.Optional1 != "" && form.PersonCode != z.Optional1 {
		return "person_code"
	}
	person, err := tunnus.ParsePersonCode(form.Country, form.PersonCode)
	if err != nil {
		return "person_code"
	}
	if birth, ok := person.BirthDate(); !ok || birth.Format("060102") != z.Birth {
		return "person_code"
	}
	return ""
}

// A Person is what the population register says of somebody.
type Person struct {
	Code       tunnus.PersonCode
	Surname    string // as the register writes it
	GivenNames string
	Birth      time.Time // midnight UTC
	Documents  []string  // numbers of valid travel documents, if the register knows them
	Deceased   bool
}

// Register compares what the register says of the person with this code with
// what the chip has proved.
func Register(r Person, code tunnus.PersonCode, z mrz.Zone) error {
	if field := Names(r.Surname, r.GivenNames, z); field != "" {
		return fmt.Errorf("match: register and chip differ in %s", field)
	}
	birth, ok := code.BirthDate()
	switch {
	case r.Code != code:
		return errors.New("match: the register answered for somebody else")
	case !ok || !r.Birth.Equal(birth):
		return errors.New("match: register and chip differ in birth")
	case z.Optional1 == "" && !slices.Contains(r.Documents, z.Number):
		// Name and birth date alone must not bind a document to a personal code.
		return errors.New("match: neither chip nor register binds the document to the person")
	}
	return nil
}
