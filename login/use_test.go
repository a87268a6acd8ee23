package login

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// P4: "not me" stops a service, and nobody but the person takes that back, for all
// that it was said to that service.
func TestP4NotMeIsForgiven(t *testing.T) {
	w := newWorld(t)
	first, other := w.start(t, bank), w.start(t, library)
	for _, id := range []string{first, other} {
		if err := w.Refuse(t.Context(), "new", id, WasNotMe, ""); err != nil {
			t.Fatal(err)
		}
	}
	asks := func(uuid string) tunnus.Code {
		_, err := w.Start(t.Context(), party(uuid), Subject{SemanticsID: ada}, ask(t))
		return tunnus.CodeOf(err)
	}
	w.book.list = append(w.book.list, Account{"stranger", "PNOXX-198001010019", "n", tunnus.Advanced, "key-s", nil})
	if _, err := w.Forgive(t.Context(), "stranger", first); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("by a stranger: %v", err)
	}
	if _, err := w.Asked(t.Context(), "stranger", first); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("a stranger reads who asked: %v", err)
	}
	if asks(bank) != tunnus.CodeAccNone {
		t.Error("the service may ask")
	}
	for range 2 { // said again, it is no error
		if name, err := w.Forgive(t.Context(), "old", first); err != nil || name != "Bank" {
			t.Fatalf("%q, %v", name, err)
		}
	}
	if c := asks(bank); c != "" {
		t.Errorf("after it was taken back: %s", c)
	}
	if asks(library) != tunnus.CodeAccNone {
		t.Error("the other service may ask too")
	}
}

// What ended tells who asked, what was shown, and which account answered.
func TestUseOfASession(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	w.keys.sign(t, w.list(t, "new")[0].Transaction)
	w.status(t, id)
	u, err := UseOf(w.rows.all[id])
	if err != nil || u.Service != "Bank" || u.Text != "Log in" || u.Number != ada+"-7K3Q-Q" || u.End != OK || u.Account != "" || u.Person != ada {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := UseOf(Session{Detail: []byte("{")}); err == nil {
		t.Error("a damaged session was read")
	}
}

// A session that nobody reads any more is ended when its time is over, not before.
func TestLapse(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	for _, step := range []struct {
		wait time.Duration
		want State
	}{{time.Minute, Running}, {time.Hour, Complete}, {time.Hour, Complete}} {
		w.clock.add(step.wait)
		if err := w.Lapse(t.Context(), id); err != nil || w.rows.all[id].State != step.want {
			t.Errorf("%s, %v; want %s", w.rows.all[id].State, err, step.want)
		}
	}
	if end := w.rows.all[id].End; end != Timeout {
		t.Errorf("it ended with %s", end)
	}
}
