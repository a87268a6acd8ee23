package place

import (
	"net/netip"
	"strings"
	"testing"
)

const table = `# networks for tests (RFC 5737, RFC 3849)
192.0.2.0/24,XX
192.0.2.128/25,YY
198.51.100.0/24, ZZ

2001:db8::/32,XX
2001:db8:1::/48,YY
`

func TestPlace(t *testing.T) {
	known, err := Parse(table)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"192.0.2.1": "XX", "192.0.2.200": "YY", "198.51.100.7": "ZZ", "203.0.113.1": "", "2001:db8::1": "XX", "2001:db8:1::1": "YY",
		"2001:db9::1": "", "::ffff:192.0.2.1": "XX", "2001:db8:1::/64": "YY", "fe80::1%eth0": "", "": "", "nonsense": "", "127.0.0.1": "",
	} {
		if got := known.Place(address); got != want {
			t.Errorf("%s: %q; want %q", address, got, want)
		}
	}
	if got := (Table{}).Place("192.0.2.1"); got != "" {
		t.Errorf("an empty table knows %q", got)
	}
}

// In a sandbox, what is on this machine or in this house is one place.
func TestLocalPlacesAreOne(t *testing.T) {
	sandbox := Table{}.WithLocal()
	for _, a := range []string{"127.0.0.1", "::1", "10.1.2.3", "192.168.0.7", "fd00::1", "::ffff:127.0.0.1"} {
		if got := sandbox.Place(a); got != Local {
			t.Errorf("%s: %q", a, got)
		}
	}
	if got := sandbox.Place("192.0.2.1"); got != "" {
		t.Errorf("a public address: %q", got)
	}
}

func TestWhatIsNoTable(t *testing.T) {
	for _, text := range []string{
		"192.0.2.0/24", "192.0.2.0/24,XX,YY", "192.0.2.1/24,XX", "192.0.2.0/24,xx", "192.0.2.0/24,XXX", "192.0.2.0,XX", ",XX", "\"192.0.2.0/24,XX",
		"192.0.2.0/24,XX\n192.0.2.0/24,YY", "::ffff:192.0.2.0/120,XX",
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("accepted: %q", text)
		}
	}
}

// Each network that is accepted is found again, under its own country or a
// narrower one's.
func FuzzParse(f *testing.F) {
	f.Add(table)
	f.Fuzz(func(t *testing.T, text string) {
		known, err := Parse(text)
		if err != nil {
			return
		}
		for line := range strings.Lines(text) {
			cidr, _, ok := strings.Cut(strings.TrimSpace(line), ",")
			if p, err := netip.ParsePrefix(strings.Trim(cidr, "\" ")); ok && err == nil && known.Place(p.Addr().String()) == "" {
				t.Errorf("%v was accepted and is not known", p)
			}
		}
	})
}

func TestNeighbourhood(t *testing.T) {
	for _, tt := range []struct{ remote, want string }{
		{"192.0.2.7:1234", "192.0.2.7"},
		{"[::ffff:192.0.2.7]:1234", "192.0.2.7"},
		{"[2001:db8:1:2:3:4:5:6]:1234", "2001:db8:1:2::/64"},
		{"[fe80::1%eth0]:1", "fe80::/64"},
		{"pipe", "pipe"},
	} {
		if got := Neighbourhood(tt.remote); got != tt.want {
			t.Errorf("%s is %q; want %q", tt.remote, got, tt.want)
		}
	}
}
