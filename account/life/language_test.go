package life_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// tongues takes the letters that wait, as kinds with their languages.
func (w *world) tongues() (out []string) {
	w.t.Helper()
	list, err := w.store.Outbox().Pending(w.t.Context(), time.Now().Add(time.Hour), 100)
	w.must(err)
	for _, l := range list {
		m, err := otp.OpenLetter(clear{}, l)
		w.must(err)
		out = append(out, l.Kind+" "+m.Language)
		w.must(w.store.Outbox().Done(w.t.Context(), l.ID))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// estonian is an account of somebody who speaks Estonian.
func estonian(a *account.Account) { a.Language = "et" }

// Every letter to an Estonian holder is in Estonian: the code of a new contact too.
func TestEveryLetterIsInTheLanguageOfTheHolder(t *testing.T) {
	bothEngines(t, func(w *world) {
		a, b := w.add(90*day, estonian), w.add(80*day, estonian)
		ctx := w.t.Context()
		_, err := w.svc.AddContact(ctx, a, "new@example.org", "Phone 1")
		w.must(err)
		w.same("code", w.tongues(), []string{"otp et"})
		by := life.By{Means: life.ByAccount, Actor: a.ID}
		for _, c := range []struct {
			kind tell.Kind
			do   func() error
		}{
			{tell.Blocked, func() error { _, err := w.svc.Block(ctx, b.ID, by); return err }},
			{tell.Unblocked, func() error { _, err := w.svc.Unblock(ctx, b.ID, by); return err }},
			{tell.PIN, func() error { return w.svc.PINChanged(ctx, a, "key/2") }},
			{tell.Held, func() error { _, err := w.svc.Elsewhere(ctx, a, tell.Held, a.ID, ""); return err }},
			{tell.Renamed, func() error { _, err := w.svc.Elsewhere(ctx, a, tell.Renamed, a.ID, "2027-01-01"); return err }},
		} {
			w.must(c.do())
			w.same(string(c.kind), w.tongues(), []string{string(c.kind) + " et"})
		}
		w.now = a.ExpiresAt.Add(-59 * day)
		w.must(w.svc.Run(ctx))
		w.same("reminder", w.tongues(), []string{"account-expires et"})
	})
}

// The holder chooses the language of all letters; a young account, perhaps a thief's,
// only that of its own, and until it is grown its older sister's word counts.
func TestWhoChoosesTheLanguage(t *testing.T) {
	w := newWorld(t)
	a, b, young := w.add(90*day, estonian), w.add(80*day), w.add(time.Hour)
	w.code("one that is not spoken", w.svc.Speak(t.Context(), a, "fi"), tunnus.CodeBadRequest)
	w.must(w.svc.Speak(t.Context(), young, "da"))
	w.must(w.svc.Speak(t.Context(), young, "da")) // said again
	w.same("by the young one", []string{w.get(a.ID).Language, w.get(b.ID).Language, w.get(young.ID).Language}, []string{"et", "en", "da"})
	_, err := w.svc.Block(t.Context(), young.ID, life.By{Means: life.ByAccount, Actor: a.ID})
	w.must(err)
	w.same("about the young one", w.tongues(), []string{"account-blocked et"})
	w.must(w.svc.Speak(t.Context(), w.get(a.ID), "ru"))
	w.same("by an old one", []string{w.get(a.ID).Language, w.get(b.ID).Language, w.get(young.ID).Language}, []string{"ru", "ru", "ru"})
	events, err := w.store.Audit().Events(t.Context(), young.ID)
	w.must(err)
	said := 0
	for _, e := range events {
		if e.Kind == "account.language" {
			said++
		}
	}
	if said != 2 {
		t.Errorf("%d lines in the audit log; want 2", said)
	}
}

// What happens by other hands is told once and stands in the history; another name in
// the register is told each time.
func TestElsewhereIsToldOnce(t *testing.T) {
	w := newWorld(t)
	a := w.add(90 * day)
	for range 2 {
		_, err := w.svc.Elsewhere(t.Context(), a, tell.Held, a.ID, "")
		w.must(err)
	}
	kinds, _ := w.letters()
	w.same("letters", kinds, []string{"account-held a1@example.org"})
	list, _, _, err := w.cfg.History.Page(t.Context(), w.person, history.Place{}, 10, true)
	w.must(err)
	if len(list) != 1 || list[0].Kind != history.Freeze || list[0].Result != "held" {
		t.Errorf("%+v", list)
	}
	if n, err := w.svc.Elsewhere(t.Context(), a, tell.Renamed, a.ID, "2027-01-01"); n != 1 || err != nil {
		t.Errorf("%d letters, %v", n, err)
	}
}
