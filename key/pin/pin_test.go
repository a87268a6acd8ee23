package pin

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

func holder() Personal {
	return Personal{
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC),
		Codes: []string{"199002140015", "+372 5551 8306", "XA7240913"},
	}
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name string
		pin  string
		kind Kind
		weak bool
	}{
		{"good PIN1", "7039", PIN1, false},
		{"good PIN2", "70394", PIN2, false},
		{"good long one", "60274195738", PIN2, false},
		{"too short for PIN1", "739", PIN1, true},
		{"too short for PIN2", "7394", PIN2, true},
		{"too long", "7039462850173", PIN1, true},
		{"empty", "", PIN1, true},
		{"letters", "70a9", PIN1, true},
		{"other digits", "٧٠٣٩", PIN1, true},
		{"one digit", "7777", PIN1, true},
		{"all but one alike", "77773", PIN2, true},
		{"upwards", "4567", PIN1, true},
		{"upwards with wrap", "78901", PIN2, true},
		{"downwards", "76543", PIN2, true},
		{"downwards with wrap", "2109", PIN1, true},
		{"upwards but one", "34569", PIN2, true},
		{"repeated", "7373", PIN1, true},
		{"repeated three", "739739", PIN2, true},
		{"repeated and cut", "73737", PIN2, true},
		{"doubled", "7733", PIN1, true},
		{"doubled, six", "773399", PIN2, true},
		{"tripled", "777333", PIN2, true},
		{"four of each", "77773333", PIN2, true},
		{"pairs but for one", "773349", PIN2, false},
		{"halves that mirror", "739937", PIN2, true},
		{"mirror", "7337", PIN1, true},
		{"odd mirror", "73937", PIN2, true},
		{"year", "1987", PIN1, true},
		{"year of this century", "2041", PIN1, true},
		{"day and month", "3112", PIN1, true},
		{"month and day", "1225", PIN1, true},
		{"leap day", "2902", PIN1, true},
		{"date, six digits", "170384", PIN2, true},
		{"date, eight digits", "19840317", PIN2, true},
		{"month and year", "031984", PIN2, true},
		{"no date", "327394", PIN2, false},
		{"birthday in it", "91402", PIN2, true},
		{"birthday, month first", "0214", PIN1, true},
		{"year of birth in it", "71990", PIN2, true},
		{"part of the phone", "5183", PIN1, true},
		{"part of the phone in it", "951838", PIN2, true},
		{"part of the document", "2409", PIN1, true},
		{"three digits of the phone", "51892", PIN2, false},
		{"key pad column", "2580", PIN1, true},
		{"key pad, six", "147258", PIN2, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Judge([]byte(tt.pin), tt.kind, holder())
			if (err != nil) != tt.weak || err != nil && tunnus.CodeOf(err) != tunnus.CodePINWeak {
				t.Errorf("Judge(%q) = %v; want weak %v", tt.pin, err, tt.weak)
			}
		})
	}
}

// The person is told what is wrong with a PIN, in words and without the PIN.
func TestWeaknessIsTold(t *testing.T) {
	for pin, want := range map[string]string{
		"739": "The PIN must have 4–12 digits.", "70a9": "It must be digits only.", "4567": "It is a run of digits upwards.",
		"7777": "It is one digit again and again.", "7373": "It repeats the same digits.", "3112": "It is a date.",
		"5183": "Part of a personal number is in it.", "0214": "It is a date.", "2580": "It is one of the commonest.",
	} {
		e, ok := errors.AsType[*tunnus.Error](Judge([]byte(pin), PIN1, holder()))
		if !ok || e.Public != tunnus.CodePINWeak.Sentence()+" "+want {
			t.Errorf("%s: told %+v; want %q", pin, e, want)
		}
	}
	for other, want := range map[string]string{"7039": " The other PIN is in it.", "470394": " It is in the other PIN."} {
		e, ok := errors.AsType[*tunnus.Error](Judge([]byte("70394"), PIN2, Personal{Other: []byte(other)}))
		if !ok || !strings.HasSuffix(e.Public, want) {
			t.Errorf("with the other PIN %s: %+v", other, e)
		}
	}
}

// Enough is left to choose from, and nothing is personal about nobody.
func TestMostPINsAreGood(t *testing.T) {
	good := 0
	for i := range 10000 {
		if Judge(fmt.Appendf(nil, "%04d", i), PIN1, Personal{}) == nil {
			good++
		}
	}
	if good < 8200 || good > 9400 {
		t.Errorf("%d of 10000 PINs are good", good)
	}
}

// The list holds PINs that the other rules let through, in order of length.
func TestCommonest(t *testing.T) {
	for _, p := range strings.Fields(commonest) {
		pin := []byte(p)
		if len(p) < 4 || len(p) > maxLength || strings.Trim(p, "0123456789") != "" {
			t.Errorf("%q is no PIN", p)
		}
		if longest(pin, 0) >= len(pin)-1 || longest(pin, 1) >= len(pin)-1 || longest(pin, 9) >= len(pin)-1 ||
			repeats(pin) || grouped(pin) || mirrored(pin) || year(pin) || date(pin) {
			t.Errorf("%q is refused without the list", p)
		}
		if Judge(pin, PIN1, Personal{}) == nil {
			t.Errorf("%q is let through", p)
		}
	}
}

func TestApart(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		code tunnus.Code
	}{
		{"7394", "70394", ""},
		{"70394", "70394", tunnus.CodePINWeak},
		{"7394", "57394", tunnus.CodePINWeak},
		{"739461", "39461", tunnus.CodePINWeak},
		{"", "39461", tunnus.CodePINWeak},
	} {
		if got := tunnus.CodeOf(Apart([]byte(tt.a), []byte(tt.b))); got != tt.code {
			t.Errorf("Apart(%q, %q) = %q; want %q", tt.a, tt.b, got, tt.code)
		}
	}
}

// A new PIN is told from the one that it replaces, while both are typed (K15).
func TestOldAndNew(t *testing.T) {
	for _, tt := range []struct{ pin, old, why string }{
		{"70394", "58271", ""},
		{"70394", "", ""},
		{"70394", "7034", ""},
		{"70394", "70394", " It is the old PIN."},
		{"570394", "70394", " The old PIN is in it."},
		{"70394", "570394", " It is in the old PIN."},
	} {
		err := Judge([]byte(tt.pin), PIN2, Personal{Old: []byte(tt.old)})
		e, refused := errors.AsType[*tunnus.Error](err)
		if refused != (tt.why != "") || refused && !strings.HasSuffix(e.Public, tt.why) {
			t.Errorf("Judge(%s) after %s = %v; want %q", tt.pin, tt.old, err, tt.why)
		}
	}
}

// Each rule of product.md §5 refuses something that no other rule does.
func TestEachRuleCounts(t *testing.T) {
	for _, tt := range []struct{ pin, why string }{
		{"78901", "upwards"},
		{"76543", "downwards"},
		{"77773", "one digit"},
		{"739739", "repeats"},
		{"777333", "grouped"},
		{"73937", "mirrored"},
		{"170384", "date"},
		{"86245", ""},
		{"159753", "common"},
		{"91402", "birthday"},
		{"951838", "personal"},
	} {
		err := Judge([]byte(tt.pin), PIN2, holder())
		if (err != nil) != (tt.why != "") || err != nil && !strings.Contains(err.Error(), tt.why) {
			t.Errorf("Judge(%s) = %v; want %q", tt.pin, err, tt.why)
		}
	}
}

func TestSame(t *testing.T) {
	if err := Same([]byte("7394"), []byte("7394")); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"7395", "73944", ""} {
		if got := tunnus.CodeOf(Same([]byte("7394"), []byte(other))); got != tunnus.CodePINDiff {
			t.Errorf("Same(%q) = %q", other, got)
		}
	}
}

// No PIN stands in an error.
func FuzzJudge(f *testing.F) {
	f.Add("1234")
	f.Add("199002140015")
	f.Fuzz(func(t *testing.T, pin string) {
		err := Judge([]byte(pin), PIN2, holder())
		if err == nil && (len(pin) < 5 || len(pin) > 12 || strings.Trim(pin, "0123456789") != "") {
			t.Errorf("Judge took %q", pin)
		}
		if err != nil && len(pin) > 3 && strings.Contains(err.Error(), pin) && strings.Trim(pin, "0123456789") == "" {
			t.Errorf("%q stands in %v", pin, err)
		}
	})
}
