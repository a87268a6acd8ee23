package tunnus

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A PersonCode is the number that a state gives one person, with the state
// that gave it. The zero value is no code.
type PersonCode struct {
	country string // ISO 3166-1 alpha-2; XX stands for the invented state UTO
	value   string // as the state writes it: one spelling for one person
}

// ParsePersonCode reads a personal code of the country given in two letters, in
// any spelling that its state uses (Latvian and Danish codes with their hyphen or
// without). It fails with elig-country for countries it has no rule for, and with
// form-code for a code that cannot be: a date that does not exist, or a wrong
// check digit where every code of the country has one. How much more a code
// tells differs: see [PersonCode.BirthDate] and [PersonCode.Checked].
func ParsePersonCode(country, value string) (PersonCode, error) {
	read, ok := personRules[country]
	if !ok {
		return PersonCode{}, Fail(CodeEligCountry, fmt.Errorf("person code: no rule for country %q", clip(country, 4)))
	}
	r, err := read(value)
	if err != nil {
		return PersonCode{}, badCode(err)
	}
	return PersonCode{country, r.value}, nil
}

// ParseSemanticsID reads the natural person identifier of ETSI EN 319 412-1
// §5.1.3, such as PNOXX-199002140017. Only the type PNO is served.
func ParseSemanticsID(s string) (PersonCode, error) {
	rest, ok := strings.CutPrefix(s, "PNO")
	country, value, sep := strings.Cut(rest, "-")
	if !ok || !sep {
		return PersonCode{}, badCode(fmt.Errorf("person code: not a PNO semantics identifier"))
	}
	return ParsePersonCode(country, value)
}

// PersonCountries lists the countries whose codes can be read, in two letters.
func PersonCountries() []string { return slices.Sorted(maps.Keys(personRules)) }

func badCode(cause error) error { return Fail(CodeFormCode, cause) }

// Country returns the issuing state in two letters.
func (p PersonCode) Country() string { return p.country }

// Value returns the code as the state writes it.
func (p PersonCode) Value() string { return p.value }

// IsZero reports whether p is no code.
func (p PersonCode) IsZero() bool { return p.value == "" }

// SemanticsID returns the identifier of ETSI EN 319 412-1 §5.1.3. It names a
// person: it must not stand in a log or a URL of ours.
func (p PersonCode) SemanticsID() string { return "PNO" + p.country + "-" + p.value }

// BirthDate returns the date that the code tells (midnight UTC). ok is false if
// it tells none: Latvian codes since July 2017, and a few Lithuanian ones. Then
// the date is known from a document or a register only. It may lie in the future.
func (p PersonCode) BirthDate() (d time.Time, ok bool) {
	r := p.reading()
	return r.birth, !r.birth.IsZero()
}

// Checked reports whether a check digit confirms the code. Where it is false a
// mistyped code looks like that of somebody else, and only a document or a
// register can tell: new Latvian codes have no check digit, and those of old
// Latvian and of Danish codes do not hold for everybody.
func (p PersonCode) Checked() bool { return p.reading().checked }

// reading reads the code again; that of the zero value is empty.
func (p PersonCode) reading() reading {
	read, known := personRules[p.country]
	if !known {
		return reading{}
	}
	r, err := read(p.value)
	if err != nil {
		return reading{}
	}
	return r
}

// String redacts the code, so that it cannot slip into a log.
func (p PersonCode) String() string { return p.country + "-" + redacted }

// GoString redacts the code for %#v.
func (p PersonCode) GoString() string { return p.String() }

// clip shortens what came from outside before it enters an error.
func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
