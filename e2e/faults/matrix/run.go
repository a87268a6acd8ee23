package matrix

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/e2e/faults/route"
)

// A Result is what became of one case.
type Result struct {
	Case
	Err  error         // nil: held
	Back time.Duration // from the kill until the server answered again, the check included
}

// errNotMet is the failure of a case whose arrow did not come, or had come before
// the trap could be set.
var errNotMet = errors.New("the server did not come to this arrow")

const (
	perArrow   = 120 * time.Second // for an arrow to come, with the app's own pauses
	afterwards = 50 * time.Second  // for jobs to come to theirs, when the app is done: some are told again after 30 s
)

// A kill is one registration that meets kills.
type kill struct {
	house  *faults.House
	run    Run
	base   map[string]int  // audit lines that were there before
	known  map[string]bool // and sittings
	done   chan error      // the app's end
	failed error
	over   bool // the app has ended
}

// Meet lets somebody register while the server dies at each arrow of the run, and
// returns what became of each. A registration that does not go on, or that ends
// otherwise than it should, is the failure of the kill before that; what would
// have come behind it was not met.
func Meet(ctx context.Context, h *faults.House, run Run, name string) (out []Result, err error) {
	k := &kill{house: h, run: run, done: make(chan error, 1)}
	if err := run.Route.Prepare(ctx, h, name); err != nil {
		return nil, err
	}
	if k.base, err = h.Arrows(ctx); err != nil {
		return nil, err
	}
	if k.known, err = h.Sittings(ctx); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(len(run.Arrows)+2)*perArrow)
	defer stop()
	var died time.Time
	for i, a := range run.Arrows {
		ahead, err := false, error(nil)
		if k.failed == nil {
			ahead, err = k.arm(ctx, a)
		}
		if err != nil {
			return nil, err
		}
		if i == 0 {
			go func() { k.done <- run.Route.Go(ctx, h, name) }()
		}
		r := Result{Case: Case{run.Route.String(), a, run.Moment, run.Engine}, Err: errNotMet}
		if ahead {
			if !died.IsZero() {
				out[len(out)-1].Back = time.Since(died)
			}
			if r.Err = k.died(ctx); r.Err == nil {
				died, r.Err = time.Now(), h.Check(ctx, false)
			} else {
				h.Kill() // by hand, so that the next trap can be set
			}
		}
		out = append(out, r)
	}
	if k.failed == nil {
		if err := h.Start(ctx, ""); err != nil {
			return nil, err
		}
	}
	if err := k.end(ctx); err != nil {
		blame(out, err)
	}
	return out, nil
}

// blame gives a failure of the whole to the last arrow at which the server died.
func blame(out []Result, err error) {
	for i := len(out) - 1; i >= 0; i-- {
		if !errors.Is(out[i].Err, errNotMet) || i == 0 {
			out[i].Err = errors.Join(out[i].Err, err)
			return
		}
	}
}

// died waits until the server was killed.
func (k *kill) died(ctx context.Context) error {
	limit := time.After(perArrow)
	if k.over {
		limit = time.After(afterwards)
	}
	for {
		select {
		case <-k.house.Ended():
			return nil
		case k.failed = <-k.done:
			if k.over = true; k.failed != nil {
				return errNotMet
			}
			limit = time.After(afterwards)
		case <-limit:
			return errNotMet
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// arm starts the server with a trap at an arrow, unless the arrow has come already.
// Which one of several of its name comes next is seen in the database.
func (k *kill) arm(ctx context.Context, a route.Arrow) (ahead bool, err error) {
	have, err := k.house.Arrows(ctx)
	if err != nil {
		return false, err
	}
	n := k.base[a.Name] + a.N - have[a.Name]
	if n < 1 {
		return false, nil
	}
	return true, k.house.Start(ctx, fmt.Sprintf("%s:%s:%d", a.Name, k.run.Moment, n))
}

// end waits for the registration, and looks once more while somebody serves.
func (k *kill) end(ctx context.Context) error {
	if !k.over {
		select {
		case k.failed = <-k.done:
		case <-ctx.Done():
			k.failed = ctx.Err()
		}
	}
	if k.failed != nil {
		return fmt.Errorf("the registration: %w; server: %s", k.failed, k.house.Tail())
	}
	// What jobs change between two looks is no fault.
	return errors.Join(k.house.Settled(ctx), k.house.Came(ctx, k.run.Route.Wants(), k.known), k.house.Check(ctx, true))
}
