package server

import (
	"testing"
	"time"
)

// Only a try that leaves none is looked at later, by its transaction.
func TestLockedBy(t *testing.T) {
	const asked = `{"type":"key-evaluate","transaction":"t1"}`
	for said, want := range map[string]string{
		`{"tries":{"left":1}}`: "",
		`{"tries":{"left":0,"locked_until":"2027-01-02T03:04:05Z"}}`: "t1",
		`{"tries":{"left":0,"permanent":true}}`:                      "t1",
		`{}`:                                                         "", `no`: "",
	} {
		if got := lockedBy([]byte(asked), []byte(said)); got != want {
			t.Errorf("%s: %q; want %q", said, got, want)
		}
	}
}

// A try is looked at once it is decided, once, and what is remembered is bounded.
func TestLocksAreTakenWhenDue(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	var l locks
	for range maxLocks + 5 {
		l.add(lock{"a", "t", now.Add(lockTold)})
	}
	l.add(lock{"a", "late", now.Add(lockTold)})
	if got := l.take(now.Add(lockTold - time.Millisecond)); len(got) != 0 {
		t.Errorf("%d are taken before they are decided", len(got))
	}
	if got := l.take(now.Add(lockTold)); len(got) != maxLocks {
		t.Errorf("%d were remembered; want %d", len(got), maxLocks)
	}
	if got := l.take(now.Add(time.Hour)); len(got) != 0 {
		t.Errorf("%d are taken twice", len(got))
	}
}
