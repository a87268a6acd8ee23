package app

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/app/wire"
)

// making is a pocket whose registration stands at its keys. The server hears of them
// and, the first time, no answer comes; it lets the pair go on that it has heard of
// first, and no other. It keeps the pairs that it was sent.
func making(t *testing.T, p *pocket) (pairs *[]wire.Keys) {
	t.Helper()
	p.vault.State.Accounts = nil // a new phone
	pairs = &[]wire.Keys{}
	p.pages = map[string]func([]byte) any{
		wire.PathRegistration: func([]byte) any { return wire.Status{Next: wire.StepKeys} },
		wire.PathRegistration + "/" + wire.StepKeys: func(body []byte) any {
			var k wire.Keys
			if err := json.Unmarshal(body, &k); err != nil {
				t.Error(err)
			}
			*pairs = append(*pairs, k)
			if len(*pairs) == 1 {
				p.die()
				panic(http.ErrAbortHandler)
			}
			if k != (*pairs)[0] {
				return wire.Status{Next: wire.StepKeys}
			}
			return wire.Status{Account: &wire.Account{Document: "d"}}
		},
	}
	return pairs
}

// The line breaks for longer than the app asks again while its keys are being made.
// The server's plan names them, and no others will ever do: they are sent again, and
// no PIN is asked for.
func TestKeysAreSentAgain(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("4719", "4719", "83052", "83052")
	pairs := making(t, p)
	if _, err := a.Register(ctx); err == nil {
		t.Fatal("a registration ended well whose answer was lost")
	}
	if _, err := a.Register(t.Context()); err != nil {
		t.Fatalf("%v; asked %q", err, p.hand.asked)
	}
	if len(*pairs) != 2 || (*pairs)[0] != (*pairs)[1] {
		t.Errorf("sent %v", *pairs)
	}
	if want := []string{"pin1", "pin1-again", "pin2", "pin2-again"}; !slices.Equal(p.hand.asked, want) {
		t.Errorf("asked %q", p.hand.asked)
	}
}

// Keys of an earlier registration are nothing to a new one: their PINs may be
// forgotten, so new ones are chosen.
func TestKeysOfAnEarlierRegistration(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("4719", "4719", "83052", "83052")
	pairs := making(t, p)
	_, _ = a.Register(ctx) // the line breaks
	p.vault.State.MakingFor = "a session before this one"
	if err := p.vault.Save(); err != nil {
		t.Fatal(err)
	}
	a, ctx = p.phone()
	if _, err := a.Register(ctx); !errors.Is(err, errIdle) || len(*pairs) != 1 || !slices.Equal(p.hand.asked, []string{"pin1"}) {
		t.Errorf("%v; asked %q, sent %v", err, p.hand.asked, *pairs)
	}
}

// Keys that the server does not take any more give way to new ones, at last.
func TestKeysThatAreNotTaken(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone("4719", "4719", "83052", "83052", "4719", "4719", "83052", "83052")
	pairs := making(t, p)
	_, _ = a.Register(ctx) // the line breaks
	first := (*pairs)[0]
	p.pages[wire.PathRegistration+"/"+wire.StepKeys] = nil
	p.refuse = func(path string, body []byte) string {
		var k wire.Keys
		if path != wire.PathRegistration+"/"+wire.StepKeys || json.Unmarshal(body, &k) != nil {
			return ""
		}
		*pairs = append(*pairs, k)
		if k == first {
			return `{"code":"state-conflict","detail":"No."}`
		}
		return `{"code":"not-supported","detail":"Enough."}`
	}
	_, err := a.Register(t.Context())
	if n := len(*pairs); n < 3 || (*pairs)[n-2] != first || (*pairs)[n-1] == first {
		t.Errorf("%v; sent %v; asked %q", err, *pairs, p.hand.asked)
	}
}
