package tries

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// The holder is told of locks with the time they take, and of a PIN that wears out.
func TestSay(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	until := func(d time.Duration) *time.Time { at := now.Add(d); return &at }
	stamp := func(d time.Duration) string { return now.Add(d).Local().Format(time.DateTime) }
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
