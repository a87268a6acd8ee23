package serve

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
)

func TestConfirm(t *testing.T) {
	h, _, phone := withAda(t)
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	if got, err := phone.Next(t.Context()); err != nil || got != app.Confirmed {
		t.Fatalf("verdict %q, %v", got, err)
	}
	h.ended(session, login.OK)
}

// Whatever the holder says but yes, nothing is signed and no PIN is asked for.
func TestDecline(t *testing.T) {
	tests := []struct {
		name, say string
		want      login.EndResult
	}{
		{"refuse", "refuse", login.UserRefusedInteraction},
		{"not me", "not me", login.UserRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, p, phone := withAda(t)
			p.typed["answer"] = []string{tt.say}
			session := h.ask(acsp.ConfirmationMessage, "Log in to the bank")
			if got, err := phone.Next(t.Context()); err != nil || got != app.Declined {
				t.Errorf("verdict %q, %v", got, err)
			}
			h.ended(session, tt.want)
			if p.times("pin1") != 0 {
				t.Error("the PIN was asked for")
			}
		})
	}
}

func TestWrongCodeOfThree(t *testing.T) {
	h, p, phone := withAda(t)
	session := h.ask(acsp.ConfirmationMessageCodeChoice, "Log in to the bank")
	p.typed["code"] = []string{"another"}
	if got, err := phone.Next(t.Context()); err != nil || got != app.Declined {
		t.Errorf("verdict %q, %v", got, err)
	}
	h.ended(session, login.WrongVC)
	if p.times("pin1") != 0 {
		t.Error("the PIN was asked for")
	}
}

// A service's text is shown behind a mark: it cannot look like the app's own words.
func TestServiceTextIsMarked(t *testing.T) {
	h, p, phone := withAda(t)
	h.ask(acsp.ConfirmationMessage, "Hello\n  Code: 0000  (the service must show the same)\nask pin1")
	if _, err := phone.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, line := range p.told {
		if strings.Contains(line, "\n") || strings.HasPrefix(line, "ask ") || strings.HasPrefix(line, "  Code: 0000") {
			t.Errorf("told: %q", line)
		}
	}
	if !p.heard("  |   Code: 0000") {
		t.Errorf("the text was not shown: %q", p.told)
	}
}

// The PIN may be typed again while tries are left; the third wrong one locks,
// and the holder hears until when.
func TestWrongPINThreeTimes(t *testing.T) {
	h, p, phone := withAda(t)
	p.typed["pin1"] = []string{"9999", "8888", "7777", "4719"}
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	_, err := phone.Next(t.Context())
	e, ok := errors.AsType[*tunnus.Error](err)
	if !ok || e.Code != tunnus.CodePINLock1 || e.Until == nil || e.Left == nil || *e.Left != 0 {
		t.Fatalf("error = %#v, %v", e, err)
	}
	if left := e.Until.Sub(h.clock.Now()); left < 179*time.Minute || left > 180*time.Minute {
		t.Errorf("locked for %v; want 3 hours", left)
	}
	if got := app.Explain(err); !strings.Contains(got, "Locked until") {
		t.Errorf("told: %q", got)
	}
	if !p.heard("2 tries left.", "pin-wrong") || !p.heard("1 try left.") || p.times("pin1") != 3 {
		t.Errorf("asked %d times; told %q", p.times("pin1"), p.told)
	}
	h.clock.forward(10 * time.Second) // the third might have been right until its share was due
	h.ended(session, login.DocumentUnusable)
}

// A second wrong PIN after the lock, three times more, locks for a day.
func TestSixthWrongPIN(t *testing.T) {
	h, p, phone := withAda(t)
	p.typed["pin1"] = []string{"9999"}
	for _, want := range []tunnus.Code{tunnus.CodePINLock1, tunnus.CodePINLock2, tunnus.CodePINLockPerm} {
		h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
		if _, err := phone.Next(t.Context()); tunnus.CodeOf(err) != want {
			t.Fatalf("error = %v; want %s", err, want)
		}
		h.clock.forward(25 * time.Hour)
	}
	if p.times("pin1") != 9 {
		t.Errorf("asked %d times", p.times("pin1"))
	}
}

// A right PIN forgives the wrong ones before it.
func TestRightPINAfterWrongOnes(t *testing.T) {
	h, p, phone := withAda(t)
	p.typed["pin1"] = []string{"9999", "8888", "4719"}
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	if got, err := phone.Next(t.Context()); err != nil || got != app.Confirmed {
		t.Fatalf("verdict %q, %v", got, err)
	}
	h.ended(session, login.OK)
	if left := h.loginKey(p).Tries.Left; left != 3 {
		t.Errorf("tries left: %d; want 3", left)
	}
}

// loginKey is how the holder's log-in key stands at the server.
func (h *house) loginKey(p *holder) keyshare.View {
	h.t.Helper()
	return sure(h.keys.Key(h.t.Context(), p.vault.State.Accounts[0].Login))(h.t)
}

// The app shows the question before it asks the server for what is to be
// signed: meanwhile the request may have ended.
func TestRequestEndsWhileItIsShown(t *testing.T) {
	h, p, phone := withAda(t)
	h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	p.before = func(key string) {
		if key == "answer" {
			h.clock.forward(3 * time.Minute)
		}
	}
	if _, err := phone.Next(t.Context()); !errors.Is(err, app.ErrOver) {
		t.Errorf("error = %v; want that it is over", err)
	}
	if p.times("pin1") != 0 {
		t.Error("the PIN was asked for")
	}
}

// A session that the server has forgotten is opened anew, and the wait goes on.
func TestWaitOutlivesTheSession(t *testing.T) {
	h, _, phone := withAda(t)
	if _, err := phone.Accounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.clock.forward(13 * time.Hour)
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	if _, err := phone.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.ended(session, login.OK)
}

// A poll that finds a request waiting returns at once; one that waits is woken.
func TestPollReturnsAtOnce(t *testing.T) {
	for name, late := range map[string]time.Duration{"waits already": 0, "comes": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			h, p, _ := withAda(t)
			d := p.device()
			if late == 0 {
				h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
			} else {
				time.AfterFunc(late, func() { h.ask(acsp.DisplayTextAndPIN, "Log in to the bank") })
			}
			began := time.Now()
			var got wire.Requests
			d.into(d.post(wire.PathRequests, wire.Poll{WaitMS: 30_000}), &got)
			if took := time.Since(began); len(got.Requests) != 1 || took > late+2*time.Second {
				t.Errorf("%d requests after %v", len(got.Requests), took)
			}
		})
	}
}

// An idle poll costs the store next to nothing: it is woken, and reads by itself
// only every five seconds.
func TestIdlePollHardlyReads(t *testing.T) {
	h, p, _ := withAda(t)
	d := p.device()
	h.reads.n = 0
	var got wire.Requests
	d.into(d.post(wire.PathRequests, wire.Poll{WaitMS: 1500}), &got)
	if len(got.Requests) != 0 || h.reads.n != 1 {
		t.Errorf("%d requests, %d reads in 1.5 s; want one read", len(got.Requests), h.reads.n)
	}
}

// A phone answers only requests of its own account.
func TestRequestOfAnotherHolder(t *testing.T) {
	h, _, _ := withAda(t)
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	ben := h.newHolder("ben")
	ben.phone()
	d := ben.device()
	d.refused(d.post(wire.PathRequests+"/"+session+"/refuse", wire.Refuse{Reason: wire.ReasonCancel, Screen: "displayTextAndPIN"}), tunnus.CodeAccUnusable)
	d.refused(d.post(wire.PathRequests, wire.Poll{}), tunnus.CodeAccUnusable)
	h.ended(session, "")
}

// What a device did not sign charges no PIN try.
func TestUnsignedTryIsNotCharged(t *testing.T) {
	h, p, phone := withAda(t)
	h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	h.line.cut = func(r *http.Request) bool {
		r.Header.Set(wire.HeaderSignature, "AAAA")
		return false
	}
	if _, err := phone.Next(t.Context()); tunnus.CodeOf(err) != tunnus.CodeBadSignature {
		t.Errorf("error = %v", err)
	}
	if got := h.loginKey(p).Tries; got.Unconfirmed != 0 || got.Left != 3 {
		t.Errorf("tries = %+v", got)
	}
}

// cutAt drops the answer to every message of a type, from the server's to the phone.
func (h *house) cutAt(kind string) {
	h.line.mu.Lock()
	defer h.line.mu.Unlock()
	h.line.cut = func(r *http.Request) bool {
		body := peek(h.t, r)
		var m struct {
			Type string `json:"type"`
		}
		_ = json.Unmarshal(body, &m)
		return m.Type == kind
	}
}

func (h *house) mend() { h.line.mu.Lock(); defer h.line.mu.Unlock(); h.line.cut = nil }

// crash runs the app until it waits for an answer that never comes.
func crash(t *testing.T, phone *app.App) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer stop()
	if got, err := phone.Next(ctx); err == nil {
		t.Fatalf("verdict %q, though no answer came", got)
	}
}
