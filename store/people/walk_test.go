package people_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/match"
	register "github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/reconcile"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/people"
	"github.com/tunnus-id/tunnus/store/storetest/check"
	"github.com/tunnus-id/tunnus/store/storetest/peopletest"
)

// A nation is people with accounts, on a database, and what a register says of them.
type nation struct {
	*people.Register
	accounts *account.Service
	mu       sync.Mutex
	asked    int
	downFrom int // no answer from this question on; 0 for never
	ended    map[string]int
}

// ByCode answers as the table does, while it is not down.
func (n *nation) ByCode(ctx context.Context, c tunnus.PersonCode) (match.Person, error) {
	n.mu.Lock()
	n.asked++
	down := n.downFrom > 0 && n.asked >= n.downFrom
	n.mu.Unlock()
	if down {
		return match.Person{}, register.ErrDown
	}
	return n.Register.ByCode(ctx, c)
}

// End implements [reconcile.Ender].
func (n *nation) End(ctx context.Context, a account.Account, e account.Event, why tunnus.Code) error {
	n.mu.Lock()
	n.ended[a.ID]++
	n.mu.Unlock()
	_, err := n.accounts.Apply(ctx, a.ID, e, why)
	return err
}

// Renamed implements [reconcile.Teller].
func (n *nation) Renamed(context.Context, account.Account, time.Time) (bool, error) { return true, nil }

// settle makes a nation of so many; of every tenth the register says that they
// have died.
func settle(t *testing.T, s *store.Store, clock tunnus.Clock, many int) *nation {
	t.Helper()
	n := &nation{Register: people.NewRegister(s.Database()), accounts: account.NewService(s.Accounts(), clock), ended: map[string]int{}}
	for i := range many {
		c := peopletest.Utopian(t, i+1)
		a, err := n.accounts.Create(t.Context(), account.Holder{
			Person: c, Surname: "Åsk", GivenNames: "Ada", Level: tunnus.Qualified, Device: fmt.Sprint("d", i), LoginKey: fmt.Sprint("l", i), SignKey: fmt.Sprint("s", i),
		})
		check.Must(t, "Create", err)
		_, err = n.accounts.Apply(t.Context(), a.ID, account.Activate, "")
		check.Must(t, "Activate", err)
		e := register.Entry{Person: match.Person{Code: c, Surname: "Åsk", GivenNames: "Ada", Birth: check.Start.Truncate(24 * time.Hour), Deceased: i%10 == 3}}
		e.Person.Birth = time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC)
		check.Must(t, "Apply", n.Apply(t.Context(), []register.Entry{e}, nil, nil))
	}
	return n
}

func (n *nation) walk(t *testing.T, s *store.Store, clock tunnus.Clock) *reconcile.Service {
	t.Helper()
	w, err := reconcile.New(reconcile.Config{
		Rules: reconcile.Rules{Renew: 30 * 24 * time.Hour, Every: 20 * time.Hour, Tries: 3, Bad: 20, Floor: 20, PerCen: 2}, Page: 7, Store: people.NewWalk(s.Database()), Accounts: s.Accounts(), Register: n, Ender: n, Teller: n, Clock: clock,
		Down: func(err error) bool { return errors.Is(err, register.ErrDown) },
		Pace: func(ctx context.Context) error { return ctx.Err() },
	})
	check.Must(t, "New", err)
	return w
}

// states counts the accounts by state, of those who have died and of the others.
func (n *nation) states(t *testing.T, s *store.Store, many int) (dead, living map[account.State]int) {
	t.Helper()
	dead, living = map[account.State]int{}, map[account.State]int{}
	for i := range many {
		list, err := s.Accounts().ByPerson(t.Context(), peopletest.Utopian(t, i+1))
		check.Must(t, "ByPerson", err)
		for _, a := range list {
			if i%10 == 3 {
				dead[a.State]++
			} else {
				living[a.State]++
			}
		}
	}
	return dead, living
}

// A register that is down for half of the walk revokes nobody wrongly; the walk goes
// on where it stopped, also after the node was started again.
func TestWalkWithARegisterThatGoesDown(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		const many = 40
		at := where(t)
		s := openAt(t, at)
		now := check.Start
		clock := tunnus.ClockFunc(func() time.Time { return now })
		n := settle(t, s, clock, many)
		n.downFrom = many / 2
		if err := n.walk(t, s, clock).Run(t.Context()); !errors.Is(err, reconcile.ErrDown) {
			t.Fatalf("Run = %v", err)
		}
		dead, living := n.states(t, s, many)
		if living[account.Active] != many-many/10 || dead[account.Revoked] == 0 || dead[account.Active] == 0 {
			t.Fatalf("half-way: dead %v, living %v", dead, living)
		}
		check.Must(t, "Close", s.Close())
		s = openAt(t, at)
		n.Register, n.accounts, n.downFrom, n.asked = people.NewRegister(s.Database()), account.NewService(s.Accounts(), clock), 0, 0
		now = now.Add(24 * time.Hour)
		check.Must(t, "Run", n.walk(t, s, clock).Run(t.Context()))
		dead, living = n.states(t, s, many)
		if living[account.Active] != many-many/10 || dead[account.Revoked] != many/10 || n.asked > many*3/4 {
			t.Errorf("at the end: dead %v, living %v, %d asked", dead, living, n.asked)
		}
		if got := kinds(t, s, "register"); len(got) != 1 || got[0] != "reconcile.done" {
			t.Errorf("lines: %v", got)
		}
	})
}

// Several nodes begin at once: one walks, and nobody is ended twice.
func TestSeveralNodesWalk(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		const many = 20
		at := where(t)
		s := openAt(t, at)
		clock := tunnus.ClockFunc(func() time.Time { return check.Start })
		n := settle(t, s, clock, many)
		var wg sync.WaitGroup
		for range 4 {
			node := openAt(t, at)
			wg.Go(func() {
				if err := n.walk(t, node, clock).Run(t.Context()); err != nil {
					t.Errorf("Run: %v", err)
				}
			})
		}
		wg.Wait()
		if n.asked != many+many/10 {
			t.Errorf("%d asked", n.asked)
		}
		for id, times := range n.ended {
			if times != 1 {
				t.Errorf("account %s was ended %d times", id, times)
			}
		}
		if len(n.ended) != many/10 {
			t.Errorf("%d ended", len(n.ended))
		}
	})
}
