package address

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
)

func TestPhones(t *testing.T) {
	for typed, want := range map[string]Address{
		"+44 7400 123456":             {SMS, "+447400123456", "GB"}, // those that are taken are the examples of libphonenumber
		"0044 (7400) 123-456":         {SMS, "+447400123456", "GB"},
		"+44\u00a07400.123.456":       {SMS, "+447400123456", "GB"},
		"+1 202 555 0123":             {SMS, "+12025550123", "US"}, // of films (NANPA); mobile or not is one there
		"+1 416 555 0123":             {SMS, "+14165550123", "CA"},
		"+3725123456":                 {SMS, "+3725123456", "EE"},
		"+370 612 34567":              {SMS, "+37061234567", "LT"},
		"+371 21234567":               {SMS, "+37121234567", "LV"},
		"+45 32 12 34 56":             {SMS, "+4532123456", "DK"},
		"07400 123456":                {}, // of which country?
		"7400123456":                  {},
		"+7400123456+":                {},
		"++447400123456":              {},
		"+44 20 7946 0000":            {}, // a fixed line
		"+372 600 0000":               {},
		"+800 1234 5678":              {}, // of no country
		"+44 900 0000000":             {}, // costs the caller
		"+999 123456789":              {},
		"+44 7400 123456 ext 4":       {},
		"+44 7400 123456;ext=4":       {},
		"tel:+447400123456":           {},
		"+44 7700 FLOWERS":            {},
		"+٤٤٧٧٠٠٩٠٠١٢٣":               {}, // digits of another script
		"+44 7400 123456\r\n+1":       {},
		"+447400123456,+12025550123":  {},
		"+" + strings.Repeat("4", 60): {},
		"+":                           {},
		"":                            {},
	} {
		check(t, typed, want)
	}
}

func TestMailAddresses(t *testing.T) {
	local, label := strings.Repeat("a", 64), strings.Repeat("b", 63)
	long := local + "@" + label + "." + label + "." + strings.Repeat("c", 61)
	for typed, want := range map[string]Address{
		" Ada.Lovelace+x@Example.ORG ":     {Email, "Ada.Lovelace+x@example.org", ""},
		"o'hara@example.org":               {Email, "o'hara@example.org", ""},
		"a@õ.example":                      {Email, "a@xn--1ca.example", ""}, // set below
		long:                               {Email, long, ""},
		long + "c":                         {},
		"a" + local + "@example.org":       {},
		"a@" + label + "b.example":         {},
		`"a b"@example.org`:                {},
		`"a"@example.org`:                  {},
		"a(comment)@example.org":           {},
		"<a@example.org>":                  {},
		"Ada <a@example.org>":              {},
		"a@example.org, b@example.org":     {},
		"a@b@example.org":                  {},
		"a%b.example@example.org":          {},
		"b.example!a@example.org":          {},
		"@b.example:a@example.org":         {},
		".a@example.org":                   {},
		"a.@example.org":                   {},
		"a..b@example.org":                 {},
		"a@example.org.":                   {},
		"a@.example.org":                   {},
		"a@example..org":                   {},
		"a@-example.org":                   {},
		"a@exam_ple.org":                   {},
		"a@localhost":                      {},
		"a@[192.0.2.1]":                    {},
		"a@192.0.2.1":                      {},
		"a@[IPv6:2001:db8::1]":             {},
		"a@example.org\r\nBcc: e@x.org":    {},
		"a\r\nRCPT TO:<e@x.org>@x.org":     {},
		"a\x00@example.org":                {},
		"ädä@example.org":                  {},
		"a\u200b@example.org":              {},
		"a@exam\u200bple.org":              {},
		"a@example\u3002org":               {}, // a full stop of another script, or else the same
		"a@xn--a.example":                  {},
		"@":                                {},
		"a@":                               {},
		strings.Repeat("a@b.example ", 99): {},
	} {
		if typed == "a@õ.example" {
			want.Text = "a@xn--mda.example"
		}
		check(t, typed, want)
	}
}

func check(t *testing.T, typed string, want Address) {
	t.Helper()
	got, err := Parse(typed)
	if got != want || (err == nil) != (want != Address{}) {
		t.Errorf("%.60q: %s %q %q, %v", typed, got.Channel, got.Text, got.Region, err)
	}
	if err == nil {
		return
	}
	if tunnus.CodeOf(err) != tunnus.CodeBadRequest || len(typed) > 8 && strings.Contains(err.Error(), strings.TrimSpace(typed)) {
		t.Errorf("%.60q: %v", typed, err)
	}
}

// A log that is given an address by mistake shows none.
func TestAddressIsNotPrinted(t *testing.T) {
	a, err := Parse("ada@example.org")
	if err != nil || strings.Contains(fmt.Sprint(a, &a), "ada") || strings.Contains(fmt.Sprintf("%v %s %+v", a, a, a), "ada") {
		t.Errorf("%v, %v", a, err)
	}
}

func TestMasks(t *testing.T) {
	for _, tt := range []struct{ list, want []string }{
		{[]string{"olav@example.org", "+447400123167"}, []string{"o…@example.org", "+44 •••• 67"}},
		{[]string{"o@example.org"}, []string{"…@example.org"}},
		{[]string{"olav@example.org", "otto@example.org"}, []string{"ol…@example.org", "ot…@example.org"}},
		{[]string{"olav1@example.org", "olav2@example.org"}, []string{"ola…@example.org", "ola…@example.org"}},
		{[]string{"+447400123167", "+447400123267", "+447400123555"}, []string{"+44 •••• 167", "+44 •••• 267", "+44 •••• 55"}},
	} {
		var list []Address
		for _, s := range tt.list {
			a, err := Of(s)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, a)
		}
		if got := Masks(list); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%v: %v", tt.list, got)
		}
	}
}

// A mask never shows more than three letters before the @, nor all of them, nor
// more than the last four digits of a number; and two contacts look alike only if
// what may be shown of them is alike.
func TestMaskProperties(t *testing.T) {
	address := rapid.Custom(func(t *rapid.T) Address {
		if rapid.Bool().Draw(t, "mail") {
			local := rapid.StringMatching(`[a-z0-9]{1,12}`).Draw(t, "local")
			return Address{Email, local + "@" + rapid.SampledFrom([]string{"a.example", "b.example"}).Draw(t, "domain"), ""}
		}
		return Address{SMS, "+44740012" + rapid.StringMatching(`[0-9]{4}`).Draw(t, "end"), "GB"}
	})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfNDistinct(address, 1, 5, Address.Key).Draw(t, "list")
		masks := Masks(list)
		for i, a := range list {
			local, domain, mail := strings.Cut(a.Text, "@")
			shown, rest, _ := strings.Cut(masks[i], "…@")
			if mail && (len(shown) > 3 || len(shown) >= len(local) || rest != domain || !strings.HasPrefix(local, shown)) {
				t.Fatalf("%s is shown as %s", a.Text, masks[i])
			}
			end := masks[i][strings.LastIndex(masks[i], " ")+1:]
			if !mail && (len(end) > 4 || !strings.HasSuffix(a.Text, end) || !strings.HasPrefix(masks[i], "+44 ••••")) {
				t.Fatalf("%s is shown as %s", a.Text, masks[i])
			}
			for j, b := range list[:i] {
				if masks[i] == masks[j] && a.mask(2) != b.mask(2) {
					t.Fatalf("%s and %s are both shown as %s", a.Text, b.Text, masks[i])
				}
			}
		}
	})
}

// What is taken is its own normal form, in one line of ASCII, and of one channel.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"+44 7400 123456", "ada@example.org", "a@õ.example", "0044", "a@b@c", "+1 (202) 555-0123"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		a, err := Parse(typed)
		if err != nil {
			return
		}
		again, err := Of(a.Text)
		if err != nil || again != a {
			t.Errorf("%q: %+q, again %+q, %v", typed, a.Text, again.Text, err)
		}
		if strings.ContainsFunc(a.Text, func(r rune) bool { return r <= ' ' || r > '~' }) || len(a.Text) > maxMail {
			t.Errorf("%q became %q", typed, a.Text)
		}
	})
}
