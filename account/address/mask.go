package address

import (
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// How much a mask may show: of the part before the @, and of a phone number's end.
const (
	shownLocal, mostLocal = 1, 3
	shownPhone, mostPhone = 2, 4
)

// Mask shows an address so that its owner knows it again and nobody else learns
// it: "o…@example.org", "+372 •••• 67". It never shows more than the first letter
// before the @, nor all of what stands there, nor more than the last two digits of
// a phone number.
func (a Address) Mask() string { return a.mask(0) }

// Masks shows several addresses of one person. Where two would look alike, both
// show a little more, up to three letters or four digits; that may not be enough.
func Masks(list []Address) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Mask()
	}
	for more := 1; more <= mostLocal-shownLocal; more++ {
		times := map[string]int{}
		for _, m := range out {
			times[m]++
		}
		for i, a := range list {
			if times[out[i]] > 1 {
				out[i] = a.mask(more)
			}
		}
	}
	return out
}

// mask shows so many letters or digits more than [Address.Mask].
func (a Address) mask(more int) string {
	if a.Channel == SMS {
		return a.maskPhone(min(shownPhone+more, mostPhone))
	}
	local, domain, _ := strings.Cut(a.Text, "@")
	n := min(shownLocal+more, mostLocal, len(local)-1) // ASCII
	return local[:max(n, 0)] + "…@" + domain
}

func (a Address) maskPhone(n int) string {
	code := 0
	if p, err := phonenumbers.Parse(a.Text, phonenumbers.UNKNOWN_REGION); err == nil {
		code = int(p.GetCountryCode())
	}
	prefix := fmt.Sprintf("+%d", code)
	national := strings.TrimPrefix(a.Text, prefix)
	n = min(n, len(national)/2)
	return prefix + " •••• " + national[len(national)-n:]
}
