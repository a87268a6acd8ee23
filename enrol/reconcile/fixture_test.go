package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/match"
)

var (
	errDown = errors.New("down")
	start   = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
)

// rules are those of the schemes that ship.
var rules = Rules{Renew: 30 * 24 * time.Hour, Every: 20 * time.Hour, Tries: 3, Bad: 20, Floor: 20, PerCen: 2}

// A world is everything around the walk, in memory.
type world struct {
	mu       sync.Mutex
	now      time.Time
	run      Run
	cases    map[string]Case
	events   []tunnus.Event
	accounts map[tunnus.PersonCode][]account.Account
	codes    []tunnus.PersonCode
	people   map[tunnus.PersonCode]match.Person

	answer func(n int, p match.Person) (match.Person, error) // what the register makes of its nth answer
	asked  int
	ended  map[string]tunnus.Code
	told   map[string]int
	broken map[string]bool // accounts that cannot be ended
}

func code(t *testing.T, serial int) tunnus.PersonCode {
	t.Helper()
	for digit := range 10 {
		if c, err := tunnus.ParsePersonCode("XX", fmt.Sprintf("19900214%03d%d", serial, digit)); err == nil {
			return c
		}
	}
	t.Fatal("no digit fits")
	return tunnus.PersonCode{}
}

// newWorld has n people with one active account each, of whom the register says
// the same.
func newWorld(t *testing.T, n int) *world {
	w := &world{
		now: start, cases: map[string]Case{}, accounts: map[tunnus.PersonCode][]account.Account{},
		people: map[tunnus.PersonCode]match.Person{}, ended: map[string]tunnus.Code{}, told: map[string]int{}, broken: map[string]bool{},
	}
	for i := range n {
		c := code(t, i+1)
		w.codes = append(w.codes, c)
		w.people[c] = match.Person{Code: c, Surname: "Åsk", GivenNames: "Ada"}
		w.accounts[c] = []account.Account{{ID: fmt.Sprintf("a%03d", i), Person: c, State: account.Active, Surname: "Åsk", GivenNames: "Ada"}}
	}
	return w
}

func (w *world) change(i int, f func(*match.Person)) {
	p := w.people[w.codes[i]]
	f(&p)
	w.people[w.codes[i]] = p
}

func (w *world) service(t *testing.T, change func(*Config)) *Service {
	t.Helper()
	cfg := Config{
		Rules: rules, Store: w, Accounts: w, Register: w, Ender: w, Teller: w,
		Clock: tunnus.ClockFunc(func() time.Time { return w.now }),
		Down:  func(err error) bool { return errors.Is(err, errDown) },
		Pace:  func(ctx context.Context) error { return ctx.Err() },
	}
	cfg.Page = 4
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// night walks once, a day later than before.
func (w *world) night(t *testing.T) error {
	t.Helper()
	w.now = w.now.Add(24 * time.Hour)
	return w.service(t, nil).Run(t.Context())
}

func (w *world) Run(context.Context) (Run, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.run, nil
}

func (w *world) SaveRun(_ context.Context, r Run, events []tunnus.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Rev != w.run.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	r.Rev++
	w.run, w.events = r, append(w.events, events...)
	return nil
}

func (w *world) People(_ context.Context, after string, limit int) (out []tunnus.PersonCode, _ error) {
	for _, c := range w.codes {
		if c.SemanticsID() > after && len(out) < limit {
			out = append(out, c)
		}
	}
	return out, nil
}

func (w *world) Case(_ context.Context, id string) (Case, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cases[id], nil
}

func (w *world) SaveCase(_ context.Context, c Case, events []tunnus.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Rev != w.cases[c.Account].Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	c.Rev++
	w.cases[c.Account], w.events = c, append(w.events, events...)
	return nil
}

func (w *world) ByPerson(_ context.Context, p tunnus.PersonCode) ([]account.Account, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.accounts[p]), nil
}

func (w *world) ByCode(_ context.Context, c tunnus.PersonCode) (match.Person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	p, ok := w.people[c]
	if w.answer != nil {
		var err error
		if p, err = w.answer(w.asked, p); err != nil {
			return match.Person{}, err
		}
	}
	if !ok {
		return match.Person{}, match.ErrNoPerson
	}
	return p, nil
}

func (w *world) End(_ context.Context, a account.Account, e account.Event, why tunnus.Code) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken[a.ID] {
		return errors.New("the authority is down")
	}
	to, err := account.Next(a.State, e)
	if err != nil {
		return err
	}
	w.ended[a.ID] = why
	for i := range w.accounts[a.Person] {
		if w.accounts[a.Person][i].ID == a.ID {
			w.accounts[a.Person][i].State = to
		}
	}
	return nil
}

func (w *world) Renamed(_ context.Context, a account.Account, _ time.Time) (bool, error) {
	w.told[a.ID]++
	return true, nil
}

// kinds are the kinds of the lines of a subject.
func (w *world) kinds(subject string) (out []string) {
	for _, e := range w.events {
		if e.Subject == subject {
			out = append(out, e.Kind)
		}
	}
	return out
}
