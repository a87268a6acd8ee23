package lock

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// documents are the rules of product.md §3.
var documents = Rules{
	Phase: Judgement,
	Ladder: tunnus.Ladder{
		{Failures: 3, Lock: 24 * time.Hour},
		{Failures: 2, Lock: 72 * time.Hour},
		{Failures: 2, Permanent: true},
	},
	Forget: 365 * 24 * time.Hour, Grace: 14 * 24 * time.Hour, Life: 30 * time.Minute,
	Copyable: tunnus.Rung{Failures: 3, Lock: 24 * time.Hour}, CopyableEvery: 7 * 24 * time.Hour,
	Notes: 3, NoteWindow: 24 * time.Hour, VoidEvery: 24 * time.Hour,
}

// A line of a written-down ledger: so long after the start, what, about which attempt.
type line struct {
	after    time.Duration
	kind     Kind
	attempt  string
	copyable bool
}

func written(lines []line) []Entry {
	var out []Entry
	for _, l := range lines {
		out = append(out, Entry{Kind: l.kind, Attempt: l.attempt, At: start.Add(l.after), Copyable: l.copyable})
	}
	return out
}

// failures are n attempts that failed, a minute apart.
func failures(from time.Duration, n int, copyable bool) []line {
	var out []line
	for i := range n {
		name := fmt.Sprintf("%s-%d", from, i)
		at := from + time.Duration(i)*time.Minute
		out = append(out, line{at, Charged, name, copyable}, line{at + time.Second, Failed, name, copyable})
	}
	return out
}

func join(parts ...[]line) []line {
	var out []line
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func TestFold(t *testing.T) {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	seven := join(failures(0, 3, false), failures(2*day, 2, false), failures(6*day, 2, false))
	tests := []struct {
		name  string
		lines []line
		after time.Duration
		want  Condition
		left  int
	}{
		{"empty", nil, 0, Free, 3},
		{"two failures", failures(0, 2, false), time.Hour, Free, 1},
		{"three failures lock a day", failures(0, 3, false), 23 * time.Hour, Timed, 2},
		{"and no longer", failures(0, 3, false), 25 * time.Hour, Free, 2},
		{"two more lock three days", join(failures(0, 3, false), failures(2*day, 2, false)), 4 * day, Timed, 2},
		{"and no longer", join(failures(0, 3, false), failures(2*day, 2, false)), 6 * day, Free, 2},
		{"two more lock for ever", seven, 7 * day, Pending, 0},
		{"after the grace too", seven, 21 * day, Forever, 0},
		{"for ever is not forgotten", seven, 9 * year, Forever, 0},
		{"the row makes it permanent", join(seven, []line{{7 * day, Permanent, "", false}}), 8 * day, Forever, 0},
		{"a success ends the count", join(failures(0, 2, false), []line{{time.Hour, Charged, "ok", false}, {time.Hour, Succeeded, "ok", false}}), day, Free, 3},
		{"a pass does not", join(failures(0, 2, false), []line{{time.Hour, Charged, "ok", false}, {time.Hour, Passed, "ok", false}}), day, Free, 1},
		{"a void does not count", []line{{0, Charged, "a", false}, {time.Second, Voided, "a", false}}, day, Free, 3},
		{"an open charge counts not yet", []line{{0, Charged, "a", false}}, time.Minute, Free, 3},
		{"but once its time is over", []line{{0, Charged, "a", false}}, time.Hour, Free, 2},
		{"and a verdict comes too late then", []line{{0, Charged, "a", false}, {time.Hour, Succeeded, "a", false}}, 2 * time.Hour, Free, 2},
		{"an open charge counts when another follows", []line{{0, Charged, "a", false}, {1, Charged, "b", false}}, time.Minute, Free, 2},
		{"a verdict on another attempt is void", []line{{0, Charged, "a", false}, {1, Succeeded, "b", false}}, time.Hour, Free, 2},
		{"occasions are forgotten after a year", join(failures(0, 3, false), failures(366*day, 2, false)), 367 * day, Free, 1},
		{"not sooner", join(failures(0, 3, false), failures(364*day, 2, false)), 365 * day, Timed, 2},
		{"two mishaps", []line{{0, Noted, "a", false}, {time.Hour, Noted, "b", false}}, day, Free, 3},
		{"three in a day count once", []line{{0, Noted, "a", false}, {time.Hour, Noted, "b", false}, {2 * time.Hour, Noted, "c", false}}, day, Free, 2},
		{"three in two days do not", []line{{0, Noted, "a", false}, {20 * time.Hour, Noted, "b", false}, {40 * time.Hour, Noted, "c", false}}, 2 * day, Free, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := documents.Fold(written(tt.lines), start.Add(tt.after))
			if got.Condition != tt.want || got.Left != tt.left {
				t.Errorf("Fold = %s, %d left; want %s, %d", got.Condition, got.Left, tt.want, tt.left)
			}
		})
	}
}

func TestCopyableDocumentsNeverClimb(t *testing.T) {
	const day = 24 * time.Hour
	lines := failures(0, 3, true)
	if s := documents.Fold(written(lines), start.Add(time.Hour)); s.Condition != Timed || !s.Until.Equal(start.Add(2*time.Minute+time.Second+day)) {
		t.Fatalf("after three: %+v; want one lock of a day", s)
	}
	lines = join(lines, failures(2*day, 5, true))
	if s := documents.Fold(written(lines), start.Add(2*day+time.Hour)); s.Condition != Free || !s.Review {
		t.Errorf("after five more in the same week: %+v; want no lock, and review", s)
	}
	for i := range 40 {
		lines = join(lines, failures(time.Duration(10+i)*day, 3, true))
	}
	for d := range 400 {
		at := start.Add(time.Duration(d) * day)
		known := slices.DeleteFunc(written(lines), func(e Entry) bool { return e.At.After(at) })
		if s := documents.Fold(known, at); s.Condition == Pending || s.Condition == Forever || s.Condition == Timed && s.Until.Sub(at) > day {
			t.Fatalf("day %d: a copy locked the document: %+v", d, s)
		}
	}
}

// ledgers draws a ledger in time order.
func ledgers(t *rapid.T) ([]Entry, time.Time) {
	at := start
	var out []Entry
	for range rapid.IntRange(0, 40).Draw(t, "n") {
		at = at.Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(t, "minutes")) * time.Minute)
		out = append(out, Entry{
			Kind:     rapid.SampledFrom([]Kind{Charged, Charged, Charged, Failed, Failed, Passed, Succeeded, Voided, Noted}).Draw(t, "kind"),
			Attempt:  rapid.SampledFrom([]string{"a", "b"}).Draw(t, "attempt"),
			At:       at,
			Copyable: rapid.Bool().Draw(t, "copyable"),
		})
	}
	return out, at
}

// Once for ever, always for ever: whatever is added, and however long one waits.
func TestNothingLiftsAPermanentLock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, end := ledgers(t)
		entries = append(entries, written(failures(end.Sub(start), 3, false))...)
		entries = append(entries, written(failures(end.Sub(start)+48*time.Hour, 2, false))...)
		entries = append(entries, written(failures(end.Sub(start)+144*time.Hour, 2, false))...)
		at := end.Add(145 * time.Hour)
		if s := documents.Fold(entries, at); s.Condition != Pending && s.Condition != Forever {
			t.Fatalf("seven failures in a week: %+v", s)
		}
		more, late := ledgers(t)
		for i := range more {
			more[i].At = more[i].At.Add(at.Sub(start))
		}
		late = late.Add(at.Sub(start)).AddDate(rapid.IntRange(0, 20).Draw(t, "years"), 0, 0)
		if s := documents.Fold(append(entries, more...), late); s.Condition != Pending && s.Condition != Forever {
			t.Fatalf("a permanent lock was lifted: %+v", s)
		}
	})
}

// Entries without a charge give nobody anything: a verdict counts for the open
// attempt alone, so the count never falls but by a success that was charged.
func TestOnlyChargedSuccessesEndACount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, end := ledgers(t)
		var without []Entry
		for _, e := range entries {
			if e.Kind != Charged && e.Kind != Noted {
				without = append(without, e)
			}
		}
		base := written(failures(0, 2, false))
		for i := range without {
			without[i].At = without[i].At.Add(time.Hour)
		}
		if s := documents.Fold(append(base, without...), end.Add(time.Hour)); s.Left != 1 && end.Sub(start) < 300*24*time.Hour {
			t.Fatalf("a verdict on nothing refunded failures: %+v", s)
		}
	})
}
