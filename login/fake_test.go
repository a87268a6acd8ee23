package login

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

const (
	ada     = "PNOXX-199002140017"
	bank    = "11111111-1111-4111-8111-111111111111"
	library = "22222222-2222-4222-8222-222222222222"
)

// A clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// rows is a [Store] in memory.
type rows struct {
	mu      sync.Mutex
	all     map[string]Session
	events  []tunnus.Event
	reads   int    // of Session
	creates func() // called at the start of Create
	saveErr error  // what the next Save fails with
}

func (r *rows) Create(_ context.Context, s Session, since time.Time, seen int, events []tunnus.Event) error {
	if r.creates != nil {
		r.creates()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.recent(s.Person, since)); n != seen {
		return tunnus.Conflict(fmt.Errorf("rows: %d sessions, not %d", n, seen))
	}
	r.all[s.ID] = s
	r.events = append(r.events, events...)
	return nil
}

func (r *rows) Session(_ context.Context, id string) (Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	s, ok := r.all[id]
	if !ok {
		return Session{}, tunnus.NotFound(errors.New("rows: no such session"))
	}
	return s, nil
}

func (r *rows) Recent(_ context.Context, person string, since time.Time) ([]Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.recent(person, since), nil
}

func (r *rows) recent(person string, since time.Time) []Session {
	var list []Session
	for _, s := range r.all {
		if s.Person == person && !s.Created.Before(since) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b Session) int { return b.Created.Compare(a.Created) })
	return list
}

func (r *rows) Save(_ context.Context, s Session, events []tunnus.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.saveErr; err != nil {
		r.saveErr = nil
		return err
	}
	if r.all[s.ID].Rev != s.Rev {
		return tunnus.Conflict(errors.New("rows: revision"))
	}
	s.Rev++
	r.all[s.ID] = s
	r.events = append(r.events, events...)
	return nil
}

// book is an [Accounts] in memory.
type book struct{ list []Account }

func (b *book) find(match func(Account) bool) (Account, error) {
	if i := slices.IndexFunc(b.list, match); i >= 0 {
		return b.list[i], nil
	}
	return Account{}, tunnus.NotFound(errors.New("book: no such account"))
}

func (b *book) OfPerson(_ context.Context, code tunnus.PersonCode) ([]Account, error) {
	return slices.DeleteFunc(slices.Clone(b.list), func(a Account) bool { return a.Person != code.SemanticsID() }), nil
}

func (b *book) ByNumber(_ context.Context, n string) (Account, error) {
	return b.find(func(a Account) bool { return a.Number == n })
}

func (b *book) ByID(_ context.Context, id string) (Account, error) {
	return b.find(func(a Account) bool { return a.ID == id })
}

// keys is a [Signer] in memory.
type keys struct {
	mu     sync.Mutex
	offers map[string]Offer
	state  map[string]Outcome
	locked map[string]bool // key ids
	down   error           // what Cancel fails with
}

func (k *keys) Offer(_ context.Context, o Offer) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.locked[o.KeyID] {
		return "", tunnus.Fail(tunnus.CodePINLock1, nil)
	}
	id := fmt.Sprintf("tx-%d", len(k.offers)+1)
	k.offers[id], k.state[id] = o, Outcome{State: Open}
	return id, nil
}

func (k *keys) Outcome(_ context.Context, id string) (Outcome, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if out := k.state[id]; out.State != Open || !k.locked[k.offers[id].KeyID] {
		return out, nil
	}
	return Outcome{State: Unusable}, nil
}

func (k *keys) Cancel(_ context.Context, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down != nil {
		return k.down
	}
	if k.state[id].State == Signed {
		return tunnus.Conflict(errors.New("keys: signed"))
	}
	k.state[id] = Outcome{State: Cancelled}
	return nil
}

// sign releases a signature, as key/keyshare would.
func (k *keys) sign(t *testing.T, id string) {
	t.Helper()
	answer, err := acsp.Answer{UserChallenge: acsp.UserChallenge(acsp.NewVerifier()), Interaction: acsp.DisplayTextAndPIN}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state[id].State != Open {
		t.Fatalf("%s is %q, cannot be signed", id, k.state[id].State)
	}
	k.state[id] = Outcome{Signed, []byte("signature of " + id), answer}
}

// A world is a flow with its fakes, one person with two accounts, two parties.
type world struct {
	*Flow
	rows  *rows
	book  *book
	keys  *keys
	clock *clock
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		rows:  &rows{all: map[string]Session{}},
		book:  &book{},
		keys:  &keys{offers: map[string]Offer{}, state: map[string]Outcome{}, locked: map[string]bool{}},
		clock: &clock{now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)},
	}
	w.book.list = []Account{
		{"new", ada, ada + "-7K3Q-Q", tunnus.Qualified, "key-new", []byte("certificate of new")},
		{"old", ada, ada + "-22AB-NQ", tunnus.Advanced, "key-old", []byte("certificate of old")},
	}
	w.use(t, w.clock)
	return w
}

func (w *world) use(t *testing.T, c tunnus.Clock) {
	t.Helper()
	f, err := New(Config{"tunnus-demo", DefaultRules(), w.rows, w.book, w.keys, NewHub(), c})
	if err != nil {
		t.Fatal(err)
	}
	w.Flow = f
}

func ask(t *testing.T) Ask {
	t.Helper()
	screens, err := acsp.EncodeInteractions(acsp.Interaction{Type: acsp.DisplayTextAndPIN, Text: "Log in"})
	if err != nil {
		t.Fatal(err)
	}
	return Ask{Name: "Bank", Level: tunnus.Advanced, Challenge: acsp.NewChallenge(), Hash: acsp.SHA3512, Interactions: screens}
}

func party(uuid string) Party { return Party{UUID: uuid, Names: []string{"Bank"}, Advanced: true} }

// start opens a session for the person, or fails the test.
func (w *world) start(t *testing.T, uuid string) string {
	t.Helper()
	id, err := w.Start(t.Context(), party(uuid), Subject{SemanticsID: ada}, ask(t))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// status reads a session without waiting.
func (w *world) status(t *testing.T, id string) Status {
	t.Helper()
	st, err := w.Status(t.Context(), []string{bank}, id, 0)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// list returns what an account is shown.
func (w *world) list(t *testing.T, account string) []Request {
	t.Helper()
	list, err := w.Pending(t.Context(), account, 0)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
