package enrol

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/sweep"
	"github.com/tunnus-id/tunnus/enrol/way"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// memory is every store of a flow; it forgets everything at its end.
type memory struct {
	mu       sync.Mutex
	sessions map[string]sitting.Session
	accounts map[string]account.Account
	ledgers  map[lock.Key][]lock.Entry
	sheets   map[string]otp.Sheet
	outbox   []otp.Letter
	taps     []tell.Tap
	events   []tunnus.Event
	// failAfter makes an Append of this kind fail after it has written: the
	// process was killed before it could go on.
	failAfter  lock.Kind
	containers []container.Container
	// failCommit makes the next Commit fail, having written nothing.
	failCommit bool

	questions map[string]confirm.Question
	// The process is killed at this write of any kind, counted from 1, before or
	// after it is durable; killed tells that it was.
	killAt    int
	killAfter bool
	writes    int
	killed    bool
}

var errKilled = errors.New("killed")

// write is one write that may be the last thing the process does.
func (m *memory) write(do func() error) error {
	m.writes++
	now := m.writes == m.killAt
	m.killed = m.killed || now
	if now && !m.killAfter {
		return errKilled
	}
	if err := do(); err != nil || !now {
		return err
	}
	return errKilled
}

func newMemory() *memory {
	return &memory{
		sessions: map[string]sitting.Session{}, accounts: map[string]account.Account{},
		ledgers: map[lock.Key][]lock.Entry{}, sheets: map[string]otp.Sheet{}, questions: map[string]confirm.Question{},
	}
}

func (m *memory) Session(_ context.Context, id string) (sitting.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[id]
	if !ok {
		return sitting.Session{}, tunnus.NotFound(nil)
	}
	return s, nil
}

func (m *memory) Latest(_ context.Context, device string) (newest sitting.Session, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	err = tunnus.NotFound(nil)
	for _, s := range m.sessions {
		if s.Device == device && (s.State.Holds() || s.State == way.Done || s.Why == tunnus.CodeSesTimeout) && (err != nil || s.CreatedAt.After(newest.CreatedAt)) {
			newest, err = s, nil
		}
	}
	return newest, err
}

func (m *memory) Commit(_ context.Context, c sitting.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.write(func() error { return m.commit(c) })
}

func (m *memory) commit(c sitting.Change) error {
	if m.failCommit {
		m.failCommit = false
		return errKilled
	}
	if m.sessions[c.Session.ID].Rev != c.Session.Rev || c.Account != nil && m.accounts[c.Account.ID].Rev != c.Account.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	if c.Voucher != nil && m.accounts[c.Voucher.ID].Rev != c.Voucher.Rev {
		return tunnus.Conflict(errors.New("the voucher moved"))
	}
	if err := m.room(c); err != nil {
		return err
	}
	for _, a := range m.accounts { // the unique index of the store
		if c.Account != nil && a.ID != c.Account.ID && a.Device == c.Account.Device && a.State.Live() && c.Account.State.Live() {
			return tunnus.Conflict(errors.New("the device has an account"))
		}
	}
	c.Session.Rev++
	c.Session.Facts = maps.Clone(c.Session.Facts)
	m.sessions[c.Session.ID] = c.Session
	if c.Account != nil {
		a := *c.Account
		a.Rev++
		m.accounts[a.ID] = a
	}
	if c.Container != nil {
		m.containers = append(m.containers, *c.Container)
	}
	m.outbox, m.taps = append(m.outbox, c.Letters...), append(m.taps, c.Taps...)
	m.events = append(m.events, c.Events...)
	return nil
}

// room is the count of the store.
func (m *memory) room(c sitting.Change) error {
	if c.Account == nil || c.Account.Rev != 0 || c.Most == 0 {
		return nil
	}
	var all []account.Account
	for _, a := range m.accounts {
		if a.Person == c.Account.Person {
			all = append(all, a)
		}
	}
	return account.Room(all, c.Account.Replaces, c.Most)
}

func (m *memory) Overdue(_ context.Context, now time.Time, holds bool, after sweep.Place, limit int) (list []sweep.Place, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	order := func(a, b sweep.Place) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) }
	for id, s := range m.sessions {
		at := sweep.Place{Due: s.Due, ID: id}
		if (s.State.Holds() && !now.Before(s.Due) || s.State == way.Undoing) && s.Holds() == holds && order(at, after) > 0 {
			list = append(list, at)
		}
	}
	slices.SortFunc(list, order)
	return list[:min(limit, len(list))], nil
}

func (m *memory) Get(_ context.Context, id string) (account.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[id]
	if !ok {
		return account.Account{}, tunnus.NotFound(nil)
	}
	return a, nil
}

func (m *memory) ByDevice(_ context.Context, d string) (out []account.Account, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.accounts {
		if a.Device == d {
			out = append(out, a)
		}
	}
	return out, nil
}

func (m *memory) ByPerson(_ context.Context, p tunnus.PersonCode) (out []account.Account, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.accounts {
		if a.Person == p {
			out = append(out, a)
		}
	}
	return out, nil
}

func (m *memory) Entries(_ context.Context, key lock.Key) ([]lock.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.ledgers[key]), nil
}

func (m *memory) Append(_ context.Context, key lock.Key, n int, e lock.Entry, events []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.write(func() error { return m.append(key, n, e, events) })
}

func (m *memory) append(key lock.Key, n int, e lock.Entry, events []tunnus.Event) error {
	if len(m.ledgers[key]) != n {
		return tunnus.Conflict(errors.New("grown"))
	}
	m.ledgers[key] = append(m.ledgers[key], e)
	m.events = append(m.events, events...)
	if m.failAfter == e.Kind {
		m.failAfter = ""
		return errKilled
	}
	return nil
}

func (m *memory) Sheet(_ context.Context, session string) (otp.Sheet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sheets[session]
	if !ok {
		return otp.Sheet{}, tunnus.NotFound(nil)
	}
	s.Codes = slices.Clone(s.Codes)
	return s, nil
}

func (m *memory) Save(_ context.Context, s otp.Sheet, _ []otp.Spend, letters []otp.Letter, events []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.write(func() error { return m.save(s, letters, events) })
}

func (m *memory) save(s otp.Sheet, letters []otp.Letter, events []tunnus.Event) error {
	if m.sheets[s.Session].Rev != s.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	s.Rev++
	s.Codes = slices.Clone(s.Codes)
	m.sheets[s.Session] = s
	m.outbox = append(m.outbox, letters...)
	m.events = append(m.events, events...)
	return nil
}

func (m *memory) Spent(context.Context, string, string, string) (int, error) { return 0, nil }

func (m *memory) Others(_ context.Context, session, owner, contact string) (out []otp.Sheet, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, s := range m.sheets {
		if id != session && s.Owner == owner && s.Contact == contact {
			out = append(out, s)
		}
	}
	return out, nil
}

// mask is a sealer that turns bits and binds to the place.
type mask struct{}

func turn(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = ^b[i]
	}
	return out
}

func (mask) Seal(plain, aad []byte) ([]byte, error) {
	return turn(slices.Concat(aad, []byte{0}, plain)), nil
}

func (mask) Open(sealed, aad []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(turn(sealed), slices.Concat(aad, []byte{0}))
	if !ok {
		return nil, errors.New("another place")
	}
	return plain, nil
}

// utopia is a country whose keys all tests share: making them takes time.
var utopia = sync.OnceValue(func() *virtual.Country {
	c, err := virtual.NewCountry(start)
	if err != nil {
		panic(err)
	}
	return c
})

// ada is an invented person's passport, with changes.
func ada(t *testing.T, change func(*virtual.Holder)) *virtual.Passport {
	t.Helper()
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 60, 80)), nil); err != nil {
		t.Fatal(err)
	}
	h := virtual.Holder{
		Surname: "AASK", GivenNames: "ADA MARIA", Sex: "F", Number: "X1234567", PersonCode: "199002140017",
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: start.AddDate(5, 0, 0),
		Portrait: portrait.Bytes(), Chip: virtual.ChipECDSA,
	}
	if change != nil {
		change(&h)
	}
	p, err := utopia().Issue(h)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func adasForm() Form {
	return Form{Country: "XX", Surname: "Åsk", GivenNames: "Ada-Maria", PersonCode: "199002140017", Document: "x123 4567"}
}

// read is what an app reads from a passport's chip.
func read(t *testing.T, p *virtual.Passport, challenge []byte) emrtd.Evidence {
	t.Helper()
	ev := emrtd.Evidence{SOD: p.SOD(), Groups: p.Groups()}
	if p.Group(15) != nil {
		var err error
		if ev.ActiveAuth, err = p.Prove(challenge); err != nil {
			t.Fatal(err)
		}
	}
	return ev
}

func person(t *testing.T, id string) tunnus.PersonCode {
	t.Helper()
	c, err := tunnus.ParseSemanticsID(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// utopian adds the check digit to eleven digits of a personal code.
func utopian(s string) string {
	sum := 0
	for i := range s {
		sum += int(s[i]-'0') * []int{7, 3, 1}[i%3]
	}
	return s + string(rune('0'+sum%10))
}

func sandboxRules() scheme.Rules { return scheme.Nordic().AsSandbox() }
