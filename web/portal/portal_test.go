package portal

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/sandbox/visitor"
)

func tlsOf(roots *x509.CertPool) *tls.Config { return &tls.Config{RootCAs: roots} }

func (w *world) registration(session string) visitor.Registration {
	return visitor.Registration{Contact: "ada@mail.example", OneTime: w.sheets.last, Code: w.code(session), Counter: "42"}
}

// The whole way through the pages, without a script.
func TestRegistration(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.ada)
	must(t, "Register", v.Register(t.Context(), w.registration("sitting")))
	if got := v.Heading(); got != "Continue on your phone" {
		t.Errorf("it ends at %q", got)
	}
	o, ok, err := w.cards.Outcome(t.Context(), "sitting", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
	if err != nil || !ok || o.Person != person(t, 1) || o.Contact != "ada@mail.example" || o.Hold {
		t.Errorf("Outcome = %+v, %v, %v", o, ok, err)
	}
}

// The page before the signature shows all that R1 wants, and the text is there to
// the byte.
func TestR1CheckPage(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.ada)
	r := w.registration("sitting")
	must(t, "Login", v.Login(t.Context()))
	must(t, "Answer", v.Answer(t.Context()))
	must(t, "SendCode", v.SendCode(t.Context(), "+372 5123 4567"))
	code, _ := w.sheets.last(t.Context(), time.Now())
	must(t, "ConfirmCode", v.ConfirmCode(t.Context(), code))
	must(t, "Match", v.Match(t.Context(), strings.ToLower(r.Code)))
	for _, part := range []string{"Utopia Phone 7", "local network", ">42<", "QUALIFIED", "ADA MARIA SAMPLE", "9f86d081884c7d65", "60303ae22b998861", "fd61a03af4f77d87", "is stealing your identity"} {
		if !strings.Contains(v.Page().Body, part) {
			t.Errorf("the page does not show %q", part)
		}
	}
	if text := v.Text(); !strings.Contains(text, "Device key: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n") {
		t.Errorf("the text on the page: %q", text)
	}
}

// The contacts on file are on no page before the card has proved the person, and
// masked after it.
func TestR5NoMaskBeforeTheCard(t *testing.T) {
	w := newWorld(t)
	w.onFile = true
	c := w.contacts
	a := mail(t, "ada@mail.example")
	row := c.New(person(t, 1), a)
	row.State = "confirmed"
	sealed, err := c.Row(row)
	must(t, "Row", err)
	must(t, "Save", c.Store.Save(t.Context(), sealed, nil))
	v := w.visit(w.ada)
	for _, path := range []string{"/portal/", "/portal/step", "/portal/accounts", "/portal/history"} {
		must(t, path, v.Get(t.Context(), path))
		if strings.Contains(v.Page().Body, a.Mask()) {
			t.Errorf("%s shows a contact to everybody", path)
		}
	}
	must(t, "Login", v.Login(t.Context()))
	must(t, "Answer", v.Answer(t.Context()))
	if body := v.Page().Body; !strings.Contains(body, a.Mask()) || strings.Contains(body, "ada@mail.example") {
		t.Error("the contact is not there, or not masked")
	}
	must(t, "SendCode", v.SendCode(t.Context(), ""))
	code, err := w.sheets.last(t.Context(), time.Now())
	must(t, "last", err)
	must(t, "ConfirmCode", v.ConfirmCode(t.Context(), code))
}

// Cookie and session are new after the log-in and after pairing; the old ones open
// nothing.
func TestR7SessionRotatesAtPairing(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.ada)
	cookie := func() string { return v.Cookie(Cookie) }
	must(t, "start", v.Post(t.Context(), "/portal/login/start"))
	before := cookie()
	must(t, "Login", v.Login(t.Context()))
	in := cookie()
	must(t, "Answer", v.Answer(t.Context()))
	must(t, "SendCode", v.SendCode(t.Context(), "ada@mail.example"))
	code, _ := w.sheets.last(t.Context(), time.Now())
	must(t, "ConfirmCode", v.ConfirmCode(t.Context(), code))
	if cookie() != in {
		t.Error("the cookie changes without need")
	}
	must(t, "Match", v.Match(t.Context(), w.code("sitting")))
	if now := cookie(); now == in || in == before || now == "" {
		t.Errorf("the cookie was %q, %q, %q", before, in, now)
	}
	req, _ := http.NewRequest(http.MethodGet, w.origin+"/portal/step", nil)
	req.AddCookie(&http.Cookie{Name: Cookie, Value: in})
	resp, err := w.bare().Do(req)
	must(t, "with the old cookie", err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/portal/?over=1" {
		t.Errorf("the old cookie still opens something: %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
}

// Each answer that speaks of coercion ends at the help.
func TestCoercionStops(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.ada)
	must(t, "Login", v.Login(t.Context()))
	must(t, "answer", v.Post(t.Context(), "/portal/step/answer", "own-phone", "yes", "guided", "yes", "terms", "yes"))
	if v.Heading() != "Stopped for your safety" || !strings.Contains(v.Page().Body, "end the call") {
		t.Errorf("it goes on at %q", v.Heading())
	}
	must(t, "step", v.Get(t.Context(), "/portal/step"))
	if v.Heading() != "Log in with your ID-card" {
		t.Errorf("still logged in, at %q", v.Heading())
	}
}

// What is wrong is told on the page where it can be mended.
func TestFailuresAreToldOnThePage(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.ada)
	w.refused("a token of nobody", firstly(v.Post(t.Context(), "/portal/login/start"), v.Post(t.Context(), "/portal/login", "token", "{}")), http.StatusUnprocessableEntity)
	must(t, "Login", v.Login(t.Context()))
	w.refused("a question without an answer", v.Post(t.Context(), "/portal/step/answer", "own-phone", "yes"), http.StatusBadRequest)
	must(t, "Answer", v.Answer(t.Context()))
	w.refused("no contact", v.SendCode(t.Context(), "5123 4567"), http.StatusBadRequest)
	must(t, "SendCode", v.SendCode(t.Context(), "ada@mail.example"))
	w.refused("a wrong one-time code", v.ConfirmCode(t.Context(), "000000"), http.StatusUnprocessableEntity)
	code, _ := w.sheets.last(t.Context(), time.Now())
	must(t, "ConfirmCode", v.ConfirmCode(t.Context(), code))
	err := v.Match(t.Context(), "22222222")
	w.refused("nobody's code", err, http.StatusUnprocessableEntity)
	if said := v.Said(); !strings.Contains(said, "4") || !strings.Contains(v.Page().Body, `href="#code"`) {
		t.Errorf("it does not say how many tries are left, or where: %s", said)
	}
	if log := w.log.String(); strings.Contains(log, "SAMPLE") || strings.Contains(log, "ada@") || strings.Contains(log, "1990") || strings.Contains(log, "22222222") {
		t.Errorf("the log tells of the person:\n%s", log)
	}
}

// What fails once a phone's code was typed is told under the reference of that phone's
// registration; before that, and for a stranger who types it too, under one of its own.
func TestReferenceOfTheRegistration(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.ada)
	want := sitting.Reference("sitting")
	must(t, "Login", v.Login(t.Context()))
	must(t, "Answer", v.Answer(t.Context()))
	w.refused("no contact", v.SendCode(t.Context(), "5123 4567"), http.StatusBadRequest)
	if strings.Contains(v.Said(), want) {
		t.Errorf("known before the code was typed: %s", v.Said())
	}
	must(t, "SendCode", v.SendCode(t.Context(), "ada@mail.example"))
	code, _ := w.sheets.last(t.Context(), time.Now())
	must(t, "ConfirmCode", v.ConfirmCode(t.Context(), code))
	must(t, "Match", v.Match(t.Context(), w.code("sitting")))
	w.refused("no such step", v.Post(t.Context(), "/portal/step/nothing"), http.StatusNotFound)
	if !strings.Contains(v.Said(), want) {
		t.Errorf("told: %q; want %s", v.Said(), want)
	}
	second := w.visit(w.issue(2, "BEN", "SAMPLE")) // a second person has the code: both end
	must(t, "Login", second.Login(t.Context()))
	must(t, "Answer", second.Answer(t.Context()))
	must(t, "SendCode", second.SendCode(t.Context(), "ben@mail.example"))
	code, _ = w.sheets.last(t.Context(), time.Now())
	must(t, "ConfirmCode", second.ConfirmCode(t.Context(), code))
	_ = second.Match(t.Context(), w.code("sitting"))
	if second.Heading() != "Stopped for your safety" || !strings.Contains(second.Page().Body, "Reference number: ") || strings.Contains(second.Page().Body, want) {
		t.Errorf("the second one is told, at %q: %s", second.Heading(), second.Page().Body)
	}
}

// firstly returns the last error if nothing came before it.
func firstly(before, err error) error {
	if before != nil {
		return before
	}
	return err
}

// Headers and cookie of every page.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/portal/", "/portal/step", "/portal/nothing", "/portal/static/portal.js", "/portal/login/start"} {
		method := http.MethodGet
		if path == "/portal/login/start" {
			method = http.MethodPost
		}
		req, _ := http.NewRequest(method, w.origin+path, nil)
		resp, err := w.bare().Do(req)
		must(t, path, err)
		resp.Body.Close()
		h := resp.Header
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'"} {
			if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, part) || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: policy %q", path, csp)
			}
		}
		for name, want := range map[string]string{
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer",
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		for _, c := range resp.Cookies() {
			if c.Name != Cookie || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s: cookie %+v", path, c)
			}
		}
	}
}

// Requests that another site has caused change nothing.
func TestOtherOriginsAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		req, _ := http.NewRequest(http.MethodPost, w.origin+"/portal/login/start", nil)
		req.Header.Set(name, value)
		resp, err := w.bare().Do(req)
		must(t, name, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %d, cookies %v", name, resp.StatusCode, resp.Cookies())
		}
	}
}

// A person blocks, unblocks and closes own accounts, and nobody else's.
func TestOwnAccounts(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.ada)
	const active, blocked, other = "0123456789abcdef0123456789abcdef", "1123456789abcdef0123456789abcdef", "2123456789abcdef0123456789abcdef"
	must(t, "before the log-in", v.Post(t.Context(), "/portal/accounts/block", "account", active))
	must(t, "Login", v.Login(t.Context()))
	must(t, "accounts", v.Get(t.Context(), "/portal/accounts"))
	if body := v.Page().Body; !strings.Contains(body, "ABCD-Q") || strings.Contains(body, "0029") {
		t.Error("not the accounts of this person")
	}
	must(t, "block", v.Post(t.Context(), "/portal/accounts/block", "account", active))
	must(t, "unblock", v.Post(t.Context(), "/portal/accounts/unblock", "account", blocked))
	w.refused("closing without a word", v.Post(t.Context(), "/portal/accounts/close", "account", active), http.StatusBadRequest)
	must(t, "close", v.Post(t.Context(), "/portal/accounts/close", "account", active, "sure", "yes"))
	w.refused("somebody else's", v.Post(t.Context(), "/portal/accounts/close", "account", other, "sure", "yes"), http.StatusNotFound)
	w.refused("no act", v.Post(t.Context(), "/portal/accounts/fraud", "account", active), http.StatusNotFound)
	want := []string{"block " + active + " by portal", "unblock " + blocked + " by portal", "close " + active + " by portal"}
	if !slices.Equal(w.accounts.done, want) {
		t.Errorf("done: %v", w.accounts.done)
	}
}

// The history is shown page by page, entries are hidden, and an export has all.
func TestHistory(t *testing.T) {
	w := newWorld(t)
	for i := range 25 {
		must(t, "Note", w.history.Note(t.Context(), person(t, 1), history.Entry{
			ID: string(rune('a' + i)), At: time.Now().Add(-time.Duration(i) * time.Hour), Kind: history.Login, Service: "SHOP <b>" + string(rune('a'+i)), Text: "Log in", Result: "OK",
		}))
	}
	v := w.visit(w.ada)
	must(t, "Login", v.Login(t.Context()))
	must(t, "history", v.Get(t.Context(), "/portal/history"))
	if body := v.Page().Body; strings.Count(body, "SHOP &lt;b&gt;") != 20 || !strings.Contains(body, "Older entries") {
		t.Errorf("%d entries", strings.Count(body, "SHOP"))
	}
	must(t, "hide", v.Post(t.Context(), "/portal/history", "entry", "a", "hide", "yes"))
	if strings.Contains(v.Page().Body, "SHOP &lt;b&gt;a") {
		t.Error("a hidden entry is there")
	}
	must(t, "export", v.Get(t.Context(), "/portal/history.json"))
	var all struct{ Entries []history.Entry }
	must(t, "JSON", json.Unmarshal([]byte(v.Page().Body), &all))
	if len(all.Entries) != 25 {
		t.Errorf("%d entries in the export", len(all.Entries))
	}
}

// What is sent twice, or out of turn, leads to the step that is open.
func TestSentTwice(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.ada)
	must(t, "Login", v.Login(t.Context()))
	must(t, "Answer", v.Answer(t.Context()))
	must(t, "Answer again", v.Answer(t.Context()))
	must(t, "Match out of turn", v.Match(t.Context(), "22222222"))
	if v.Heading() != "Where we reach you" {
		t.Errorf("it goes on at %q", v.Heading())
	}
}

// Text that comes from a phone is text on the page.
func TestNothingIsHTML(t *testing.T) {
	w := newWorld(t)
	v := w.visit(w.ada)
	must(t, "Login", v.Login(t.Context()))
	w.hostile(v)
	must(t, "Answer", v.Answer(t.Context()))
	w.hostile(v)
	must(t, "SendCode", v.SendCode(t.Context(), "ada@mail.example"))
	otp, err := w.sheets.last(t.Context(), time.Time{})
	must(t, "last", err)
	w.hostile(v)
	must(t, "ConfirmCode", v.ConfirmCode(t.Context(), otp))
	w.hostile(v)
}

// hostile are texts for a field: of a page, a query, a log and a template.
var hostile = []string{`"><script>alert(7777)</script>`, "7777' OR 1=1 --", "7777\r\nSet-Cookie: a=b\r\nmsg=forged", "{{7777}}${7777}", strings.Repeat("7777", 3000)}

// hostile puts hostile texts into each field that any page has, at each address that takes
// a form, wherever the visit stands: none comes back as markup or header, is told to the
// log, is a fault of ours, or does anything to an account.
func (w *world) hostile(v *visitor.Visitor) {
	w.t.Helper()
	for _, path := range []string{
		"/portal/step/answer", "/portal/step/contact", "/portal/step/otp", "/portal/step/code", "/portal/step/offer", "/portal/step/sign",
		"/portal/accounts/close", "/portal/accounts/block", "/portal/history", "/portal/children/x/agree", "/portal/step/none",
	} {
		for _, text := range hostile {
			var fields []string
			for _, name := range []string{"account", "code", "contact", "entry", "hide", "offer", "otp", "pairing", "pick", "reply", "sure", "token"} {
				fields = append(fields, name, text)
			}
			err := v.Post(w.t.Context(), path, fields...)
			if page := v.Page(); strings.Contains(page.Body, "<script>alert") || strings.Contains(page.Body, text) && strings.Contains(text, "<") || page.Status >= 500 {
				w.t.Errorf("%s with %.20q: %d, %v", path, text, page.Status, err)
			}
		}
	}
	if strings.Contains(w.log.String(), "7777") || len(w.accounts.done) > 0 {
		w.t.Errorf("a hostile text is in the log, or did something: %v", w.accounts.done)
	}
}
