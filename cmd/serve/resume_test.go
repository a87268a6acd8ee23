package serve

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// The app ends between a PIN try and its answer. Started again on the same file
// it asks for the answer; the try is counted, and the phone is not taken for a copy.
func TestResumeOfATry(t *testing.T) {
	h, p, phone := withAda(t)
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	h.cutAt(splitkey.TypeEvaluate)
	crash(t, phone)
	h.mend()
	phone = p.phone()
	if p.vault.State.Pending == nil {
		t.Fatal("nothing was kept of the request")
	}
	h.clock.forward(70 * time.Second) // past the grace that a crossed poll has
	if err := phone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.loginKey(p); got.State != keyshare.Ready || got.Tries.Unconfirmed != 1 || got.Tries.Left != 2 {
		t.Errorf("key %s, tries %+v", got.State, got.Tries)
	}
	if !p.heard("that entry was counted") || p.vault.State.Pending != nil {
		t.Errorf("told: %q", p.told)
	}
	if got, err := phone.Next(t.Context()); err != nil || got != app.Confirmed {
		t.Fatalf("verdict %q, %v", got, err)
	}
	h.ended(session, login.OK)
	if left := h.loginKey(p).Tries.Left; left != 3 {
		t.Errorf("tries left: %d; a right PIN clears the lost one", left)
	}
}

// The same without a crash: the line was broken, and the app goes on waiting. It
// must not show its old one-time value, or its account would be closed as a copy.
func TestLineBreaksDuringATry(t *testing.T) {
	h, p, phone := withAda(t)
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	h.cutAt(splitkey.TypeEvaluate)
	crash(t, phone)
	h.mend()
	h.clock.forward(70 * time.Second)
	if got, err := phone.Next(t.Context()); err != nil || got != app.Confirmed {
		t.Fatalf("verdict %q, %v", got, err)
	}
	h.ended(session, login.OK)
	if got := h.loginKey(p).State; got != keyshare.Ready {
		t.Errorf("key %s", got)
	}
}

// A half signature that was under way when the app ended is handed over after all.
func TestResumeOfAHalfSignature(t *testing.T) {
	h, p, phone := withAda(t)
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	h.cutAt(splitkey.TypeComplete)
	crash(t, phone)
	h.mend()
	phone = p.phone()
	if err := phone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !p.heard("has arrived after all") || p.vault.State.Pending != nil {
		t.Errorf("told: %q", p.told)
	}
	h.ended(session, login.OK)
	if got := h.loginKey(p); got.State != keyshare.Ready || got.Tries.Left != 3 {
		t.Errorf("key %s, tries %+v", got.State, got.Tries)
	}
}

// A try that never reached the server, and whose request is over by now, was not
// counted, and the holder is not told that it was.
func TestResumeOfATryThatIsOver(t *testing.T) {
	h, p, phone := withAda(t)
	h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	h.loseAt(splitkey.TypeEvaluate)
	crash(t, phone)
	h.mend()
	h.clock.forward(5 * time.Minute)
	phone = p.phone()
	if err := phone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.heard("was counted") || !p.heard("come to nothing", string(tunnus.CodeTxnState)) {
		t.Errorf("told: %q", p.told)
	}
	if got := h.loginKey(p).Tries; got.Unconfirmed != 0 || p.vault.State.Pending != nil {
		t.Errorf("tries = %+v, pending %v", got, p.vault.State.Pending)
	}
}

// A request whose answer is still not to be had stays stored.
func TestResumeWithoutAServer(t *testing.T) {
	h, p, phone := withAda(t)
	h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	h.cutAt(splitkey.TypeEvaluate)
	crash(t, phone)
	phone = p.phone()
	if err := phone.Start(short(t)); err == nil {
		t.Error("started without an answer")
	}
	if p.vault.State.Pending == nil {
		t.Error("the request was forgotten")
	}
}

// Of two copies of a phone the second one to come is found, and all is held.
func TestCopyOfAPhoneIsFound(t *testing.T) {
	h, p, phone := withAda(t)
	copied := *p.vault.State.Keys[0]
	h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	if _, err := phone.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.clock.forward(2 * time.Minute)
	p.vault.State.Keys[0].OneTime = copied.OneTime // what the copy holds
	h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	if _, err := phone.Next(t.Context()); tunnus.CodeOf(err) != tunnus.CodeAccCloned {
		t.Errorf("error = %v", err)
	}
	if got := h.loginKey(p).State; got != keyshare.Held {
		t.Errorf("key %s; want held", got)
	}
}
