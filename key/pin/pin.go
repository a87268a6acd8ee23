// Package pin judges PINs on the holder's device, while they are typed.
//
// The server never sees a PIN, so this is the one place where weak ones are
// kept out. A PIN is digits only. Nothing here stores, hashes or sends anything.
package pin

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Kind says what a PIN is for.
type Kind string

// The kinds.
const (
	PIN1 Kind = "PIN1" // logs in: 4 to 12 digits
	PIN2 Kind = "PIN2" // signs: 5 to 12 digits
)

const (
	maxLength = 12
	partSize  = 4 // this many digits of a personal number make a PIN weak
)

// minLength returns how many digits a PIN must have at least.
func (k Kind) minLength() int {
	if k == PIN1 {
		return 4
	}
	return 5
}

// Personal is what others may know of the holder. Zero values are not used.
type Personal struct {
	Birth time.Time
	Codes []string // personal code, phone and document numbers; only their digits count
	Other []byte   // the other PIN, while both are typed; see [Apart]
	Old   []byte   // the PIN that is replaced, while both are typed
}

// Judge refuses a PIN that has the wrong length, other signs than digits, or is
// weak, with [tunnus.CodePINWeak] and a sentence that says why without the PIN.
func Judge(pin []byte, kind Kind, about Personal) error {
	if len(pin) < kind.minLength() || len(pin) > maxLength {
		return weak("pin-length", fmt.Sprintf("%d–%d", kind.minLength(), maxLength))
	}
	for _, c := range pin {
		if c < '0' || c > '9' {
			return weak("pin-digits", "")
		}
	}
	for _, rule := range []struct {
		why  string // a note
		hits bool
	}{
		{"pin-one-digit", longest(pin, 0) >= len(pin)-1},
		{"pin-upwards", longest(pin, 1) >= len(pin)-1},
		{"pin-downwards", longest(pin, 9) >= len(pin)-1},
		{"pin-repeats", repeats(pin)},
		{"pin-grouped", grouped(pin)},
		{"pin-mirrored", mirrored(pin)},
		{"pin-year", year(pin)},
		{"pin-date", date(pin)},
		{"pin-common", slices.Contains(strings.Fields(commonest), string(pin))},
		{"pin-birthday", birthday(pin, about.Birth)},
		{"pin-personal", personal(pin, about.Codes)},
	} {
		if rule.hits {
			return weak(rule.why, "")
		}
	}
	if len(about.Other) > 0 {
		if err := Apart(pin, about.Other); err != nil {
			return err
		}
	}
	switch {
	case len(about.Old) == 0:
	case bytes.Equal(pin, about.Old):
		return weak("pin-old", "")
	case bytes.Contains(pin, about.Old):
		return weak("pin-holds-old", "")
	case bytes.Contains(about.Old, pin):
		return weak("pin-held-by-old", "")
	}
	return nil
}

// Apart refuses two PINs of one holder of which one holds the other, with
// [tunnus.CodePINWeak]; a is the one that is told of. They are compared only
// while both are typed.
func Apart(a, b []byte) error {
	switch {
	case bytes.Contains(a, b): // also if b is empty
		return weak("pin-holds", "")
	case bytes.Contains(b, a):
		return weak("pin-held", "")
	}
	return nil
}

// Same demands that a PIN was typed twice alike, with [tunnus.CodePINDiff].
func Same(a, b []byte) error {
	if subtle.ConstantTimeCompare(a, b) != 1 {
		return tunnus.Fail(tunnus.CodePINDiff, errors.New("pin: the two entries differ"))
	}
	return nil
}

// weak tells the reason with the sentence, as one of [tunnus.Notes]: whoever is
// only told that a PIN is weak tries the next of its kind.
func weak(note, value string) error {
	return tunnus.Fail(tunnus.CodePINWeak, errors.New("pin: "+strings.ReplaceAll(strings.TrimPrefix(note, "pin-"), "-", " "))).WithNote(note, value)
}

// longest returns the length of the longest part in which each digit is the one
// before plus step, with 0 after 9.
func longest(pin []byte, step byte) int {
	best, run := 1, 1
	for i := 1; i < len(pin); i++ {
		run++
		if (pin[i-1]-'0'+step)%10 != pin[i]-'0' {
			run = 1
		}
		best = max(best, run)
	}
	return best
}

// repeats reports whether the PIN is a part repeated at least twice: 1212,
// 123123, also cut short as in 12121.
func repeats(pin []byte) bool {
	for period := 1; period <= len(pin)/2; period++ {
		if bytes.Equal(pin[period:], pin[:len(pin)-period]) {
			return true
		}
	}
	return false
}

// grouped reports PINs of groups of one digit each, all of one length, such as
// 1122, 334455 and 111222.
func grouped(pin []byte) bool {
	for size := 2; size <= len(pin)/2; size++ {
		whole := len(pin)%size == 0
		for i := 0; whole && i < len(pin); i++ {
			whole = pin[i] == pin[i-i%size]
		}
		if whole {
			return true
		}
	}
	return false
}

func mirrored(pin []byte) bool {
	for i := range len(pin) / 2 {
		if pin[i] != pin[len(pin)-1-i] {
			return false
		}
	}
	return true
}

func year(pin []byte) bool {
	return len(pin) == 4 && (bytes.HasPrefix(pin, []byte("19")) || bytes.HasPrefix(pin, []byte("20")))
}

// dateForms are the ways in which people write dates, as layouts of package
// time. 29 February is a date: 2000 was a leap year.
const dateForms = "0102 0201 010206 020106 060102 01022006 02012006 20060102 012006 200601"

func date(pin []byte) bool {
	for _, form := range strings.Fields(dateForms) {
		if len(form) != len(pin) {
			continue
		}
		text, layout := string(pin), form
		if len(form) == 4 {
			text, layout = text+"2000", form+"2006"
		}
		if d, err := time.Parse(layout, text); err == nil && d.Year() >= 1900 && d.Year() < 2100 {
			return true
		}
	}
	return false
}

// birthday reports whether a part of the PIN is the holder's birthday, month and
// year, or year of birth.
func birthday(pin []byte, birth time.Time) bool {
	if birth.IsZero() {
		return false
	}
	for _, form := range []string{"0102", "0201", "0106", "0601", "2006"} {
		if bytes.Contains(pin, []byte(birth.Format(form))) {
			return true
		}
	}
	return false
}

// personal reports whether four digits in a row stand in a number of the holder too.
func personal(pin []byte, codes []string) bool {
	for _, code := range codes {
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, code)
		for i := 0; i+partSize <= len(pin); i++ {
			if strings.Contains(digits, string(pin[i:i+partSize])) {
				return true
			}
		}
	}
	return false
}

// commonest are PINs that people choose often and that no rule above refuses:
// patterns of the key pad, words on it, and numbers everybody knows.
const commonest = `
	0070 0852 1245 1248 1254 1257 1258 1278 1286 1289 1324 1342 1346 1357 1379 1397 1423 1425 1470 1472 1478
	1537 1579 1590 1593 1597 1598 1599 1628 1739 1741 1793 2369 2453 2468 2486 2563 2580 2585 2648 2684 2846
	2879 3141 3142 3146 3159 3571 3579 3637 3690 3698 3825 3971 4200 4246 4268 4286 4315 4531 4628 4632 4680
	4711 5150 5201 5280 5683 5825 5846 5867 6282 6299 6420 6482 6842 7351 7410 7412 7531 7539 7852 7913 7931
	7946 7963 8246 8426 8520 8524 8546 8624 8642 8675 9182 9512 9513 9517 9573 9632 9638 9713 9731 9753 01478
	02468 10203 12369 13524 13579 14523 14725 14789 15937 15975 20580 24680 25800 27182 31415 31416 35795 36925
	42069 74123 74185 75395 78963 85200 95135 97531 123654 123789 124578 134679 135790 135791 142536 142857
	145236 147258 147369 147852 147896 159263 159357 159753 174285 192837 246802 246810 258147 258369 258456
	258963 271828 314159 321456 321654 321789 357159 357951 369147 369258 369852 415263 456123 456321 456852
	481516 521314 654123 741852 741963 753159 753951 789123 789321 789456 789632 789654 852456 852741 852963
	951357 951753 963258 963741 963852 987321 987412 987456 1029384 1357924 2468013 3141592 7418529 7894561
	8675309 9638527 10203040 13572468 14725836 14789632 15935700 24681357 31415926 74108520 75395146 78945612
	98741236 123654789 123789456 147258369 147852369 159357456 159753456 258147369 258369147 314159265
	321654987 741852963 753951456 789456123 963852741 987456321 1029384756 1357924680 1472583690 12345678912`
