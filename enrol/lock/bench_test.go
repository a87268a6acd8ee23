package lock

import (
	"testing"
	"time"
)

// A ledger at its last step, with an incident: the longest that people have.
func BenchmarkFold(b *testing.B) {
	entries := written(join(failures(0, 3, false), failures(2*day, 2, false), failures(6*day, 2, false)))
	for i := range entries {
		entries[i].Release = "1.2"
	}
	at := start.Add(6*day + time.Hour)
	entries = append(entries, Entry{Kind: Incident, Attempt: "INC", At: at, Release: "1.2", From: start.Add(6 * day), Until: at})
	if s := documents.Fold(entries, at.Add(time.Hour)); s.Condition != Free {
		b.Fatalf("%+v", s)
	}
	for b.Loop() {
		documents.Fold(entries, at)
	}
}
