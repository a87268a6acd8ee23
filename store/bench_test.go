package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/login"
)

// One durable charge: an entry and its event, synced to the disk.
func BenchmarkAppend(b *testing.B) {
	l := open(b).Ledger()
	for i := 0; b.Loop(); i++ {
		key, place := lock.Key(fmt.Sprint(i/10)), i%10
		event := []tunnus.Event{{At: noon, Kind: "lock.charge", Subject: string(key)}}
		if err := l.Append(b.Context(), key, place, lock.Entry{Kind: lock.Charged, At: noon}, event); err != nil {
			b.Fatal(err)
		}
	}
}

// One commit of the log-in path: a session, conditional on its revision.
func BenchmarkSave(b *testing.B) {
	l := open(b).Logins()
	v := login.Session{ID: "s", Rev: 1, Person: "p", Created: noon, Expires: noon.Add(time.Minute), State: login.Running}
	if err := l.Create(b.Context(), v, noon, 0, nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := l.Save(b.Context(), v, nil); err != nil {
			b.Fatal(err)
		}
		v.Rev++
	}
}

// One read, as an idle poll makes it.
func BenchmarkRead(b *testing.B) {
	l := open(b).Logins()
	v := login.Session{ID: "s", Rev: 1, Person: "p", Created: noon, Expires: noon.Add(time.Minute), State: login.Running}
	if err := l.Create(b.Context(), v, noon, 0, nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := l.Session(b.Context(), "s"); err != nil {
			b.Fatal(err)
		}
	}
}
