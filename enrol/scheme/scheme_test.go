package scheme

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
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

func TestOldEnough(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for birth, code := range map[string]tunnus.Code{
		"2013-11-22": "",
		"2013-11-23": tunnus.CodeEligAge,
		"1926-01-01": "",
	} {
		b, err := time.Parse(time.DateOnly, birth)
		if err != nil {
			t.Fatal(err)
		}
		if err := Nordic.OldEnough(b, now); tunnus.CodeOf(err) != code {
			t.Errorf("born %s: %v; want %q", birth, err, code)
		}
	}
}

// The ladder is the one of product.md §3, and only the sandbox has its switches.
func TestNordic(t *testing.T) {
	var s tunnus.Standing
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, lock := range []time.Duration{0, 0, day, 0, 3 * day, 0, -1} {
		s = Nordic.Judgement.Ladder.Fail(s, at)
		if want := lock == -1; s.Permanent != want {
			t.Errorf("failure %d: permanent %v", i+1, s.Permanent)
		}
		if lock > 0 && !s.LockedUntil.Equal(at.Add(lock)) {
			t.Errorf("failure %d: locked until %v", i+1, s.LockedUntil)
		}
		at = at.Add(4 * day)
	}
	for _, r := range Nordic.Proof.Ladder {
		if r.Permanent {
			t.Error("a device can be locked for ever")
		}
	}
	if Nordic.Unattended || Nordic.SoftwareQualified || Nordic.Level() != tunnus.Advanced {
		t.Error("a switch of the sandbox is on in the scheme")
	}
	if s := Nordic.Sandbox(); !s.Unattended || s.Level() != tunnus.Qualified {
		t.Error("the sandbox's switches are off")
	}
}
