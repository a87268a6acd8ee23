package faults

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// F8: the clock steps by a second, hither and thither: nobody notices.
func TestClockSteps(t *testing.T) {
	h := built(t).running(t, SQLite)
	done := h.register(t, "ben")
	for _, arrow := range []string{"enrol.fact/terms", "enrol.fact/form", "enrol.fact/register"} {
		h.soon(t, arrow, 1, done)
		for _, by := range []time.Duration{time.Second, -time.Second} {
			if err := h.Shift(by); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	if err := <-done; err != nil {
		t.Fatalf("%v; %s", err, h.Tail())
	}
	h.wellEnded(t)
}

// F8: the clock jumps in the middle of a sitting, to another hour, day or decade. Its
// holder is told a code that says what to do, or the sitting goes on, or the app begins
// anew by itself, in a decade in which the passport has expired; no invariant is
// broken, on that day or when the clock is right again; and whoever was told to begin
// anew gets an account then.
func TestClockJumps(t *testing.T) {
	b := built(t)
	for name, c := range map[string]struct {
		by    time.Duration
		codes []tunnus.Code // that may be told
	}{
		"an hour back":    {-time.Hour, []tunnus.Code{tunnus.CodeStepTimeout, tunnus.CodeSesTimeout}},
		"a day ahead":     {24 * time.Hour, []tunnus.Code{tunnus.CodeSesTimeout}},
		"ten years ahead": {87600 * time.Hour, []tunnus.Code{tunnus.CodeSesTimeout, tunnus.CodeDocExpired}},
	} {
		for _, arrow := range []string{"enrol.fact/form", "enrol.fact/register"} {
			t.Run(name+", behind "+arrow, func(t *testing.T) {
				t.Parallel()
				jumps(t, b, c.by, arrow, c.codes)
			})
		}
	}
}

func jumps(t *testing.T, b *Build, by time.Duration, arrow string, codes []tunnus.Code) {
	h := b.running(t, SQLite)
	done := h.register(t, "ben")
	h.soon(t, arrow, 1, done)
	if err := h.Shift(by); err != nil {
		t.Fatal(err)
	}
	err := <-done
	if err != nil {
		told := false
		for _, code := range codes {
			told = told || tunnus.CodeOf(err) == code
		}
		if !told {
			t.Errorf("told %q: %v; want one of %v; %s", tunnus.CodeOf(err), err, codes, h.Tail())
		}
	}
	if err == nil { // it went on, by that clock, and so do its jobs
		h.wellEnded(t)
	} else if err := h.Check(t.Context(), false); err != nil {
		t.Error("on that day:", err)
	}
	if err := h.Shift(0); err != nil {
		t.Fatal(err)
	}
	if err == nil {
		h.wellEnded(t)
		return
	}
	p, err := h.Phone("ben", "ben-anew")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Types("email", "ben.anew@example.test") // a letter of before may come now
	if err := p.Register(t.Context()); err != nil {
		t.Errorf("anew: %v; %s", err, h.Tail())
	}
	h.wellEnded(t)
}
