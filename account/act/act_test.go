package act

import (
	"context"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// keys signs what is offered once the test says so.
type keys struct {
	offers map[string]Offer
	signed map[string]time.Time
}

func (k *keys) Offer(_ context.Context, o Offer) (string, error) {
	k.offers["t"] = o
	return "t", nil
}

func (k *keys) Outcome(_ context.Context, id string) (Signature, bool, error) {
	at, ok := k.signed[id]
	return Signature{KeyID: k.offers[id].KeyID, Record: k.offers[id].Record, At: at}, ok, nil
}

// What is signed is one log-in to the service itself, whose text says the act (P7),
// and is good for just this act, of this account, for ten minutes.
func TestProofOfAnAct(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	k := &keys{map[string]Offer{}, map[string]time.Time{}}
	p := Prover{Scheme: "tunnus-demo", Keys: k, Clock: tunnus.ClockFunc(func() time.Time { return now })}
	a := account.Account{Document: "PNOXX-199002140017-ABCD-Q", LoginKey: "login", State: account.Active}
	what := wire.Act{Do: wire.ActBlock, Target: "PNOXX-199002140017-WXYZ-Q", Actor: a.Document, Rev: 4}
	r, err := p.Ask(t.Context(), a, what)
	if err != nil {
		t.Fatal(err)
	}
	f, err := acsp.ParseRecord(k.offers["t"].Record)
	if err != nil || f.RPName != "tunnus-demo" || f.Scheme != "tunnus-demo" || r.Text != "Block the account "+what.Target || k.offers["t"].KeyID != "login" {
		t.Fatalf("%+v, %+v, %v", f, r, err)
	}
	check := func(a account.Account, w wire.Act) tunnus.Code { return tunnus.CodeOf(p.Check(t.Context(), a, w, "t")) }
	if c := check(a, what); c != tunnus.CodeStateConflict {
		t.Errorf("before it is signed: %q", c)
	}
	k.signed["t"] = now
	if c := check(a, what); c != "" {
		t.Errorf("signed: %q", c)
	}
	for name, w := range map[string]wire.Act{
		"another act": {Do: wire.ActClose, Target: what.Target, Actor: what.Actor, Rev: 4}, "another target": {Do: what.Do, Target: "x", Actor: what.Actor, Rev: 4},
		"another revision": {Do: what.Do, Target: what.Target, Actor: what.Actor, Rev: 5},
	} {
		if c := check(a, w); c != tunnus.CodeStateConflict {
			t.Errorf("%s: %q", name, c)
		}
	}
	other := a
	other.LoginKey = "other"
	if c := check(other, what); c != tunnus.CodeNotFound {
		t.Errorf("another key: %q", c)
	}
	now = now.Add(doWithin + time.Second)
	if c := check(a, what); c != tunnus.CodeStateConflict {
		t.Errorf("too late: %q", c)
	}
}

// A log-in to a service never passes for an act, whatever it is called.
func TestLogInIsNoAct(t *testing.T) {
	k := &keys{map[string]Offer{}, map[string]time.Time{"t": {}}}
	p := Prover{Scheme: "tunnus-demo", Keys: k, Clock: tunnus.ClockFunc(func() time.Time { return time.Time{} })}
	a := account.Account{Document: "D", LoginKey: "login", State: account.Active}
	what := wire.Act{Do: wire.ActClose, Target: "D", Actor: "D"}
	f, err := p.fields(what)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*acsp.Fields){
		"by another name":   func(f *acsp.Fields) { f.RPName = "Bank" },
		"another challenge": func(f *acsp.Fields) { f.RPChallenge = acsp.NewChallenge() },
		"another text": func(f *acsp.Fields) {
			f.Interactions, _ = acsp.EncodeInteractions(acsp.Interaction{Type: screen, Text: "Log in"})
		},
		"of another scheme":    func(f *acsp.Fields) { f.Scheme = "tunnus" },
		"the act, for control": func(*acsp.Fields) {},
	} {
		g := f
		change(&g)
		record, err := g.Record()
		if err != nil {
			t.Fatal(err)
		}
		k.offers["t"] = Offer{KeyID: "login", Record: record}
		want := tunnus.CodeStateConflict
		if name == "the act, for control" {
			want = ""
		}
		if err := p.Check(t.Context(), a, what, "t"); tunnus.CodeOf(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyAnActiveAccountAsks(t *testing.T) {
	p := Prover{Scheme: "tunnus-demo", Keys: &keys{map[string]Offer{}, nil}, Clock: tunnus.ClockFunc(time.Now)}
	for _, s := range account.States() {
		a := account.Account{Document: "D", LoginKey: "login", State: s}
		_, err := p.Ask(t.Context(), a, wire.Act{Do: wire.ActClose, Target: "D", Actor: "D"})
		if (err == nil) != (s == account.Active) {
			t.Errorf("%s: %v", s, err)
		}
		if _, err := p.Ask(t.Context(), a, wire.Act{Do: wire.ActClose, Target: "D", Actor: "E"}); err == nil {
			t.Error("for another account")
		}
	}
}
