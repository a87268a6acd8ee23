package lock

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
)

const day = 24 * time.Hour

// climbed is a ledger at the last step: seven failures, the last two under a
// release that was at fault.
func climbed(t *testing.T) (*Ledger, *memory, *time.Time, Key) {
	t.Helper()
	l, m, now := newLedger()
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	for i, wait := range []time.Duration{0, time.Minute, time.Minute, 2 * day, time.Minute, 4 * day, time.Minute} {
		*now = now.Add(wait)
		l.rules.Release = "1.1"
		if i >= 5 {
			l.rules.Release = "1.2"
		}
		if _, err := l.Charge(t.Context(), key, fmt.Sprint(i), false); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Close(t.Context(), key, fmt.Sprint(i), Failed, tunnus.CodeFaceNoMatch); err != nil {
			t.Fatal(err)
		}
	}
	l.rules.Release = "1.3"
	*now = now.Add(time.Hour)
	if s, err := l.State(t.Context(), key); err != nil || s.Condition != Pending {
		t.Fatalf("state = %+v, %v; want permanent_pending", s, err)
	}
	return l, m, now, key
}

func (m *memory) kinds(key Key) (all []Kind) {
	for _, e := range m.ledgers[key] {
		all = append(all, e.Kind)
	}
	return all
}

func TestL3IncidentVoidsItsReleaseAndTime(t *testing.T) {
	for _, tt := range []struct {
		name    string
		release string
		from    time.Duration
		until   time.Duration
		spared  bool
	}{
		{"its release and time", "1.2", -2 * time.Hour, 0, true},
		{"another release", "1.3", -2 * time.Hour, 0, false},
		{"no release", "", -2 * time.Hour, 0, false},
		{"before it", "1.2", -10 * day, -3 * time.Hour, false},
		{"one of the two is enough", "1.2", -time.Hour - time.Second, -time.Hour + time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, _, now, key := climbed(t)
			wrote, err := l.Spare(t.Context(), key, "INC", tt.release, now.Add(tt.from), now.Add(tt.until))
			if wrote != tt.spared || err != nil {
				t.Errorf("Spare = %v, %v; want %v", wrote, err, tt.spared)
			}
			s, err := l.State(t.Context(), key)
			if err != nil || (s.Condition == Free) != tt.spared {
				t.Errorf("state = %+v, %v", s, err)
			}
			if wrote, err := l.Spare(t.Context(), key, "INC", tt.release, now.Add(tt.from), now.Add(tt.until)); wrote || err != nil {
				t.Errorf("the same incident again = %v, %v", wrote, err)
			}
		})
	}
}

// What an incident has voided is not a way down the ladder: the next failures climb
// on from where the others had led.
func TestL3IncidentLeavesTheRest(t *testing.T) {
	l, _, now, key := climbed(t)
	if wrote, err := l.Spare(t.Context(), key, "INC", "1.2", now.Add(-2*time.Hour), *now); !wrote || err != nil {
		t.Fatal(wrote, err)
	}
	for i := range 2 {
		if _, err := l.Charge(t.Context(), key, fmt.Sprint("more", i), false); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Close(t.Context(), key, fmt.Sprint("more", i), Failed, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Check(t.Context(), key); tunnus.CodeOf(err) != tunnus.CodeDocLockPerm {
		t.Errorf("Check = %v; want doc-lock-perm", err)
	}
}

func TestL3NothingVoidsAfterPermanent(t *testing.T) {
	for _, settled := range []bool{false, true} {
		l, m, now, key := climbed(t)
		from := now.Add(-2 * time.Hour)
		*now = now.Add(14 * day)
		if settled {
			if err := l.Settle(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		before := m.kinds(key)
		if wrote, err := l.Spare(t.Context(), key, "INC", "1.2", from, *now); wrote || err != nil {
			t.Errorf("settled %v: Spare = %v, %v", settled, wrote, err)
		}
		if got := m.kinds(key); !slices.Equal(got, before) {
			t.Errorf("settled %v: entries %v", settled, got)
		}
		// Even an entry that is there, however it came there, voids nothing.
		e := Entry{Kind: Incident, Attempt: "INC", At: *now, Release: "1.2", From: from, Until: *now}
		if s := l.rules.Fold(append(m.ledgers[key], e), now.Add(time.Second)); s.Condition != Forever {
			t.Errorf("settled %v: %+v after a smuggled incident", settled, s)
		}
	}
}

func TestL3IncidentsAreForPendingLedgersOnly(t *testing.T) {
	l, m, now := newLedger()
	l.rules.Release = "1.2"
	key := l.DocumentKey("XX", "P", "X1234567", "300101")
	for i := range 3 {
		if _, err := l.Charge(t.Context(), key, fmt.Sprint(i), false); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Close(t.Context(), key, fmt.Sprint(i), Failed, ""); err != nil {
			t.Fatal(err)
		}
	}
	if wrote, err := l.Spare(t.Context(), key, "INC", "1.2", now.Add(-time.Hour), now.Add(time.Hour)); wrote || err != nil {
		t.Errorf("Spare of a timed lock = %v, %v", wrote, err)
	}
	if n := len(m.ledgers[key]); n != 6 {
		t.Errorf("%d entries", n)
	}
	// An entry that got there all the same voids nothing.
	e := Entry{Kind: Incident, Attempt: "INC", At: *now, Release: "1.2", From: now.Add(-time.Hour), Until: now.Add(time.Hour)}
	if s := l.rules.Fold(append(m.ledgers[key], e), now.Add(time.Second)); s.Condition != Timed {
		t.Errorf("%+v after a smuggled incident", s)
	}
}

// Once for ever, whatever entries follow, incidents too.
func TestNoIncidentLiftsForever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := written(join(failures(0, 3, false), failures(2*day, 2, false), failures(6*day, 2, false)))
		for i := range entries {
			entries[i].Release = "1"
		}
		at := start.Add(6*day + 15*day)
		if documents.Fold(entries, at).Condition != Forever {
			t.Fatal("not for ever")
		}
		for range rapid.IntRange(1, 20).Draw(t, "n") {
			at = at.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "minutes")) * time.Minute)
			entries = append(entries, Entry{
				Kind:    rapid.SampledFrom([]Kind{Incident, Incident, Charged, Succeeded, Voided, Passed}).Draw(t, "kind"),
				Attempt: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "attempt"), At: at, Release: "1", From: start, Until: at,
			})
		}
		if s := documents.Fold(entries, at); s.Condition != Forever {
			t.Fatalf("lifted: %+v", s)
		}
	})
}

func TestReleaseAndWindowAreSealed(t *testing.T) {
	for name, change := range map[string]func(*Entry){
		"release": func(e *Entry) { e.Release = "1.1" },
		"none":    func(e *Entry) { e.Release, e.From, e.Until = "", time.Time{}, time.Time{} },
		"from":    func(e *Entry) { e.From = e.From.Add(-day) },
		"until":   func(e *Entry) { e.Until = e.Until.Add(day) },
	} {
		l, m, now, key := climbed(t)
		if wrote, err := l.Spare(t.Context(), key, "INC", "1.2", now.Add(-2*time.Hour), *now); !wrote || err != nil {
			t.Fatal(wrote, err)
		}
		last := len(m.ledgers[key]) - 1
		change(&m.ledgers[key][last])
		if _, err := l.State(t.Context(), key); err == nil {
			t.Errorf("%s: a changed entry was read", name)
		}
	}
}

// Ledgers from before releases stood in entries are still read.
func TestEntriesWithoutReleaseAreSealedAsBefore(t *testing.T) {
	l, _, _ := newLedger()
	e := Entry{Kind: Charged, Attempt: "a", At: start}
	got := l.seal("k", 0, nil, e)
	want := l.mac("tunnus/lock/entry/v1", "k", "0", "", "charged", "a", fmt.Sprint(start.UnixMilli()), "", "false")
	if !slices.Equal(got, want) {
		t.Error("the seal of an old entry has changed")
	}
}
