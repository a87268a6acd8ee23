package login

import (
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// The process dies after the signature was released and before its session was
// saved: whoever reads next finds the log-in.
func TestCrashBetweenSignatureAndRow(t *testing.T) {
	for name, later := range map[string]time.Duration{"at once": 0, "after its time": 3 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.start(t, bank)
			tx := w.list(t, "new")[0].Transaction
			w.keys.sign(t, tx)
			w.rows.saveErr = errors.New("power cut")
			if err := w.Finish(t.Context(), "new", tx); err == nil {
				t.Fatal("Finish succeeded without its row")
			}
			w.clock.add(later)
			if st := w.status(t, id); st.End != OK || st.Answer == nil {
				t.Errorf("status %+v, want OK", st)
			}
		})
	}
}

// The process dies after the offers were cancelled and before the refusal was saved.
func TestCrashInsideRefusal(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	w.rows.saveErr = errors.New("power cut")
	if err := w.Refuse(t.Context(), "new", id, WasRefused, ""); err == nil {
		t.Fatal("Refuse succeeded without its row")
	}
	if st := w.status(t, id); st.End != UserRefused {
		t.Errorf("status %+v, want USER_REFUSED", st)
	}
}

func TestSignatureWinsOverRefusal(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	w.keys.sign(t, w.list(t, "new")[0].Transaction)
	err := w.Refuse(t.Context(), "old", id, WasNotMe, "")
	if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("Refuse: %v, want state-conflict", err)
	}
	if st := w.status(t, id); st.End != OK {
		t.Errorf("ended with %s", st.End)
	}
	if w.rows.all[id].NotMe {
		t.Error("a log-in that took place is marked as refused")
	}
}

// As long as an offer could not be cancelled it may be signed: nobody is told
// that the session has ended.
func TestNoEndWhileAnOfferCannotBeCancelled(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, bank)
	w.keys.down = errors.New("no connection")
	if err := w.Refuse(t.Context(), "new", id, WasRefused, ""); err == nil {
		t.Error("Refuse succeeded")
	}
	w.clock.add(3 * time.Minute)
	if st, err := w.Status(t.Context(), []string{bank}, id, 0); err == nil {
		t.Errorf("Status = %+v", st)
	}
	if s := w.rows.all[id]; s.State != Running {
		t.Errorf("session is %s with %s", s.State, s.End)
	}
}

func TestLogInOfAnEndedAccountIsNotPassedOn(t *testing.T) {
	for name, change := range map[string]func(*world){
		"revoked":     func(w *world) { w.book.list = w.book.list[1:] },
		"another key": func(w *world) { w.book.list[0].KeyID = "key-newer" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.start(t, bank)
			w.keys.sign(t, w.list(t, "new")[0].Transaction)
			change(w)
			if st := w.status(t, id); st.End != DocumentUnusable || st.Answer != nil {
				t.Errorf("status %+v, want DOCUMENT_UNUSABLE", st)
			}
		})
	}
}

func TestLockedKeys(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		w := newWorld(t)
		w.keys.locked["key-new"], w.keys.locked["key-old"] = true, true
		id := w.start(t, bank)
		if st := w.status(t, id); st.End != DocumentUnusable {
			t.Errorf("ended with %q", st.End)
		}
	})
	t.Run("one before", func(t *testing.T) {
		w := newWorld(t)
		w.keys.locked["key-new"] = true
		id := w.start(t, bank)
		if n, m := len(w.list(t, "new")), len(w.list(t, "old")); n != 0 || m != 1 || w.status(t, id).State != Running {
			t.Errorf("shown %d and %d times, want on the other account only", n, m)
		}
	})
	t.Run("during", func(t *testing.T) {
		w := newWorld(t)
		id := w.start(t, bank)
		tx := w.list(t, "new")[0].Transaction
		w.keys.locked["key-new"], w.keys.locked["key-old"] = true, true
		if err := w.Finish(t.Context(), "new", tx); err != nil {
			t.Fatal(err)
		}
		if st := w.status(t, id); st.End != DocumentUnusable {
			t.Errorf("ended with %q", st.End)
		}
	})
}
