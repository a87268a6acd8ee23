package serve

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus/cmd/serve/register"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/reconcile"
	table "github.com/tunnus-id/tunnus/store/people"
)

// register is the population register: what the configuration names, or the table
// of our own database.
func (f *front) register() people.Source {
	if f.in.Register != nil {
		return f.in.Register
	}
	return table.NewRegister(f.store.Database())
}

// pace is the pause before each question of the nightly walk: 25 a second, a
// million people in eleven hours.
const pace = 40 * time.Millisecond

// registerJobs is the nightly walk through the accounts.
func (f *front) registerJobs() []job {
	return []job{{"reconcile", time.Minute, nightly(f.clock, func(ctx context.Context) error {
		walk, err := reconcile.New(reconcile.Config{
			Rules: f.walkRules(), Store: table.NewWalk(f.store.Database()), Accounts: f.store.Accounts(), Register: f.register(),
			Ender: register.Ender{Accounts: f.accounts, Life: f.life}, Teller: register.Teller{Life: f.life}, Clock: f.clock,
			Down: func(err error) bool { return errors.Is(err, people.ErrDown) }, Pace: register.Every(pace),
		})
		if err != nil {
			return err
		}
		return walk.Run(ctx)
	})}}
}

// walkRules are what the scheme says of the walk.
func (f *front) walkRules() reconcile.Rules {
	r := f.in.Rules.Register
	return reconcile.Rules{Renew: r.Renew.Duration, Every: r.Every.Duration, Tries: r.Tries, Bad: r.Bad, Floor: r.Floor, PerCen: r.Percent}
}
