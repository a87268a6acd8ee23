package app

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// vouching is what another phone asks of the holder of a pocket.
func vouching() statement.Statement {
	return statement.Statement{
		Format: statement.Version, About: statement.Vouch, Session: "s", Device: "new-phone", Person: "PNOXX-199002140017", Name: "Ada Åsk",
		Level: "QUALIFIED", Model: "Fairphone 9", Code: "42", Time: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
	}
}

// offer puts a statement up for a key of the pocket.
func (p *pocket) offer(key string, how splitkey.Padding, s statement.Statement) string {
	p.Helper()
	record, err := s.Canonical()
	if err != nil {
		p.Fatal(err)
	}
	t, err := p.keys.Offer(p.Context(), keyshare.OfferRequest{
		KeyID: key, Kind: statement.Kind, Record: record, Hash: statement.Hash, Padding: how, ExpiresAt: time.Now().Add(10 * time.Minute),
	})
	if err != nil {
		p.Fatal(err)
	}
	return t.ID
}

func (p *pocket) state(txn string) string {
	p.Helper()
	o, err := p.keys.Outcome(p.Context(), txn)
	if err != nil {
		p.Fatal(err)
	}
	return o.State
}

// nothing demands that no try was made and no half handed over.
func (p *pocket) nothing(what string) {
	p.Helper()
	if slices.Contains(p.sent, splitkey.TypeEvaluate) || slices.Contains(p.sent, splitkey.TypeComplete) {
		p.Errorf("%s: sent %s", what, p.sent)
	}
}

// asks has the server answer whoever follows the link.
func (p *pocket) asks(c wire.Confirming) (refused *bool) {
	refused = new(bool)
	p.pages = map[string]func([]byte) any{wire.PathConfirm: func(body []byte) any {
		var in wire.Confirm
		if err := json.Unmarshal(body, &in); err != nil || in.Link != "link" {
			p.Errorf("followed %q, %v", body, err)
		}
		*refused = *refused || in.Refuse
		return c
	}}
	return refused
}

func TestConfirmTakesBothPINs(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone(sayConfirm, "4719", "83052")
	held := p.vault.State.Accounts[0]
	login, sign := p.offer(held.Login, splitkey.Internal, vouching()), p.offer(held.Sign, splitkey.PSS, vouching())
	p.asks(wire.Confirming{About: "vouch", Login: login, Sign: sign})
	if v, err := a.Confirm(ctx, " "+steps.Confirming+"link\n"); v != Confirmed || err != nil {
		t.Fatalf("Confirm = %q, %v", v, err)
	}
	if p.state(login) != keyshare.Signed || p.state(sign) != keyshare.Signed {
		t.Errorf("PIN1 %s, PIN2 %s", p.state(login), p.state(sign))
	}
	if !told(p.hand, "Ada Åsk") || !told(p.hand, "Fairphone 9") || !told(p.hand, "42") {
		t.Errorf("shown: %q", p.hand.told)
	}
	if v, err := a.Confirm(ctx, "link"); v != Confirmed || err != nil { // the answer may get lost
		t.Errorf("Confirm again = %q, %v", v, err)
	}
}

func TestConfirmRefuses(t *testing.T) {
	p := newPocket(t)
	a, ctx := p.phone(sayRefuse)
	held := p.vault.State.Accounts[0]
	refused := p.asks(wire.Confirming{About: "vouch", Login: p.offer(held.Login, splitkey.Internal, vouching()), Sign: p.offer(held.Sign, splitkey.PSS, vouching())})
	if v, err := a.Confirm(ctx, "link"); v != Declined || err != nil || !*refused {
		t.Errorf("Confirm = %q, %v; refused %v", v, err, *refused)
	}
	p.nothing("refused")
}

// A server that has one statement shown and another one stated gets nothing, from
// neither PIN; nor one that wants it said in another way.
func TestConfirmOfAnotherStatementThanShown(t *testing.T) {
	for name, tt := range map[string]struct {
		about string
		how   splitkey.Padding // of PIN2
		other func(*statement.Statement)
		front func(*splitkey.Fields)
	}{
		"another device for PIN2":  {about: "vouch", how: splitkey.PSS, other: func(s *statement.Statement) { s.Device = "thief" }},
		"another code for PIN2":    {about: "vouch", how: splitkey.PSS, other: func(s *statement.Statement) { s.Code = "43" }},
		"another matter for PIN2":  {about: "vouch", how: splitkey.PSS, other: func(s *statement.Statement) { s.About = statement.Guardian }},
		"another matter than said": {about: "replace", how: splitkey.PSS},
		"a recall":                 {about: "recall", how: splitkey.PSS, other: func(s *statement.Statement) { s.About = statement.Recall }},
		"nothing signed":           {about: "vouch", how: splitkey.Internal},
		"an unknown padding":       {about: "vouch", how: splitkey.PSS, front: func(f *splitkey.Fields) { f.Padding = "raw" }},
		"another hash":             {about: "vouch", how: splitkey.PSS, front: func(f *splitkey.Fields) { f.Hash = splitkey.SHA256 }},
		"another kind":             {about: "vouch", how: splitkey.PSS, front: func(f *splitkey.Fields) { f.Kind = "application" }},
		"the log-in key signs":     {about: "vouch", how: splitkey.PSS, front: func(f *splitkey.Fields) { f.Padding = splitkey.PSS }},
		"no statement":             {about: "vouch", how: splitkey.PSS, front: func(f *splitkey.Fields) { f.Record = []byte(`{"pay":"1"}`) }},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPocket(t)
			a, ctx := p.phone(sayConfirm, "4719", "83052")
			held := p.vault.State.Accounts[0]
			second := vouching()
			if tt.other != nil {
				tt.other(&second)
			}
			p.asks(wire.Confirming{About: tt.about, Login: p.offer(held.Login, splitkey.Internal, vouching()), Sign: p.offer(held.Sign, tt.how, second)})
			p.front = func(kind string, _, said []byte) []byte { return p.alter(kind, said, tt.front) }
			if v, err := a.Confirm(ctx, "link"); v != "" || err == nil {
				t.Errorf("Confirm = %q, %v", v, err)
			}
			p.nothing(name)
		})
	}
}

// alter changes what waits for a key, as a status tells it.
func (p *pocket) alter(kind string, said []byte, change func(*splitkey.Fields)) []byte {
	var s splitkey.Standing
	if change == nil || kind != splitkey.TypeStatus || json.Unmarshal(said, &s) != nil {
		return said
	}
	for i := range s.Transactions {
		change(&s.Transactions[i])
	}
	b, err := json.Marshal(s)
	if err != nil {
		p.Error(err)
	}
	return b
}

// recall is a registration whose PINs are entered once more.
func (p *pocket) recall(document string, change func(*statement.Statement), types ...string) (login, sign string, err error) {
	p.Helper()
	a, ctx := p.phone(types...)
	held := p.vault.State.Accounts[0]
	p.vault.State.Making = map[splitkey.Purpose]string{splitkey.Login: held.Login, splitkey.Signature: held.Sign}
	spki, err := device.Public(a.key)
	if err != nil {
		p.Fatal(err)
	}
	s := statement.Statement{Format: statement.Version, About: statement.Recall, Session: "s", Device: device.Thumbprint(spki), Time: vouching().Time}
	if change != nil {
		change(&s)
	}
	login, sign = p.offer(held.Login, splitkey.Internal, s), p.offer(held.Sign, splitkey.Internal, s)
	p.pages = map[string]func([]byte) any{wire.PathRegistration + "/" + wire.StepRecalled: func([]byte) any { return wire.Status{} }}
	r := &registration{App: a}
	_, err = r.recalled(ctx, wire.Status{Recall: &wire.Recall{Login: login, Sign: sign}, Account: &wire.Account{Document: document}})
	return login, sign, err
}

func TestRecallProvesBothPINsAndSignsNothing(t *testing.T) {
	p := newPocket(t)
	login, sign, err := p.recall("PNOXX-199002140017-AAAA-Q", nil, "4719", "83052")
	if err != nil || p.state(login) != keyshare.Signed || p.state(sign) != keyshare.Signed {
		t.Fatalf("recalled = %v", err)
	}
	o, err := p.keys.Outcome(t.Context(), sign)
	if err != nil || o.Padding != splitkey.Internal || len(o.Signature) != 384 {
		t.Errorf("%d bytes of %s, %v: a signature", len(o.Signature), o.Padding, err)
	}
}

// K15: at recall the PINs are judged again, for the birthday is known now; a bad one
// costs no try.
func TestRecallJudgesThePINsAgain(t *testing.T) {
	for _, typed := range []string{"1402", "1990", "0017"} {
		p := newPocket(t)
		if _, _, err := p.recall("PNOXX-199002140017-AAAA-Q", nil, typed); !strings.HasPrefix(string(tunnus.CodeOf(err)), "pin-") || errors.Is(err, errIdle) {
			t.Errorf("PIN1 %s: %v", typed, err)
		}
		p.nothing("a weak PIN")
	}
}

// A recall is for this phone, and says nothing else.
func TestRecallOfSomethingElse(t *testing.T) {
	for name, change := range map[string]func(*statement.Statement){
		"another device": func(s *statement.Statement) { s.Device = "thief" },
		"another matter": func(s *statement.Statement) {
			s.About, s.Person, s.Level = statement.Vouch, "PNOXX-199002140017", "QUALIFIED"
		},
	} {
		p := newPocket(t)
		if _, _, err := p.recall("PNOXX-199002140017-AAAA-Q", change, "4719", "83052"); err == nil {
			t.Errorf("%s was stated", name)
		}
		p.nothing(name)
	}
}
