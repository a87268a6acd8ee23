package portal

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/account/history"
)

// A guardian's consent by keyboard alone: found in the list, compared, signed with the
// card; then another one is refused. Each page is without a violation.
func TestConsentByKeyboard(t *testing.T) {
	s := newTab(t)
	id := s.asks("sitting", time.Now().Add(time.Hour))
	s.at("Log in with your ID-card", false)
	s.enter("Log in with the ID-card")
	s.at("Three questions", false)
	s.follow("My children")
	s.at("My children", false)
	s.follow("Look at it and answer")
	s.at("An account for your child?", false)
	if got := js[string](s, `document.querySelector("dd.counter").textContent`); got != "42" {
		t.Errorf("the page shows the number %q", got)
	}
	s.enter("I agree: sign with PIN2")
	s.at("My children", false)
	if _, ok, err := s.said("sitting"); !ok || err != nil {
		t.Errorf("the sitting hears %v, %v", ok, err)
	}
	if ev, err := s.confirm.Evidence(t.Context(), id); len(ev) == 0 || err != nil {
		t.Errorf("no evidence: %v", err)
	}
	s.asks("another", time.Now().Add(time.Hour))
	s.follow("My children")
	s.at("My children", false)
	s.follow("Look at it and answer")
	s.at("An account for your child?", false)
	s.family.set(func() { s.family.dead = true })
	s.enter("I agree: sign with PIN2")
	s.at("My children", true)
	s.family.set(func() { s.family.dead = false })
	s.follow("My children")
	s.at("My children", false)
	s.follow("Look at it and answer")
	s.at("An account for your child?", false)
	s.enter("I do not agree: end this registration")
	s.at("My children", false)
	for i, e := range []history.Entry{{Kind: history.Login, Service: "Utopia Bank", Text: "Log in", Result: "USER_REFUSED"}, {Kind: history.Freeze, Text: "portal", Result: "frozen"}} {
		e.ID, e.At, e.Document = string(rune('a'+i)), time.Now().Add(-time.Hour), "PNOXX-199002140011-ABCD-Q"
		must(t, "Note", s.history.Note(t.Context(), person(t, 1), e))
	}
	s.follow("History")
	s.at("History", false)
	s.follow("My accounts")
	s.at("My accounts", false)
	s.enter("This account is not mine: stop it PNOXX-199002140011-ABCD-Q")
	s.at("My accounts", false)
	if len(s.accounts.done) != 1 || s.accounts.done[0] != "freeze 0123456789abcdef0123456789abcdef by portal" {
		t.Errorf("done: %v", s.accounts.done)
	}
}

// follow goes to a link by its words and follows it.
func (s *tab) follow(words string) {
	s.t.Helper()
	s.to(`a.tagName === "A" && a.textContent.trim().startsWith("` + words + `")`)
	s.press("\r")
}
