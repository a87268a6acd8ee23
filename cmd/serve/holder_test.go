package serve

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	phone "github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/sandbox"
)

// A holder is a person with a phone. It implements app.Screen and app.Body.
type holder struct {
	*house
	person sandbox.Person
	card   *virtual.Passport // issued when it is first read
	vault  *vault.Vault
	typed  map[string][]string // answers by key, each used once; the last one stays
	asked  []string
	told   []string
	before func(key string) // is called before a question is answered

	waiting func() // is called when the app says that it waits
}

var errNoAnswer = errors.New("nobody expected that question")

// newHolder is one of the cast who does everything right.
func (h *house) newHolder(name string) *holder {
	h.t.Helper()
	who := sure(sandbox.Find(name))(h.t)
	return &holder{
		house: h, person: who, before: func(string) {},
		typed: map[string][]string{
			"terms": {"yes"}, "consent": {"yes"}, "country": {"XX"}, "surname": {who.Surname}, "given-names": {who.GivenNames},
			"person-code": {who.Code.Value()}, "document": {who.Number}, "email": {name + "@example.test"}, "face": {"ready"},
			"pin1": {"4719"}, "pin1-again": {"4719"}, "pin2": {"83052"}, "pin2-again": {"83052"}, "answer": {"confirm"},
		},
	}
}

// phone starts the app on the holder's state file: as after a crash, if it ran before.
func (p *holder) phone() *app.App {
	p.t.Helper()
	if p.vault != nil {
		_ = p.vault.Close()
	}
	p.vault = sure(vault.Open(filepath.Join(p.dir, p.person.Name+".phone"), tunnus.NewSecret([]byte("passphrase"))))(p.t)
	p.t.Cleanup(func() { _ = p.vault.Close() })
	return sure(app.New(app.Config{
		Vault: p.vault, Server: p.url, Client: p.client, Screen: p, Body: p, Clock: p.clock,
		Claim: phone.Claim{Version: "0.1.0", OS: "linux", OSVersion: "6", Model: "test phone"},
	}))(p.t)
}

// Tell implements app.Screen.
func (p *holder) Tell(text string) {
	p.told = append(p.told, text)
	if text == "Waiting …" && p.waiting != nil {
		p.waiting()
	}
}

// heard reports whether a line was told that has all of the words.
func (p *holder) heard(words ...string) bool {
	return slices.ContainsFunc(p.told, func(line string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) })
	})
}

// times is how often something was asked.
func (p *holder) times(key string) (n int) {
	for _, k := range p.asked {
		if k == key {
			n++
		}
	}
	return n
}

// Progress implements app.Screen.
func (p *holder) Progress(string, int, int) {}

// Ask implements app.Screen.
func (p *holder) Ask(ctx context.Context, key, _ string) (string, error) {
	p.asked = append(p.asked, key)
	p.before(key)
	list := p.typed[key]
	if key == "otp" && len(list) == 0 {
		return p.readMail(ctx)
	}
	if len(list) == 0 {
		return "", errNoAnswer
	}
	if len(list) > 1 {
		p.typed[key] = list[1:]
	}
	return list[0], nil
}

// AskSecret implements app.Screen.
func (p *holder) AskSecret(ctx context.Context, key, text string) (tunnus.Secret, error) {
	s, err := p.Ask(ctx, key, text)
	return tunnus.NewSecret([]byte(s)), err
}

// Choose implements app.Screen.
func (p *holder) Choose(ctx context.Context, key, text string, _ []string) (string, error) {
	return p.Ask(ctx, key, text)
}

// CodeLine implements app.Body.
func (p *holder) CodeLine(context.Context) (string, error) {
	if p.card == nil {
		p.card = p.passport(p.person)
	}
	return p.card.Zone().String(), nil
}

// Chip implements app.Body.
func (p *holder) Chip(context.Context) (chip.Transceiver, error) {
	p.card.Reset()
	return p.card, nil
}

// Frames implements app.Body.
func (p *holder) Frames(_ context.Context, n int) ([][]byte, error) {
	out := make([][]byte, n)
	for i := range out {
		out[i] = noise(100)
	}
	return out, nil
}

// readMail takes the newest code out of the outbox.
func (p *holder) readMail(ctx context.Context) (string, error) {
	waiting, err := p.store.Outbox().Pending(ctx, time.Now().Add(time.Minute), 100)
	if err != nil {
		return "", err
	}
	for _, l := range slices.Backward(waiting) {
		m, err := otp.OpenLetter(p.sealer, l)
		if err != nil {
			return "", err
		}
		if m.Code != "" {
			return m.Code, nil
		}
	}
	return "", errors.New("no mail with a code")
}

func TestRegistrationMakesAnAccount(t *testing.T) {
	_, _, phone := withAda(t)
	list, err := phone.Accounts(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("accounts = %v, %v", list, err)
	}
	a := list[0]
	if a.State != "active" || a.Level != "QUALIFIED" || len(a.Keys) != 2 || len(a.Keys[0].Certificate) != 2 {
		t.Errorf("account = %s, %s, %d keys", a.State, a.Level, len(a.Keys))
	}
}
