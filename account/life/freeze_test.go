package life_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
)

func byDevice(a account.Account) life.By { return life.By{Means: life.ByDevice, Actor: a.ID} }

func fresh(a *account.Account) { a.Told = false }

// replacing makes an account that takes the place of another.
func replacing(old account.Account, agreed bool) func(*account.Account) {
	return func(a *account.Account) {
		a.Told, a.Replaces, a.Agreed, a.Purpose = false, old.ID, agreed, account.ForRenewal
	}
}

// R1: every channel that was known hears of a new account, and one tap in a letter
// freezes it for 72 hours.
func TestR1OneTapFreezesANewAccount(t *testing.T) {
	w := newWorld(t)
	old := w.add(90 * day)
	thief := w.add(0, fresh)
	w.must(w.svc.Activated(t.Context(), thief.ID))
	kinds, links := w.letters()
	w.same("letters", kinds, []string{"account-new a1@example.org"})
	w.same("notices", w.notices(old.ID), []string{"account-new a2"})
	w.same("notices on the new device", w.notices(thief.ID), nil)
	w.must(w.svc.Activated(t.Context(), thief.ID))
	if again, _ := w.letters(); len(again) > 0 {
		t.Errorf("told twice: %q", again)
	}
	token := links[0][strings.LastIndex(links[0], "/")+1:]
	if l, err := w.svc.Look(t.Context(), token); err != nil || l.Used {
		t.Fatalf("%+v, %v", l, err)
	}
	w.stands(thief.ID, account.Active) // a look freezes nothing
	_, err := w.svc.Tap(t.Context(), token)
	w.must(err)
	w.stands(thief.ID, account.Frozen)
	w.now = w.now.Add(account.FreezeFor - time.Second)
	w.must(w.svc.Run(t.Context()))
	w.stands(thief.ID, account.Frozen)
	_, err = w.svc.Tap(t.Context(), token)
	w.must(err) // again: nothing
	w.now = w.now.Add(time.Second)
	w.must(w.svc.Run(t.Context()))
	w.stands(thief.ID, account.Active)
	_, err = w.svc.Tap(t.Context(), token)
	w.code("a link past its time", err, tunnus.CodeNotFound)
	cases, err := w.store.Life().Cases(t.Context(), 10)
	if err != nil || len(cases) != 1 || cases[0].Kind != life.CaseFrozen {
		t.Errorf("cases: %+v, %v", cases, err)
	}
}

// A new account that is held for a day because phone and portal were far from each
// other is frozen by a tap all the same: for the whole time, with a case.
func TestR1TapFreezesAnAccountThatIsHeld(t *testing.T) {
	w := newWorld(t)
	w.add(90 * day)
	thief := w.add(0, fresh, func(a *account.Account) {
		a.State, a.StoppedAt, a.FrozenUntil = account.Frozen, w.now, w.now.Add(24*time.Hour)
	})
	w.must(w.svc.Activated(t.Context(), thief.ID))
	_, links := w.letters()
	token := links[0][strings.LastIndex(links[0], "/")+1:]
	_, err := w.svc.Tap(t.Context(), token)
	w.must(err)
	for range 2 { // again: nothing
		_, err = w.svc.Tap(t.Context(), token)
		w.must(err)
	}
	w.now = w.now.Add(account.FreezeFor - time.Second)
	w.must(w.svc.Run(t.Context()))
	w.stands(thief.ID, account.Frozen)
	w.now = w.now.Add(time.Second)
	w.must(w.svc.Run(t.Context()))
	w.stands(thief.ID, account.Active)
	if cases, err := w.store.Life().Cases(t.Context(), 10); err != nil || len(cases) != 1 || cases[0].Kind != life.CaseFrozen {
		t.Errorf("cases: %+v, %v", cases, err)
	}
}

func TestLinksThatAreNone(t *testing.T) {
	w := newWorld(t)
	for _, token := range []string{"", "a", strings.Repeat("A", 43), strings.Repeat("A", 44), "../../etc", strings.Repeat("é", 43)} {
		_, err := w.svc.Tap(t.Context(), token)
		w.code(token, err, tunnus.CodeNotFound)
	}
	if tell.HashOf(strings.Repeat("A", 43)) == "" {
		t.Error("32 bytes are no token")
	}
}

func TestWhoMayFreeze(t *testing.T) {
	w := newWorld(t)
	old := w.add(90 * day)
	blocked := w.add(90*day, func(a *account.Account) { a.State = account.Blocked })
	stranger := w.add(90*day, func(a *account.Account) { a.Person, _ = tunnus.ParsePersonCode("XX", otherPerson) })
	young := w.add(time.Hour)
	for name, c := range map[string]struct {
		target, actor account.Account
		want          tunnus.Code
	}{
		"an old one by a new one": {old, young, tunnus.CodeStateConflict},
		"by a blocked one":        {young, blocked, tunnus.CodeStateConflict},
		"by itself":               {young, young, tunnus.CodeStateConflict},
		"by somebody else":        {young, stranger, tunnus.CodeNotFound},
	} {
		_, err := w.svc.Freeze(t.Context(), c.target.ID, byDevice(c.actor))
		w.code(name, err, c.want)
	}
	_, err := w.svc.Freeze(t.Context(), young.ID, byDevice(old))
	w.must(err)
	w.stands(young.ID, account.Frozen)
	w.now = w.now.Add(account.FreezeFor)
	w.must(w.svc.Run(t.Context()))
	_, err = w.svc.Freeze(t.Context(), young.ID, byDevice(old)) // no longer young
	w.code("for ever", err, tunnus.CodeStateConflict)
}

// Whoever has no other device freezes a new account with the card at the portal; one
// that is not new is blocked there, and frozen by nobody.
func TestCardFreezesANewAccount(t *testing.T) {
	w := newWorld(t)
	old, young := w.add(90*day), w.add(time.Hour)
	portal := life.By{Means: life.ByPortal}
	_, err := w.svc.Freeze(t.Context(), old.ID, portal)
	w.code("an old one", err, tunnus.CodeStateConflict)
	for range 2 {
		a, err := w.svc.Freeze(t.Context(), young.ID, portal)
		w.must(err)
		if !a.FrozenUntil.Equal(w.now.Add(account.FreezeFor)) {
			t.Errorf("frozen until %s", a.FrozenUntil)
		}
	}
	w.stands(young.ID, account.Frozen)
	kinds, _ := w.letters()
	w.same("letters", kinds, []string{"account-frozen a1@example.org", "account-frozen a2@example.org"})
	_, err = w.svc.Unblock(t.Context(), young.ID, portal)
	w.code("unblocked at once", err, tunnus.CodeStateConflict)
}

// A link that was used does nothing more, also when the desk has set the account free
// within its 72 hours.
func TestLinkIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	old := w.add(90 * day)
	renewed := w.add(0, replacing(old, false))
	w.must(w.svc.Activated(t.Context(), renewed.ID))
	_, links := w.letters()
	token := links[0][strings.LastIndex(links[0], "/")+1:]
	_, err := w.svc.Tap(t.Context(), token)
	w.must(err)
	_, err = w.svc.Freeze(t.Context(), old.ID, byDevice(renewed))
	w.must(err)
	_, err = w.svc.Settle(t.Context(), renewed.ID, desk)
	w.must(err)
	_, err = w.svc.Tap(t.Context(), token)
	w.must(err)
	w.stands(renewed.ID, account.Active)
}

// R4: with the confirmation of the old device, the old account is closed at once,
// after the new one is active and everybody was told.
func TestR4AgreedReplacement(t *testing.T) {
	w := newWorld(t)
	old := w.add(90 * day)
	renewed := w.add(0, replacing(old, true))
	w.must(w.svc.Activated(t.Context(), renewed.ID))
	w.stands(old.ID, account.Closed)
	w.stands(renewed.ID, account.Active)
	w.same("notices", w.notices(old.ID), []string{"account-ended a1", "account-replaced a2"})
	if a := w.get(old.ID); a.ReplacedBy != renewed.ID || !strings.HasPrefix(w.halves.certs[old.ID], "ended") {
		t.Errorf("%+v", a)
	}
}

// R4: without it the old account stays for 72 hours and can freeze the new one; both
// frozen, the desk decides, and time does nothing.
func TestR4BothFrozenGoToTheDesk(t *testing.T) {
	w := newWorld(t)
	old := w.add(90 * day)
	renewed := w.add(0, replacing(old, false))
	w.must(w.svc.Activated(t.Context(), renewed.ID))
	w.now = w.now.Add(71 * time.Hour)
	w.must(w.svc.Run(t.Context()))
	w.stands(old.ID, account.Active)
	_, err := w.svc.Freeze(t.Context(), renewed.ID, byDevice(old))
	w.must(err)
	w.now = w.now.Add(2 * time.Hour)
	w.must(w.svc.Run(t.Context()))
	w.stands(old.ID, account.Active) // the new one is stopped: the old one is not closed
	_, err = w.svc.Freeze(t.Context(), old.ID, byDevice(renewed))
	w.must(err)
	w.now = w.now.Add(200 * time.Hour)
	w.must(w.svc.Run(t.Context()))
	w.stands(old.ID, account.Disputed)
	w.stands(renewed.ID, account.Disputed)
	_, err = w.svc.Settle(t.Context(), old.ID, life.By{Means: life.BySupport, Actor: "one"})
	w.code("two eyes", err, tunnus.CodeStateConflict)
	_, err = w.svc.Settle(t.Context(), old.ID, desk)
	w.must(err)
	_, err = w.svc.Freeze(t.Context(), old.ID, byDevice(renewed))
	w.code("the other phone goes on with what the desk has ended", err, tunnus.CodeStateConflict)
	w.stands(old.ID, account.Active)
	w.must(w.svc.Fraud(t.Context(), renewed.ID, desk))
	w.now = w.now.Add(2 * time.Hour)
	w.must(w.svc.Run(t.Context()))
	w.stands(old.ID, account.Active) // and stays so: what was to replace it has ended
	w.stands(renewed.ID, account.Revoked)
	if a := w.get(old.ID); !a.RetireAt.IsZero() {
		t.Errorf("it is still to be closed at %v", a.RetireAt)
	}
}

func TestR4UnagreedReplacementTakes72Hours(t *testing.T) {
	w := newWorld(t)
	old := w.add(90*day, func(a *account.Account) { a.State = account.Blocked }) // the phone was lost
	renewed := w.add(0, replacing(old, false))
	w.must(w.svc.Run(t.Context())) // nobody called: the job finds it
	for _, at := range []time.Duration{0, life.RetireAfter - time.Second} {
		w.now = renewed.ActiveAt.Add(at)
		w.must(w.svc.Run(t.Context()))
		if s := w.get(old.ID).State; s != account.Blocked {
			t.Fatalf("after %v: %s", at, s)
		}
	}
	w.now = renewed.ActiveAt.Add(life.RetireAfter)
	w.must(w.svc.Run(t.Context()))
	w.stands(old.ID, account.Closed)
	w.stands(renewed.ID, account.Active)
}

// Old and new device freeze each other at the same moment, on two nodes.
func TestR4TwoNodesFreezeEachOther(t *testing.T) {
	for range 3 {
		bothEngines(t, func(w *world) {
			old := w.add(90 * day)
			renewed := w.add(0, replacing(old, false))
			w.must(w.svc.Activated(w.t.Context(), renewed.ID))
			var all sync.WaitGroup
			for a, actor := range map[string]account.Account{old.ID: renewed, renewed.ID: old} {
				all.Go(func() { _, _ = life.New(w.cfg).Freeze(w.t.Context(), a, byDevice(actor)) })
			}
			all.Wait()
			w.now = w.now.Add(account.FreezeFor)
			w.must(w.svc.Run(w.t.Context()))
			w.stands(old.ID, account.Disputed)
			w.stands(renewed.ID, account.Disputed)
		})
	}
}

// However often a replacement is called, on however many nodes, it is told once.
func TestTwoNodesReplaceOnce(t *testing.T) {
	bothEngines(t, func(w *world) {
		old := w.add(90 * day)
		renewed := w.add(0, replacing(old, true))
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() { _ = life.New(w.cfg).Activated(w.t.Context(), renewed.ID) })
		}
		all.Wait()
		w.must(w.svc.Run(w.t.Context()))
		w.stands(old.ID, account.Closed)
		kinds, _ := w.letters()
		w.same("letters", kinds, []string{"account-ended a1@example.org", "account-ended a2@example.org", "account-replaced a1@example.org"})
	})
}

// One that dies at every call in a replacement leaves it to the next round.
func TestReplacementSurvivesEveryCrash(t *testing.T) {
	for dies := 1; dies <= 3; dies++ {
		w := newWorld(t)
		old := w.add(90 * day)
		renewed := w.add(0, replacing(old, true))
		w.halves.dies = dies
		if err := w.svc.Activated(t.Context(), renewed.ID); err == nil {
			t.Fatalf("%d: it did not die", dies)
		}
		w.must(w.svc.Run(t.Context()))
		w.stands(old.ID, account.Closed)
		w.stands(renewed.ID, account.Active)
	}
}

// Each reminder goes out once for its date, however many look, and a late one does
// not follow a later one.
func TestReminders(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	at := func(before time.Duration) []string {
		w.now = a.ExpiresAt.Add(-before)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { _ = life.New(w.cfg).Run(t.Context()) })
		}
		all.Wait()
		w.must(w.svc.Run(t.Context()))
		kinds, _ := w.letters()
		return kinds
	}
	once := []string{"account-expires a1@example.org"}
	w.same("61 days before", at(61*day), nil)
	w.same("60 days before", at(60*day), once)
	w.same("50 days before", at(50*day), nil)
	w.same("72 hours before", at(72*time.Hour), once)
	w.same("an hour before", at(time.Hour), nil)
	late := newWorld(t)
	b := late.add(90 * day)
	late.now = b.ExpiresAt.Add(-time.Hour) // the server was down for two months
	late.must(late.svc.Run(t.Context()))
	kinds, _ := late.letters()
	late.same("late", kinds, once)
}

// An account whose years are over ends with its keys and certificates.
func TestExpiredAccountsEnd(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	w.now = a.ExpiresAt
	_, err := account.NewService(w.store.Accounts(), w.cfg.Clock).ExpireDue(t.Context(), w.store.Accounts())
	w.must(err)
	w.must(w.svc.Run(t.Context()))
	w.stands(a.ID, account.Expired)
}
