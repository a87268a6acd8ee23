package life_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/login"
)

// codeSent takes the one-time code that waits.
func (w *world) codeSent() string {
	w.t.Helper()
	list, err := w.store.Outbox().Pending(w.t.Context(), time.Now().Add(time.Hour), 100)
	w.must(err)
	for _, l := range list {
		if l.Kind == "otp" {
			m, err := otp.OpenLetter(clear{}, l)
			w.must(err)
			w.must(w.store.Outbox().Done(w.t.Context(), l.ID))
			return m.Code
		}
	}
	w.t.Fatal("no code was sent")
	return ""
}

func (w *world) addContact(a account.Account, typed string) contact.Contact {
	w.t.Helper()
	asked, err := w.svc.AddContact(w.t.Context(), a, typed, "Phone 1")
	w.must(err)
	c, err := w.svc.ConfirmContact(w.t.Context(), a, asked.Contact.ID, "", w.codeSent())
	w.must(err)
	return c
}

func (w *world) usable() (out []string) {
	w.t.Helper()
	list, err := w.cfg.Contacts.Usable(w.t.Context(), w.person)
	w.must(err)
	for _, c := range list {
		out = append(out, c.Address)
	}
	return out
}

// A new contact is confirmed by a code and held five days before it may receive any;
// the old ones are told at once.
func TestNewContactIsHeld(t *testing.T) {
	w := newWorld(t)
	a, other := w.add(90*day), w.add(80*day)
	c := w.addContact(a, "New@Example.org")
	kinds, links := w.letters()
	w.same("letters", kinds, []string{"contact-added a1@example.org", "contact-added a2@example.org"})
	w.same("notices", w.notices(other.ID), []string{"contact-added " + c.ID})
	if len(links) != 2 {
		t.Errorf("%d links", len(links))
	}
	w.now = w.now.Add(contact.HoldFor - time.Second)
	w.same("while it is held", w.usable(), []string{"a1@example.org", "a2@example.org"})
	w.now = w.now.Add(time.Second)
	if got := w.usable(); !slices.Contains(got, "New@example.org") {
		t.Errorf("after five days: %q", got)
	}
	if again, err := w.svc.ConfirmContact(t.Context(), a, c.ID, "", "000000"); err != nil || again.State != contact.Confirmed {
		t.Errorf("said again: %+v, %v", again, err)
	}
}

// The old contact can stop a new one with one tap; the thief's address is erased.
func TestOldContactStopsANewOne(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	c := w.addContact(a, "thief@example.net")
	_, links := w.letters()
	_, err := w.svc.Tap(t.Context(), links[0][strings.LastIndex(links[0], "/")+1:])
	w.must(err)
	w.now = w.now.Add(contact.HoldFor)
	w.same("usable", w.usable(), []string{"a1@example.org"})
	rows, err := w.store.Contacts().OfPerson(t.Context(), c.Person)
	w.must(err)
	for _, r := range rows {
		if r.ID == c.ID && (r.State != contact.Stopped || len(r.Sealed) > 0) {
			t.Errorf("%s, %q", r.State, r.Sealed)
		}
	}
}

// A contact that a thief takes off still hears of it, and comes back by one tap.
func TestRemovedContactIsToldAndComesBack(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	w.addContact(a, "second@example.org")
	w.now = w.now.Add(contact.HoldFor)
	w.letters()
	first, err := w.cfg.Contacts.List(t.Context(), w.person)
	w.must(err)
	old := first[slices.IndexFunc(first, func(c contact.Contact) bool { return c.Address == "a1@example.org" })]
	_, err = w.svc.RemoveContact(t.Context(), a, old.ID, old.Rev+1)
	w.code("another revision", err, tunnus.CodeStateConflict)
	_, err = w.svc.RemoveContact(t.Context(), a, old.ID, old.Rev)
	w.must(err)
	w.same("usable", w.usable(), []string{"second@example.org"})
	kinds, links := w.letters()
	w.same("letters", kinds, []string{"contact-leaving a1@example.org", "contact-leaving second@example.org"})
	_, err = w.svc.Tap(t.Context(), links[0][strings.LastIndex(links[0], "/")+1:])
	w.must(err)
	w.same("usable after the tap", w.usable(), []string{"a1@example.org", "second@example.org"})
	list, err := w.cfg.Contacts.List(t.Context(), w.person)
	w.must(err)
	for i, c := range list {
		_, err := w.svc.RemoveContact(t.Context(), a, c.ID, c.Rev)
		if i == 0 {
			w.must(err)
		} else {
			w.code("the last one", err, tunnus.CodeStateConflict)
		}
	}
	w.now = w.now.Add(contact.HoldFor)
	if n, err := w.cfg.Contacts.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
	// The contact that is sealed with the account does not bring it back.
	w.same("in the end", w.usable(), []string{"second@example.org"})
}

// A wrong code costs a try, the third ends the attempt, however many are sent at once.
func TestContactCodeIsGuessed(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	asked, err := w.svc.AddContact(t.Context(), a, "new@example.org", "Phone 1")
	w.must(err)
	right := w.codeSent()
	wrong := "000000"
	if right == wrong {
		wrong = "000001"
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { _, _ = w.svc.ConfirmContact(t.Context(), a, asked.Contact.ID, "", wrong) })
	}
	all.Wait()
	for range 3 {
		_, _ = w.svc.ConfirmContact(t.Context(), a, asked.Contact.ID, "", wrong)
	}
	if _, err := w.svc.ConfirmContact(t.Context(), a, asked.Contact.ID, "", right); err == nil {
		t.Error("the right code was taken after many wrong ones")
	}
	w.same("usable", w.usable(), []string{"a1@example.org"})
}

// logins hands out the log-ins that are not noted, as cmd joins them.
type logins struct{ w *world }

func (l logins) Ended(ctx context.Context, limit int) ([]life.Use, error) {
	list, err := l.w.store.Life().Unnoted(ctx, l.w.now, limit)
	var out []life.Use
	for _, s := range list {
		out = append(out, life.Use{
			Session: s.ID, Person: l.w.person, Document: string(s.Detail), Service: "Bank", Text: "Log in to the bank",
			Result: string(s.End), At: s.Ended, NotMe: s.NotMe,
		})
	}
	return out, err
}

func (w *world) logins() life.Logins { return logins{w} }

// session puts a log-in there that has ended.
func (w *world) session(id string, a account.Account, end login.EndResult, notMe bool) {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	s := login.Session{
		ID: id, Rev: 1, Party: "p", Person: "x", Created: w.now, Expires: w.now.Add(time.Minute), Ended: w.now, State: login.Complete,
		End: end, NotMe: notMe, Detail: []byte(a.Document),
	}
	w.must(w.store.Logins().Create(w.t.Context(), s, w.now.Add(time.Second), 0, nil))
}

// K4: each use is told to the person's other devices, and stands in the history once.
func TestK4UsesAreToldElsewhere(t *testing.T) {
	w := newWorld(t)
	a, other := w.add(90*day), w.add(80*day)
	w.session("s1", a, "OK", false)
	w.session("s2", a, "NOT_ME", true)
	for range 2 {
		w.must(w.svc.Note(t.Context(), w.logins()))
	}
	w.same("on the other device", w.notices(other.ID), []string{"account-used login/s1", "account-used login/s2"})
	w.same("on this device", w.notices(a.ID), nil)
	kinds, _ := w.letters()
	w.same("letters", kinds, nil)
	list, _, more, err := w.cfg.History.Page(t.Context(), w.person, history.Place{}, 10, false)
	if err != nil || len(list) != 2 || more || list[1].Service != "Bank" || list[1].Text != "Log in to the bank" || list[0].Result != "NOT_ME" {
		t.Fatalf("%+v, %t, %v", list, more, err)
	}
	cases, err := w.store.Life().Cases(t.Context(), 10)
	if err != nil || len(cases) != 1 || cases[0].Kind != life.CaseNotMe || cases[0].Subject != "s2" {
		t.Errorf("cases: %+v, %v", cases, err)
	}
	w.must(w.svc.Forgiven(t.Context(), a, "s2", "Bank"))
	if cases, err := w.store.Life().Cases(t.Context(), 10); err != nil || len(cases) != 0 {
		t.Errorf("after it was taken back: %+v, %v", cases, err)
	}
	loud := w.cfg
	loud.WriteUses = true
	w.session("s3", a, "OK", false)
	w.must(life.New(loud).Note(t.Context(), w.logins()))
	kinds, _ = w.letters()
	w.same("letters, if the scheme wants them", kinds, []string{"account-used a1@example.org", "account-used a2@example.org"})
}

func TestPINChangeIsToldOnce(t *testing.T) {
	w := newWorld(t)
	a, other := w.add(90*day), w.add(80*day)
	for range 3 {
		w.must(w.svc.PINChanged(t.Context(), a, "key/2"))
	}
	kinds, _ := w.letters()
	w.same("letters", kinds, []string{"pin-changed a1@example.org", "pin-changed a2@example.org"})
	w.same("notices", w.notices(other.ID), []string{"pin-changed a1"})
	w.must(w.svc.Ack(t.Context(), other, []string{"pin-changed/pin/key/2", "nothing"}))
	w.same("notices that were shown", w.notices(other.ID), nil)
}

// A server that dies between the code and the contact takes the same request again,
// and only that.
func TestContactCodeSurvivesACrash(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	asked, err := w.svc.AddContact(t.Context(), a, "new@example.org", "Phone 1")
	w.must(err)
	code := w.codeSent()
	cfg := w.cfg
	cfg.Store = &dying{Store: w.cfg.Store}
	if _, err := life.New(cfg).ConfirmContact(t.Context(), a, asked.Contact.ID, "session/7", code); !errors.Is(err, errDied) {
		t.Fatalf("it did not die: %v", err)
	}
	_, err = w.svc.ConfirmContact(t.Context(), a, asked.Contact.ID, "session/8", code)
	w.code("another request", err, tunnus.CodeOTPOld)
	c, err := w.svc.ConfirmContact(t.Context(), a, asked.Contact.ID, "session/7", code)
	if err != nil || c.State != contact.Confirmed {
		t.Errorf("the same request: %+v, %v", c, err)
	}
}

// dying is a store that writes nothing.
type dying struct{ life.Store }

func (*dying) Commit(context.Context, life.Change) error { return errDied }
