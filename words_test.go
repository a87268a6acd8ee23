package tunnus_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
)

func TestParsePersonCode(t *testing.T) {
	tests := []struct {
		name, country, value string
		birth                string // "" if the code is refused
		code                 tunnus.Code
	}{
		{"invented state", "XX", "199002140017", "1990-02-14", ""},
		{"invented state, wrong check digit", "XX", "199002140018", "", tunnus.CodeFormCode},
		{"invented state, no such day", "XX", "199002300017", "", tunnus.CodeFormCode},
		{"invented state, letters", "XX", "19900214001A", "", tunnus.CodeFormCode},
		{"published Estonian test number", "EE", "40504040001", "1905-04-04", ""},
		{"published Estonian test number 2", "EE", "30303039914", "1903-03-03", ""},
		{"Estonian, one digit off", "EE", "30303039915", "", tunnus.CodeFormCode},
		{"Estonian, first digit 9", "EE", "90303039914", "", tunnus.CodeFormCode},
		{"country without a rule", "QQ", "1", "", tunnus.CodeEligCountry},
		{"empty", "XX", "", "", tunnus.CodeFormCode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := tunnus.ParsePersonCode(tt.country, tt.value)
			if tunnus.CodeOf(err) != tt.code {
				t.Fatalf("ParsePersonCode = %v; want code %q", err, tt.code)
			}
			if err != nil {
				return
			}
			if d, ok := p.BirthDate(); !ok || d.Format(time.DateOnly) != tt.birth {
				t.Errorf("BirthDate = %v, %v; want %s", d, ok, tt.birth)
			}
		})
	}
}

func TestSemanticsIDRoundTrip(t *testing.T) {
	p, err := tunnus.ParseSemanticsID("PNOXX-199002140017")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.SemanticsID(); got != "PNOXX-199002140017" {
		t.Errorf("SemanticsID = %q", got)
	}
	for _, bad := range []string{"", "PNO", "PNOXX199002140017", "IDCXX-199002140017", "pnoXX-199002140017", "PNOXX-"} {
		if _, err := tunnus.ParseSemanticsID(bad); err == nil {
			t.Errorf("ParseSemanticsID(%q) succeeded", bad)
		}
	}
}

func TestNothingPrintsASecretOrAPersonCode(t *testing.T) {
	s := tunnus.NewSecret([]byte("2580"))
	p, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "person", p)
	j, err := json.Marshal(map[string]any{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v %x %s %d", s, s, s, s, s), string(j), log.String(), fmt.Sprintf("%v %+v %#v", p, p, p)} {
		if strings.Contains(out, "2580") || strings.Contains(out, "32353830") || strings.Contains(out, "199002140017") {
			t.Errorf("printed: %s", out)
		}
	}
}

func TestLevels(t *testing.T) {
	for _, tt := range []struct {
		have, want tunnus.Level
		ok         bool
	}{
		{tunnus.Qualified, tunnus.Advanced, true},
		{tunnus.Qualified, tunnus.Qualified, true},
		{tunnus.Advanced, tunnus.Advanced, true},
		{tunnus.Advanced, tunnus.Qualified, false},
		{"", tunnus.Advanced, false},
		{tunnus.Qualified, "", false},
		{"QSCD", "QSCD", false},
	} {
		if got := tt.have.AtLeast(tt.want); got != tt.ok {
			t.Errorf("%q.AtLeast(%q) = %v", tt.have, tt.want, got)
		}
	}
}

func TestLadder(t *testing.T) {
	l := tunnus.Ladder{{Failures: 3, Lock: 3 * time.Hour}, {Failures: 2, Lock: 24 * time.Hour}, {Failures: 2, Permanent: true}}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	want := []struct {
		left      int
		lock      time.Duration
		permanent bool
	}{
		{2, 0, false},
		{1, 0, false},
		{2, 3 * time.Hour, false},
		{1, 0, false},
		{2, 24 * time.Hour, false},
		{1, 0, false},
		{0, 0, true},
		{0, 0, true},
	}
	var s tunnus.Standing
	for i, w := range want {
		s = l.Fail(s, at)
		if l.Left(s) != w.left || s.Permanent != w.permanent || w.lock > 0 && !s.LockedUntil.Equal(at.Add(w.lock)) {
			t.Errorf("failure %d: %+v, left %d; want %+v", i+1, s, l.Left(s), w)
		}
		if w.lock > 0 && (!s.Locked(at.Add(w.lock-1)) || s.Locked(at.Add(w.lock))) {
			t.Errorf("failure %d: the lock does not end when it should", i+1)
		}
		at = at.Add(30 * time.Hour)
	}
}

// A permanent lock absorbs: whatever comes after it, it stays.
func TestPermanentAbsorbs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := tunnus.Ladder{{Failures: rapid.IntRange(1, 4).Draw(t, "a"), Lock: time.Hour}, {Failures: rapid.IntRange(1, 4).Draw(t, "b"), Permanent: true}}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var s tunnus.Standing
		was := false
		for range rapid.IntRange(0, 20).Draw(t, "failures") {
			at = at.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours")) * time.Hour)
			s = l.Fail(s, at)
			if was && (!s.Permanent || !s.Locked(at.AddDate(90, 0, 0))) {
				t.Fatalf("a permanent lock was lifted: %+v", s)
			}
			was = s.Permanent
		}
	})
}

func TestCodeOf(t *testing.T) {
	wrapped := fmt.Errorf("somewhere: %w", tunnus.NotFound(errors.New("row")))
	for _, tt := range []struct {
		err  error
		want tunnus.Code
	}{
		{nil, ""},
		{errors.New("disk"), tunnus.CodeInternal},
		{wrapped, tunnus.CodeNotFound},
	} {
		if got := tunnus.CodeOf(tt.err); got != tt.want {
			t.Errorf("CodeOf(%v) = %q; want %q", tt.err, got, tt.want)
		}
	}
	if got := tunnus.Code("no-such-code").Sentence(); got != tunnus.CodeInternal.Sentence() {
		t.Errorf("an unknown code is told as %q", got)
	}
}
