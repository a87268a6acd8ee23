package enrol

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// parkedWorld has a child's registration wait for the guardian.
func parkedWorld(t *testing.T) (*world, sitting.Ref) {
	t.Helper()
	route, r := way.Route{Way: way.Passport, Purpose: way.New, Minor: true}, ref("phone", 1)
	w := newWorld(t).by(route)
	w.upTo(r, way.GuardianAgrees, pass(t, route))
	if err := w.flow.Guardian(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return w, r
}

// R13: what waits for somebody else goes on under a later session of its device,
// once that has decided: no app and no session of one lives for days.
func TestWhatWaitedGoesOnUnderALaterSession(t *testing.T) {
	w, first := parkedWorld(t)
	later := ref("phone", 2)
	w.now = w.now.Add(50 * time.Hour)
	st, err := w.flow.Start(t.Context(), later, passport, claim(), "")
	if err != nil || st.State != way.Parked {
		t.Fatalf("%+v, %v; want it parked", st, err)
	}
	if err := w.follow(later, "old"); err != nil {
		t.Fatal(err)
	}
	if err := w.flow.Look(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	third := ref("phone", 3) // and again, now that it goes on
	if st, err = w.flow.Status(t.Context(), third); err != nil || st.State != way.Open || st.Next != way.KeysMade {
		t.Fatalf("%+v, %v; want keys to be next", st, err)
	}
	for _, f := range []way.Fact{way.KeysMade, way.ApplicationSigned} {
		if err := w.step(third, f, nil); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
	if st, err = w.flow.Status(t.Context(), third); err != nil || st.State != way.Done || st.Account == "" {
		t.Errorf("%+v, %v; want it done", st, err)
	}
	if s := w.mem.sessions[first.Session]; s.State != way.Done || len(w.mem.sessions) != 1 {
		t.Errorf("the session is %s, of %d", s.State, len(w.mem.sessions))
	}
}

// Nobody else's device finds it, and a sitting that has waited for nobody is its own
// session's: after an interruption the chip is read again.
func TestOnlyWhatWaitedIsFoundAgain(t *testing.T) {
	w, _ := parkedWorld(t)
	if _, err := w.flow.Status(t.Context(), ref("other", 1)); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("another device: %v", err)
	}
	other := ref("other", 1)
	w.goes = passport
	w.upTo(other, way.FaceMatches, pass(t, passport))
	if _, err := w.flow.Status(t.Context(), ref("other", 2)); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("a later session of a sitting that waits for nobody: %v", err)
	}
}

// Whoever comes back behind the time of a sitting, when the session of the device was
// forgotten with it, is told that its time is over; nobody else is told anything.
func TestStepBehindItsTimeIsToldSo(t *testing.T) {
	t.Run("at once", func(t *testing.T) { behindItsTime(t, 0) })
	t.Run("after the sweep", func(t *testing.T) { behindItsTime(t, 1) })
}

// behindItsTime comes back after so many sweeps have seen that the time is over.
func behindItsTime(t *testing.T, sweeps int) {
	t.Helper()
	w := newWorld(t).by(passport)
	w.upTo(ref("phone", 1), way.ChipProved, pass(t, passport))
	w.now = w.now.Add(25 * time.Hour)
	for range sweeps {
		if n, err := w.flow.Sweep(t.Context()); n != 1 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
	}
	for device, want := range map[string]tunnus.Code{"phone": tunnus.CodeSesTimeout, "other": tunnus.CodeNotFound} {
		if err := w.step(ref(device, 2), way.ChipProved, nil); tunnus.CodeOf(err) != want {
			t.Errorf("%s: %v; want %s", device, err, want)
		}
		if _, err := w.flow.Status(t.Context(), ref(device, 2)); tunnus.CodeOf(err) != want {
			t.Errorf("%s, where it stands: %v; want %s", device, err, want)
		}
	}
	if _, err := w.flow.Start(t.Context(), ref("phone", 2), passport, claim(), ""); err != nil {
		t.Errorf("nothing new can be begun: %v", err)
	}
}
