package life_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// clear is a sealer that binds its text to the place and hides nothing.
type clear struct{}

func (clear) Seal(plain, aad []byte) ([]byte, error) {
	return fmt.Appendf(nil, "%s|%s", aad, plain), nil
}

func (clear) Open(sealed, aad []byte) ([]byte, error) {
	text, ok := strings.CutPrefix(string(sealed), string(aad)+"|")
	if !ok {
		return nil, errors.New("sealed for another place")
	}
	return []byte(text), nil
}

// halves are keys and certificates: what each was told last.
type halves struct {
	mu    sync.Mutex
	keys  map[string]string
	certs map[string]string
	calls int
	dies  int // the call that fails; 0 is none
}

var errDied = errors.New("died")

func (h *halves) set(m map[string]string, id, to string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.calls++; h.calls == h.dies {
		return errDied
	}
	if strings.HasPrefix(m[id], "ended") && !strings.HasPrefix(to, "ended") {
		return tunnus.Conflict(errors.New("it has ended"))
	}
	m[id] = to
	return nil
}

func (h *halves) Suspend(_ context.Context, id, _ string) error {
	return h.set(h.keys, id, "suspended")
}
func (h *halves) Resume(_ context.Context, id string) error    { return h.set(h.keys, id, "") }
func (h *halves) Revoke(_ context.Context, id, _ string) error { return h.set(h.keys, id, "ended") }

func (h *halves) SuspendAccount(_ context.Context, id string) error {
	return h.set(h.certs, id, "held")
}

func (h *halves) ResumeAccount(_ context.Context, id string) error { return h.set(h.certs, id, "") }

func (h *halves) RevokeAccount(_ context.Context, id string, why pki.Reason) error {
	return h.set(h.certs, id, fmt.Sprint("ended ", why))
}

// world is a service over a real database.
type world struct {
	t      *testing.T
	store  *store.Store
	now    time.Time
	halves *halves
	svc    *life.Service
	cfg    life.Config
	person tunnus.PersonCode
	n      int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldAt(t, filepath.Join(t.TempDir(), "tunnus.db"))
}

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

// bothEngines runs a test on a database of each engine.
func bothEngines(t *testing.T, test func(w *world)) {
	t.Run("sqlite", func(t *testing.T) { test(newWorld(t)) })
	t.Run("postgres", func(t *testing.T) {
		test(worldAt(t, cluster.Filled(t, func(url string) error {
			s, err := store.Open(t.Context(), url)
			if err != nil {
				return err
			}
			return s.Close()
		})))
	})
}

func worldAt(t *testing.T, where string) *world {
	t.Helper()
	s, err := store.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w := &world{t: t, store: s, now: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC), halves: &halves{keys: map[string]string{}, certs: map[string]string{}}}
	if w.person, err = tunnus.ParsePersonCode("XX", "199002140017"); err != nil {
		t.Fatal(err)
	}
	clock := tunnus.ClockFunc(func() time.Time { return w.now })
	secret := tunnus.NewSecret([]byte("0123456789abcdef0123456789abcdef"))
	contacts := contact.Service{Store: s.Contacts(), Accounts: s.Accounts(), Sealer: clear{}, Secret: secret, Clock: clock}
	w.cfg = life.Config{
		Store: s.Life(), Accounts: s.Accounts(), Contacts: contacts, Keys: w.halves, Authority: w.halves, Clock: clock,
		History: history.Book{Store: s.History(), Sealer: clear{}, Secret: secret, Clock: clock},
		Teller:  tell.Teller{Sealer: clear{}, Contacts: contacts, URL: "https://id.example", Clock: clock},
		Codes:   otp.New(s.Codes(), clear{}, otp.Defaults(), secret, clock),
	}
	w.svc = life.New(w.cfg)
	return w
}

// add puts an account there that is active, since so long.
func (w *world) add(since time.Duration, change ...func(*account.Account)) account.Account {
	w.t.Helper()
	w.n++
	id := fmt.Sprintf("a%d", w.n)
	a, err := account.New(account.Holder{
		Person: w.person, Surname: "Utopian", GivenNames: "Ada", Level: tunnus.Qualified, Device: "device-" + id,
		LoginKey: "login-" + id, SignKey: "sign-" + id, Proofed: account.ByPassport,
	}, w.now.Add(-since))
	if err != nil {
		w.t.Fatal(err)
	}
	a.ID, a.State, a.ActiveAt, a.Told = id, account.Active, w.now.Add(-since), true
	a.Contact, _ = clear{}.Seal([]byte(id+"@example.org"), a.ContactPlace())
	for _, c := range change {
		c(&a)
	}
	w.must(w.store.Accounts().Save(w.t.Context(), a, nil))
	return w.get(id)
}

func (w *world) get(id string) account.Account {
	w.t.Helper()
	a, err := w.store.Accounts().Get(w.t.Context(), id)
	w.must(err)
	return a
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// stands checks account, keys and certificates, which stand or fall together.
func (w *world) stands(id string, want account.State) {
	w.t.Helper()
	a := w.get(id)
	key, cert := "", ""
	switch {
	case !want.Live():
		key, cert = "ended", "ended"
	case want != account.Active:
		key, cert = "suspended", "held"
	}
	if got := w.halves.certs[id]; a.State != want || w.halves.keys[a.LoginKey] != key || w.halves.keys[a.SignKey] != key || !strings.HasPrefix(got, cert) || (cert == "") != (got == "") || a.Behind {
		w.t.Errorf("%s is %s (behind: %t), keys %q and %q, certificates %q; want %s", id, a.State, a.Behind,
			w.halves.keys[a.LoginKey], w.halves.keys[a.SignKey], got, want)
	}
}

// letters takes the letters that wait, as kinds, with the links in them.
func (w *world) letters() (kinds, links []string) {
	w.t.Helper()
	list, err := w.store.Outbox().Pending(w.t.Context(), time.Now().Add(time.Hour), 100)
	w.must(err)
	for _, l := range list {
		m, err := otp.OpenLetter(clear{}, l)
		w.must(err)
		kinds = append(kinds, l.Kind+" "+m.To)
		if m.Link != "" {
			links = append(links, m.Link)
		}
		w.must(w.store.Outbox().Done(w.t.Context(), l.ID))
	}
	slices.Sort(kinds)
	return kinds, links
}

// notices are the kinds that wait for an account.
func (w *world) notices(id string) (kinds []string) {
	w.t.Helper()
	list, err := w.svc.Notices(w.t.Context(), account.Account{ID: id})
	w.must(err)
	for _, n := range list {
		kinds = append(kinds, string(n.Kind)+" "+n.About)
	}
	return kinds
}

func (w *world) same(what string, got, want []string) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: %q; want %q", what, got, want)
	}
}

func (w *world) code(what string, err error, want tunnus.Code) {
	w.t.Helper()
	if tunnus.CodeOf(err) != want {
		w.t.Errorf("%s: %v; want %q", what, err, want)
	}
}

const day = 24 * time.Hour

// otherPerson is the code of somebody else.
const otherPerson = "198001010019"
