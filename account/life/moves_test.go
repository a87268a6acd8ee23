package life_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
)

func by(actor account.Account) life.By { return life.By{Means: life.ByAccount, Actor: actor.ID} }

var desk = life.By{Means: life.BySupport, Actor: "officer-1", Second: "officer-2"}

func TestBlockALostDevice(t *testing.T) {
	w := newWorld(t)
	lost, other := w.add(90*day), w.add(80*day)
	_, err := w.svc.Block(t.Context(), lost.ID, by(other))
	w.must(err)
	w.stands(lost.ID, account.Blocked)
	w.stands(other.ID, account.Active)
	kinds, links := w.letters()
	w.same("letters", kinds, []string{"account-blocked a1@example.org", "account-blocked a2@example.org"})
	w.same("links", links, nil)
	w.same("notices of the lost one", w.notices(lost.ID), []string{"account-blocked a1"})
	w.same("notices of the other", w.notices(other.ID), nil)
	_, err = w.svc.Block(t.Context(), lost.ID, by(other))
	w.must(err) // again
	if kinds, _ := w.letters(); len(kinds) > 0 {
		t.Errorf("blocked twice: %q", kinds)
	}
	_, err = w.svc.Unblock(t.Context(), lost.ID, by(other))
	w.must(err)
	w.stands(lost.ID, account.Active)
}

// The thief who has the phone, and its PIN, cannot unblock it; nor can anybody by
// one tap, by one of the staff, or by the account of somebody else.
func TestWhoMayUnblock(t *testing.T) {
	w := newWorld(t)
	lost, other := w.add(90*day), w.add(80*day)
	weak := w.add(70*day, func(a *account.Account) { a.Level = tunnus.Advanced })
	stopped := w.add(70*day, func(a *account.Account) { a.State = account.Frozen })
	stranger := w.add(70*day, func(a *account.Account) { a.Person, _ = tunnus.ParsePersonCode("XX", otherPerson) })
	_, err := w.svc.Block(t.Context(), lost.ID, by(lost))
	w.code("blocking itself", err, tunnus.CodeStateConflict)
	_, err = w.svc.Block(t.Context(), lost.ID, by(other))
	w.must(err)
	w.now = w.now.Add(time.Hour)
	late := w.add(0) // got after the phone was blocked
	for name, c := range map[string]struct {
		by   life.By
		want tunnus.Code
	}{
		"the device itself":  {by(lost), tunnus.CodeStateConflict},
		"another's key only": {life.By{Means: life.ByDevice, Actor: other.ID}, tunnus.CodeStateConflict},
		"a link":             {life.By{Means: life.ByLetter}, tunnus.CodeStateConflict},
		"one of the staff":   {life.By{Means: life.BySupport, Actor: "officer-1"}, tunnus.CodeStateConflict},
		"the same twice":     {life.By{Means: life.BySupport, Actor: "officer-1", Second: "officer-1"}, tunnus.CodeStateConflict},
		"a weaker account":   {by(weak), tunnus.CodeStateConflict},
		"a frozen account":   {by(stopped), tunnus.CodeStateConflict},
		"a new account":      {by(late), tunnus.CodeStateConflict},
		"somebody else":      {by(stranger), tunnus.CodeNotFound},
		"nobody":             {life.By{}, tunnus.CodeStateConflict},
		"an old proof":       {life.By{Means: life.ByAccount, Actor: other.ID, Rev: 1}, tunnus.CodeStateConflict},
	} {
		_, err := w.svc.Unblock(t.Context(), lost.ID, c.by)
		w.code(name, err, c.want)
		w.stands(lost.ID, account.Blocked)
	}
	for name, proof := range map[string]life.By{"card": {Means: life.ByPortal}, "staff": desk} {
		a, err := w.svc.Unblock(t.Context(), lost.ID, proof)
		if err != nil || a.State != account.Active {
			t.Errorf("%s: %s, %v", name, a.State, err)
		}
		_, err = w.svc.Block(t.Context(), lost.ID, by(other))
		w.must(err)
	}
	w.now = w.now.Add(80 * time.Hour)
	_, err = w.svc.Unblock(t.Context(), lost.ID, by(late)) // no longer young
	w.must(err)
}

// K14: a hold because of a copy is not lifted by anybody; a block does not hide it.
func TestK14HoldOfACopyIsNeverLifted(t *testing.T) {
	w := newWorld(t)
	a, other := w.add(90*day), w.add(80*day)
	_, err := w.svc.Block(t.Context(), a.ID, by(other))
	w.must(err)
	accounts := account.NewService(w.store.Accounts(), w.cfg.Clock)
	_, err = accounts.Apply(t.Context(), a.ID, account.Suspend, tunnus.CodeAccCloned)
	w.must(err)
	for _, proof := range []life.By{by(other), {Means: life.ByPortal}, desk} {
		_, err := w.svc.Unblock(t.Context(), a.ID, proof)
		w.code("unblock", err, tunnus.CodeStateConflict)
		_, err = w.svc.Settle(t.Context(), a.ID, proof)
		w.code("settle", err, tunnus.CodeStateConflict)
	}
	w.now = w.now.Add(100 * day)
	w.must(w.svc.Run(t.Context()))
	w.stands(a.ID, account.Suspended)
}

func TestClose(t *testing.T) {
	w := newWorld(t)
	a, other := w.add(90*day), w.add(80*day)
	_, err := w.svc.Close(t.Context(), a.ID, by(a)) // PIN1 of the account itself
	w.must(err)
	w.stands(a.ID, account.Closed)
	if got := w.halves.certs[a.ID]; got != "ended cessationOfOperation" {
		t.Logf("certificates: %q", got)
	}
	w.same("notices", w.notices(other.ID), []string{"account-ended a1"})
	_, err = w.svc.Close(t.Context(), a.ID, by(a))
	w.must(err) // again
	// What was done with it stays, and is seen with the other account.
	list, _, _, err := w.cfg.History.Page(t.Context(), w.person, history.Place{}, 10, false)
	if err != nil || len(list) != 1 || list[0].Kind != history.End || list[0].Document != a.Document {
		t.Errorf("history: %+v, %v", list, err)
	}
}

// R3: closing one for fraud closes its descendants, and nobody else; rings and long
// chains have an end.
func TestR3VouchedDescendantsClose(t *testing.T) {
	w := newWorld(t)
	vouched := func(id string) func(*account.Account) {
		return func(a *account.Account) { a.VouchedBy, a.Proofed = id, account.ByAccount }
	}
	root, bystander := w.add(90*day), w.add(90*day)
	child := w.add(80*day, vouched(root.ID))
	second := w.add(80*day, vouched(root.ID), func(a *account.Account) { a.State = account.Blocked })
	grandchild := w.add(70*day, vouched(child.ID))
	ring := w.add(70*day, func(a *account.Account) { a.VouchedBy = a.ID })
	w.code("one of the staff", w.svc.Fraud(t.Context(), root.ID, life.By{Means: life.BySupport, Actor: "officer-1"}), tunnus.CodeStateConflict)
	w.must(w.svc.Fraud(t.Context(), root.ID, desk))
	w.must(w.svc.Fraud(t.Context(), ring.ID, desk))
	w.must(w.svc.Run(t.Context()))
	for _, a := range []account.Account{root, child, second, grandchild, ring} {
		w.stands(a.ID, account.Revoked)
	}
	w.stands(bystander.ID, account.Active)
}

// One that ended before it was known to be fraud takes its descendants along too.
func TestR3FraudFoundLater(t *testing.T) {
	w := newWorld(t)
	root := w.add(90 * day)
	child := w.add(80*day, func(a *account.Account) { a.VouchedBy = root.ID })
	_, err := w.svc.Close(t.Context(), root.ID, by(root))
	w.must(err)
	w.must(w.svc.Fraud(t.Context(), root.ID, desk))
	w.stands(root.ID, account.Closed)
	w.stands(child.ID, account.Revoked)
}

// A process dies at every call to keys and certificates: what is left is done by the
// next round, and everybody was told once.
func TestBlockSurvivesEveryCrash(t *testing.T) {
	for dies := 1; dies <= 4; dies++ {
		w := newWorld(t)
		lost, other := w.add(90*day), w.add(80*day)
		w.halves.dies = dies
		_, err := w.svc.Block(t.Context(), lost.ID, by(other))
		if (err != nil) != (dies <= 3) {
			t.Fatalf("%d: %v", dies, err)
		}
		w.must(w.svc.Run(t.Context()))
		w.stands(lost.ID, account.Blocked)
		if kinds, _ := w.letters(); len(kinds) != 2 {
			t.Errorf("%d: letters %q", dies, kinds)
		}
	}
}

// Two nodes block and unblock the same account at once, again and again: in the end
// keys and certificates stand as the account does.
func TestTwoNodesMoveOneAccount(t *testing.T) {
	bothEngines(t, func(w *world) {
		lost, other := w.add(90*day), w.add(80*day)
		nodes := []*life.Service{life.New(w.cfg), life.New(w.cfg)}
		var all sync.WaitGroup
		for i, n := range nodes {
			all.Go(func() {
				for range 20 {
					if i == 0 {
						_, _ = n.Block(w.t.Context(), lost.ID, by(other))
					} else {
						_, _ = n.Unblock(w.t.Context(), lost.ID, by(other))
					}
				}
			})
		}
		all.Wait()
		w.must(w.svc.Run(w.t.Context()))
		w.stands(lost.ID, w.get(lost.ID).State)
	})
}

// Two nodes close one account at once: it is closed once, and told once.
func TestTwoNodesCloseOneAccount(t *testing.T) {
	bothEngines(t, func(w *world) {
		a := w.add(90 * day)
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() { _, _ = life.New(w.cfg).Close(w.t.Context(), a.ID, by(a)) })
		}
		all.Wait()
		w.must(w.svc.Run(w.t.Context()))
		w.stands(a.ID, account.Closed)
		kinds, _ := w.letters()
		w.same("letters", kinds, []string{"account-ended a1@example.org"})
	})
}
