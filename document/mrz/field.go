package mrz

import (
	"errors"
	"strings"
	"time"
)

var (
	errDigit   = errors.New("check digit")
	errLetters = errors.New("character that does not belong there")
	errEmpty   = errors.New("empty")
)

func readCharset(_ *Zone, c cells) error {
	if !within(c.charset, isLetter, isDigit, isFiller) {
		return errLetters
	}
	return nil
}

// readDocument takes the document code: P for passports, A, C or I for cards.
func readDocument(z *Zone, c cells) error {
	z.Document = trim(c.document)
	first := "ACI"
	if z.Kind == TD3 {
		first = "P"
	}
	if !strings.ContainsRune(first, rune(c.document[0])) || !within(z.Document, isLetter) {
		return errLetters
	}
	return nil
}

func readStates(z *Zone, c cells) error {
	z.Issuer, z.Nationality = trim(c.issuer), trim(c.nationality)
	for _, s := range []string{z.Issuer, z.Nationality} {
		if s == "" {
			return errEmpty
		}
		if !within(s, isLetter) {
			return errLetters
		}
	}
	return nil
}

// readNames parts the identifiers at the first two fillers (Doc 9303-3 §4.6).
func readNames(z *Zone, c cells) error {
	names := trim(c.names)
	switch {
	case names == "":
		return errEmpty
	case names[0] == '<' || !within(names, isLetter, isFiller):
		return errLetters
	}
	surname, given, _ := strings.Cut(names, "<<")
	z.Surname, z.GivenNames = spaced(surname), spaced(given)
	return nil
}

// readNumber takes the document number. In a card a filler in the place of its
// check digit tells that it goes on in the optional data, up to the check digit
// and a filler (Doc 9303-5 §4.2.2, note j).
func readNumber(z *Zone, c cells) error {
	z.Number, z.Optional1 = trim(c.number), trim(c.optional1)
	check := c.numberCheck
	if z.Kind != TD3 && check == "<" {
		more, optional, ok := strings.Cut(c.optional1, "<")
		if !ok || len(more) < 2 || len(z.Number) != 9 {
			return errDigit
		}
		z.Number = c.number + more[:len(more)-1]
		check = more[len(more)-1:]
		z.Optional1 = trim(optional)
	}
	if z.Number == "" {
		return errEmpty
	}
	if digit(z.Number) != check {
		return errDigit
	}
	return nil
}

// readBirth takes the birth date, in which parts may be unknown (Doc 9303-3 §4.8).
func readBirth(z *Zone, c cells) error {
	z.Birth = c.birth
	if digit(c.birth) != c.birthCheck {
		return errDigit
	}
	for i := 0; i < 6; i += 2 {
		if part := c.birth[i : i+2]; part != "<<" && !within(part, isDigit) {
			return errLetters
		}
	}
	if !within(c.birth, isDigit) {
		return nil
	}
	_, err := date("20", c.birth)
	if err != nil {
		_, err = date("19", c.birth)
	}
	return err
}

func readSex(z *Zone, c cells) error {
	if !strings.Contains("MF<", c.sex) {
		return errLetters
	}
	z.Sex = trim(c.sex)
	return nil
}

func readExpiry(z *Zone, c cells) error {
	z.Expiry = c.expiry
	if digit(c.expiry) != c.expiryCheck {
		return errDigit
	}
	_, err := z.ExpiryDate()
	return err
}

func readOptional(z *Zone, c cells) error {
	z.Optional2 = trim(c.optional2)
	if z.Kind != TD3 || z.Optional1 == "" && c.optional1Check == "<" {
		return nil
	}
	if digit(c.optional1) != c.optional1Check {
		return errDigit
	}
	z.zeroed = z.Optional1 == ""
	return nil
}

func readComposite(_ *Zone, c cells) error {
	if digit(c.compositeOver) != c.composite {
		return errDigit
	}
	return nil
}

// BirthDate reads the birth date at midnight UTC. The century is the latest
// that does not put the birth after now, so a person of a hundred years or more
// is read as a child: whoever needs to be sure asks the personal code. A date
// with unknown parts is an error.
func (z Zone) BirthDate(now time.Time) (time.Time, error) {
	d, err := date("20", z.Birth)
	if err == nil && !d.After(now) {
		return d, nil
	}
	return date("19", z.Birth)
}

// ExpiryDate reads the last day on which the document is valid, at midnight UTC.
// Years from 70 on belong to the twentieth century: chips are younger than
// that, so a doubtful document counts as expired, never as fresh.
func (z Zone) ExpiryDate() (time.Time, error) {
	if z.Expiry >= "70" {
		return date("19", z.Expiry)
	}
	return date("20", z.Expiry)
}

func date(century, yymmdd string) (time.Time, error) {
	if len(yymmdd) != 6 || !within(yymmdd, isDigit) {
		return time.Time{}, errors.New("mrz: date is not six digits")
	}
	d, err := time.Parse("20060102", century+yymmdd)
	if err != nil {
		return time.Time{}, errors.New("mrz: no such date") // time's own error repeats the date
	}
	return d, nil
}

// digit is the check digit with the weights 7, 3, 1 (Doc 9303-3 §4.9).
func digit(s string) string {
	sum := 0
	for i := range len(s) {
		v := 0
		switch c := s[i]; {
		case isDigit(c):
			v = int(c - '0')
		case isLetter(c):
			v = int(c-'A') + 10
		}
		sum += v * [...]int{7, 3, 1}[i%3]
	}
	return string(rune('0' + sum%10))
}

func pad(s string, n int) string {
	s = strings.ReplaceAll(s, " ", "<")
	if len(s) > n {
		return s[:n]
	}
	return s + strings.Repeat("<", n-len(s))
}

func trim(s string) string { return strings.TrimRight(s, "<") }

func spaced(s string) string { return strings.ReplaceAll(s, "<", " ") }

func isLetter(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isFiller(c byte) bool { return c == '<' }

// within reports whether each byte of s is of one of the classes.
func within(s string, classes ...func(byte) bool) bool {
	for i := range len(s) {
		ok := false
		for _, in := range classes {
			ok = ok || in(s[i])
		}
		if !ok {
			return false
		}
	}
	return true
}
