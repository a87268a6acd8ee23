package tunnus

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A reading is what the digits of a code tell.
type reading struct {
	value   string    // the one spelling
	birth   time.Time // zero if the code tells no date
	checked bool      // a check digit confirms it
}

// personRules reads the codes of a country, a row a country.
var personRules = map[string]func(string) (reading, error){
	"DK": danishCode,
	"EE": estonianCode,
	"LT": lithuanianCode,
	"LV": latvianCode,
	"XX": utopianCode,
}

// Why a code cannot be. None of them tells anything of the code.
var (
	errNoDate  = errors.New("person code: no such date")
	errNoCheck = errors.New("person code: check digit")
)

// utopianCode reads a code of the invented state UTO: YYYYMMDD, three digits,
// and a check digit with the weights 7, 3, 1 of ICAO Doc 9303-3 §4.9.
func utopianCode(s string) (reading, error) {
	if err := digitsOnly(s, 12); err != nil {
		return reading{}, err
	}
	year := number(s[:4])
	d, ok := date(year, s[4:6], s[6:8])
	if !ok || year < 1900 {
		return reading{}, errNoDate
	}
	if weigh(s[:11], 7, 3, 1)%10 != int(s[11]-'0') {
		return reading{}, errNoCheck
	}
	return reading{s, d, true}, nil
}

// estonianCode reads an isikukood: century and sex (1 to 8 for births from 1800
// to 2199), YYMMDD, three digits, and a check digit (EVS 585:2007).
func estonianCode(s string) (reading, error) {
	if err := digitsOnly(s, 11); err != nil {
		return reading{}, err
	}
	if s[0] < '1' || s[0] > '8' {
		return reading{}, errors.New("person code: the first digit is not from 1 to 8")
	}
	d, ok := date(century(s[0])+number(s[1:3]), s[3:5], s[5:7])
	if !ok {
		return reading{}, errNoDate
	}
	if !balticCheck(s) {
		return reading{}, errNoCheck
	}
	return reading{s, d, true}, nil
}

// lithuanianCode reads an asmens kodas: as the Estonian one, with the first digit
// from 1 to 6 (RST 1185-91). Two kinds tell no birth date: those that begin with
// 9, and those of people who do not know their day or month of birth, where zeros
// stand for it.
func lithuanianCode(s string) (reading, error) {
	if err := digitsOnly(s, 11); err != nil {
		return reading{}, err
	}
	if !balticCheck(s) {
		return reading{}, errNoCheck
	}
	if s[0] == '9' {
		return reading{value: s, checked: true}, nil
	}
	if s[0] < '1' || s[0] > '6' {
		return reading{}, errors.New("person code: the first digit is not from 1 to 6, or 9")
	}
	month, day := s[3:5], s[5:7]
	if month == "00" || day == "00" {
		if _, ok := date(2000, strings.Replace(month, "00", "01", 1), strings.Replace(day, "00", "01", 1)); !ok {
			return reading{}, errNoDate
		}
		return reading{value: s, checked: true}, nil
	}
	d, ok := date(century(s[0])+number(s[1:3]), month, day)
	if !ok {
		return reading{}, errNoDate
	}
	return reading{s, d, true}, nil
}

// latvianCode reads a personas kods, eleven digits with a hyphen behind the
// sixth. Until June 2017 they were DDMMYY, the century (0 for 18.., 1 for 19..,
// 2 for 20..), three digits, and a check digit that stands in no law and does
// not hold for all: one of the published test numbers breaks it. Since then they
// are 3, a digit from 2 to 9, and nine at random (Fizisko personu reģistra
// likums): such a code tells nothing, and nothing checks it.
func latvianCode(s string) (reading, error) {
	if len(s) == 12 && s[6] == '-' {
		s = s[:6] + s[7:]
	}
	if err := digitsOnly(s, 11); err != nil {
		return reading{}, err
	}
	spelt := s[:6] + "-" + s[6:]
	if s[0] == '3' && s[1] >= '2' {
		return reading{value: spelt}, nil
	}
	if s[6] > '2' {
		return reading{}, errors.New("person code: no such century")
	}
	d, ok := date(1800+100*int(s[6]-'0')+number(s[4:6]), s[2:4], s[:2])
	if !ok {
		return reading{}, errNoDate
	}
	check := (1101 - weigh(s[:10], 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11 % 10
	return reading{spelt, d, check == int(s[10]-'0')}, nil
}

// danishCode reads a CPR number: DDMMYY and four digits, of which the first tells
// the century together with the year. The sum modulo 11 holds for numbers given
// until 2007 only, and since then not for all (CPR-kontoret, "Personnummeret i
// CPR"): one that breaks it is no error. It is written with a hyphen or without;
// kept without.
func danishCode(s string) (reading, error) {
	if len(s) == 11 && s[6] == '-' {
		s = s[:6] + s[7:]
	}
	if err := digitsOnly(s, 10); err != nil {
		return reading{}, err
	}
	d, ok := date(danishYear(s[6], number(s[4:6])), s[2:4], s[:2])
	if !ok {
		return reading{}, errNoDate
	}
	return reading{s, d, weigh(s, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0}, nil
}

// danishYear is the year of birth by the seventh digit and the two of the year.
func danishYear(seventh byte, year int) int {
	switch {
	case seventh <= '3', (seventh == '4' || seventh == '9') && year >= 37:
		return 1900 + year
	case seventh >= '5' && seventh <= '8' && year >= 58:
		return 1800 + year
	}
	return 2000 + year
}

// balticCheck judges the last of eleven digits by two passes modulo 11.
func balticCheck(s string) bool {
	check := weigh(s[:10], 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11
	if check == 10 {
		check = weigh(s[:10], 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10
	}
	return check == int(s[10]-'0')
}

// century is the first year of the century that a first digit stands for, with
// the sex: 1 and 2 for 1800, 3 and 4 for 1900, and so on.
func century(first byte) int { return 1800 + int(first-'1')/2*100 }

// date reads month and day, two digits each; ok is false if there is no such day.
func date(year int, month, day string) (d time.Time, ok bool) {
	d, err := time.Parse(time.DateOnly, fmt.Sprintf("%04d-%s-%s", year, month, day))
	return d, err == nil
}

// digitsOnly refuses what is not so many digits.
func digitsOnly(s string, n int) error {
	if len(s) != n || strings.Trim(s, "0123456789") != "" {
		return fmt.Errorf("person code: %d digits expected", n)
	}
	return nil
}

// number reads digits.
func number(digits string) int {
	n := 0
	for _, c := range []byte(digits) {
		n = 10*n + int(c-'0')
	}
	return n
}

// weigh sums the digits of s, each times its weight; the weights repeat.
func weigh(s string, weights ...int) int {
	sum := 0
	for i := range len(s) {
		sum += int(s[i]-'0') * weights[i%len(weights)]
	}
	return sum
}
