package mrz

import (
	"errors"
	"fmt"
	"strings"

	tunnus "github.com/tunnus-id/tunnus"
)

// A Kind is the size of a document, which gives its zone the shape.
type Kind string

// The kinds: two lines of 44 characters, two of 36, three of 30.
const (
	TD1 Kind = "TD1"
	TD2 Kind = "TD2"
	TD3 Kind = "TD3"
)

// A Zone is what the lines say, without fillers and check digits. It is
// personal data.
type Zone struct {
	Kind        Kind
	Document    string // document code: "P", "PD", "I", "AC" …
	Issuer      string // issuing state or organisation as printed: "UTO", "D"
	Surname     string // primary identifier, words parted by one space
	GivenNames  string // secondary identifier; may be empty
	Number      string // document number; in TD1 and TD2 it may have over nine characters
	Nationality string // as Issuer
	Birth       string // YYMMDD; unknown parts are "<<"
	Sex         string // "M", "F", or "" if not specified
	Expiry      string // YYMMDD
	Optional1   string // TD3: personal number; TD1: the rest of line 1; TD2: the rest of line 2
	Optional2   string // TD1: the rest of line 2

	// zeroed tells that an empty personal number of a TD3 has the check digit 0
	// and not a filler; both are allowed (Doc 9303-4 §4.2.2.2).
	zeroed bool
}

// cells are the fields of a zone as they are printed.
type cells struct {
	document, issuer, names           string
	number, numberCheck               string
	nationality                       string
	birth, birthCheck, sex            string
	expiry, expiryCheck               string
	optional1, optional1Check         string
	optional2                         string
	composite, compositeOver, charset string
}

// Parse reads the lines as printed, parted by "\n". A wrong zone gives the code
// mrz-typed-bad; the error's Field names what is wrong ("number", "birth",
// "expiry", "names", "composite" …).
func Parse(text string) (Zone, error) {
	z, field, err := parse(text)
	if err != nil {
		return Zone{}, tunnus.Fail(tunnus.CodeMRZTypedBad, fmt.Errorf("mrz: %s: %w", field, err)).WithField(field)
	}
	return z, nil
}

// ParseChip reads the zone as data group 1 of a chip holds it: the lines without
// anything between them. The kind follows from the length.
func ParseChip(s string) (Zone, error) {
	width := 0
	switch len(s) {
	case 90:
		width = 30
	case 72:
		width = 36
	case 88:
		width = 44
	default:
		return Parse("")
	}
	var lines []string
	for ; s != ""; s = s[width:] {
		lines = append(lines, s[:width])
	}
	return Parse(strings.Join(lines, "\n"))
}

// Clean turns what a person typed into lines as printed: capital letters,
// neither spaces nor empty lines.
func Clean(typed string) string {
	var lines []string
	for line := range strings.Lines(typed) {
		line = strings.ToUpper(strings.Join(strings.Fields(line), ""))
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// String prints the lines, parted by "\n", with fillers and check digits. Fields
// that are too long for their place are cut.
func (z Zone) String() string {
	number, numberCheck, optional1 := z.numberCells()
	birth, expiry := pad(z.Birth, 6), pad(z.Expiry, 6)
	head := pad(z.Document, 2) + pad(z.Issuer, 3)
	names := z.Surname
	if z.GivenNames != "" {
		names += "<<" + z.GivenNames
	}
	middle := birth + digit(birth) + pad(z.Sex, 1) + expiry + digit(expiry)
	switch z.Kind {
	case TD1:
		line1 := head + number + numberCheck + pad(optional1, 15)
		line2 := middle + pad(z.Nationality, 3) + pad(z.Optional2, 11)
		over := line1[5:] + line2[:7] + line2[8:15] + line2[18:]
		return line1 + "\n" + line2 + digit(over) + "\n" + pad(names, 30)
	case TD2:
		line2 := number + numberCheck + pad(z.Nationality, 3) + middle + pad(optional1, 7)
		return head + pad(names, 31) + "\n" + line2 + digit(line2[:10]+line2[13:20]+line2[21:])
	}
	personal := pad(optional1, 14)
	check := digit(personal)
	if z.Optional1 == "" && !z.zeroed {
		check = "<"
	}
	line2 := number + numberCheck + pad(z.Nationality, 3) + middle + personal + check
	return head + pad(names, 39) + "\n" + line2 + digit(line2[:10]+line2[13:20]+line2[21:])
}

// AccessKey is the text from which the keys of Basic Access Control are derived:
// document number, birth date and expiry date, each with its check digit
// (Doc 9303-11 §9.7.2). It is as good as holding the open document.
func (z Zone) AccessKey() string { return AccessKey(z.Number, z.Birth, z.Expiry) }

// AccessKey makes the text of [Zone.AccessKey] of the three fields as typed: the
// number, and the dates as YYMMDD.
func AccessKey(number, birth, expiry string) string {
	number = pad(number, max(9, len(number)))
	birth, expiry = pad(birth, 6), pad(expiry, 6)
	return number + digit(number) + birth + digit(birth) + expiry + digit(expiry)
}

// numberCells returns the nine characters of the document number, what stands
// in the place of its check digit, and the optional data: a long number of a
// card goes on there (Doc 9303-5 §4.2.2, note j).
func (z Zone) numberCells() (number, check, optional string) {
	if z.Kind == TD3 || len(z.Number) <= 9 {
		number = pad(z.Number, 9)
		return number, digit(number), z.Optional1
	}
	return z.Number[:9], "<", z.Number[9:] + digit(z.Number) + "<" + z.Optional1
}

func parse(text string) (z Zone, field string, err error) {
	lines := strings.Split(text, "\n")
	var c cells
	switch {
	case isShape(lines, 3, 30):
		z.Kind, c = TD1, cutTD1(lines)
	case isShape(lines, 2, 36):
		z.Kind, c = TD2, cutTwo(lines, 35)
	case isShape(lines, 2, 44):
		z.Kind, c = TD3, cutTwo(lines, 42)
	default:
		return Zone{}, "zone", errors.New("neither 3 lines of 30, 2 of 36 nor 2 of 44 characters")
	}
	for _, step := range []struct {
		field string
		read  func(*Zone, cells) error
	}{
		{"zone", readCharset},
		{"document", readDocument},
		{"issuer", readStates},
		{"names", readNames},
		{"number", readNumber},
		{"birth", readBirth},
		{"sex", readSex},
		{"expiry", readExpiry},
		{"optional", readOptional},
		{"composite", readComposite},
	} {
		if err := step.read(&z, c); err != nil {
			return Zone{}, step.field, err
		}
	}
	if z.String() != text {
		return Zone{}, "zone", errors.New("fillers where none belong")
	}
	return z, "", nil
}

func isShape(lines []string, n, width int) bool {
	if len(lines) != n {
		return false
	}
	for _, l := range lines {
		if len(l) != width {
			return false
		}
	}
	return true
}

// cutTD1 cuts three lines of 30 characters (Doc 9303-5 §4.2.2).
func cutTD1(l []string) cells {
	return cells{
		document: l[0][:2], issuer: l[0][2:5], names: l[2],
		number: l[0][5:14], numberCheck: l[0][14:15], optional1: l[0][15:],
		birth: l[1][:6], birthCheck: l[1][6:7], sex: l[1][7:8],
		expiry: l[1][8:14], expiryCheck: l[1][14:15],
		nationality: l[1][15:18], optional2: l[1][18:29],
		composite: l[1][29:], compositeOver: l[0][5:] + l[1][:7] + l[1][8:15] + l[1][18:29],
		charset: l[0] + l[1] + l[2],
	}
}

// cutTwo cuts two lines: of 36 characters (Doc 9303-6 §4.2.2), or of 44, where
// the optional data ends one character sooner and has its own check digit
// (Doc 9303-4 §4.2.2).
func cutTwo(l []string, end int) cells {
	return cells{
		document: l[0][:2], issuer: l[0][2:5], names: l[0][5:],
		number: l[1][:9], numberCheck: l[1][9:10], nationality: l[1][10:13],
		birth: l[1][13:19], birthCheck: l[1][19:20], sex: l[1][20:21],
		expiry: l[1][21:27], expiryCheck: l[1][27:28],
		optional1: l[1][28:end], optional1Check: l[1][end : len(l[1])-1],
		composite:     l[1][len(l[1])-1:],
		compositeOver: l[1][:10] + l[1][13:20] + l[1][21:len(l[1])-1],
		charset:       l[0] + l[1],
	}
}
