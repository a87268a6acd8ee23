package tunnus

import (
	"fmt"
	"strings"
	"time"
)

// A PersonCode is the number that a state gives one person, with the state
// that gave it. The zero value is no code.
type PersonCode struct {
	country string // ISO 3166-1 alpha-2; XX stands for the invented state UTO
	value   string
}

// personRules judges a code's digits, a row a country.
var personRules = map[string]func(string) (time.Time, error){
	"XX": utopianCode,
	"EE": estonianCode,
}

// ParsePersonCode reads a personal code of the country given in two letters.
// It refuses countries it does not know, and codes whose check digit or date is wrong.
func ParsePersonCode(country, value string) (PersonCode, error) {
	rule, ok := personRules[country]
	if !ok {
		return PersonCode{}, Fail(CodeEligCountry, fmt.Errorf("person code: no rule for country %q", clip(country, 4)))
	}
	if _, err := rule(value); err != nil {
		return PersonCode{}, badCode(err)
	}
	return PersonCode{country, value}, nil
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

func badCode(cause error) error { return Fail(CodeFormCode, cause) }

// Country returns the issuing state in two letters.
func (p PersonCode) Country() string { return p.country }

// Value returns the digits as the state writes them.
func (p PersonCode) Value() string { return p.value }

// IsZero reports whether p is no code.
func (p PersonCode) IsZero() bool { return p.value == "" }

// SemanticsID returns the identifier of ETSI EN 319 412-1 §5.1.3. It names a
// person: it must not stand in a log or a URL of ours.
func (p PersonCode) SemanticsID() string { return "PNO" + p.country + "-" + p.value }

// BirthDate returns the date that the code tells; ok is false if it tells none.
func (p PersonCode) BirthDate() (d time.Time, ok bool) {
	rule, known := personRules[p.country]
	if !known {
		return time.Time{}, false
	}
	d, err := rule(p.value)
	return d, err == nil
}

// String redacts the code, so that it cannot slip into a log.
func (p PersonCode) String() string { return p.country + "-" + redacted }

// GoString redacts the code for %#v.
func (p PersonCode) GoString() string { return p.String() }

// utopianCode reads a code of the invented state UTO: YYYYMMDD, three digits,
// and a check digit with the weights 7, 3, 1 of ICAO Doc 9303-3 §4.9.
func utopianCode(s string) (time.Time, error) {
	if len(s) != 12 || !allDigits(s) {
		return time.Time{}, fmt.Errorf("person code: 12 digits expected")
	}
	d, err := time.Parse("20060102", s[:8])
	if err != nil || d.Year() < 1900 {
		return time.Time{}, fmt.Errorf("person code: no such date")
	}
	if weigh(s[:11], []int{7, 3, 1})%10 != int(s[11]-'0') {
		return time.Time{}, fmt.Errorf("person code: check digit")
	}
	return d, nil
}

// estonianCode reads an isikukood: century and sex, YYMMDD, three digits, and a
// check digit in two passes modulo 11 (EVS 585:2007).
func estonianCode(s string) (time.Time, error) {
	if len(s) != 11 || !allDigits(s) || s[0] < '1' || s[0] > '8' {
		return time.Time{}, fmt.Errorf("person code: 11 digits expected, the first from 1 to 8")
	}
	century := 18 + (int(s[0]-'0')-1)/2
	d, err := time.Parse("20060102", fmt.Sprintf("%d%s", century, s[1:7]))
	if err != nil {
		return time.Time{}, fmt.Errorf("person code: no such date")
	}
	check := weigh(s[:10], []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 1}) % 11
	if check == 10 {
		check = weigh(s[:10], []int{3, 4, 5, 6, 7, 8, 9, 1, 2, 3}) % 11 % 10
	}
	if check != int(s[10]-'0') {
		return time.Time{}, fmt.Errorf("person code: check digit")
	}
	return d, nil
}

// weigh sums the digits of s, each times its weight; the weights repeat.
func weigh(s string, weights []int) int {
	sum := 0
	for i := range len(s) {
		sum += int(s[i]-'0') * weights[i%len(weights)]
	}
	return sum
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// clip shortens what came from outside before it enters an error.
func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
