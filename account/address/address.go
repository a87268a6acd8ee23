package address

import (
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"

	"github.com/tunnus-id/tunnus"
)

// A Channel is a way to reach a person.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
)

// An Address is where a person can be reached.
type Address struct {
	Channel Channel
	// Text is the normal form: "+3725123456" (E.164), or a mail address with its
	// domain in small ASCII letters. The local part keeps its capitals.
	Text string
	// Region is the country of a phone number, two letters (ISO 3166-1); "" for mail.
	Region string
}

// Parse reads what a person typed: what has an @ is for mail, anything else a
// phone number. It fails with bad-request of the field "contact", and never
// repeats what was typed.
func Parse(typed string) (Address, error) {
	if strings.ContainsRune(typed, '@') {
		return Mail(typed)
	}
	return Phone(typed)
}

// Of reads a normal form that was kept. It fails if it is not one.
func Of(kept string) (Address, error) {
	a, err := Parse(kept)
	if err == nil && a.Text != kept {
		return Address{}, bad("not in normal form")
	}
	return a, err
}

// Key is the form under which two addresses are the same: capitals do not count.
func (a Address) Key() string { return strings.ToLower(a.Text) }

// String tells no address: it must not come into a log by accident.
func (a Address) String() string { return string(a.Channel) + " [address]" }

func bad(why string) error {
	return tunnus.BadRequest("contact", fmt.Errorf("address: %s", why))
}

// The limits of RFC 5321 §4.5.3.1 (the whole with its erratum 1690), and RFC 1035 §2.3.4.
const (
	maxLocal = 64
	maxMail  = 254
)

// atext are the signs that a local part may hold besides letters and digits: RFC
// 5321's without "%", "!" and "/", which once told servers to send elsewhere, and
// without those of quoted forms.
const atext = "#$&'*+-=?^_`{|}~."

// Mail reads one bare address: ASCII before the @, no quotes, comments, routes or
// literal addresses. A domain of other scripts becomes its ASCII form (RFC 5891).
func Mail(typed string) (Address, error) {
	typed = strings.TrimSpace(typed)
	if len(typed) > 2*maxMail {
		return Address{}, bad("too long")
	}
	local, domain, ok := strings.Cut(typed, "@")
	if !ok || local == "" || strings.ContainsRune(domain, '@') {
		return Address{}, bad("one @ expected")
	}
	if len(local) > maxLocal || local[0] == '.' || strings.HasSuffix(local, ".") || strings.Contains(local, "..") ||
		strings.ContainsFunc(local, notLocal) {
		return Address{}, bad("a part before the @ that we do not take")
	}
	ascii, err := idna.Registration.ToASCII(strings.ToLower(domain))
	if err != nil || !host(ascii) || len(local)+1+len(ascii) > maxMail {
		return Address{}, bad("a domain expected")
	}
	return Address{Channel: Email, Text: local + "@" + ascii}, nil
}

func notLocal(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !letter && !strings.ContainsRune(atext, r)
}

// host reports whether a name has two labels or more, each of letters, digits and
// inner hyphens, and no number for the last: that would be an IP address.
func host(name string) bool {
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(labels) > 1 && strings.Trim(last, "0123456789") != ""
}

// maxPhone bounds what is looked at: fifteen digits (E.164) and what people write between.
const maxPhone = 40

// Phone reads a number with its country code ("+372 512 3456"; "00" will do
// for the plus) that a mobile phone can have. Extensions, letters and numbers
// without a country code are refused: two countries would have them.
func Phone(typed string) (Address, error) {
	typed = strings.TrimSpace(typed)
	if len(typed) > maxPhone || strings.Trim(typed, "+0123456789 -()./\u00a0") != "" {
		return Address{}, bad("a phone number expected")
	}
	if rest, ok := strings.CutPrefix(typed, "00"); ok {
		typed = "+" + rest
	}
	if !strings.HasPrefix(typed, "+") || strings.Count(typed, "+") > 1 {
		return Address{}, bad("a phone number begins with + and the code of its country")
	}
	n, err := phonenumbers.Parse(typed, phonenumbers.UNKNOWN_REGION)
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return Address{}, bad("no phone number of any country")
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
	default:
		return Address{}, bad("not a number of a mobile phone")
	}
	region := phonenumbers.GetRegionCodeForNumber(n)
	text := phonenumbers.Format(n, phonenumbers.E164)
	if len(region) != 2 || strings.Trim(region, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return Address{}, bad("a number of no country")
	}
	return Address{Channel: SMS, Text: text, Region: region}, nil
}
