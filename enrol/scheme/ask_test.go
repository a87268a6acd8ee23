package scheme

import (
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/way"
)

func TestOlder(t *testing.T) {
	for _, tt := range []struct {
		have, least string
		want        bool
	}{
		{"0.1.0", "0.1.0", false},
		{"0.1", "0.1.0", false},
		{"0.1.0.7", "0.1.0", false},
		{"1", "0.9.9", false},
		{"0.10.0", "0.9.0", false},
		{"0.0.9", "0.1.0", true},
		{"0", "0.1.0", true},
		{"", "0.1.0", true},
		{"new", "0.1.0", true},
		{"0.-2.0", "0.1.0", true},
		{"0.1.0-rc1", "0.1.0", true},
	} {
		if got := older(tt.have, tt.least); got != tt.want {
			t.Errorf("older(%q, %q) = %v", tt.have, tt.least, got)
		}
	}
}

func TestAdmit(t *testing.T) {
	for _, tt := range []struct {
		claim Claim
		code  tunnus.Code
	}{
		{Claim{App: "0.1.0", OS: "linux", OSVersion: "6"}, ""},
		{Claim{App: "0.1.0", OS: "Android", OSVersion: "10"}, ""},
		{Claim{App: "0.0.9", OS: "Android", OSVersion: "9"}, tunnus.CodeAppOld},
		{Claim{App: "0.1.0", OS: "Android", OSVersion: "9.9"}, tunnus.CodeDevOSOld},
		{Claim{App: "0.1.0", OS: "ios"}, tunnus.CodeDevOSOld},
	} {
		if err := Nordic().Admit(tt.claim); tunnus.CodeOf(err) != tt.code {
			t.Errorf("%+v: %v; want %q", tt.claim, err, tt.code)
		}
	}
}

// A country that tunnus knows but this scheme does not serve is refused as one
// that nobody knows.
func TestPersonOfAServedCountry(t *testing.T) {
	for _, tt := range []struct {
		rules         Rules
		country, code string
		want          tunnus.Code
	}{
		{Baltic(), "EE", " 40404040009 ", ""},
		{Baltic(), "LV", "32000010003", ""},
		{Baltic(), "XX", "199002140017", ""},
		{Baltic(), "DK", "0101000000", tunnus.CodeEligCountry},
		{Nordic(), "DK", "010100-0000", ""},
		{Nordic(), "EE", "40404040009", tunnus.CodeEligCountry},
		{Baltic(), "EE", "40404040008", tunnus.CodeFormCode},
		{Baltic(), "", "40404040009", tunnus.CodeEligCountry},
	} {
		if _, err := tt.rules.Person(tt.country, tt.code); tunnus.CodeOf(err) != tt.want {
			t.Errorf("%s: %s: %v; want %q", tt.rules.Name, tt.country, err, tt.want)
		}
	}
}

// The level is the lowest of what way, device and, where one vouches, that
// account allow (product.md §2, K2, R3).
func TestLevel(t *testing.T) {
	r := Nordic()
	for _, tt := range []struct {
		way      way.Way
		device   Device
		vouching tunnus.Level
		want     tunnus.Level
	}{
		{way.Passport, Hardware, "", tunnus.Qualified},
		{way.IDCard, Hardware, tunnus.Advanced, tunnus.Qualified},
		{way.Desk, Software, "", tunnus.Advanced},
		{way.Passport, Browser, tunnus.Qualified, tunnus.Advanced},
		{way.Account, Hardware, tunnus.Qualified, tunnus.Qualified},
		{way.Account, Hardware, tunnus.Advanced, tunnus.Advanced},
		{way.Account, Software, tunnus.Qualified, tunnus.Advanced},
		{way.Account, Hardware, "", ""},
		{way.Account, Hardware, "HIGH", ""},
		{"bank", Hardware, tunnus.Qualified, ""},
	} {
		if got := r.Level(tt.way, tt.device, tt.vouching); got != tt.want {
			t.Errorf("%s, %s, vouched %q: %q; want %q", tt.way, tt.device, tt.vouching, got, tt.want)
		}
	}
	weaker, err := Parse("x", with(t, "ways.passport.level", `"ADVANCED"`))
	if err != nil || weaker.Level(way.Passport, Hardware, "") != tunnus.Advanced || weaker.AsSandbox().Level(way.Passport, Browser, "") != tunnus.Advanced {
		t.Errorf("a weaker way: %v", err)
	}
	off, err := Parse("x", with(t, "ways.passport.on", "false"))
	if err != nil || off.Level(way.Passport, Hardware, "") != "" {
		t.Errorf("a way that is switched off: %v", err)
	}
}

func TestFit(t *testing.T) {
	r := Nordic()
	frame := make([]byte, 100)
	for name, tt := range map[string]struct {
		frames [][]byte
		ok     bool
	}{
		"none":      {nil, false},
		"one":       {[][]byte{frame}, true},
		"an empty":  {[][]byte{frame, {}}, false},
		"ten":       {make10(frame), true},
		"eleven":    {append(make10(frame), frame), false},
		"too large": {[][]byte{make([]byte, r.MaxFrame+1)}, false},
		"largest":   {[][]byte{make([]byte, r.MaxFrame)}, true},
	} {
		if err := r.Fit(tt.frames); (err == nil) != tt.ok || err != nil && tunnus.CodeOf(err) != tunnus.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func make10(frame []byte) (out [][]byte) {
	for range 10 {
		out = append(out, frame)
	}
	return out
}
