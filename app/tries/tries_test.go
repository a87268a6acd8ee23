package tries

import (
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// The holder is told of locks with the time they take, and of a PIN that wears out.
func TestSay(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	until := func(d time.Duration) *time.Time { at := now.Add(d); return &at }
	stamp := func(d time.Duration) string { return now.Add(d).Local().Format("2006-01-02 15:04:05 MST") }
	for name, tt := range map[string]struct {
		tries splitkey.Tries
		want  string
	}{
		"well":        {splitkey.Tries{Left: 3}, ""},
		"nine lost":   {splitkey.Tries{Left: 3, Unconfirmed: 9}, ""},
		"two left":    {splitkey.Tries{Left: 2}, "PIN2: two tries left before a lock."},
		"one left":    {splitkey.Tries{Left: 1}, "PIN2: one try left before a lock."},
		"locked":      {splitkey.Tries{LockedUntil: until(3*time.Hour - 10*time.Second)}, "PIN2 is locked for 2 h 59 min, until " + stamp(3*time.Hour-10*time.Second) + "."},
		"lock is out": {splitkey.Tries{Left: 3, LockedUntil: until(-time.Second)}, ""},
		"ten lost":    {splitkey.Tries{Left: 3, Unconfirmed: 10}, "10 entries of PIN2 led to nothing. After 30 only a PIN change is served (`tunnus app pin2`)."},
		"worn":        {splitkey.Tries{Left: 1, Unconfirmed: 30}, "PIN2 is worn out: 30 entries of it led to nothing. Change it (`tunnus app pin2`); nothing else is served."},
		"ended":       {splitkey.Tries{Permanent: true, LockedUntil: until(time.Hour)}, "PIN2 was wrong too often: this account ends."},
	} {
		if got := Say(pin.PIN2, tt.tries, now); got != tt.want {
			t.Errorf("%s: %q; want %q", name, got, tt.want)
		}
	}
}

func TestCountdown(t *testing.T) {
	for d, want := range map[time.Duration]string{
		24 * time.Hour: "24 h 0 min", 90 * time.Minute: "1 h 30 min", 90 * time.Second: "1 min 30 s", 400 * time.Millisecond: "1 s",
	} {
		if got := Countdown(d); got != want {
			t.Errorf("Countdown(%v) = %q; want %q", d, got, want)
		}
	}
}

// A time of day without its zone is a guess for whoever reads it elsewhere.
func TestWhenNamesTheZone(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	zone, _ := at.Local().Zone()
	if got := When(at); !strings.HasSuffix(got, ":00 "+zone) {
		t.Errorf("%q; want the zone %q at its end", got, zone)
	}
}

// What cannot be answered is not asked for: not with a lock, not with a PIN that
// is worn out; that one may still be typed to be changed.
func TestBarred(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	soon, past := now.Add(time.Second), now.Add(-time.Second)
	for name, tt := range map[string]struct {
		tries          splitkey.Tries
		locked, barred bool
	}{
		"well":        {splitkey.Tries{Left: 1, Unconfirmed: 29}, false, false},
		"lock is out": {splitkey.Tries{Left: 3, LockedUntil: &past}, false, false},
		"locked":      {splitkey.Tries{LockedUntil: &soon}, true, true},
		"ended":       {splitkey.Tries{Permanent: true}, true, true},
		"worn":        {splitkey.Tries{Left: 3, Unconfirmed: 30}, false, true},
	} {
		if l, b := Locked(tt.tries, now), Barred(tt.tries, now); l != tt.locked || b != tt.barred {
			t.Errorf("%s: locked %v, barred %v; want %v, %v", name, l, b, tt.locked, tt.barred)
		}
		if (Say(pin.PIN1, tt.tries, now) == "") && tt.barred {
			t.Errorf("%s: barred without a word", name)
		}
	}
}
