package e2e

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/virtual/card/extension"
	"github.com/tunnus-id/tunnus/sandbox/visitor"
)

// shows waits for the code that the app shows, and for the number beside it.
func (w *walker) shows(t *testing.T) (code, counter string) {
	t.Helper()
	w.hears(t, "Your registration code")
	code = w.hears(t, "")
	_, rest, _ := strings.Cut(w.hears(t, "The portal shows this phone"), "the digits ")
	counter, _, _ = strings.Cut(rest, " ")
	return code, counter
}

// The ID-card way, with the portal's part done by a browser without a script: an
// account of level QUALIFIED, which is used.
func TestIDCardWay(t *testing.T) {
	s := startPortal(t)
	w := s.walker("ada", "ada.phone").types(map[string]string{"is-me": "yes"}).begin(t.Context(), "idcard", "new")
	code, counter := w.shows(t)
	err := s.visitor("ada").Register(t.Context(), visitor.Registration{Contact: "ada@example.test", OneTime: w.mailed, Code: code, Counter: counter})
	if err != nil {
		t.Fatal(err)
	}
	if made := w.arrives(t); made.State != "active" || made.Level != "QUALIFIED" || made.Name != "ADA MARIA SAMPLE" {
		t.Errorf("%+v", made)
	}
	if strings.Contains(strings.Join(w.asked, " "), "surname") {
		t.Errorf("the app asked for what the card says: %v", w.asked)
	}
	s.used(t, w)
	s.evident(t, w.made.Document, "idcard", "card-signed")
}

// R1, R7: whoever types a thief's code into the portal is asked in the app of the
// thief whether it is them; a no, and two portals with one code, end it.
func TestIDCardWayRefused(t *testing.T) {
	s := startPortal(t)
	t.Run("this is not me", func(t *testing.T) {
		w := s.walker("ada", "thief.phone").types(map[string]string{"is-me": "no"}).begin(t.Context(), "idcard", "new")
		code, counter := w.shows(t)
		ben := s.visitor("ben")
		if err := ben.Register(t.Context(), visitor.Registration{Contact: "ada@example.test", OneTime: w.mailed, Code: code, Counter: counter}); err != nil {
			t.Fatal(err)
		}
		w.fails(t, tunnus.CodeSesTerminated)
	})
	t.Run("two portals", func(t *testing.T) {
		w := s.walker("cleo", "cleo.phone").types(map[string]string{"is-me": "yes"}).begin(t.Context(), "idcard", "new")
		code, _ := w.shows(t)
		for i, name := range []string{"cleo", "dov"} {
			v := s.visitor(name)
			if err := s.upToCode(t, v, w); err != nil {
				t.Fatal(err)
			}
			err := v.Match(t.Context(), code)
			if i == 0 && err != nil || i == 1 && v.Heading() != "Stopped for your safety" {
				t.Errorf("%s: %v, at %q", name, err, v.Heading())
			}
		}
		w.fails(t, tunnus.CodeSesTerminated)
	})
	t.Run("a revoked card", func(t *testing.T) {
		if err := s.world.RevokeCard("eve"); err != nil {
			t.Fatal(err)
		}
		v := s.visitor("eve")
		if err := v.Login(t.Context()); err == nil || !strings.Contains(v.Said(), "not valid") {
			t.Errorf("%v: %s", err, v.Said())
		}
	})
}

// upToCode walks up to the page with the code.
func (s *server) upToCode(t *testing.T, v *visitor.Visitor, w *walker) error {
	t.Helper()
	if err := v.Login(t.Context()); err != nil {
		return err
	}
	if err := v.Answer(t.Context()); err != nil {
		return err
	}
	since := time.Now()
	if err := v.SendCode(t.Context(), w.person.Name+"@example.test"); err != nil {
		return err
	}
	code, err := w.mailed(t.Context(), since)
	if err != nil {
		return err
	}
	return v.ConfirmCode(t.Context(), code)
}

// The same in a browser, with the card behind its extension and the page's own script.
func TestIDCardWayInABrowser(t *testing.T) {
	ctx := extension.Browser(t) // first: without it, there is nothing to do
	s := startPortal(t)
	if _, err := extension.Attach(ctx, s.card("ada")); err != nil {
		t.Fatal(err)
	}
	w := s.walker("ada", "ada.phone").types(map[string]string{"is-me": "yes"}).begin(t.Context(), "idcard", "new")
	code, counter := w.shows(t)
	// on does something on the page with this heading, once it is there.
	on := func(heading, do string) (said string) {
		t.Helper()
		for range 300 {
			ready, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && !!document.querySelector("h1") && document.querySelector("h1").textContent === `+strconv.Quote(heading)))
			if err == nil && ready {
				if said, err = chromedp.Run(ctx, chromedp.Evaluate[string]("String("+do+")")); err == nil {
					return said
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		page, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
		t.Fatalf("no page %q; instead:\n%s", heading, page)
		return ""
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/portal/")); err != nil {
		t.Fatal(err)
	}
	on("Log in with your ID-card", `document.querySelector("main form").requestSubmit()`)
	since := time.Now()
	on("Three questions", `(document.querySelectorAll("fieldset").forEach(f => f.querySelector("input").click()), document.querySelector("main form").requestSubmit())`)
	on("Where we reach you", `(document.querySelector("#contact").value = "ada@example.test", document.querySelector("main form").requestSubmit())`)
	mail, err := w.mailed(t.Context(), since)
	if err != nil {
		t.Fatal(err)
	}
	on("Code from the message", `(document.querySelector("#otp").value = `+strconv.Quote(mail)+`, document.querySelector("main form").requestSubmit())`)
	on("Registration code", `(document.querySelector("#code").value = `+strconv.Quote(code)+`, document.querySelector("main form").requestSubmit())`)
	if got := on("Is this your phone?", `document.querySelector("dd.counter").textContent`); got != counter {
		t.Errorf("the page shows %s, the phone %s", got, counter)
	}
	on("Is this your phone?", `document.querySelector("main form").requestSubmit()`)
	on("Continue on your phone", `""`)
	if made := w.arrives(t); made.State != "active" || made.Level != "QUALIFIED" {
		t.Errorf("%+v", made)
	}
}

// R9: a guardian without an account consents with the ID-card at the portal, and no
// stranger can; the other guardian, who has an account, is told, and stops the child's.
func TestGuardianByCard(t *testing.T) {
	s := startPortal(t)
	ada := s.walker("ada", "ada.phone").begin(t.Context(), "passport", "new")
	ada.arrives(t)
	w := s.walker("ida", "ida.phone").begin(t.Context(), "passport", "new")
	w.link(t)
	for _, none := range []string{"ben", "dov"} {
		v := s.visitor(none)
		if err := v.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		ids, err := v.Children(t.Context())
		if err != nil || (len(ids) == 1) != (none == "dov") {
			t.Fatalf("%s sees %v, %v", none, ids, err)
		}
		if none == "ben" {
			continue
		}
		if err := v.Consent(t.Context(), ids[0]); err != nil {
			t.Fatal(err)
		}
	}
	made := w.arrives(t)
	if made.State != "active" || made.Name != "IDA SAMPLE" {
		t.Errorf("%+v", made)
	}
	s.used(t, w)
	s.evident(t, made.Document, "passport/child", "guardian")
	s.tap(s.mail("ada@example.test", "An account for a child"))
	until(t, "the child's account is frozen", func() bool { return w.state(t) == "frozen" })
}
