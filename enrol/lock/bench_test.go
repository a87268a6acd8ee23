package lock

import (
	"fmt"
	"syscall"
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

// The whole decision of whether another attempt is let in, without the store: the
// seals of a ledger are checked and it is folded. Nobody's document has a hundred
// entries; ten thousand show what somebody could make of a device of his own.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{1, 14, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l, m, now := newLedger()
			l.rules.Release = "1.2"
			key := l.DocumentKey("XX", "P", "X1234567", "300101")
			m.ledgers[key] = passed(l, key, n)
			*now = start.Add(365 * day)
			began := spent(b)
			for b.Loop() {
				if err := l.Check(b.Context(), key); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((spent(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// spent is the processor time of this process, which others on the machine do not change.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// passed is a sealed ledger of attempts that went well.
func passed(l *Ledger, key Key, n int) (all []Entry) {
	var before []byte
	for i := range n {
		e := Entry{Kind: Charged, Attempt: fmt.Sprint("session/proof/", i/2), At: start.Add(time.Duration(i) * time.Minute), Release: "1.2"}
		if i%2 == 1 {
			e.Kind = Succeeded
		}
		e.MAC = l.seal(key, i, before, e)
		before = e.MAC
		all = append(all, e)
	}
	return all
}
