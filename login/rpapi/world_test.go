package rpapi_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/login/rpapi"
)

const (
	adaID   = "PNOXX-199002140017"
	number  = adaID + "-7K3Q-Q"
	bank    = "11111111-1111-4111-8111-111111111111"
	library = "22222222-2222-4222-8222-222222222222"
)

// rows is a login.Store in memory.
type rows struct {
	mu  sync.Mutex
	all map[string]login.Session
}

func (r *rows) Create(_ context.Context, s login.Session, _ time.Time, seen int, _ []tunnus.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seen != len(r.all) {
		return tunnus.Conflict(errors.New("rows"))
	}
	r.all[s.ID] = s
	return nil
}

func (r *rows) Session(_ context.Context, id string) (login.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.all[id]; ok {
		return s, nil
	}
	return login.Session{}, tunnus.NotFound(errors.New("rows"))
}

func (r *rows) Recent(context.Context, string, time.Time) ([]login.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []login.Session
	for _, s := range r.all {
		list = append(list, s)
	}
	return list, nil
}

func (r *rows) Save(_ context.Context, s login.Session, _ []tunnus.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[s.ID].Rev != s.Rev {
		return tunnus.Conflict(errors.New("rows"))
	}
	s.Rev++
	r.all[s.ID] = s
	return nil
}

// holder is the only account there is, and its key: login.Accounts and login.Signer.
type holder struct {
	account login.Account
	key     *rsa.PrivateKey

	mu    sync.Mutex
	offer login.Offer
	out   login.Outcome
}

func (h *holder) OfPerson(_ context.Context, c tunnus.PersonCode) ([]login.Account, error) {
	if c.SemanticsID() != h.account.Person {
		return nil, nil
	}
	return []login.Account{h.account}, nil
}

func (h *holder) ByNumber(_ context.Context, n string) (login.Account, error) {
	if n != h.account.Number {
		return login.Account{}, tunnus.NotFound(errors.New("holder"))
	}
	return h.account, nil
}

func (h *holder) ByID(context.Context, string) (login.Account, error) { return h.account, nil }

func (h *holder) Offer(_ context.Context, o login.Offer) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offer, h.out = o, login.Outcome{State: login.Open}
	return "tx", nil
}

func (h *holder) Outcome(context.Context, string) (login.Outcome, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.out, nil
}

func (h *holder) Cancel(context.Context, string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.out.State == login.Signed {
		return tunnus.Conflict(errors.New("holder"))
	}
	h.out.State = login.Cancelled
	return nil
}

// sign does what app and key/keyshare do together.
func (h *holder) sign(t *testing.T) {
	t.Helper()
	answer, err := acsp.Answer{UserChallenge: acsp.UserChallenge(acsp.NewVerifier()), Interaction: acsp.DisplayTextAndPIN}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	payload, err := acsp.Format{Scheme: "tunnus-demo"}.Payload(h.offer.Record, answer)
	if err != nil {
		t.Fatal(err)
	}
	hash := acsp.Hash(h.offer.Hash)
	digest, err := hash.Sum(payload)
	if err != nil {
		t.Fatal(err)
	}
	s, err := rsa.SignPSS(rand.Reader, h.key, hash.Crypto(), digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		t.Fatal(err)
	}
	h.out = login.Outcome{State: login.Signed, Signature: s, Answer: answer}
}

// A world is a handler with all that stands behind it.
type world struct {
	handler http.Handler
	flow    *login.Flow
	holder  *holder
	rows    *rows
}

// newWorld has a bank and a library on loopback; the bank is pinned if a pin is given.
func newWorld(t *testing.T, pins ...login.Fingerprint) *world {
	t.Helper()
	// 192.0.2.1 is where requests of httptest come from.
	here := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}
	parties, err := login.NewParties(false,
		login.Party{UUID: bank, Names: []string{"Bank"}, Sources: here, Pins: pins},
		login.Party{UUID: library, Names: []string{"Library"}, Sources: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}},
	)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{rows: &rows{all: map[string]login.Session{}}, holder: &holder{
		account: login.Account{ID: "a", Person: adaID, Number: number, Level: tunnus.Qualified, KeyID: "k", Certificate: []byte("certificate")},
	}}
	w.flow, err = login.New(login.Config{
		Scheme: "tunnus-demo", Rules: login.DefaultRules(), Store: w.rows, Accounts: w.holder, Signer: w.holder,
		Notifier: login.NewHub(), Clock: tunnus.SystemClock{},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := rpapi.New(rpapi.Config{Flow: w.flow, Parties: parties, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	w.handler = s.Handler()
	return w
}

// do sends a request from addr.
func (w *world) do(t *testing.T, method, path, body, addr string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if addr != "" {
		r.RemoteAddr = addr
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}
