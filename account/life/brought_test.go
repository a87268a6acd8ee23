package life_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/store/retention"
)

// told are the addresses that hear of everything.
func (w *world) told() (out []string) {
	w.t.Helper()
	list, err := w.cfg.Contacts.All(w.t.Context(), w.person)
	w.must(err)
	for _, c := range list {
		out = append(out, c.Address)
	}
	return out
}

// contact is the one on file with an address, or of a row that has none any more.
func (w *world) contact(address string) contact.Contact {
	w.t.Helper()
	list, err := w.cfg.Contacts.List(w.t.Context(), w.person)
	w.must(err)
	i := slices.IndexFunc(list, func(c contact.Contact) bool { return c.Address == address })
	if i < 0 {
		w.t.Fatalf("%q is not on file", address)
	}
	return list[i]
}

func (w *world) tap(link string) {
	w.t.Helper()
	_, err := w.svc.Tap(w.t.Context(), link[strings.LastIndex(link, "/")+1:])
	w.must(err)
}

// with makes an account whose registration has confirmed an address.
func with(address string) func(*account.Account) {
	return func(a *account.Account) { a.Contact, _ = clear{}.Seal([]byte(address), a.ContactPlace()) }
}

// A thief with phone and PIN1 takes a contact off, and "adds" it again: it is told of
// everything all the same, and comes back by one tap.
func TestLeavingContactIsNotSilencedByAddingIt(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	w.addContact(a, "thief@example.net")
	w.now = w.now.Add(contact.HoldFor)
	w.letters()
	mine := w.contact("a1@example.org")
	_, err := w.svc.RemoveContact(t.Context(), a, mine.ID, mine.Rev)
	w.must(err)
	_, links := w.letters()
	_, err = w.svc.AddContact(t.Context(), a, "A1@example.org", "Phone")
	w.code("added while it leaves", err, tunnus.CodeStateConflict)
	w.same("told while it leaves", w.told(), []string{"a1@example.org", "thief@example.net"})
	w.tap(links[0])
	w.same("usable after the tap", w.usable(), []string{"a1@example.org", "thief@example.net"})
	mine = w.contact("a1@example.org")
	_, err = w.svc.RemoveContact(t.Context(), a, mine.ID, mine.Rev)
	w.must(err)
	w.now = w.now.Add(contact.HoldFor)
	_, err = w.cfg.Contacts.Sweep(t.Context())
	w.must(err)
	w.letters()
	w.addContact(a, "a1@example.org") // once it is off, it is a new one
	w.same("usable", w.usable(), []string{"thief@example.net"})
}

// Taking a new contact off, and bringing it back, does not make it one that was proved
// five days ago: off it is gone.
func TestHeldContactIsNotFreedByTakingItOff(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	c := w.addContact(a, "thief@example.net")
	for range 2 {
		gone, err := w.svc.RemoveContact(t.Context(), a, c.ID, c.Rev)
		if err != nil || gone.State != contact.Stopped {
			t.Errorf("%s, %v", gone.State, err)
		}
		w.must(w.svc.StopContact(t.Context(), a, c.ID))
	}
	w.same("told", w.told(), []string{"a1@example.org"})
	w.now = w.now.Add(contact.HoldFor)
	w.same("usable after five days", w.usable(), []string{"a1@example.org"})
}

// What a thief's registration has brought goes with the account once it turns out to be
// fraud, be it on its way out, and has no tap left to come back by.
func TestFraudTakesItsContactsAlong(t *testing.T) {
	w := newWorld(t)
	root := w.add(90 * day)
	fraud := w.add(80*day, with("thief@example.net"))
	child := w.add(80*day, with("thief@example.net"), func(a *account.Account) { a.VouchedBy = fraud.ID })
	over := w.add(80*day, with("second@example.net"), func(a *account.Account) { a.VouchedBy = fraud.ID })
	w.add(70*day, with("shared@example.org"))
	w.add(75*day, with("shared@example.org"), func(a *account.Account) { a.VouchedBy = fraud.ID })
	w.addContact(root, "added@example.org")
	w.now = w.now.Add(contact.HoldFor)
	_, err := w.svc.Close(t.Context(), over.ID, by(over))
	w.must(err)
	w.letters()
	leaving := w.contact("second@example.net")
	_, err = w.svc.RemoveContact(t.Context(), root, leaving.ID, leaving.Rev)
	w.must(err)
	_, links := w.letters()
	w.must(w.svc.Fraud(t.Context(), fraud.ID, desk))
	w.must(w.svc.Run(t.Context()))
	w.stands(fraud.ID, account.Revoked)
	w.stands(child.ID, account.Revoked)
	own := []string{"a1@example.org", "shared@example.org", "added@example.org"}
	for _, l := range links {
		_, err := w.svc.Tap(t.Context(), l[strings.LastIndex(l, "/")+1:])
		w.must(err)
	}
	w.same("told", w.told(), own)
	w.same("usable", w.usable(), own)
	for _, id := range []string{fraud.ID, child.ID, over.ID} {
		if len(w.get(id).Contact) > 0 {
			t.Errorf("%s holds the thief's address", id)
		}
	}
}

// Nothing comes of the contact of an account that was fraud from the first, that ended
// otherwise before it was known, or that never was in use.
func TestNothingIsAdoptedFromAFraud(t *testing.T) {
	for name, end := range map[string]func(*world, account.Account){
		"revoked": func(*world, account.Account) {},
		"closed": func(w *world, a account.Account) {
			_, err := w.svc.Close(w.t.Context(), a.ID, by(a))
			w.must(err)
		},
	} {
		w := newWorld(t)
		fraud := w.add(day, with("thief@example.net"))
		end(w, fraud)
		w.must(w.svc.Fraud(t.Context(), fraud.ID, desk))
		w.now = w.now.Add(6 * day)
		w.same(name+": usable", w.usable(), nil)
		w.same(name+": told", w.told(), nil)
	}
	w := newWorld(t)
	w.add(day, with("thief@example.net"), func(a *account.Account) { a.State, a.ActiveAt = account.Closed, time.Time{} })
	w.same("never in use: told", w.told(), nil)
}

// An account of which somebody said "not me" brings no address that codes go to, as long
// as that stands; the old one, which it froze in its turn, keeps its own.
func TestContactOfADoubtedAccountIsHeld(t *testing.T) {
	w := newWorld(t)
	old := w.add(90 * day)
	thief := w.add(0, replacing(old, false))
	w.must(w.svc.Activated(t.Context(), thief.ID))
	_, err := w.svc.Freeze(t.Context(), thief.ID, byDevice(old))
	w.must(err)
	_, err = w.svc.Freeze(t.Context(), old.ID, byDevice(thief))
	w.must(err)
	w.must(w.svc.Run(t.Context()))
	w.now = w.now.Add(10 * day)
	w.stands(thief.ID, account.Disputed)
	w.same("disputed", w.usable(), []string{"a1@example.org"})
	w.same("told", w.told(), []string{"a1@example.org", "a2@example.org"})
	_, err = w.svc.Close(t.Context(), thief.ID, life.By{Means: life.BySupport, Actor: "officer-1"})
	w.must(err)
	w.same("closed while it was disputed", w.usable(), []string{"a1@example.org"})
	w.must(w.svc.StopContact(t.Context(), old, w.contact("a2@example.org").ID))
	w.same("stopped without a PIN", w.told(), []string{"a1@example.org"})

	w = newWorld(t)
	first := w.add(time.Hour)
	_, err = w.svc.Freeze(t.Context(), first.ID, life.By{Means: life.ByPortal})
	w.must(err)
	w.same("the first one, frozen with the card", w.usable(), nil)
	w.now = w.now.Add(account.FreezeFor)
	w.must(w.svc.Run(t.Context()))
	w.same("thawed", w.usable(), []string{"a1@example.org"})
	_, err = w.svc.Close(t.Context(), first.ID, by(first))
	w.must(err)
	w.same("closed later", w.usable(), []string{"a1@example.org"})
}

// A contact that was taken off is forgotten after 13 months, and comes back from nowhere:
// the account that was registered with it has forgotten it too.
func TestRemovedContactStaysAwayWhenForgotten(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	w.addContact(a, "second@example.org")
	w.now = w.now.Add(contact.HoldFor)
	old := w.contact("a1@example.org")
	_, err := w.svc.RemoveContact(t.Context(), a, old.ID, old.Rev)
	w.must(err)
	if len(w.get(a.ID).Contact) > 0 {
		t.Error("the account holds the address that was taken off")
	}
	w.now = w.now.Add(contact.HoldFor)
	_, err = w.cfg.Contacts.Sweep(t.Context())
	w.must(err)
	w.now = w.now.AddDate(0, 14, 0)
	_, err = retention.Job{Database: w.store.Database(), Keep: scheme.Nordic().Retention, Clock: w.cfg.Clock}.Run(t.Context())
	w.must(err)
	rows, err := w.store.Contacts().OfPerson(t.Context(), old.Person)
	if err != nil || len(rows) != 1 {
		t.Errorf("%d rows left, %v", len(rows), err)
	}
	w.same("14 months later", w.told(), []string{"second@example.org"})
}

// What a thief's account added with its PIN1 goes with it like what its registration
// brought, and is held while the account is in doubt.
func TestFraudTakesAlongWhatItAdded(t *testing.T) {
	w := newWorld(t)
	old := w.add(90 * day)
	thief := w.add(0, with("thief@example.net"))
	w.must(w.svc.Activated(t.Context(), thief.ID))
	w.addContact(thief, "second@example.net")
	_, err := w.svc.Freeze(t.Context(), thief.ID, byDevice(old))
	w.must(err)
	w.now = w.now.Add(10 * day)
	w.same("in doubt", w.usable(), []string{"a1@example.org"})
	w.must(w.svc.Fraud(t.Context(), thief.ID, desk))
	w.same("told", w.told(), []string{"a1@example.org"})
}

// A freeze late in its 72 hours is one, and a block behind it does not end the doubt.
func TestBlockDoesNotEndTheDoubt(t *testing.T) {
	w := newWorld(t)
	old := w.add(90 * day)
	thief := w.add(70*time.Hour, with("thief@example.net"))
	_, err := w.svc.Freeze(t.Context(), thief.ID, byDevice(old))
	w.must(err)
	w.now = w.now.Add(10 * time.Hour)
	_, err = w.svc.Block(t.Context(), thief.ID, life.By{Means: life.ByPortal})
	w.must(err)
	w.now = w.now.Add(10 * day)
	w.must(w.svc.Run(t.Context()))
	w.stands(thief.ID, account.Blocked)
	w.same("blocked while it was frozen", w.usable(), []string{"a1@example.org"})
}

// An address that was stopped, taken off or never confirmed is on file again once a later
// registration has proved it, held like any other; an older account says nothing new.
func TestProvedAgainComesBack(t *testing.T) {
	for name, over := range map[string]func(w *world, a account.Account){
		"pending": func(w *world, a account.Account) {
			_, err := w.svc.AddContact(w.t.Context(), a, "mine@example.org", "Phone 1")
			w.must(err)
		},
		"stopped": func(w *world, a account.Account) {
			w.must(w.svc.StopContact(w.t.Context(), a, w.addContact(a, "mine@example.org").ID))
		},
		"a fraud's": func(w *world, _ account.Account) {
			f := w.add(80*day, with("mine@example.org"))
			w.must(w.svc.Fraud(w.t.Context(), f.ID, desk))
			w.told()
		},
		"leaving": func(w *world, a account.Account) {
			w.addContact(a, "mine@example.org")
			w.now = w.now.Add(contact.HoldFor)
			c := w.contact("mine@example.org")
			_, err := w.svc.RemoveContact(w.t.Context(), a, c.ID, c.Rev)
			w.must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.add(90 * day)
			w.same("at first", w.told(), []string{"a1@example.org"})
			over(w, a)
			w.now = w.now.Add(time.Minute)
			w.add(30*day, with("mine@example.org")) // as a backup has it
			if slices.Contains(w.usable(), "mine@example.org") {
				t.Error("an older account has brought it back")
			}
			w.now = w.now.Add(time.Hour)
			w.add(0, with("mine@example.org"))
			w.same("told", w.told(), []string{"a1@example.org", "mine@example.org"})
			w.same("held", w.usable(), []string{"a1@example.org"})
			w.now = w.now.Add(contact.HoldFor)
			w.same("usable", w.usable(), []string{"a1@example.org", "mine@example.org"})
		})
	}
}
