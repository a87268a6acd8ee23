// Package portal serves the pages for people at a computer: the part of the ID-card
// way that is not in the app, guardians' consent, and a person's own accounts.
//
// Who logs in is proved by the card and by nothing else; what may happen next is
// decided by packages enrol/card, enrol/consent and account/life. The pages are made on the
// server (package pages) and need a script for the card only (static/webeid.js by
// way of static/portal.js).
//
// The browser holds one cookie, __Host-tunnus-portal: Secure, HttpOnly, SameSite
// Strict, no longer than the browser's session and thirty minutes. It is new after
// the log-in and after phone and portal were paired (R7); what belongs to it is
// sealed in the store, under the hash of its token. Requests of other origins are
// refused (net/http CrossOriginProtection). No page is kept by a cache, framed, or
// told to another site; no address has anything of a person in it.
package portal

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/alexedwards/scs/v2"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/consent"
	"github.com/tunnus-id/tunnus/enrol/place"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/problem/phrases"
	"github.com/tunnus-id/tunnus/web/portal/pages"
)

// Path is where the portal is.
const Path = "/portal/"

// Cookie is the name of the only cookie.
const Cookie = "__Host-tunnus-portal"

// life of a browser's session, however it is used.
const sessionLife = 30 * time.Minute

// maxForm bounds what a form may hold: a token of 10,000 bytes, written as a form.
const maxForm = 64 << 10

// Accounts leads the accounts of a person; [life.Service] does.
type Accounts interface {
	Of(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error)
	Block(ctx context.Context, id string, by life.By) (account.Account, error)
	Unblock(ctx context.Context, id string, by life.By) (account.Account, error)
	Freeze(ctx context.Context, id string, by life.By) (account.Account, error)
	Close(ctx context.Context, id string, by life.By) (account.Account, error)
}

// Config is what the portal is put together from.
type Config struct {
	Cards    *card.Service
	Consents *consent.Service
	Accounts Accounts
	History  history.Book
	Contacts contact.Service
	Browsers Browsers
	Sealer   Sealer
	// Languages are those of the scheme; none: all that there are.
	Languages []phrases.Language
	Clock     tunnus.Clock
	Log       *slog.Logger
}

//go:embed static/*.js static/*.css
var static embed.FS

// A Portal serves the pages.
type Portal struct {
	cfg      Config
	book     *phrases.Book
	sessions *scs.SessionManager
}

// New makes a portal.
func New(cfg Config) (*Portal, error) {
	book, err := phrases.Open(files)
	if err != nil {
		return nil, err
	}
	if len(cfg.Languages) == 0 {
		cfg.Languages = phrases.Languages()
	}
	p := &Portal{cfg: cfg, book: book, sessions: scs.New()}
	p.sessions.Store = &browserStore{cfg.Browsers, cfg.Sealer, cfg.Clock}
	p.sessions.Codec = codec{}
	p.sessions.HashTokenInStore = true
	p.sessions.Lifetime = sessionLife
	p.sessions.Cookie = scs.SessionCookie{Name: Cookie, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode}
	p.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		problem.Handle(func(http.ResponseWriter, *http.Request) error { return err }, cfg.Log).ServeHTTP(w, r)
	}
	return p, nil
}

// A page answers a request; what it returns is told on the page itself.
type page func(w http.ResponseWriter, r *http.Request) error

// Handler serves all below [Path].
func (p *Portal) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range map[string]page{
		"GET /portal/{$}":                  p.start,
		"POST /portal/login/start":         p.begin,
		"GET /portal/login":                p.loginPage,
		"POST /portal/login":               p.login,
		"POST /portal/leave":               p.leave,
		"GET /portal/step":                 p.step,
		"POST /portal/step/{name}":         p.take,
		"GET /portal/children":             p.children,
		"GET /portal/children/{id}":        p.child,
		"POST /portal/children/{id}/{act}": p.consent,
		"GET /portal/accounts":             p.accounts,
		"POST /portal/accounts/{act}":      p.act,
		"GET /portal/history":              p.history,
		"POST /portal/history":             p.hide,
		"GET /portal/history.json":         p.export,
	} {
		mux.Handle(pattern, p.handle(do))
	}
	sub, _ := fs.Sub(static, "static") // the folder is embedded
	mux.Handle("GET /portal/static/", http.StripPrefix("/portal/static/", http.FileServerFS(sub)))
	mux.Handle("/", problem.Handle(problem.Absent, p.cfg.Log))
	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(p.handle(func(http.ResponseWriter, *http.Request) error {
		return tunnus.BadRequest("origin", errors.New("portal: a request of another origin"))
	}))
	return guard(p.sessions.LoadAndSave(same.Handler(mux)))
}

// guard sets what every answer has.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r)
	})
}

// handle makes a handler of a page. What a step refuses is told on the page of the
// step that is open then.
func (p *Portal) handle(do page) http.Handler {
	return problem.Handle(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodPost {
			if err := r.ParseForm(); err != nil {
				return tunnus.BadRequest("form", errors.New("portal: a form that cannot be read"))
			}
		}
		err := do(w, r)
		if err == nil {
			return nil
		}
		ref := p.reference(r)
		told := problem.Tell(r.Context(), err, ref)
		level := slog.LevelInfo
		if told.Code == tunnus.CodeInternal {
			level = slog.LevelError
		}
		p.cfg.Log.Log(r.Context(), level, "portal", "reference", ref, "code", tunnus.CodeOf(err), "route", r.Pattern, "error", err)
		return p.failed(w, r, told)
	}, p.cfg.Log)
}

// reference is the number of a failure: that of the registration whose code was typed
// here, or one of its own.
func (p *Portal) reference(r *http.Request) string {
	if id := p.cfg.Cards.Sitting(r.Context(), p.visit(r)); id != "" {
		return sitting.Reference(id)
	}
	return problem.Reference()
}

// failed shows a failure where the person can go on from.
func (p *Portal) failed(w http.ResponseWriter, r *http.Request, told problem.Document) error {
	v := p.view(r)
	v.Error = p.mishap(r, told)
	status := problem.Status(told.Code)
	switch {
	case told.Code == tunnus.CodeSesTerminated:
		return p.stop(w, r, v.Error.Reference, "stopped.title", "stopped.lead", "stopped.help", "stopped.card")
	case strings.HasPrefix(r.URL.Path, "/portal/children/") && v.Guest != "":
		return p.childFailed(w, r, v, status)
	case strings.HasPrefix(r.URL.Path, "/portal/accounts") && v.Guest != "":
		return p.showAccounts(w, r, v, status, "")
	case strings.HasPrefix(r.URL.Path, "/portal/step") && v.Guest != "":
		return p.showStep(w, r, v, status)
	case r.URL.Path == "/portal/login" && p.sessions.GetString(r.Context(), "nonce") != "":
		return p.show(w, r, status, pages.Login(v, p.sessions.GetString(r.Context(), "nonce")))
	}
	return p.show(w, r, status, pages.Start(v, false))
}

// stop ends what the browser had, and says why.
func (p *Portal) stop(w http.ResponseWriter, r *http.Request, reference, title string, lines ...string) error {
	if err := p.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	v := p.view(r)
	v.Guest, v.Reference = "", reference
	return p.show(w, r, http.StatusOK, pages.Message(v, title, lines))
}

func (p *Portal) mishap(r *http.Request, told problem.Document) *pages.Error {
	s := problem.Speaker(r.Context())
	e := &pages.Error{Text: told.Detail, Reference: s.Reference(told.Instance), Field: told.Field}
	field := told.Field
	if strings.HasPrefix(field, "sure-") { // one an account
		field = "sure"
	}
	if key := "error." + field; told.Code == tunnus.CodeBadRequest && p.book.Has(phrases.English, key) {
		e.Text = p.book.Say(p.language(r), key, nil)
	}
	switch told.Code {
	case tunnus.CodeRegcodeBad, tunnus.CodeRegcodeOld:
		e.Field = "code"
	case tunnus.CodeOTPWrong, tunnus.CodeOTPOld, tunnus.CodeOTPSession:
		e.Field = "otp"
	case tunnus.CodeOTPNoSMSCountry, tunnus.CodeOTPResends:
		e.Field = "contact"
	}
	if told.Left != nil {
		e.More = append(e.More, s.Left(*told.Left))
	}
	if told.Until != nil {
		e.More = append(e.More, s.Until(*told.Until, false))
	}
	if w := s.Ways(told.Ways); w != "" {
		e.More = append(e.More, w)
	}
	return e
}

// show writes a page, whole or not at all.
func (p *Portal) show(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
	return nil
}

// view is what every page has; a guest only while the visit lives.
func (p *Portal) view(r *http.Request) pages.View {
	l := p.language(r)
	s := problem.Speaker(r.Context())
	v := pages.View{
		Lang:  string(l),
		Say:   func(key string) string { return p.book.Say(l, key, phrases.Values{"Software": "Web eID"}) },
		Until: s.Moment,
		Day: func(t time.Time) string {
			if t.IsZero() {
				return "–"
			}
			return s.Date(t.UTC())
		},
	}
	if g, err := p.guest(r); err == nil {
		v.Guest = g.Name
	}
	return v
}

func (p *Portal) language(r *http.Request) phrases.Language {
	return phrases.Accept(r.Header.Values("Accept-Language"), p.cfg.Languages)
}

// visit is the one of this browser; "" if there is none.
func (p *Portal) visit(r *http.Request) string { return p.sessions.GetString(r.Context(), "visit") }

// guest is who has logged in here.
func (p *Portal) guest(r *http.Request) (card.Guest, error) {
	id := p.visit(r)
	if id == "" {
		return card.Guest{}, tunnus.NotFound(errors.New("portal: nobody has logged in"))
	}
	return p.cfg.Cards.Who(r.Context(), id)
}

// from is where a request came from.
func (p *Portal) from(r *http.Request) card.From {
	return card.From{Address: place.Neighbourhood(r.RemoteAddr), Language: string(p.language(r))}
}

// go303 leads to the next page, by GET.
func go303(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (p *Portal) start(w http.ResponseWriter, r *http.Request) error {
	v := p.view(r)
	if v.Guest != "" {
		return go303(w, r, "/portal/step")
	}
	return p.show(w, r, http.StatusOK, pages.Start(v, r.URL.Query().Has("over")))
}

// begin draws a nonce. Who was logged in is not, any more.
func (p *Portal) begin(w http.ResponseWriter, r *http.Request) error {
	if id := p.visit(r); id != "" {
		if err := p.cfg.Cards.Leave(r.Context(), id); err != nil {
			return err
		}
	}
	visit, nonce, err := p.cfg.Cards.Begin(r.Context(), p.from(r))
	if err != nil {
		return err
	}
	if err := p.sessions.RenewToken(r.Context()); err != nil {
		return err
	}
	p.sessions.Put(r.Context(), "visit", visit)
	p.sessions.Put(r.Context(), "nonce", nonce)
	return go303(w, r, "/portal/login")
}

func (p *Portal) loginPage(w http.ResponseWriter, r *http.Request) error {
	nonce := p.sessions.GetString(r.Context(), "nonce")
	if nonce == "" {
		return go303(w, r, "/portal/")
	}
	return p.show(w, r, http.StatusOK, pages.Login(p.view(r), nonce))
}

func (p *Portal) login(w http.ResponseWriter, r *http.Request) error {
	p.sessions.Remove(r.Context(), "nonce")
	if err := p.cfg.Cards.Login(r.Context(), p.visit(r), []byte(r.PostFormValue("token"))); err != nil {
		return err
	}
	if err := p.sessions.RenewToken(r.Context()); err != nil {
		return err
	}
	return go303(w, r, "/portal/step")
}

func (p *Portal) leave(w http.ResponseWriter, r *http.Request) error {
	if id := p.visit(r); id != "" {
		if err := p.cfg.Cards.Leave(r.Context(), id); err != nil {
			return err
		}
	}
	return p.stop(w, r, "", "left.title", "left.lead")
}

// over leads who is not logged in (any more) to the start.
func (p *Portal) over(w http.ResponseWriter, r *http.Request) error {
	return go303(w, r, "/portal/?"+url.Values{"over": {"1"}}.Encode())
}
