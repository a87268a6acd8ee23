package login

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
)

func TestIdentify(t *testing.T) {
	pin, other := FingerprintOf([]byte("bank's")), FingerprintOf([]byte("another's"))
	local := netip.MustParsePrefix("192.0.2.0/24")
	ps, err := NewParties(false,
		Party{UUID: bank, Names: []string{"Bank", "Панк"}, Sources: []netip.Prefix{local}, Pins: []Fingerprint{pin}},
		Party{UUID: library, Names: []string{"Library"}, Sources: []netip.Prefix{local}},
	)
	if err != nil {
		t.Fatal(err)
	}
	near, far := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.7")
	tests := []struct {
		name, uuid, called string
		caller             Caller
		ok                 bool
	}{
		{"pinned", bank, "Bank", Caller{near, &pin}, true},
		{"capitals", strings.ToUpper(bank), "bANK", Caller{near, &pin}, true},
		{"second name", bank, "панк", Caller{near, &pin}, true},
		{"mapped address", library, "Library", Caller{netip.MustParseAddr("::ffff:192.0.2.7"), nil}, true},
		{"no certificate", bank, "Bank", Caller{near, nil}, false},
		{"another certificate", bank, "Bank", Caller{near, &other}, false},
		{"another address", bank, "Bank", Caller{far, &pin}, false},
		{"no address", library, "Library", Caller{}, false},
		{"another's name", library, "Bank", Caller{near, nil}, false},
		{"no name", library, "", Caller{near, nil}, false},
		{"unknown UUID", newID(), "Bank", Caller{near, &pin}, false},
		{"no UUID", "", "Bank", Caller{near, &pin}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ps.Identify(tt.uuid, tt.called, tt.caller)
			if (err == nil) != tt.ok || tt.ok && p.UUID != strings.ToLower(tt.uuid) {
				t.Errorf("Identify = %v, %v", p.UUID, err)
			}
			if err != nil && tunnus.CodeOf(err) != tunnus.CodeUnknownRelyingParty {
				t.Errorf("code %s", tunnus.CodeOf(err))
			}
		})
	}
	if got := ps.Reachable(Caller{near, &other}); len(got) != 1 || got[0] != library {
		t.Errorf("Reachable = %v, want the library only", got)
	}
}

func TestNewPartiesReportsEveryFault(t *testing.T) {
	_, err := NewParties(true,
		Party{UUID: "x", Names: []string{strings.Repeat("n", 33)}},
		Party{UUID: bank, Names: []string{"Bank"}, Sources: []netip.Prefix{netip.MustParsePrefix("::/0")}},
	)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"8-4-4-4-12", "1 to 32 bytes", "sources: missing", `"` + bank + `": pins: missing`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestParseFingerprint(t *testing.T) {
	want := FingerprintOf([]byte("x"))
	plain := "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	var colons strings.Builder
	for i := 0; i < len(plain); i += 2 {
		colons.WriteString(plain[i:i+2] + ":")
	}
	for _, s := range []string{plain, strings.ToUpper(plain), colons.String()} {
		if f, err := ParseFingerprint(s); err != nil || f != want {
			t.Errorf("ParseFingerprint(%q) = %x, %v", s, f, err)
		}
	}
	for _, s := range []string{"", plain[2:], plain + "00", "zz" + plain[2:]} {
		if _, err := ParseFingerprint(s); err == nil {
			t.Errorf("ParseFingerprint(%q) succeeded", s)
		}
	}
}

// Two parties with one certificate could read each other's sessions.
func TestNewPartiesRefusesASharedPin(t *testing.T) {
	pin := FingerprintOf([]byte("a certificate"))
	party := func(uuid string) Party {
		return Party{UUID: uuid, Names: []string{"A"}, Sources: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Pins: []Fingerprint{pin}}
	}
	a, b := party("00000000-0000-4000-8000-000000000001"), party("00000000-0000-4000-8000-000000000002")
	if _, err := NewParties(true, a); err != nil {
		t.Fatal(err)
	}
	if _, err := NewParties(true, a, b); err == nil || !strings.Contains(err.Error(), "another party has this one") {
		t.Errorf("NewParties = %v", err)
	}
}
