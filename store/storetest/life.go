package storetest

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

// LifePorts are what package account/life needs, over one database.
type LifePorts struct {
	life.Store
	Accounts account.Store
	Contacts contact.Store
	History  history.Store
	Cases    func() ([]life.Case, error)
}

func aRow(id string, second int) history.Row {
	return history.Row{Person: "p", ID: id, At: check.At(second), Account: "a", Kind: history.Login, Service: "bank", Sealed: []byte{0, 1, 2}}
}

func aChange(a account.Account) life.Change {
	return life.Change{
		Accounts: []account.Account{a},
		Contacts: []contact.Row{{Person: "p", ID: "c", Kind: address.Email, State: contact.Pending, Sealed: []byte{7}, Since: check.At(1), Account: "brought"}},
		Entries:  []history.Row{aRow("h", 2)},
		Cases:    []life.Case{{ID: "case", Kind: life.CaseFrozen, Account: a.ID, Subject: "s", OpenedAt: check.At(3)}},
		Told: tell.Told{
			Notices: []tell.Notice{{ID: "n", Account: a.ID, Kind: tell.New, At: check.At(4), About: "b"}},
			Letters: []otp.Letter{{ID: "l" + a.ID, Kind: string(tell.New), Channel: address.Email, Sealed: []byte{1}}},
			Taps:    []tell.Tap{{Hash: "t" + a.ID, Purpose: tell.FreezeAccount, Account: a.ID, Target: "b", ExpiresAt: check.At(100)}},
		},
		Events: check.Event("account.move", a.ID),
	}
}

// Life tests an implementation of [life.Store], [contact.Store] and [history.Store].
func Life(t *testing.T, fresh func(t *testing.T) check.Fixture[LifePorts]) {
	t.Run("a change is written whole", func(t *testing.T) {
		f := fresh(t)
		a := anAccount(t, "a", 0)
		check.Must(t, "Commit", f.Port().Commit(t.Context(), aChange(a)))
		f.Reopen()
		a.Rev = 1
		got, err := f.Port().Accounts.Get(t.Context(), "a")
		check.Same(t, "account", got, err, a)
		rows, err := f.Port().Contacts.OfPerson(t.Context(), "p")
		check.Same(t, "contacts", rows, err, []contact.Row{{Person: "p", ID: "c", Kind: address.Email, State: contact.Pending, Sealed: []byte{7}, Since: check.At(1), Account: "brought", Rev: 1}})
		page, err := f.Port().History.Page(t.Context(), "p", history.Place{}, 10, false)
		check.Same(t, "history", page, err, []history.Row{aRow("h", 2)})
		notices, err := f.Port().Notices(t.Context(), "a", 10)
		check.Same(t, "notices", notices, err, []tell.Notice{{ID: "n", Account: "a", Kind: tell.New, At: check.At(4), About: "b"}})
		tap, err := f.Port().Tap(t.Context(), "ta")
		check.Same(t, "link", tap, err, tell.Tap{Hash: "ta", Purpose: tell.FreezeAccount, Account: "a", Target: "b", ExpiresAt: check.At(100)})
		cases, err := f.Port().Cases()
		check.Same(t, "cases", cases, err, []life.Case{{ID: "case", Kind: life.CaseFrozen, Account: "a", Subject: "s", OpenedAt: check.At(3)}})
		check.Events(t, f, "a", "account.move")
		if n := f.Letters(); n != 1 {
			t.Errorf("%d letters", n)
		}
		_, err = f.Port().Tap(t.Context(), "other")
		check.Code(t, "another link", err, tunnus.CodeNotFound)
	})
	t.Run("or not at all", func(t *testing.T) { nothing(t, fresh(t)) })
	t.Run("once is once", func(t *testing.T) { once(t, fresh(t)) })
	t.Run("a link is used once", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Commit", f.Port().Commit(t.Context(), aChange(anAccount(t, "a", 0))))
		tap := tell.Tap{Hash: "ta", UsedAt: check.At(50)}
		check.One(t, "use", func(int) error { return f.Port().Commit(t.Context(), life.Change{Tap: &tap}) })
		got, err := f.Port().Tap(t.Context(), "ta")
		if check.Must(t, "Tap", err); !got.UsedAt.Equal(tap.UsedAt) {
			t.Errorf("used at %v", got.UsedAt)
		}
	})
	t.Run("queues", func(t *testing.T) { queues(t, fresh(t)) })
	t.Run("pages of the history", func(t *testing.T) { historyPages(t, fresh(t)) })
	t.Run("notices wait until they were shown", func(t *testing.T) { acks(t, fresh(t)) })
}

// nothing: a change of which one row has moved leaves nothing behind.
func nothing(t *testing.T, f check.Fixture[LifePorts]) {
	check.Must(t, "Commit", f.Port().Commit(t.Context(), aChange(anAccount(t, "a", 0))))
	stale := aChange(anAccount(t, "b", 0))
	stale.Contacts[0].Rev, stale.Contacts[0].ID = 9, "c"
	stale.Told.Notices[0].Account, stale.Cases[0].ID, stale.Entries[0].ID = "b", "other", "other"
	check.Code(t, "a contact that moved", f.Port().Commit(t.Context(), stale), tunnus.CodeStateConflict)
	_, err := f.Port().Accounts.Get(t.Context(), "b")
	check.Code(t, "the account beside it", err, tunnus.CodeNotFound)
	page, err := f.Port().History.Page(t.Context(), "p", history.Place{}, 10, true)
	if check.Must(t, "Page", err); len(page) != 1 {
		t.Errorf("%d entries", len(page))
	}
	check.Events(t, f, "b")
	if n := f.Letters(); n != 1 {
		t.Errorf("%d letters", n)
	}
	check.Code(t, "a log-in that is not there", f.Port().Commit(t.Context(), life.Change{Sessions: []string{"none"}}), tunnus.CodeStateConflict)
}

// once: a change whose entry is there is not written a second time, by whomever.
func once(t *testing.T, f check.Fixture[LifePorts]) {
	for i := range 3 {
		c := life.Change{
			Once: "h", Entries: []history.Row{aRow("h", 2)},
			Told: tell.Told{Letters: []otp.Letter{{ID: fmt.Sprint(i), Kind: string(tell.PIN), Channel: address.Email, Sealed: []byte{1}}}},
		}
		check.Must(t, "Commit", f.Port().Commit(t.Context(), c))
	}
	if n := f.Letters(); n != 1 {
		t.Errorf("%d letters", n)
	}
}

func queues(t *testing.T, f check.Fixture[LifePorts]) {
	set := func(id string, change func(a *account.Account)) {
		a := anAccount(t, id, 0)
		a.State, a.ActiveAt, a.Told, a.Reminded = account.Active, check.At(1), true, 2
		change(&a)
		check.Must(t, "Save", f.Port().Accounts.Save(t.Context(), a, nil))
	}
	set("behind", func(a *account.Account) { a.Behind, a.State = true, account.Closed })
	set("untold", func(a *account.Account) { a.Told = false })
	set("thawing", func(a *account.Account) { a.State, a.FrozenUntil = account.Frozen, check.At(50) })
	set("retiring", func(a *account.Account) { a.RetireAt = check.At(50) })
	set("remind", func(a *account.Account) { a.Reminded, a.ExpiresAt = 0, check.At(50) })
	set("last", func(a *account.Account) { a.Reminded, a.ExpiresAt = 1, check.At(50) })
	set("vouched", func(a *account.Account) { a.VouchedBy = "root" })
	set("vouched-over", func(a *account.Account) { a.VouchedBy, a.State = "root", account.Revoked })
	set("vouched-fraud", func(a *account.Account) { a.VouchedBy, a.State, a.Fraud = "root", account.Revoked, true })
	for q, want := range map[life.Queue]string{
		life.Behind: "[behind]", life.Untold: "[untold]", life.Thawing: "[thawing]", life.Retiring: "[retiring]",
		life.Remind: "[remind]", life.Last: "[last remind]", life.Vouched: "[vouched vouched-over]",
	} {
		after := ""
		if q == life.Vouched {
			after = "root"
		}
		for at, want := range map[int]string{50: want, 49: map[bool]string{true: want, false: "[]"}[q == life.Behind || q == life.Untold || q == life.Vouched]} {
			ids, err := f.Port().List(t.Context(), q, check.At(at), after, 10)
			if check.Must(t, string(q), err); fmt.Sprint(ids) != want {
				t.Errorf("%s at %d: %v; want %s", q, at, ids, want)
			}
		}
	}
	ids, err := f.Port().List(t.Context(), life.Behind, check.At(0), "behind", 10)
	if check.Must(t, "List", err); len(ids) != 0 {
		t.Errorf("behind the last one: %v", ids)
	}
}

func historyPages(t *testing.T, f check.Fixture[LifePorts]) {
	var rows []history.Row
	for i := range 7 {
		r := aRow(fmt.Sprintf("h%d", i), i/2) // two at a time
		if i%2 == 0 {
			r.Service = "shop"
		}
		rows = append(rows, r)
	}
	other := aRow("h0", 9)
	other.Person = "q"
	check.Must(t, "Add", f.Port().History.Add(t.Context(), append(rows, other)))
	check.Must(t, "Add again", f.Port().History.Add(t.Context(), rows))
	read := func(all bool) (ids string) {
		var from history.Place
		for {
			page, err := f.Port().History.Page(t.Context(), "p", from, 2, all)
			check.Must(t, "Page", err)
			for _, r := range page {
				ids += r.ID[1:]
				if r.Hidden {
					ids += "-"
				}
				from = history.Place{At: r.At, ID: r.ID}
			}
			if len(page) < 2 {
				return ids
			}
		}
	}
	for _, step := range []struct {
		do        func() error
		seen, all string
	}{
		{func() error { return nil }, "6543210", "6543210"},
		{func() error { return f.Port().History.Hide(t.Context(), "p", "h3", true) }, "654210", "6543-210"},
		{func() error { return f.Port().History.HideService(t.Context(), "p", "shop", true) }, "51", "6-54-3-2-10-"},
		{func() error { return f.Port().History.Hide(t.Context(), "p", "h3", false) }, "531", "6-54-32-10-"},
		{func() error { return f.Port().History.HideService(t.Context(), "p", "shop", false) }, "6543210", "6543210"},
	} {
		check.Must(t, "step", step.do())
		if seen, all := read(false), read(true); seen != step.seen || all != step.all {
			t.Errorf("seen %q, all %q; want %q, %q", seen, all, step.seen, step.all)
		}
	}
	check.Code(t, "another's entry", f.Port().History.Hide(t.Context(), "r", "h0", true), tunnus.CodeNotFound)
}

func acks(t *testing.T, f check.Fixture[LifePorts]) {
	list := []tell.Notice{
		{ID: "2", Account: "a", Kind: tell.New, At: check.At(1), About: "x"},
		{ID: "1", Account: "a", Kind: tell.Used, At: check.At(2), About: "x"},
		{ID: "1", Account: "b", Kind: tell.Used, At: check.At(2), About: "x"},
	}
	for range 2 { // told twice is told once
		check.Must(t, "Commit", f.Port().Commit(t.Context(), life.Change{Told: tell.Told{Notices: list}}))
	}
	got, err := f.Port().Notices(t.Context(), "a", 10)
	check.Same(t, "Notices", got, err, list[:2])
	check.Must(t, "Ack", f.Port().Ack(t.Context(), "a", []string{"1", "none"}, check.At(5)))
	got, err = f.Port().Notices(t.Context(), "a", 10)
	check.Same(t, "the other", got, err, list[:1])
	got, err = f.Port().Notices(t.Context(), "b", 10)
	check.Same(t, "another's", got, err, list[2:])
	check.Must(t, "told again", f.Port().Commit(t.Context(), life.Change{Told: tell.Told{Notices: list}}))
	got, err = f.Port().Notices(t.Context(), "a", 10)
	check.Same(t, "after it was told again", got, err, list[:1])
}
