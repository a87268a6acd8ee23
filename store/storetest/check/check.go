// Package check is what the suites of storetest have in common: the fixture of a
// database, and what is demanded of each write.
package check

import (
	"reflect"
	"strings"
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

// Start is when the tests begin, to the millisecond as stores keep it.
var Start = time.UnixMilli(1_800_000_000_123).UTC()

// At is a moment so many seconds after [Start].
func At(seconds int) time.Time { return Start.Add(time.Duration(seconds) * time.Second) }

// Event makes one event of a subject.
func Event(kind, subject string) []tunnus.Event {
	return []tunnus.Event{{At: Start, Kind: kind, Subject: subject, Detail: map[string]string{"result": "ok"}}}
}

// Must ends the test if something failed that it rests on.
func Must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// Code checks the code of a failure; "" means none.
func Code(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("%s: code %q (%v); want %q", what, got, err, want)
	}
}

// Same checks that a value was read, and is the one wanted.
func Same[V any](t *testing.T, what string, got V, err error, want V) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b tunnus.PersonCode) bool { return a == b })); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// Whole checks that a value comes back as it was handed in. The value must have
// something in every field but Rev: a field that is added later and forgotten
// in the rows fails here.
func Whole[V any](t *testing.T, what string, got V, err error, want V) {
	t.Helper()
	for v, i := reflect.ValueOf(want), 0; i < v.NumField(); i++ {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Rev" {
			t.Errorf("%s: the test has nothing in %s", what, name)
		}
	}
	Same(t, what, got, err, want)
}

// Events checks that a subject has these events and no others.
func Events[P any](t *testing.T, f Fixture[P], subject string, kinds ...string) {
	t.Helper()
	if diff := cmp.Diff(kinds, f.Events(subject), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("events of %s (-want +got):\n%s", subject, diff)
	}
}

// Race runs try in 50 goroutines and counts those that did not fail. The
// failures must all be conflicts.
func Race(t *testing.T, try func(i int) error) (won int) {
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

// One checks that one of 50 won.
func One(t *testing.T, what string, try func(i int) error) {
	t.Helper()
	if won := Race(t, try); won != 1 {
		t.Errorf("%s: %d of 50 won; want 1", what, won)
	}
}

// Refused checks that the database itself refuses each statement.
func Refused[P any](t *testing.T, f Fixture[P], statements ...string) {
	t.Helper()
	for _, s := range statements {
		err := f.Exec(s)
		if err == nil {
			t.Errorf("the database let through: %s", s)
		} else if strings.Contains(err.Error(), "syntax") || strings.Contains(err.Error(), "does not exist") {
			t.Errorf("this proves nothing: %s: %v", s, err)
		}
	}
}
