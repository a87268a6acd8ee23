package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	virtual "github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/document/virtual/card/extension"
	"github.com/tunnus-id/tunnus/need"
)

// A tab is a person at a keyboard: there is no mouse.
type tab struct {
	*world
	*extension.Extension
	ctx   context.Context
	axe   string
	shots int
}

// axeFile is the checker of accessibility: npm ci --ignore-scripts in folder axe.
const axeFile = "axe/node_modules/axe-core/axe.min.js"

func newTab(t *testing.T) *tab {
	t.Helper()
	ctx := extension.Browser(t) // first: without it, there is nothing to do
	b, err := os.ReadFile(axeFile)
	if err != nil {
		need.Missing(t, "no axe-core (npm ci --ignore-scripts in web/portal/axe)")
	}
	w := newWorld(t)
	e, err := extension.Attach(ctx, w.ada)
	must(t, "extension", err)
	s := &tab{world: w, Extension: e, ctx: ctx, axe: string(b)}
	must(t, "open", chromedp.Do(ctx, chromedp.Navigate(w.origin+Path)))
	return s
}

// js runs an expression in the page.
func js[T any](s *tab, expression string) T {
	s.t.Helper()
	out, err := chromedp.Run(s.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		s.t.Fatalf("%.80s: %v", expression, err)
	}
	return out
}

// at waits for a page by its heading. Its focus must begin at the heading, or at what
// went wrong; its title, language and accessibility are checked.
func (s *tab) at(heading string, mishap bool) {
	s.t.Helper()
	const look = `(() => { const a = document.activeElement, h = document.querySelector("h1");
		return {ready: document.readyState === "complete", heading: h ? h.textContent : "", focus: a ? a.className || a.tagName : "", title: document.title, lang: document.documentElement.lang,
			mishap: document.querySelector(".mishap") !== null}; })()`
	var p struct {
		Ready, Mishap               bool
		Heading, Focus, Title, Lang string
	}
	want := "H1"
	if mishap {
		want = "mishap"
	}
	for range 200 {
		out, err := chromedp.Run(s.ctx, chromedp.Evaluate[json.RawMessage](look))
		if err == nil && json.Unmarshal(out, &p) == nil && p.Ready && p.Heading == heading && p.Mishap == mishap && p.Focus == want {
			break
		}
		time.Sleep(50 * time.Millisecond) // it is on its way
	}
	s.shoot(heading)
	if p.Heading != heading || p.Mishap != mishap || p.Focus != want || p.Lang != "en" || !strings.Contains(p.Title, heading) || mishap != strings.HasPrefix(strings.TrimSpace(p.Title), "That did not work") {
		s.t.Fatalf("%q expected (mishap %v): %+v; log:\n%s", heading, mishap, p, s.log.String())
	}
	s.accessible(heading)
}

// accessible lets axe-core look at the page.
func (s *tab) accessible(heading string) {
	s.t.Helper()
	js[bool](s, s.axe+"\n;true")
	type violation struct {
		ID    string
		Help  string
		Nodes []struct{ HTML string }
	}
	for _, v := range js[[]violation](s, `axe.run(document).then(r => r.violations)`) {
		s.t.Errorf("%s: axe-core: %s: %s: %v", heading, v.ID, v.Help, v.Nodes)
	}
}

// shoot keeps a picture of the page, where somebody wants to look at it.
func (s *tab) shoot(name string) {
	s.t.Helper()
	dir := os.Getenv("TUNNUS_SHOTS")
	if dir == "" {
		return
	}
	s.shots++
	png, err := chromedp.Run(s.ctx, chromedp.FullScreenshot(100))
	must(s.t, "screenshot", err)
	must(s.t, "screenshot", os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%02d-%s.png", s.t.Name(), s.shots, strings.NewReplacer(" ", "-", "?", "").Replace(name))), png, 0o600))
}

func (s *tab) press(keys string) {
	s.t.Helper()
	must(s.t, "key", chromedp.Do(s.ctx, chromedp.KeyEvent(keys)))
}

// to goes with the tab key to what an expression about the element a finds.
func (s *tab) to(expression string) {
	s.t.Helper()
	for range 40 {
		s.press("\t")
		if js[bool](s, "(a => !!("+expression+"))(document.activeElement)") {
			return
		}
	}
	s.t.Fatalf("no key leads to %s", expression)
}

// enter goes to a button by its words and presses it.
func (s *tab) enter(words string) {
	s.t.Helper()
	s.to(fmt.Sprintf(`a.tagName === "BUTTON" && a.textContent.trim() === %q`, words))
	s.press("\r")
}

// fill goes to a field and types.
func (s *tab) fill(id, text string) {
	s.t.Helper()
	s.to(fmt.Sprintf("a.id === %q", id))
	s.press(text)
}

// answers picks one answer of each question.
func (s *tab) answers(list ...string) {
	s.t.Helper()
	for _, id := range list {
		name, _, _ := strings.Cut(id, ":")
		s.to(fmt.Sprintf("a.name === %q", name))
		if strings.HasSuffix(id, ":2") {
			s.press(" " + kb.ArrowDown)
		} else {
			s.press(" ")
		}
	}
}

// The whole way by keyboard alone, each page without a violation.
func TestKeyboardAndAccessibility(t *testing.T) {
	s := newTab(t)
	s.at("Log in with your ID-card", false)
	s.enter("Log in with the ID-card")
	s.at("Three questions", false)
	s.answers("own-phone", "guided", "terms")
	s.enter("Continue")
	s.at("Where we reach you", false)
	s.fill("contact", "5123")
	s.press("\r")
	s.at("Where we reach you", true)
	s.fill("contact", "ada@mail.example") // in the place of what was typed before, which is still there and selected
	s.press("\r")
	s.at("Code from the message", false)
	code, err := s.sheets.last(t.Context(), time.Now())
	must(t, "last", err)
	s.fill("otp", code)
	if got := js[string](s, `document.activeElement.autocomplete`); got != "one-time-code" {
		t.Errorf("the field of the one-time code has autocomplete %q", got)
	}
	s.press("\r")
	s.at("Registration code", false)
	s.fill("code", "22222222")
	s.press("\r")
	s.at("Registration code", true)
	s.fill("code", strings.ToLower(s.world.code("sitting")))
	s.press("\r")
	s.at("Is this your phone?", false)
	s.enter("It is my phone: sign with PIN2")
	s.at("Continue on your phone", false)
	if _, ok, err := s.cards.Outcome(t.Context(), "sitting", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"); !ok || err != nil {
		t.Errorf("Outcome: %v, %v", ok, err)
	}
	s.to(`a.textContent === "My accounts"`)
	s.press("\r")
	s.at("My accounts", false)
	s.to(`a.textContent.startsWith("Block")`)
	s.press("\r")
	s.at("My accounts", false)
	s.to(`a.textContent === "History"`)
	s.press("\r")
	s.at("History", false)
	s.enter("Log out")
	s.at("You are logged out", false)
}

// What the card, its reader or its person does wrong is told, and can be tried again.
func TestCardTrouble(t *testing.T) {
	s := newTab(t)
	s.Set(extension.Absent)
	s.at("Log in with your ID-card", false)
	s.enter("Log in with the ID-card")
	s.says("absent")
	s.Set(extension.Working)
	s.Sit(virtual.User{Cancels: true})
	s.enter("Ask the card")
	s.says("cancelled")
	s.Insert(s.ada)
	s.ada.Misbehave(virtual.OtherNonce)
	s.enter("Ask the card")
	s.at("Log in with your ID-card", true)
	s.ada.Misbehave()
	s.enter("Log in with the ID-card")
	s.at("Three questions", false)
	s.answers("own-phone", "guided:2", "terms")
	s.enter("Continue")
	s.at("Stopped for your safety", false)
}

// says waits for a line about the card.
func (s *tab) says(which string) {
	s.t.Helper()
	for range 100 {
		if js[bool](s, fmt.Sprintf(`(p => !!p && !p.hidden)(document.querySelector('[data-status=%q]'))`, which)) {
			s.shoot(which)
			s.accessible(which)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("the page does not say that the card is %s", which)
}
