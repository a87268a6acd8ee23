// Package storetest holds what every implementation of a store's port must do:
// one exported function for each port, to be run by the tests of each
// implementation and each engine.
//
// They test the contracts in the ports' comments: who loses a race is told so
// and has written nothing, an event is there if and only if its change is, what
// was acknowledged is there after opening again, and what comes back is what
// was handed in.
package storetest

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tunnus-id/tunnus"
)

// A Fixture is one fresh database, seen through one port.
type Fixture[P any] struct {
	// Port returns the port over the database as it is open now.
	Port func() P
	// Reopen closes the database and opens it again.
	Reopen func()
	// Events returns the kinds of the audit events of a subject, oldest first.
	Events func(subject string) []string
	// Letters counts the letters that wait in the outbox.
	Letters func() int
	// Exec runs a statement past the port.
	Exec func(statement string) error
}

// start is when the tests begin, to the millisecond as stores keep it.
var start = time.UnixMilli(1_800_000_000_123).UTC()

// at is a moment so many seconds after the start.
func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// event makes one event of a subject.
func event(kind, subject string) []tunnus.Event {
	return []tunnus.Event{{At: start, Kind: kind, Subject: subject, Detail: map[string]string{"result": "ok"}}}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func wantCode(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("%s: code %q (%v); want %q", what, got, err, want)
	}
}

func same[V any](t *testing.T, what string, got V, err error, want V) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b tunnus.PersonCode) bool { return a == b })); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// whole checks that a value comes back as it was handed in. The value must have
// something in every field but Rev: a field that is added later and forgotten
// in the rows fails here.
func whole[V any](t *testing.T, what string, got V, err error, want V) {
	t.Helper()
	for v, i := reflect.ValueOf(want), 0; i < v.NumField(); i++ {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Rev" {
			t.Errorf("%s: the test has nothing in %s", what, name)
		}
	}
	same(t, what, got, err, want)
}

// wantEvents checks that a subject has these events and no others.
func wantEvents[P any](t *testing.T, f Fixture[P], subject string, kinds ...string) {
	t.Helper()
	if diff := cmp.Diff(kinds, f.Events(subject), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("events of %s (-want +got):\n%s", subject, diff)
	}
}

// race runs try in 50 goroutines and counts those that did not fail. The
// failures must all be conflicts.
func race(t *testing.T, try func(i int) error) (won int) {
	t.Helper()
	errs := make([]error, 50)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = try(i) })
	}
	wg.Wait()
	for _, err := range errs {
		switch tunnus.CodeOf(err) {
		case "":
			won++
		case tunnus.CodeStateConflict:
		default:
			t.Errorf("lost by %v; want a conflict", err)
		}
	}
	return won
}

// wantOne checks that one of 50 won.
func wantOne(t *testing.T, what string, try func(i int) error) {
	t.Helper()
	if won := race(t, try); won != 1 {
		t.Errorf("%s: %d of 50 won; want 1", what, won)
	}
}

// refused checks that the database itself refuses each statement.
func refused[P any](t *testing.T, f Fixture[P], statements ...string) {
	t.Helper()
	for _, s := range statements {
		if err := f.Exec(s); err == nil {
			t.Errorf("the database let through: %s", s)
		}
	}
}
