package login

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

func (w *world) try(t *testing.T, uuid string) tunnus.Code {
	t.Helper()
	_, err := w.Start(t.Context(), party(uuid), Subject{SemanticsID: ada}, ask(t))
	return tunnus.CodeOf(err)
}

func TestTwoPendingAtMost(t *testing.T) {
	w := newWorld(t)
	first := w.start(t, bank)
	w.start(t, library)
	if code := w.try(t, bank); code != tunnus.CodeAccNone {
		t.Errorf("the third pending request: %q, want acc-none", code)
	}
	if err := w.Refuse(t.Context(), "new", first, AppLacksScreen, ""); err != nil {
		t.Fatal(err)
	}
	if code := w.try(t, bank); code != "" {
		t.Errorf("after one has ended: %q", code)
	}
}

// Whether the person lets them lapse or refuses them, and whether anybody has
// read the session since: five an hour, then none.
func TestFiveUnansweredAnHourAtMost(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		id := w.start(t, []string{bank, library}[i%2])
		switch i {
		case 0:
			if err := w.Refuse(t.Context(), "new", id, WasRefused, ""); err != nil {
				t.Fatal(err)
			}
		case 1:
			w.clock.add(2 * time.Minute)
			if _, err := w.Status(t.Context(), []string{library}, id, 0); err != nil {
				t.Fatal(err)
			}
		default:
			w.clock.add(2 * time.Minute)
		}
	}
	if code := w.try(t, bank); code != tunnus.CodeAccNone {
		t.Errorf("the sixth: %q, want acc-none", code)
	}
	w.clock.add(time.Hour)
	if code := w.try(t, bank); code != "" {
		t.Errorf("an hour later: %q", code)
	}
}

func TestAnsweredRequestsCostNothing(t *testing.T) {
	w := newWorld(t)
	for range 8 {
		w.start(t, bank)
		r := w.list(t, "new")[0]
		w.keys.sign(t, r.Transaction)
		if err := w.Finish(t.Context(), "new", r.Transaction); err != nil {
			t.Fatal(err)
		}
		w.clock.add(time.Second)
	}
}

func TestNotMeStopsThatServiceOnly(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	if err := w.Refuse(t.Context(), "new", id, WasNotMe, ""); err != nil {
		t.Fatal(err)
	}
	w.clock.add(23 * time.Hour)
	if code := w.try(t, bank); code != tunnus.CodeAccNone {
		t.Errorf("the same service: %q, want acc-none", code)
	}
	if code := w.try(t, library); code != "" {
		t.Errorf("another service: %q", code)
	}
	w.clock.add(2 * time.Hour)
	if code := w.try(t, bank); code != "" {
		t.Errorf("a day later: %q", code)
	}
}

// However many ask at one moment, two are let through: the count is checked
// again in the write.
func TestManyAtOnceDoNotBreakTheBudget(t *testing.T) {
	w := newWorld(t)
	gate := make(chan struct{})
	w.rows.creates = func() { <-gate } // all have counted before any writes
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, _ = w.Start(t.Context(), party(bank), Subject{SemanticsID: ada}, ask(t))
		})
	}
	time.AfterFunc(20*time.Millisecond, func() { close(gate) })
	wg.Wait()
	if n := len(w.rows.all); n > 2 || n == 0 {
		t.Errorf("%d sessions, want at most 2", n)
	}
	open := 0
	for _, out := range w.keys.state {
		if out.State == Open {
			open++
		}
	}
	if want := 2 * len(w.rows.all); open != want {
		t.Errorf("%d offers can be signed, want %d (two accounts a session)", open, want)
	}
}

// Two requests at once: each code is picked, and the choice stays as it is.
func TestSeveralPendingAreToldApartByPicking(t *testing.T) {
	w := newWorld(t)
	w.start(t, bank)
	if r := w.list(t, "new")[0]; r.Code == "" || r.Choices != nil {
		t.Errorf("one pending: code %q, choices %v", r.Code, r.Choices)
	}
	w.clock.add(time.Second)
	w.start(t, library)
	list, again := w.list(t, "new"), w.list(t, "new")
	if len(list) != 2 {
		t.Fatalf("%d pending", len(list))
	}
	for i, r := range list {
		f, err := acsp.ParseRecord(r.Record)
		if err != nil {
			t.Fatal(err)
		}
		code, err := acsp.VerificationCode(f.RPChallenge)
		if err != nil {
			t.Fatal(err)
		}
		if r.Code != "" || len(r.Choices) != 3 || !slices.Contains(r.Choices, code) || !slices.Equal(r.Choices, again[i].Choices) {
			t.Errorf("request %d: code %q, choices %v then %v, right %s", i, r.Code, r.Choices, again[i].Choices, code)
		}
	}
}
