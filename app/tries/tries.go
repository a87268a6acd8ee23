// Package tries puts into words what the holder of a PIN should know of it before
// typing it: how many tries are left, how long a lock still takes, and that it
// wears out.
package tries

import (
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// What a phone tells of entries that never led to a signature (security.md K6):
// from wornSoon on it warns, at worn the server serves a PIN change only.
const (
	wornSoon = 10
	worn     = 30
)

// A PIN is one PIN of a phone as it stands.
type PIN struct {
	Kind    pin.Kind       `json:"pin"`
	Changed bool           `json:"changed,omitempty"` // since the key was made
	Tries   splitkey.Tries `json:"tries"`
}

// Locked reports whether no PIN can be typed at all: it is locked, or the account ends.
func Locked(t splitkey.Tries, now time.Time) bool {
	return t.Permanent || t.LockedUntil != nil && t.LockedUntil.After(now)
}

// Barred reports whether no request can be answered with a PIN: it is locked, or
// worn out, so that only its change is served.
func Barred(t splitkey.Tries, now time.Time) bool { return Locked(t, now) || t.Unconfirmed >= worn }

// When writes a moment in the holder's own time, with its zone: by its short
// name, or as hours from UTC where it has none.
func When(t time.Time) string { return t.Local().Format(time.DateTime + " MST") }

// Say says in one sentence what the holder of a PIN should know, with the
// time that a lock still takes; "" if there is nothing.
func Say(kind pin.Kind, t splitkey.Tries, now time.Time) string {
	change := fmt.Sprintf("`tunnus app %s`", strings.ToLower(string(kind)))
	switch {
	case t.Permanent:
		return fmt.Sprintf("%s was wrong too often: this account ends.", kind)
	case Locked(t, now):
		return fmt.Sprintf("%s is locked for %s, until %s.", kind, Countdown(t.LockedUntil.Sub(now)), When(*t.LockedUntil))
	case t.Unconfirmed >= worn:
		return fmt.Sprintf("%s is worn out: %d entries of it led to nothing. Change it (%s); nothing else is served.", kind, t.Unconfirmed, change)
	case t.Unconfirmed >= wornSoon:
		return fmt.Sprintf("%d entries of %s led to nothing. After %d only a PIN change is served (%s).", t.Unconfirmed, kind, worn, change)
	case t.Left == 1:
		return fmt.Sprintf("%s: one try left before a lock.", kind)
	case t.Left == 2:
		return fmt.Sprintf("%s: two tries left before a lock.", kind)
	}
	return ""
}

// Countdown writes a time to wait as people read it: "2 h 59 min", "45 s".
func Countdown(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	}
	return fmt.Sprintf("%d s", max(s, 1))
}
