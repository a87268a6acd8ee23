package login

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tunnus-id/tunnus"
)

// inBubble runs f with a world whose clock is the bubble's.
func inBubble(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.use(t, tunnus.SystemClock{})
		f(t, w)
	})
}

func TestIdlePollReadsOnceInFiveSeconds(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		id := w.start(t, bank)
		w.rows.reads = 0
		start := time.Now()
		st, err := w.Status(t.Context(), []string{bank}, id, 61*time.Second)
		if err != nil || st.State != Running || time.Since(start) != 61*time.Second {
			t.Fatalf("%+v, %v after %v", st, err, time.Since(start))
		}
		if w.rows.reads > 1+61/5 {
			t.Errorf("%d reads in 61 s", w.rows.reads)
		}
	})
}

func TestPollIsWokenByTheSignature(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		id := w.start(t, bank)
		tx := w.list(t, "new")[0].Transaction
		go func() {
			time.Sleep(1234 * time.Millisecond)
			w.keys.sign(t, tx)
			if err := w.Finish(t.Context(), "new", tx); err != nil {
				t.Error(err)
			}
		}()
		start := time.Now()
		st, err := w.Status(t.Context(), []string{bank}, id, time.Minute)
		if err != nil || st.End != OK || time.Since(start) != 1234*time.Millisecond {
			t.Errorf("%+v, %v after %v; want OK after 1.234 s", st, err, time.Since(start))
		}
	})
}

// A wake-up may be lost, as between two nodes: the slow timer finds the row.
func TestLostWakeUp(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		id := w.start(t, bank)
		other := newWorld(t)
		other.rows, other.keys, other.book = w.rows, w.keys, w.book
		other.use(t, tunnus.SystemClock{}) // has a hub of its own
		go func() {
			time.Sleep(time.Second)
			if err := other.Refuse(t.Context(), "new", id, WasRefused, ""); err != nil {
				t.Error(err)
			}
		}()
		start := time.Now()
		st, err := w.Status(t.Context(), []string{bank}, id, time.Minute)
		if err != nil || st.End != UserRefused || time.Since(start) > 5*time.Second {
			t.Errorf("%+v, %v after %v", st, err, time.Since(start))
		}
	})
}

func TestPollSeesTheTimeRunOut(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		id := w.start(t, bank)
		start := time.Now()
		for {
			st, err := w.Status(t.Context(), []string{bank}, id, 50*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if st.State == Complete {
				if st.End != Timeout || time.Since(start) != 2*time.Minute {
					t.Errorf("%s after %v, want TIMEOUT after 2m0s", st.End, time.Since(start))
				}
				return
			}
		}
	})
}

func TestPollEndsWithItsCaller(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		id := w.start(t, bank)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := w.Status(ctx, []string{bank}, id, time.Minute); err != context.DeadlineExceeded {
			t.Errorf("Status: %v", err)
		}
		if n := len(w.notifier.(*Hub).listeners); n != 0 {
			t.Errorf("%d topics are still listened to", n)
		}
	})
}

func TestAppWaitsForARequest(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		go func() {
			time.Sleep(700 * time.Millisecond)
			w.start(t, bank)
		}()
		start := time.Now()
		list, err := w.Pending(t.Context(), "new", 30*time.Second)
		if err != nil || len(list) != 1 || time.Since(start) != 700*time.Millisecond {
			t.Errorf("%d requests, %v after %v", len(list), err, time.Since(start))
		}
	})
	inBubble(t, func(t *testing.T, w *world) {
		start := time.Now()
		list, err := w.Pending(t.Context(), "new", 30*time.Second)
		if err != nil || len(list) != 0 || time.Since(start) != 30*time.Second {
			t.Errorf("%d requests, %v after %v", len(list), err, time.Since(start))
		}
	})
}
