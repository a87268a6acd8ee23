package card

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/document/idcard"
	virtual "github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

const origin = "https://portal.id.example"

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

// memory is every store of the portal.
type memory struct {
	mu      sync.Mutex
	visits  map[string]Visit
	slips   map[string]Slip
	ledgers map[lock.Key][]lock.Entry
	paces   map[lock.Key]lock.Count
	sheets  map[string]otp.Sheet
	letters []otp.Letter
	events  []tunnus.Event
	tries   map[string]map[time.Time]int // by person, and "" for all
	atVisit *meeting                     // of those who have read a visit
	atSlip  *meeting                     // or a code
}

// A meeting holds the first ones who come until as many are there as it is for, so
// that all of them have read the same row.
type meeting struct {
	mu   sync.Mutex
	left int
	all  chan struct{}
}

func meet(n int) *meeting { return &meeting{left: n, all: make(chan struct{})} }

func (m *meeting) wait() {
	if m == nil {
		return
	}
	m.mu.Lock()
	if m.left--; m.left == 0 {
		close(m.all)
	}
	m.mu.Unlock()
	<-m.all
}

// count moves tries of a visit by a difference.
func (m *memory) count(v Visit, by int) {
	for _, person := range []string{v.Person, ""} {
		if m.tries[person] == nil {
			m.tries[person] = map[time.Time]int{}
		}
		m.tries[person][v.TriedAt] += by
	}
}

var gone, moved = tunnus.NotFound(errors.New("none")), tunnus.Conflict(errors.New("moved"))

func (m *memory) Visit(_ context.Context, id string) (Visit, error) {
	m.mu.Lock()
	v, ok := m.visits[id]
	m.mu.Unlock()
	m.atVisit.wait()
	if ok {
		return v, nil
	}
	return Visit{}, gone
}

func (m *memory) Slip(_ context.Context, id string) (Slip, error) {
	m.mu.Lock()
	c, ok := m.slips[id]
	m.mu.Unlock()
	m.atSlip.wait()
	if ok {
		return c, nil
	}
	return Slip{}, gone
}

func (m *memory) SlipOf(_ context.Context, session string) (Slip, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.slips {
		if c.Session == session {
			return c, nil
		}
	}
	return Slip{}, gone
}

func (m *memory) Save(_ context.Context, c Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range c.Visits {
		if m.visits[v.ID].Rev != v.Rev {
			return moved
		}
	}
	if c.Slip != nil && m.slips[c.Slip.ID].Rev != c.Slip.Rev {
		return moved
	}
	for _, v := range c.Visits {
		m.count(m.visits[v.ID], -m.visits[v.ID].Tries)
		m.count(v, v.Tries)
		v.Rev++
		m.visits[v.ID] = v
	}
	if c.Slip != nil {
		v := *c.Slip
		v.Rev++
		m.slips[v.ID] = v
	}
	m.events = append(m.events, c.Events...)
	return nil
}

func (m *memory) Tries(_ context.Context, person string, after time.Time) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for at, tries := range m.tries[person] {
		if at.After(after) {
			n += tries
		}
	}
	return n, nil
}

// ledger is the store of ledgers and paces.
type ledger struct{ *memory }

func (m ledger) Entries(_ context.Context, key lock.Key) ([]lock.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.ledgers[key]), nil
}

func (m ledger) Append(_ context.Context, key lock.Key, n int, e lock.Entry, events []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.ledgers[key]) != n {
		return moved
	}
	m.ledgers[key] = append(m.ledgers[key], e)
	return nil
}

func (m ledger) Pace(_ context.Context, key lock.Key) (lock.Count, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.paces[key], nil
}

func (m ledger) SavePace(_ context.Context, key lock.Key, c lock.Count) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.paces[key].Rev != c.Rev {
		return moved
	}
	c.Rev++
	m.paces[key] = c
	return nil
}

func (m ledger) DropPaces(context.Context, time.Time) error { return nil }

// sheets is the store of one-time codes.
type sheets struct{ *memory }

func (m sheets) Sheet(_ context.Context, session string) (otp.Sheet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.memory.sheets[session]; ok {
		s.Codes = slices.Clone(s.Codes)
		return s, nil
	}
	return otp.Sheet{}, gone
}

func (m sheets) Save(_ context.Context, s otp.Sheet, _ []otp.Spend, letters []otp.Letter, _ []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.memory.sheets[s.Session].Rev != s.Rev {
		return moved
	}
	s.Rev++
	m.memory.sheets[s.Session] = s
	m.letters = append(m.letters, letters...)
	return nil
}

func (m sheets) Spent(context.Context, string, string, string) (int, error) { return 0, nil }

func (m sheets) Others(context.Context, string, string, string) ([]otp.Sheet, error) { return nil, nil }

// where is a map of places.
type where map[string]string

func (w where) Place(a string) string { return w[a] }

// contacts are those on file.
type contacts []string

func (c contacts) Usable(context.Context, tunnus.PersonCode) (out []contact.Contact, err error) {
	for _, a := range c {
		out = append(out, contact.Contact{Address: a, Kind: address.Email})
	}
	return out, nil
}

// world is a portal with one card.
type world struct {
	*Service
	t     *testing.T
	m     *memory
	now   time.Time
	cards *virtual.Issuer
	card  *virtual.Card
}

func code(t *testing.T, serial int) tunnus.PersonCode {
	t.Helper()
	for check := range 10 {
		if c, err := tunnus.ParsePersonCode("XX", fmt.Sprintf("19900214%03d%d", serial, check)); err == nil {
			return c
		}
	}
	t.Fatal("no check digit fits")
	return tunnus.PersonCode{}
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), m: &memory{
		visits: map[string]Visit{}, slips: map[string]Slip{}, ledgers: map[lock.Key][]lock.Entry{}, paces: map[lock.Key]lock.Count{}, sheets: map[string]otp.Sheet{},
		tries: map[string]map[time.Time]int{},
	}}
	clock := tunnus.ClockFunc(func() time.Time { return w.now })
	var err error
	if w.cards, err = virtual.NewIssuer(w.now, "http://ocsp.card.example/"); err != nil {
		t.Fatal(err)
	}
	w.card = w.issue(1, "ADA", "SAMPLE")
	validator, err := idcard.New(idcard.Config{
		Origin: origin, Issuers: []idcard.Issuer{{Certificate: w.cards.CA(), Countries: []string{"XX"}}}, Status: virtual.Responder{Issuer: w.cards, Clock: clock},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Rules: DefaultRules, Cards: validator, Store: w.m, Sheets: sheets{w.m}, OTP: otp.Defaults(), Contacts: contacts{},
		OnFile: func(context.Context, tunnus.PersonCode) (bool, error) { return false, nil },
		People: lock.New(ledger{w.m}, lock.Rules{
			Phase: lock.Proof, Ladder: tunnus.Ladder{{Failures: 3, Lock: time.Hour}}, Forget: 24 * time.Hour, Life: 30 * time.Minute, VoidEvery: 24 * time.Hour,
		}, tunnus.NewSecret(bytes.Repeat([]byte{2}, 32)), clock),
		Places: where{"phone": "XX", "browser": "XX", "abroad": "YY"}, Sealer: sealer{}, Secret: tunnus.NewSecret(bytes.Repeat([]byte{1}, 32)), Clock: clock,
	}
	for _, c := range change {
		c(&cfg)
	}
	if w.Service, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) issue(serial int, given, surname string) *virtual.Card {
	w.t.Helper()
	c, err := w.cards.Issue(virtual.Order{Code: code(w.t, serial), Given: given, Surname: surname}, w.now)
	w.must("Issue", err)
	return c
}

func (w *world) must(what string, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
}

func (w *world) want(what string, err error, code tunnus.Code) {
	w.t.Helper()
	if got := tunnus.CodeOf(err); got != code {
		w.t.Errorf("%s: %q (%v); want %q", what, got, err, code)
	}
}

// phone asks for the code of a sitting.
func (w *world) phone(session string) Phone {
	return Phone{
		Session: session, Device: "hk-" + session, Address: "phone", Model: "Utopia Phone 7", Counter: "42", Level: tunnus.Qualified, Began: w.now,
		Keys: [2]string{"login-key", "sign-key"}, Until: w.now.Add(25 * time.Minute),
	}
}

func (w *world) code(session string) Code {
	w.t.Helper()
	c, err := w.Code(w.t.Context(), w.phone(session))
	w.must("Code", err)
	return c
}

// login visits the portal and logs in.
func (w *world) login(c *virtual.Card) string {
	w.t.Helper()
	v, nonce, err := w.Begin(w.t.Context(), From{Address: "browser", Language: "et"})
	w.must("Begin", err)
	w.must("Login", w.Login(w.t.Context(), v, w.token(c, nonce)))
	return v
}

func (w *world) token(c *virtual.Card, nonce string) []byte {
	w.t.Helper()
	pin, _ := c.PINs()
	got, err := c.Authenticate(origin, nonce, pin)
	w.must("Authenticate", err)
	b, err := json.Marshal(got)
	w.must("token", err)
	return b
}

var fine = map[string]string{"own-phone": "yes", "guided": "no", "terms": "yes"}

// ready is a visit that may type a code.
func (w *world) ready(c *virtual.Card) string {
	w.t.Helper()
	v := w.login(c)
	w.must("Answer", w.Answer(w.t.Context(), v, fine))
	_, err := w.SendCode(w.t.Context(), v, To{Contact: "ada@mail.example"})
	w.must("SendCode", err)
	w.must("ConfirmCode", w.ConfirmCode(w.t.Context(), v, w.letter().Code))
	return v
}

// letter is the last one in the outbox.
func (w *world) letter() otp.Message {
	w.t.Helper()
	m, err := otp.OpenLetter(sealer{}, w.m.letters[len(w.m.letters)-1])
	w.must("OpenLetter", err)
	return m
}

// crowd is a visit of somebody who may type a code, without a card.
func (w *world) crowd(i int) string {
	w.t.Helper()
	who := code(w.t, 2+i%900)
	v := Visit{ID: fmt.Sprint("crowd-", i), State: Confirmed, Person: fmt.Sprint("person-", i), Began: w.now, Expires: w.now.Add(time.Hour)}
	w.must("save", w.save(w.t.Context(), &v, payload{Country: who.Country(), Code: who.Value()}, nil))
	return v.ID
}

// sign does both halves of the signature.
func (w *world) sign(c *virtual.Card, visit string) error {
	w.t.Helper()
	guest, err := w.Who(w.t.Context(), visit)
	w.must("Who", err)
	offer, err := json.Marshal(c.SigningCertificate())
	w.must("offer", err)
	q, err := w.Offer(w.t.Context(), visit, guest.Pairing, offer)
	if err != nil {
		return err
	}
	_, pin := c.PINs()
	got, err := c.Sign(q.Hash, q.HashFunction, pin)
	w.must("Sign", err)
	reply, err := json.Marshal(got)
	w.must("reply", err)
	return w.Sign(w.t.Context(), visit, guest.Pairing, reply)
}

// wrongCode is the form of a code, and not that one.
func wrongCode(i int, right string) string {
	b := []byte("22222222")
	for k := range b {
		b[k] = alphabet[i>>(5*k)&31]
	}
	if string(b) == right {
		b[7] = 'Z'
	}
	return string(b)
}

func (w *world) kinds() (out []string) {
	for _, e := range w.m.events {
		out = append(out, e.Kind)
	}
	return out
}

func (m *memory) clone() map[string]Visit { return maps.Clone(m.visits) }

// bare checks that nothing of a person stands in the events.
func (w *world) bare() {
	w.t.Helper()
	for _, e := range w.m.events {
		for _, secret := range []string{"SAMPLE", "ADA", "1990", "ada@", "PNO"} {
			if text := fmt.Sprint(e); strings.Contains(text, secret) {
				w.t.Errorf("an event tells %s: %s", secret, text)
			}
		}
	}
}
