package extension_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/document/virtual/card/extension"
)

// A site serves one page with our page client, and judges what it posts.
type site struct {
	*httptest.Server
	t         *testing.T
	validator *idcard.Validator
	nonce     string
	request   idcard.Request
	who       tunnus.PersonCode
}

// A stand is a site, open in a browser with an extension.
type stand struct {
	*site
	*extension.Extension
	ctx    context.Context
	issuer *card.Issuer
	card   *card.Card
}

const html = `<!doctype html><html lang="en"><title>Card</title><script type="module" src="/page.js"></script><p id="out"></p></html>`

// script runs an action and hands its fault or success on as {code, value}.
const script = `import * as webeid from "/webeid.js";
const send = async (path, body) => (await fetch(path, {method: "POST", body: JSON.stringify(body)})).json();
window.run = async (name, ...args) => {
  const began = performance.now();
  try {
    return {value: await webeid[name](...args), ms: performance.now() - began};
  } catch (e) {
    return {code: e.code ?? String(e), ms: performance.now() - began};
  }
};
window.login = async () => {
  const {nonce} = await send("/nonce", {});
  return send("/login", await webeid.authenticate(nonce));
};
window.sign = async () => {
  const q = await send("/prepare", await webeid.getSigningCertificate());
  return send("/sign", await webeid.sign(q.certificate, q.hash, q.hashFunction));
};
`

func newStand(t *testing.T) stand {
	t.Helper()
	ctx := extension.Browser(t) // first: without it, there is nothing to do
	now := time.Now()
	issuer, err := card.NewIssuer(now, "http://ocsp.cards.utopia.example/")
	if err != nil {
		t.Fatal(err)
	}
	person, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	c, err := issuer.Issue(card.Order{Code: person, Given: "ADA", Surname: "LOVE", PIN1: "1234", PIN2: "12345"}, now)
	if err != nil {
		t.Fatal(err)
	}
	e, err := extension.Attach(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, issuer)
	if err := chromedp.Do(ctx, chromedp.Navigate(s.URL)); err != nil {
		t.Fatal(err)
	}
	return stand{s, e, ctx, issuer, c}
}

func newSite(t *testing.T, issuer *card.Issuer) *site {
	t.Helper()
	client, err := os.ReadFile("../../../../web/portal/static/webeid.js")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t}
	mux := http.NewServeMux()
	for path, file := range map[string][]string{"GET /{$}": {"text/html", html}, "GET /page.js": {"text/javascript", script}, "GET /webeid.js": {"text/javascript", string(client)}} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", file[0])
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'")
			io.WriteString(w, file[1])
		})
	}
	for path, serve := range map[string]func(context.Context, []byte) (any, error){"/nonce": s.newNonce, "/login": s.login, "/prepare": s.prepare, "/sign": s.sign} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			out, err := serve(r.Context(), body)
			if err != nil {
				out = map[string]any{"refused": tunnus.CodeOf(err)}
			}
			json.NewEncoder(w).Encode(out)
		})
	}
	s.Server = httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	s.validator, err = idcard.New(idcard.Config{
		Origin: s.URL, Status: card.Responder{Issuer: issuer, Clock: tunnus.SystemClock{}},
		Issuers: []idcard.Issuer{{Certificate: issuer.CA(), Countries: []string{"XX"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) newNonce(context.Context, []byte) (any, error) {
	s.nonce = idcard.NewNonce()
	return map[string]string{"nonce": s.nonce}, nil
}

func (s *site) login(ctx context.Context, body []byte) (any, error) {
	nonce := s.nonce
	s.nonce = ""
	v, err := s.validator.Verify(ctx, body, nonce, time.Now())
	s.who = v.Person().Code
	return map[string]string{"hello": v.Person().Given}, err
}

func (s *site) prepare(ctx context.Context, body []byte) (any, error) {
	o, err := idcard.ParseOffer(body)
	if err != nil {
		return nil, err
	}
	signer, err := s.validator.CheckSigner(ctx, o, s.who, time.Now())
	if err != nil {
		return nil, err
	}
	h := signer.Hash().New()
	io.WriteString(h, "I want an account.")
	s.request, err = signer.Request(h.Sum(nil))
	return s.request, err
}

func (s *site) sign(ctx context.Context, body []byte) (any, error) {
	r, err := idcard.ParseReply(body)
	if err != nil {
		return nil, err
	}
	signed, err := s.validator.VerifySignature(ctx, s.request, r, s.who, time.Now())
	return map[string]string{"signed": signed.Person().Surname}, err
}

// outcome is what the page's run hands back.
type outcome struct {
	Code  string         `json:"code"`
	Value map[string]any `json:"value"`
	MS    float64        `json:"ms"`
}

// js runs an expression in the page and waits for its promise.
func js[T any](s stand, expression string) T {
	s.t.Helper()
	out, err := chromedp.Run(s.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		s.t.Fatalf("%s: %v", expression, err)
	}
	return out
}

func TestLoginAndSignInABrowser(t *testing.T) {
	s := newStand(t)
	if got := js[map[string]string](s, "login()"); got["hello"] != "ADA" {
		t.Fatalf("login: %v", got)
	}
	if got := js[map[string]string](s, "sign()"); got["signed"] != "LOVE" {
		t.Fatalf("sign: %v", got)
	}
	versions := js[outcome](s, `run("status")`)
	if versions.Code != "" || versions.Value["nativeApp"] == "" || versions.Value["action"] != nil {
		t.Errorf("status: %+v", versions)
	}
	if n := len(s.Heard()); n != 4 {
		t.Errorf("the extension heard %d messages, 4 expected", n)
	}
}

// The signed origin is the one that the browser sees, not one that a page names.
func TestPageCannotNameItsOrigin(t *testing.T) {
	s := newStand(t)
	token := js[map[string]any](s, `new Promise(done => {
		addEventListener("message", e => e.data.action.endsWith("-success") && done(e.data)); // before it is asked: the answer may be quick
		window.postMessage({action: "web-eid:authenticate", libraryVersion: "2.1.0", challengeNonce: "A".repeat(44), origin: "https://bank.example"}, location.origin);
	})`)
	delete(token, "action")
	text, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.validator.Verify(s.ctx, text, strings.Repeat("A", 44), time.Now()); err != nil {
		t.Errorf("not signed for %s: %v", s.URL, err)
	}
}

func TestCardOfAnotherPersonSigns(t *testing.T) {
	s := newStand(t)
	js[any](s, "login()")
	other, err := s.issuer.Issue(card.Order{Code: mustCode(t, "198001010016"), Given: "EVE", Surname: "THIEF"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.Insert(other)
	got := js[map[string]any](s, `webeid = import("/webeid.js").then(async w => { const o = await w.getSigningCertificate(); return (await fetch("/prepare", {method: "POST", body: JSON.stringify(o)})).json(); })`)
	if got["refused"] != string(tunnus.CodeCardOtherPerson) {
		t.Errorf("%v", got)
	}
}

func mustCode(t *testing.T, value string) tunnus.PersonCode {
	t.Helper()
	for _, digit := range "0123456789" {
		if p, err := tunnus.ParsePersonCode("XX", value[:11]+string(digit)); err == nil {
			return p
		}
	}
	t.Fatal("no such code")
	return tunnus.PersonCode{}
}

func TestNoExtension(t *testing.T) {
	s := newStand(t)
	js[outcome](s, `run("status")`) // the page's first second is over
	s.Set(extension.Absent)
	got := js[outcome](s, `run("authenticate", "A".repeat(44))`)
	if got.Code != "ERR_WEBEID_EXTENSION_UNAVAILABLE" || got.MS < 990 || got.MS > 5000 {
		t.Errorf("%+v; want EXTENSION_UNAVAILABLE after a second", got)
	}
}

func TestErrorsReachThePage(t *testing.T) {
	s := newStand(t)
	nonce := `"` + strings.Repeat("A", 44) + `"`
	for _, tt := range []struct {
		name, run, want string
		user            card.User
		state           extension.State
	}{
		{"the person cancels", `run("authenticate", ` + nonce + `)`, "ERR_WEBEID_USER_CANCELLED", card.User{}, ""},
		{"a wrong PIN, then the right one", `run("authenticate", ` + nonce + `)`, "", card.User{PIN1: []string{"9999", "1234"}}, ""},
		{"only a wrong PIN", `run("authenticate", ` + nonce + `)`, "ERR_WEBEID_USER_CANCELLED", card.User{PIN1: []string{"9999"}}, ""},
		{"the choice cancelled", `run("getSigningCertificate")`, "ERR_WEBEID_USER_CANCELLED", card.User{Cancels: true}, ""},
		{"a short nonce", `run("authenticate", "AAAA")`, "ERR_WEBEID_NATIVE_INVALID_ARGUMENT", s.card.Owner(), ""},
		{"no nonce", `run("authenticate")`, "ERR_WEBEID_MISSING_PARAMETER", s.card.Owner(), ""},
		{"a certificate that is not the card's", `run("sign", "AAAA", "AAAA", "SHA-256")`, "ERR_WEBEID_NATIVE_INVALID_ARGUMENT", s.card.Owner(), ""},
		{"a message that is too long", `run("authenticate", "A".repeat(9000))`, "ERR_WEBEID_NATIVE_FATAL", s.card.Owner(), ""},
		{"two at once", `Promise.all([run("authenticate", ` + nonce + `), run("authenticate", ` + nonce + `)]).then(r => r[1])`, "ERR_WEBEID_ACTION_PENDING", s.card.Owner(), ""},
		{"the person does nothing", `run("authenticate", ` + nonce + `, {userInteractionTimeout: -5500})`, "ERR_WEBEID_USER_TIMEOUT", s.card.Owner(), extension.Hanging},
	} {
		s.Sit(tt.user)
		s.Set(tt.state)
		if got := js[outcome](s, tt.run); got.Code != tt.want {
			t.Errorf("%s: %q; want %q", tt.name, got.Code, tt.want)
		}
	}
}

// What cannot be asked is not asked.
func TestMissingFieldsAreNotSent(t *testing.T) {
	s := newStand(t)
	for _, run := range []string{`run("authenticate")`, `run("authenticate", "")`, `run("authenticate", 7)`, `run("sign", "AAAA", "AAAA")`} {
		if got := js[outcome](s, run); got.Code != "ERR_WEBEID_MISSING_PARAMETER" {
			t.Errorf("%s: %q", run, got.Code)
		}
	}
	if h := s.Heard(); len(h) > 0 {
		t.Errorf("the extension heard %q", h)
	}
}

// After three wrong PINs the card is blocked, and the right one does not help.
func TestBlockedPIN(t *testing.T) {
	s := newStand(t)
	s.Sit(card.User{PIN1: []string{"1", "2", "3", "1234"}})
	if got := js[outcome](s, `run("authenticate", "A".repeat(44))`); got.Code != "ERR_WEBEID_USER_CANCELLED" {
		t.Errorf("%+v", got)
	}
	if left, _ := s.card.Left(); left != 0 {
		t.Errorf("%d tries left", left)
	}
}
