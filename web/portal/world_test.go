package portal

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/document/idcard"
	virtual "github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/consent"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/place"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/problem/phrases"
	"github.com/tunnus-id/tunnus/sandbox/visitor"
	"github.com/tunnus-id/tunnus/store"
	rows "github.com/tunnus-id/tunnus/store/desk"
	"github.com/tunnus-id/tunnus/store/visits"
)

// sealer binds to places and hides nothing but from a look.
type sealer struct{}

func (sealer) Seal(plain, aad []byte) ([]byte, error) {
	return []byte(fmt.Sprintf("%x|%s", aad, base64.StdEncoding.EncodeToString(plain))), nil
}

func (sealer) Open(sealed, aad []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(fmt.Sprintf("%x|", aad)))
	if !ok {
		return nil, errors.New("sealed for another place, or gone")
	}
	return base64.StdEncoding.DecodeString(string(rest))
}

// sheets keeps one-time codes, and shows what was sent.
type sheets struct {
	otp.Store
	mu   sync.Mutex
	sent []otp.Message
}

func (s *sheets) Save(ctx context.Context, sheet otp.Sheet, spends []otp.Spend, letters []otp.Letter, events []tunnus.Event) error {
	if err := s.Store.Save(ctx, sheet, spends, letters, events); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range letters {
		m, err := otp.OpenLetter(sealer{}, l)
		if err != nil {
			return err
		}
		s.sent = append(s.sent, m)
	}
	return nil
}

func (s *sheets) last(context.Context, time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sent) == 0 {
		return "", errors.New("nothing was sent")
	}
	return s.sent[len(s.sent)-1].Code, nil
}

// owned are the accounts of Ada, and what was done with them.
type owned struct {
	mu   sync.Mutex
	list []account.Account
	done []string
}

func (o *owned) Of(_ context.Context, p tunnus.PersonCode) (out []account.Account, err error) {
	for _, a := range o.list {
		if a.Person == p {
			out = append(out, a)
		}
	}
	return out, nil
}

func (o *owned) do(what, id string, by life.By) (account.Account, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done = append(o.done, fmt.Sprint(what, " ", id, " by ", by.Means))
	return account.Account{}, nil
}

func (o *owned) Block(_ context.Context, id string, by life.By) (account.Account, error) {
	return o.do("block", id, by)
}

func (o *owned) Unblock(_ context.Context, id string, by life.By) (account.Account, error) {
	return o.do("unblock", id, by)
}

func (o *owned) Freeze(_ context.Context, id string, by life.By) (account.Account, error) {
	return o.do("freeze", id, by)
}

func (o *owned) Close(_ context.Context, id string, by life.By) (account.Account, error) {
	return o.do("close", id, by)
}

// world is a portal that runs.
type world struct {
	pages    http.Handler
	t        *testing.T
	origin   string
	roots    *x509.CertPool
	cards    *card.Service
	issuer   *virtual.Issuer
	ada      *virtual.Card
	sheets   *sheets
	accounts *owned
	contacts contact.Service
	history  history.Book
	onFile   bool
	ahead    atomic.Int64 // how far the server's clock is, in nanoseconds
	confirm  *confirm.Service
	family   *family
	log      bytes.Buffer
	store    *store.Store
}

func person(t *testing.T, serial int) tunnus.PersonCode {
	t.Helper()
	for check := range 10 {
		if c, err := tunnus.ParsePersonCode("XX", fmt.Sprintf("19900214%03d%d", serial, check)); err == nil {
			return c
		}
	}
	t.Fatal("no check digit fits")
	return tunnus.PersonCode{}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, roots: x509.NewCertPool()}
	clock := tunnus.ClockFunc(func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) })
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db"))
	must(t, "store", err)
	t.Cleanup(func() { _ = s.Close() })
	server := httptest.NewUnstartedServer(nil)
	w.store, w.sheets, w.origin = s, &sheets{Store: s.Codes()}, "https://"+server.Listener.Addr().String()
	w.issuer, err = virtual.NewIssuer(clock.Now(), "http://ocsp.cards.example/")
	must(t, "issuer", err)
	w.ada = w.issue(1, "ADA MARIA", "SAMPLE")
	validator, err := idcard.New(idcard.Config{
		Origin: w.origin, Issuers: []idcard.Issuer{{Certificate: w.issuer.CA(), Countries: []string{"XX"}}}, Status: virtual.Responder{Issuer: w.issuer, Clock: clock},
	})
	must(t, "validator", err)
	key := tunnus.NewSecret(bytes.Repeat([]byte{7}, 32))
	w.contacts = contact.Service{Store: s.Contacts(), Accounts: s.Accounts(), Sealer: sealer{}, Secret: key, Clock: clock}
	w.history = history.Book{Store: s.History(), Sealer: sealer{}, Secret: key, Clock: clock}
	w.accounts = &owned{list: []account.Account{
		{ID: "0123456789abcdef0123456789abcdef", Document: "PNOXX-199002140011-ABCD-Q", Person: person(t, 1), State: account.Active, Level: tunnus.Qualified, ActiveAt: clock.Now()},
		{ID: "1123456789abcdef0123456789abcdef", Document: "PNOXX-199002140011-EFGH-Q", Person: person(t, 1), State: account.Blocked, Level: tunnus.Qualified, ActiveAt: clock.Now()},
		{ID: "2123456789abcdef0123456789abcdef", Document: "PNOXX-199002140029-ABCD-Q", Person: person(t, 2), State: account.Active},
	}}
	names := lock.New(s.Ledger(), lock.Rules{
		Phase: lock.Proof, Ladder: tunnus.Ladder{{Failures: 3, Lock: time.Hour}}, Forget: 24 * time.Hour, Life: 30 * time.Minute, VoidEvery: 24 * time.Hour,
	}, key, clock)
	w.cards, err = card.New(card.Config{
		Rules: card.DefaultRules, Cards: validator, Store: visits.New(s.Database()), Sheets: w.sheets, OTP: otp.Defaults(), Contacts: w.contacts,
		OnFile: func(context.Context, tunnus.PersonCode) (bool, error) { return w.onFile, nil },
		People: names, Paces: lock.Addresses{Paces: rows.NewPaces(s.Database()), Rules: lock.DefaultPace, Names: names, Clock: clock},
		Places: place.Table{}.WithLocal(), Sealer: sealer{}, Secret: key, Clock: clock,
	})
	must(t, "cards", err)
	w.family = &family{guardians: map[tunnus.PersonCode][]tunnus.PersonCode{person(t, 9): {person(t, 1), person(t, 2)}}}
	w.confirm, err = confirm.New(confirm.Config{
		Store: s.Questions(), Signatures: noSignatures{}, Guardians: people.Consents{Source: w.family, Full: scheme.Nordic().FullAge, Clock: clock}, Sealer: sealer{}, Secret: key, Clock: clock,
	})
	must(t, "confirm", err)
	p, err := New(Config{
		Consents: &consent.Service{Confirm: w.confirm, Cards: w.cards, Register: w.family, Clock: clock},
		Cards:    w.cards, Accounts: w.accounts, History: w.history, Contacts: w.contacts, Browsers: visits.NewBrowsers(s.Database()),
		Sealer: sealer{}, Clock: clock, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	must(t, "portal", err)
	codes, err := phrases.Codes()
	must(t, "codes", err)
	w.pages = p.Handler()
	server.Config.Handler = problem.Speak(w.pages, problem.Speech{Book: codes, Languages: phrases.Languages()})
	server.StartTLS()
	t.Cleanup(server.Close)
	w.roots.AddCert(server.Certificate())
	return w
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func (w *world) issue(serial int, given, surname string) *virtual.Card {
	w.t.Helper()
	c, err := w.issuer.Issue(virtual.Order{Code: person(w.t, serial), Given: given, Surname: surname}, time.Now())
	must(w.t, "Issue", err)
	return c
}

// visit is somebody with a card and a browser.
func (w *world) visit(c *virtual.Card) *visitor.Visitor {
	w.t.Helper()
	v, err := visitor.New(w.origin, w.roots, c)
	must(w.t, "visitor", err)
	return v
}

// code is what the app of a sitting shows.
func (w *world) code(session string) string {
	w.t.Helper()
	c, err := w.cards.Code(w.t.Context(), card.Phone{
		Session: session, Device: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Address: "127.0.0.1", Model: "Utopia Phone 7", Counter: "42",
		Level: tunnus.Qualified, Began: time.Now(), Until: time.Now().Add(25 * time.Minute),
		Keys: [2]string{"60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752", "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13"},
	})
	must(w.t, "Code", err)
	return c.Text
}

// refused checks that a page tells a failure, with a status.
func (w *world) refused(what string, err error, status int) {
	w.t.Helper()
	var r *visitor.Refusal
	if !errors.As(err, &r) || r.Page.Status != status || r.Said == "" {
		w.t.Errorf("%s: %v; want a page that says so, with %d", what, err, status)
	}
}

// bare is a browser's client that follows nothing.
func (w *world) bare() *http.Client {
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	c.Transport = &http.Transport{TLSClientConfig: tlsOf(w.roots)}
	return c
}

func mail(t *testing.T, text string) address.Address {
	t.Helper()
	a, err := address.Mail(text)
	must(t, "Mail", err)
	return a
}
