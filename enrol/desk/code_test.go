package desk

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
)

// attested is a desk at which a code was given.
func attested(t *testing.T) (*world, string) {
	t.Helper()
	w := fresh(t)
	if _, err := w.read(t, passport(t, "19850202", nil)); err != nil {
		t.Fatal(err)
	}
	code, err := w.sign(t)
	if err != nil {
		t.Fatal(err)
	}
	return w, code
}

// wrong is another code.
func wrong(code string) string {
	return strings.Map(func(r rune) rune {
		if r == '7' {
			return '8'
		}
		return '7'
	}, code)
}

func TestR8CodeWorksForThatDeviceOnly(t *testing.T) {
	w, code := attested(t)
	tk := ticket()
	_, err := w.Activate(t.Context(), tk.Sitting, tk.Sitting, code)
	wantCode(t, "another device", err, tunnus.CodeNotFound)
	_, err = w.Activate(t.Context(), tk.Device, tk.Device, code)
	wantCode(t, "another sitting", err, tunnus.CodeNotFound)
	s := w.desks[w.id]
	other := s
	other.Device = "other"
	if string(w.codeMAC(s, code)) == string(w.codeMAC(other, code)) {
		t.Error("the hash does not name the device")
	}
	if _, err := w.Activate(t.Context(), tk.Sitting, tk.Device, code); err != nil {
		t.Error(err)
	}
}

func TestFiveWrongTriesKillTheCode(t *testing.T) {
	w, code := attested(t)
	tk := ticket()
	for left := 4; left >= 0; left-- {
		_, err := w.Activate(t.Context(), tk.Sitting, tk.Device, wrong(code))
		e, ok := err.(*tunnus.Error)
		if !ok || e.Code != tunnus.CodeActCodeBad || e.Left == nil || *e.Left != left {
			t.Errorf("wrong code: %v; want %d left", err, left)
		}
	}
	_, err := w.Activate(t.Context(), tk.Sitting, tk.Device, code)
	wantCode(t, "the right code too late", err, tunnus.CodeActCodeOld)
	if w.desks[w.id].State != Attested {
		t.Error("a dead code ends the desk: the officer can give another one")
	}
}

// Signing again makes another code, and the old one is void.
func TestANewCodeVoidsTheOld(t *testing.T) {
	w, code := attested(t)
	again, err := w.Sign(t.Context(), stafftest.Actor(t, "reg-1", w.desks[w.id].Statement, staff.Officer), w.id)
	if err != nil {
		t.Fatal(err)
	}
	tk := ticket()
	_, err = w.Activate(t.Context(), tk.Sitting, tk.Device, code)
	wantCode(t, "the old code", err, tunnus.CodeActCodeBad)
	if _, err := w.Activate(t.Context(), tk.Sitting, tk.Device, string(again.Code.Reveal())); err != nil {
		t.Error(err)
	}
}

func TestCodeLives15Minutes(t *testing.T) {
	w, code := attested(t)
	tk := ticket()
	w.now = w.now.Add(15*time.Minute - time.Millisecond)
	s := w.desks[w.id]
	if !w.now.Before(s.CodeUntil) {
		t.Error("the code is dead too early")
	}
	w.now = w.now.Add(time.Millisecond)
	_, err := w.Activate(t.Context(), tk.Sitting, tk.Device, code)
	wantCode(t, "after 15 minutes", err, tunnus.CodeActCodeOld)
	if w.desks[w.id].Tries != 0 {
		t.Error("a try was charged for a code that was dead")
	}
}

// A hundred guesses at once get no more than five tries.
func TestTriesAreChargedBeforeTheyAreJudged(t *testing.T) {
	w, code := attested(t)
	tk := ticket()
	var wg sync.WaitGroup
	judged := make(chan struct{}, 2000)
	for range 20 {
		for range 20 {
			wg.Go(func() {
				if _, err := w.Activate(t.Context(), tk.Sitting, tk.Device, wrong(code)); tunnus.CodeOf(err) == tunnus.CodeActCodeBad {
					judged <- struct{}{}
				}
			})
		}
		wg.Wait()
	}
	if n := len(judged); n != 5 {
		t.Errorf("%d guesses were judged; want 5", n)
	}
}

func FuzzParseTicket(f *testing.F) {
	f.Add(ticket().String())
	f.Add("tunnus:desk:1::")
	f.Add(ticket().String() + ":")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseTicket(text)
		if err != nil {
			return
		}
		if got.String() != strings.TrimSpace(text) || len(got.Sitting) != 43 || len(got.Device) != 43 {
			t.Errorf("round trip: %q became %q", text, got.String())
		}
	})
}
