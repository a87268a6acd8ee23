package serve

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/act"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/app"
	phonelife "github.com/tunnus-id/tunnus/app/life"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/app/server/holding"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/cmd/serve/bridge"
	"github.com/tunnus-id/tunnus/cmd/serve/desks"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/support"
	"github.com/tunnus-id/tunnus/store/desk"
)

// lives makes what leads the accounts of the house.
func (h *house) lives(ca life.Authority) *holding.Server {
	secret := tunnus.NewSecret(make([]byte, 32))
	h.contacts = contact.Service{Store: h.store.Contacts(), Accounts: h.store.Accounts(), Sealer: h.sealer, Secret: secret, Clock: h.clock}
	book := history.Book{Store: h.store.History(), Sealer: h.sealer, Secret: secret, Clock: h.clock}
	h.life = life.New(life.Config{
		Store: h.store.Life(), Accounts: h.store.Accounts(), Contacts: h.contacts, History: book, Keys: h.reach(), Authority: ca, Clock: h.clock,
		Teller: tell.Teller{Sealer: h.sealer, Contacts: h.contacts, URL: "https://id.example", Clock: h.clock},
		Codes:  otp.New(h.store.Codes(), h.sealer, otp.Defaults(), secret, h.clock),
	})
	h.support = sure(support.New(support.Config{
		Store: desk.NewStaff(h.store.Database()), Findings: desk.NewStaff(h.store.Database()), Cases: desks.Cases{Log: h.store.Audit()}, Marker: staff.NewMarker(secret), Secret: secret, Clock: h.clock,
		Accounts: desks.Accounts{Rows: h.store.Accounts(), Life: h.life, Record: h.store.Certificates().Record},
	}))(h.t)
	return &holding.Server{
		Accounts: h.store.Accounts(), Service: h.life, History: book, Login: h.login, Staff: h.support,
		Prover: act.Prover{Scheme: "tunnus-demo", Keys: bridge.ActKeys{Keys: h.reach()}, Clock: h.clock},
		Own: func(ctx context.Context, device string) (account.Account, error) {
			return server.Own(ctx, h.store.Accounts(), device)
		},
	}
}

// round does what the jobs of accounts do.
func (h *house) round() {
	h.t.Helper()
	must(h.t, h.life.Run(h.t.Context()))
	must(h.t, h.life.Note(h.t.Context(), bridge.Logins{Rows: h.store.Life(), Flow: h.login, Clock: h.clock}))
}

// withTwo is a house in which ada has accounts on two phones, the first one for long.
func withTwo(t *testing.T) (h *house, first, second *holder, a, b *app.App) {
	t.Helper()
	h, first, a = withAda(t)
	h.clock.forward(100 * time.Hour)
	h.round()
	second = h.newHolder("ada")
	second.person.Name, second.typed["email"] = "ada-second", []string{"second@example.test"}
	b = second.phone()
	if _, err := b.Register(t.Context()); err != nil {
		t.Fatal(err, second.told)
	}
	h.round()
	return h, first, second, a, b
}

func held(t *testing.T, a *app.App) phonelife.Phone {
	t.Helper()
	return sure(a.Phone())(t)
}

// news are the kinds of notices that a phone gets, which are then shown.
func news(t *testing.T, p phonelife.Phone) (kinds []string) {
	t.Helper()
	must(t, p.Notices(t.Context(), func(n wire.Notice) error { kinds = append(kinds, n.Kind); return nil }))
	return kinds
}

func code(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if tunnus.CodeOf(err) != want {
		t.Errorf("%s: %v; want %s", what, err, want)
	}
}

// A lost phone is blocked by the other one with PIN1: nothing is signed with it any
// more, its certificates are on hold; it cannot lift that itself.
func TestBlockAndUnblockAPhone(t *testing.T) {
	h, first, _, a, b := withTwo(t)
	one, two := held(t, a), held(t, b)
	if got := news(t, one); !slices.Equal(got, []string{"account-new"}) {
		t.Errorf("the first phone hears of %q", got)
	}
	if list := sure(one.Accounts(t.Context()))(t); len(list) != 2 || list[0].Here || !list[1].Here {
		t.Errorf("accounts: %+v", list)
	}
	first.typed["pin1"] = []string{"1739", "4719"} // a wrong one first
	done, err := one.Act(t.Context(), wire.ActBlock, two.Document)
	if err != nil || done.Account == nil || done.Account.State != "blocked" || !first.heard("Block the account "+two.Document) {
		t.Fatalf("%+v, %v, %q", done, err, first.told)
	}
	lost := sure(h.store.Accounts().ByDocument(t.Context(), two.Document))(t)
	for _, c := range sure(h.store.Certificates().ByAccount(t.Context(), lost.ID))(t) {
		if c.Held.IsZero() {
			t.Errorf("certificate %s is not on hold", c.Serial)
		}
	}
	if _, err := b.Next(short(t)); tunnus.CodeOf(err) != tunnus.CodeKeyUnusable {
		t.Errorf("the blocked phone waits for requests: %v", err)
	}
	_, err = two.Act(t.Context(), wire.ActUnblock, two.Document)
	code(t, "unblocked by itself", err, tunnus.CodeAccUnusable)
	_, err = two.History(t.Context(), 10, true)
	code(t, "history on the blocked phone", err, tunnus.CodeAccUnusable)
	_, err = two.Freeze(t.Context(), one.Document)
	code(t, "freeze by the blocked phone", err, tunnus.CodeStateConflict)
	if done, err = one.Act(t.Context(), wire.ActUnblock, two.Document); err != nil || done.Account.State != "active" {
		t.Fatalf("%+v, %v", done, err)
	}
	if keys := sure(h.keys.Key(t.Context(), lost.LoginKey))(t); keys.State != "ready" {
		t.Errorf("its key is %s", keys.State)
	}
}

// What was proved once is good once: not after the account has moved, not for
// something else, not by another phone.
func TestProofIsGoodOnce(t *testing.T) {
	h, first, second, a, b := withTwo(t)
	one, two := held(t, a), held(t, b)
	var proved wire.Signed
	spy := &spying{Line: one.Line, saw: &proved}
	one.Line = spy
	sure(one.Act(t.Context(), wire.ActBlock, two.Document))(t)
	blocked := proved
	sure(one.Act(t.Context(), wire.ActUnblock, two.Document))(t)
	again := func(p phonelife.Phone, s wire.Signed) error {
		var done wire.Done
		return p.Line.Call(t.Context(), wire.PathAct+"/done", s, &done)
	}
	code(t, "a second time", again(one, blocked), tunnus.CodeStateConflict)
	other := proved
	other.Act.Do = wire.ActClose
	code(t, "for something else", again(one, other), tunnus.CodeStateConflict)
	code(t, "by another phone", again(two, proved), tunnus.CodeNotFound)
	h.clock.forward(11 * time.Minute)
	code(t, "too late", again(one, proved), tunnus.CodeStateConflict)
	first.typed["pin1"] = []string{"1739"}
	spy.stop = true // the phone never signs
	_, err := one.Act(t.Context(), wire.ActClose, two.Document)
	if !errors.Is(err, errNoAnswer) {
		t.Errorf("%v", err)
	}
	code(t, "unsigned", again(one, *spy.saw), tunnus.CodeStateConflict)
	_ = second
}

// spying is a line that remembers what is handed in as proved.
type spying struct {
	phonelife.Line
	saw  *wire.Signed
	stop bool
}

func (s *spying) Call(ctx context.Context, path string, in, out any) error {
	if v, ok := in.(wire.Signed); ok {
		*s.saw = v
	}
	err := s.Line.Call(ctx, path, in, out)
	if asked, ok := out.(*wire.AnAsked); ok && s.stop {
		*s.saw = wire.Signed{Act: asked.Act, Transaction: asked.Request.Transaction}
		return errNoAnswer
	}
	return err
}

// The history is one for all phones of a person, can be hidden and saved, and stays
// when an account is closed.
func TestHistoryOutlivesTheAccount(t *testing.T) {
	h, first, _, a, b := withTwo(t)
	one, two := held(t, a), held(t, b)
	session := h.ask(acsp.ConfirmationMessage, "Log in to the bank")
	if _, err := a.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.ended(session, login.OK)
	h.round()
	if got := news(t, two); !slices.Equal(got, []string{"account-used"}) {
		t.Errorf("K4: the other phone hears of %q", got)
	}
	must(t, one.Hide(t.Context(), wire.Hide{Service: "Bank", Hidden: true}))
	if list := sure(two.History(t.Context(), 50, false))(t); slices.ContainsFunc(list, func(e wire.Entry) bool { return e.Service == "Bank" }) {
		t.Errorf("hidden: %+v", list)
	}
	done, err := one.Act(t.Context(), wire.ActClose, one.Document)
	if err != nil || done.Account.State != "closed" || !first.heard("for ever") {
		t.Fatalf("%+v, %v", done, err)
	}
	_, err = one.History(t.Context(), 10, true)
	code(t, "on the closed phone", err, tunnus.CodeAccExpired)
	closed := sure(h.store.Accounts().ByDocument(t.Context(), one.Document))(t)
	if key := sure(h.keys.Key(t.Context(), closed.LoginKey))(t); key.State != "ended" {
		t.Errorf("its key is %s", key.State)
	}
	out := sure(two.Export(t.Context(), h.clock.Now()))(t)
	if !slices.ContainsFunc(out.Entries, func(e wire.Entry) bool {
		return e.Service == "Bank" && e.Text == "Log in to the bank" && e.Result == "OK" && e.Document == one.Document && e.Hidden
	}) || !slices.ContainsFunc(out.Entries, func(e wire.Entry) bool { return e.Kind == "account-ended" && e.Document == one.Document }) {
		t.Errorf("%+v", out.Entries)
	}
}

// "Not me" stops a service; PIN1 lets it ask again.
func TestNotMeIsUndoneWithPIN1(t *testing.T) {
	h, ada, a := withAda(t)
	one := held(t, a)
	session := h.ask(acsp.ConfirmationMessage, "Pay all of it")
	ada.typed["answer"] = []string{"not me"}
	sure(a.Next(t.Context()))(t)
	h.round()
	ask := func() error {
		list := sure(acsp.EncodeInteractions(acsp.Interaction{Type: acsp.ConfirmationMessage, Text: "again"}))(t)
		_, err := h.login.Start(t.Context(), login.Party{UUID: partyUUID}, login.Subject{SemanticsID: "PNOXX-" + ada.person.Code.Value()},
			login.Ask{Name: "Bank", Challenge: acsp.NewChallenge(), Hash: "SHA-512", Interactions: list})
		return err
	}
	code(t, "the service asks again", ask(), tunnus.CodeAccNone)
	cases := sure(h.store.Life().Cases(t.Context(), 10))(t)
	if len(cases) != 1 || cases[0].Subject != session {
		t.Errorf("cases: %+v", cases)
	}
	list := sure(one.History(t.Context(), 1, false))(t)
	if len(list) != 1 || list[0].Result != "NOT_ME" {
		t.Fatalf("%+v", list)
	}
	sure(one.Act(t.Context(), wire.ActTrust, list[0].ID))(t)
	if !ada.heard("Let the service send requests again: Bank") {
		t.Errorf("%q", ada.told)
	}
	must(t, ask())
	if cases := sure(h.store.Life().Cases(t.Context(), 10))(t); len(cases) != 0 {
		t.Errorf("cases: %+v", cases)
	}
}

// A new contact needs PIN1 and the code that is sent there.
func TestContactIsAdded(t *testing.T) {
	_, ada, a := withAda(t)
	one := held(t, a)
	done := sure(one.Act(t.Context(), wire.ActAddContact, " Ada.New@Example.TEST "))(t)
	if !ada.heard("Add the contact Ada.New@example.test") {
		t.Errorf("%q", ada.told)
	}
	typed := sure(ada.readMail(t.Context()))(t)
	done = sure(one.ConfirmContact(t.Context(), done.Contact.ID, typed))(t)
	list := sure(one.Contacts(t.Context()))(t)
	if len(list) != 2 || done.Contact.State != "confirmed" || done.Contact.Held.IsZero() || strings.Contains(list[1].Masked, "Ada.New") {
		t.Errorf("%+v, %+v", done, list)
	}
}
