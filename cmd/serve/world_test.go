package serve

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/cmd/serve/bridge"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/inputs"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/population"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/sandbox"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/support"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/desk"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// shared is what all tests of this package need and none changes: a world, and
// a house in which ada has registered. It takes some seconds to make.
var shared = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "tunnus-cmd-") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := shared(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// A house is a server in this process: the real deciders over SQLite, joined as
// assemble joins them, but for the faces, which are judged as the test says.
type house struct {
	t       *testing.T
	dir     string
	world   *sandbox.World
	clock   *clock
	verdict face.Verdict
	store   *store.Store
	sealer  *hsm.Sealer
	keys    *keyshare.Service
	far     *bridge.Keyshare // keyshare behind a line; nil: in this process
	login   *login.Flow
	life    *life.Service
	support *support.Service

	contacts contact.Service
	reviews  *review.Service
	reads    *reads
	url      string
	client   *http.Client
	line     *line
	log      *bytes.Buffer
	killed   bool // the server dies between a step and keeping its answer
}

// forgetful keeps no answer while the house says so.
type forgetful struct {
	server.Replies
	house *house
}

// Put implements server.Replies.
func (f *forgetful) Put(ctx context.Context, session string, counter int64, r server.Reply) error {
	f.house.line.mu.Lock()
	defer f.house.line.mu.Unlock()
	if f.house.killed {
		return nil
	}
	return f.Replies.Put(ctx, session, counter, r)
}

// A clock is the machine's, put forward by the test.
type clock struct {
	mu sync.Mutex
	by time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().UTC().Add(c.by)
}

func (c *clock) forward(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.by += d }

// reads counts what an open poll reads.
type reads struct {
	login.Store
	mu sync.Mutex
	n  int
}

func (r *reads) Recent(ctx context.Context, person string, since time.Time) ([]login.Session, error) {
	r.mu.Lock()
	r.n++
	r.mu.Unlock()
	return r.Store.Recent(ctx, person, since)
}

// A line is the way from phone to server; the test may cut it behind the server's
// answer, so that it was served and is not heard.
type line struct {
	to  http.Handler
	mu  sync.Mutex
	cut func(*http.Request) bool

	after func() // a request was served whose answer is lost

	upgrade func(http.ResponseWriter) http.ResponseWriter // what a WebSocket is opened on, if not nil
}

func (l *line) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.cuts(r) {
		l.to.ServeHTTP(httptest.NewRecorder(), r)
		if l.after != nil {
			l.after()
		}
		panic(http.ErrAbortHandler)
	}
	if l.upgrade != nil && r.Header.Get("Upgrade") != "" {
		w = l.upgrade(w)
	}
	l.to.ServeHTTP(w, r)
}

func (l *line) cuts(r *http.Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut != nil && l.cut(r)
}

// Compare implements enrol.Faces.
func (h *house) Compare(context.Context, []byte, [][]byte) (face.Result, error) {
	return face.Result{Verdict: h.verdict, Frames: 3, Engine: "fake"}, nil
}

// newHouse opens a house in a folder.
func newHouse(t *testing.T, dir string) *house {
	t.Helper()
	top, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dir: dir, clock: &clock{}, verdict: face.Match, line: &line{}, log: &bytes.Buffer{}}
	h.world = sure(sandbox.Open(filepath.Join(top, "world"), tunnus.SystemClock{}))(t)
	h.store = sure(store.Open(t.Context(), filepath.Join(dir, "tunnus.db")))(t)
	t.Cleanup(func() { _ = h.store.Close() })
	h.line.to = h.join().Routes()
	srv := httptest.NewServer(h.line)
	t.Cleanup(srv.Close)
	h.url, h.client = srv.URL, srv.Client()
	return h
}

// join puts the parts together.
func (h *house) join() *server.Server {
	t := h.t
	t.Helper()
	custody := hsm.Config{Folder: h.dir}
	custody.Complete("")
	names := []string{hsm.Session, hsm.VOPRF, hsm.Modulus}
	if err := hsm.Create(custody, h.clock.Now(), names...); err != nil {
		t.Fatal(err)
	}
	own := sure(hsm.Open(custody, names...))(t)
	h.sealer = own.Sealer(hsm.Session)
	h.keys = sure(keyshare.New(keyshare.Config{
		Store: h.store.Keyshare(), Clock: h.clock, SealVOPRF: own.Sealer(hsm.VOPRF), SealModulus: own.Halves(),
		Formats: map[string]keyshare.Format{acsp.Kind: acsp.Format{Scheme: "tunnus-demo"}, application.Kind: application.Format{}},
	}))(t)
	by := sure(inputs.Issuer(config.AuthorityConfig{Folder: h.world.Path("authority"), IssuingKey: hsm.SignerRef{File: h.world.Path("authority", "issuing.key")}}))(t)
	ca := sure(issue.New(issue.Config{
		Scheme: pki.Sandbox(), Profiles: sure(pki.Sandbox().Profiles())(t), Store: h.store.Certificates(), Holds: h.store.Certificates(), Clock: h.clock,
		Issuer: func(context.Context) (issue.Issuer, error) { return by, nil },
	}))(t)
	living := h.lives(ca)
	h.reviews = review.New(desk.NewReviews(h.store.Database()), h.sealer, review.DefaultRules, h.clock)
	registration := sure(enrol.New(enrol.Config{
		Rules: scheme.Nordic().AsSandbox(), Trust: sure(inputs.TrustList(h.world.Path("trust")))(t), Secret: tunnus.NewSecret(make([]byte, 32)),
		Clock: h.clock, Store: h.store.Enrolments(), Locks: h.store.Ledger(), Sheets: h.store.Codes(), Accounts: h.store.Accounts(),
		Sealer: h.sealer, Population: sure(population.Parse(sure(os.ReadFile(h.world.Path("register.json")))(t)))(t),
		Faces: h, Keys: h.reach().Enrol(), Issuer: bridge.EnrolIssuer{CA: ca},
		Contacts: h.contacts, Activated: h.life.Activated, Reviews: h.reviews, Marker: staff.NewMarker(tunnus.NewSecret(make([]byte, 32))),
	}))(t)
	h.reads = &reads{Store: h.store.Logins()}
	h.login = sure(login.New(login.Config{
		Scheme: "tunnus-demo", Rules: login.DefaultRules(), Store: h.reads, Clock: h.clock,
		Accounts: bridge.LoginAccounts{Accounts: account.NewService(h.store.Accounts(), h.clock), Clock: h.clock}, Signer: bridge.LoginSigner{Keys: h.reach()}, Notifier: login.NewHub(),
	}))(t)
	living.Login = h.login
	return server.New(server.Config{
		Scheme: "tunnus-demo", Issuing: by.Certificate.Raw, Sessions: bridge.Sessions{Rows: h.store.AppSessions()}, Replies: &forgetful{Replies: bridge.Replies{Replies: h.store.Replies(), Sealer: h.sealer}, house: h},
		Enrol: registration, Keys: h.reach(), Login: h.login, Accounts: h.store.Accounts(), Clock: h.clock, Life: living,
		Log: slog.New(slog.NewTextHandler(h.log, nil)),
	})
}

// reach is keyshare as the server of the house has it.
func (h *house) reach() bridge.Keyshare {
	if h.far != nil {
		return *h.far
	}
	return bridge.Local(h.keys)
}

// sure returns v, or ends the test.
func sure[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// passport issues a passport with a grey portrait; faces are not looked at here.
func (h *house) passport(who sandbox.Person) *virtual.Passport {
	h.t.Helper()
	var grey bytes.Buffer
	if err := jpeg.Encode(&grey, image.NewGray(image.Rect(0, 0, 413, 531)), nil); err != nil {
		h.t.Fatal(err)
	}
	country := sure(h.world.Country())(h.t)
	return sure(country.Issue(who.Holder(h.clock.Now(), grey.Bytes())))(h.t)
}

var registered = sync.OnceValues(func() (string, error) {
	top, err := shared()
	return filepath.Join(top, "registered"), err
})

var registering sync.Once

// withAda is a house in which ada has an account, and her phone.
func withAda(t *testing.T) (*house, *holder, *app.App) {
	t.Helper()
	from := sure(registered())(t)
	registering.Do(func() { registerAda(t, from) })
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal("ada is not registered:", err)
	}
	for _, key := range sure(filepath.Glob(filepath.Join(dir, "*")))(t) { // copies are not as strict as their originals
		if err := os.Chmod(key, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := newHouse(t, dir)
	ada := h.newHolder("ada")
	return h, ada, ada.phone()
}

// registerAda makes the folder that withAda copies.
func registerAda(t *testing.T, dir string) {
	making := dir + "-making"
	if err := os.MkdirAll(making, 0o700); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, making)
	ada := h.newHolder("ada")
	a := ada.phone()
	if _, err := a.Register(t.Context()); err != nil {
		t.Fatal(err, ada.told)
	}
	if err := errors.Join(ada.vault.Close(), h.store.Close(), os.Rename(making, dir)); err != nil {
		t.Fatal(err)
	}
}

const partyUUID = "00000000-0000-4000-8000-000000000000"

// ask is a service that asks ada to log in.
func (h *house) ask(screen acsp.Type, text string) (session string) {
	h.t.Helper()
	list := sure(acsp.EncodeInteractions(acsp.Interaction{Type: screen, Text: text}))(h.t)
	return sure(h.login.Start(h.t.Context(), login.Party{UUID: partyUUID}, login.Subject{SemanticsID: "PNOXX-" + ada(h.t).Code.Value()}, login.Ask{
		Name: "Bank", Challenge: acsp.NewChallenge(), Hash: "SHA-512", Interactions: list,
	}))(h.t)
}

// ended checks how a session ended for the service.
func (h *house) ended(session string, want login.EndResult) {
	h.t.Helper()
	st, err := h.login.Status(h.t.Context(), []string{partyUUID}, session, 0)
	if err != nil || st.End != want {
		h.t.Errorf("the session ended with %q, %v; want %q", st.End, err, want)
	}
}

func ada(t *testing.T) sandbox.Person { t.Helper(); return sure(sandbox.Find("ada"))(t) }

// noise is n random bytes.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
