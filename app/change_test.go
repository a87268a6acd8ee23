package app

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// changing are the messages of a PIN change, in their order.
var changing = []string{
	splitkey.TypeChange, splitkey.TypeEvaluate, splitkey.TypeChangeProve, splitkey.TypeChangeHarden, splitkey.TypeChangeConfirm,
}

func TestChangePIN(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("4719", "7038", "7038")
	if err := a.ChangePIN(ctx, pin.PIN1); err != nil {
		t.Fatal(err)
	}
	if got := p.sent; got[0] != splitkey.TypeStatus || !slices.Equal(got[1:], changing) {
		t.Errorf("sent %s", got)
	}
	if got := strings.Join(p.hand.asked, " "); got != "pin1 new-pin1 new-pin1-again" {
		t.Errorf("asked %s", got)
	}
	p.holds("7038")
}

// The app ends at every step of a change, before the server has the message,
// before its answer is heard, and before what was heard is written. Exactly one
// PIN holds then, it is the one that is told, and nobody is taken for a copy.
func TestChangePINCrash(t *testing.T) {
	for _, how := range []trouble{notSent, lost, unsaved} {
		for _, at := range changing {
			t.Run(string(how)+"/"+at, func(t *testing.T) {
				p := newPocket(t)
				a, ctx := p.phone("4719", "7038", "7038")
				p.trouble = func(kind string) trouble {
					if kind == at {
						return how
					}
					return none
				}
				if err := a.ChangePIN(ctx, pin.PIN1); err == nil {
					t.Fatal("nothing went wrong")
				}
				if at == splitkey.TypeChangeConfirm {
					p.holds("7038") // the new blob was stored, so the change goes on
					return
				}
				p.holds("4719")
			})
		}
	}
}

// While the server is away for a moment, nothing is lost at all.
func TestChangePINServerAway(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("4719", "7038", "7038")
	failed := map[string]bool{}
	p.trouble = func(kind string) trouble {
		if failed[kind] {
			return none
		}
		failed[kind] = true
		return asleep
	}
	if err := a.ChangePIN(ctx, pin.PIN1); err != nil {
		t.Fatal(err)
	}
	p.holds("7038")
}

// A wrong old PIN is charged, and told with what is left; the right one goes on
// with the change and clears the charge.
func TestChangePINChargesAWrongOne(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("5820", "4719", "7038", "7038")
	charged := 0
	p.trouble = func(kind string) trouble {
		if kind == splitkey.TypeChange { // the second one comes after the wrong entry
			view, err := p.keys.Key(ctx, p.login)
			if err != nil {
				t.Error(err)
			}
			charged = view.Tries.Unconfirmed
		}
		return none
	}
	if err := a.ChangePIN(ctx, pin.PIN1); err != nil {
		t.Fatal(err)
	}
	if !told(p.hand, "2 tries left.") || charged != 1 {
		t.Errorf("told %q, charged %d", p.hand.told, charged)
	}
	p.holds("7038")
}

// Wrong old PINs lead to the lock as at a log-in, and the lock is told.
func TestChangePINLocks(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("5820", "5821", "5822")
	if err := a.ChangePIN(ctx, pin.PIN1); tunnus.CodeOf(err) != tunnus.CodePINLock1 {
		t.Fatalf("ChangePIN = %v", err)
	}
	p.sent = nil
	a, ctx = p.phone("4719")
	err := a.ChangePIN(ctx, pin.PIN1)
	if err == nil || !strings.Contains(err.Error(), "PIN1 is locked for ") || len(p.hand.asked) != 0 {
		t.Errorf("ChangePIN of a locked PIN = %v, asked %s", err, p.hand.asked)
	}
	if !slices.Equal(p.sent, []string{splitkey.TypeStatus}) {
		t.Errorf("sent %s", p.sent)
	}
	if err := a.ChangePIN(ctx, pin.PIN2); err == nil || p.hand.asked[0] != "pin2" {
		t.Errorf("PIN2 is locked with PIN1: asked %s, %v", p.hand.asked, err)
	}
}

// A new PIN that is weak, or too like the old one, is refused before anything of
// it is sent, and so is one that was typed twice unlike. Who then gives up keeps
// the old one.
func TestChangePINJudgesTheNewOne(t *testing.T) {
	for bad, why := range map[string]string{
		"4719": "It is the old PIN.", "94719": "The old PIN is in it.", "1234": "a run of digits", "1402": "date", "0017": "personal number",
		"471": "4–12 digits", "7038": "differ",
	} {
		t.Run(bad, func(t *testing.T) {
			p := newPocket(t)
			a, ctx := p.phone("4719", bad)
			if bad == "7038" {
				a, ctx = p.phone("4719", bad, "7039")
			}
			if err := a.ChangePIN(ctx, pin.PIN1); err == nil {
				t.Fatal("the PIN was changed")
			}
			if !told(p.hand, why) {
				t.Errorf("told %q; want %q", p.hand.told, why)
			}
			if !slices.Equal(p.sent, append([]string{splitkey.TypeStatus}, changing[:3]...)) {
				t.Errorf("sent %s", p.sent)
			}
			p.holds("4719")
		})
	}
}

// Nobody types a new PIN twice for an old one that is wrong.
func TestChangePINProvesTheOldOneFirst(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("5820", "4719")
	if err := a.ChangePIN(ctx, pin.PIN1); !errors.Is(err, errIdle) {
		t.Fatalf("ChangePIN = %v", err)
	}
	if got := strings.Join(p.hand.asked, " "); got != "pin1 pin1 new-pin1" {
		t.Errorf("asked %s", got)
	}
}

// A request that was asked before a lock is dead: the holder is told of the lock
// and of nothing else, and the server is not asked what waits.
func TestNextOfALockedPIN(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("5820", "5821", "5822")
	if err := a.ChangePIN(ctx, pin.PIN1); tunnus.CodeOf(err) != tunnus.CodePINLock1 {
		t.Fatalf("ChangePIN = %v", err)
	}
	polled := false
	p.pages = map[string]func([]byte) any{wire.PathRequests: func([]byte) any {
		polled = true
		return wire.Requests{Requests: []wire.Request{{ID: "1", Service: "Bank"}}}
	}}
	a, ctx = p.phone("confirm", "4719")
	_, err := a.Next(ctx)
	if err == nil || !strings.Contains(err.Error(), "PIN1 is locked for ") || polled || len(p.hand.asked) != 0 {
		t.Errorf("Next = %v, polled %v, asked %s", err, polled, p.hand.asked)
	}
}

// An old blob is dead after the change: not even its own PIN opens it, and who
// comes with it is a copy.
func TestOldBlobIsDead(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("4719", "7038", "7038")
	key, _ := p.vault.State.Key(p.login)
	old := *key
	if err := a.ChangePIN(ctx, pin.PIN1); err != nil {
		t.Fatal(err)
	}
	*key = old
	if _, err := a.status(ctx, key); tunnus.CodeOf(err) != tunnus.CodeAccCloned {
		t.Fatalf("status = %v; want %s", err, tunnus.CodeAccCloned)
	}
	if view, err := p.keys.Key(ctx, p.login); err != nil || view.State != keyshare.Held {
		t.Errorf("the key is %q, %v", view.State, err)
	}
}

// If the confirmation is refused for good, the phone asks which generation lives
// before it forgets a blob.
func TestRefusedConfirmationAsksWhichLives(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("4719", "7038", "7038")
	p.trouble = func(kind string) trouble {
		if kind == splitkey.TypeChangeConfirm {
			return lost
		}
		return none
	}
	if err := a.ChangePIN(ctx, pin.PIN1); err == nil {
		t.Fatal("nothing was lost")
	}
	// The server has done it, and then suspends the key: it refuses the repeat.
	if err := p.keys.Suspend(t.Context(), p.login, "test"); err != nil {
		t.Fatal(err)
	}
	p.trouble = func(string) trouble { return none }
	a, ctx = p.phone()
	if err := a.Start(ctx); err != nil {
		t.Fatalf("Start = %v", err)
	}
	key, _ := p.vault.State.Key(p.login)
	if key.Next == nil {
		t.Fatal("the blob that lives was forgotten")
	}
	if _, err := a.status(ctx, key); err == nil {
		t.Error("a key was used whose blob is not known")
	}
	if err := p.keys.Resume(t.Context(), p.login); err != nil {
		t.Fatal(err)
	}
	p.holds("7038")
}
