package reconcile

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// Config is what a [Service] is made of.
type Config struct {
	Rules    Rules
	Store    Store
	Accounts Accounts
	Register Register
	Ender    Ender
	Teller   Teller
	Clock    tunnus.Clock
	// Down tells the failures of the register that mean that it does not answer
	// from those that concern one person only.
	Down func(error) bool
	// Pace waits before each question, so that the register is not flooded. It
	// fails when ctx ends.
	Pace func(ctx context.Context) error
	Page int // people between two savings; 0 is 50
}

const (
	usualPage = 50
	lease     = 5 * time.Minute // how long a node that died holds the walk
)

// A Service walks through the people who have accounts.
type Service struct{ cfg Config }

// New makes a service.
func New(cfg Config) (*Service, error) {
	r := cfg.Rules
	if cfg.Store == nil || cfg.Accounts == nil || cfg.Register == nil || cfg.Ender == nil || cfg.Teller == nil || cfg.Clock == nil || cfg.Down == nil || cfg.Pace == nil {
		return nil, errors.New("reconcile: a part is missing")
	}
	if r.Renew <= 0 || r.Every <= 0 || r.Tries < 1 || r.Bad < 1 || r.Floor < 1 || r.PerCen < 0 {
		return nil, errors.New("reconcile: a number of the rules is missing")
	}
	cfg.Page = cmp.Or(cfg.Page, usualPage)
	return &Service{cfg}, nil
}

// A walk is one night's part of a run.
type walk struct {
	*Service
	run     Run
	asked   int // tonight
	touched int // accounts, tonight
	bad     int // unusable answers in a row
	errs    []error
}

// Run goes on with the walk, or begins it if it is time, until its end. It does
// nothing if another node walks, or if the last walk ended, or was stopped by the
// brake, a short while ago. It
// fails with [ErrDown] or [ErrBrake] where it stopped early, and with what else
// went wrong; people after that are asked all the same.
func (s *Service) Run(ctx context.Context) error {
	run, err := s.cfg.Store.Run(ctx)
	if err != nil {
		return fmt.Errorf("reconcile: %w", err)
	}
	now := s.cfg.Clock.Now()
	if now.Before(run.Lease) || now.Before(run.Braked.Add(s.cfg.Rules.Every)) || run.Cursor == "" && now.Before(run.Finished.Add(s.cfg.Rules.Every)) {
		return nil
	}
	if run.Cursor == "" {
		run.Started, run.Asked, run.Failed = now, 0, 0
	}
	run.Holder = rand.Text()
	w := &walk{Service: s, run: run}
	if err := w.save(ctx, now.Add(lease)); err != nil {
		return late(err)
	}
	err = w.pages(ctx)
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return errors.Join(w.errs...) // another node has taken over
	}
	// Whatever stopped it, the cursor is kept and the walk is free.
	free := w.save(context.WithoutCancel(ctx), time.Time{})
	return errors.Join(append(w.errs, err, late(free))...)
}

// late is what remains of a failure to save: who is slower than another node has
// nothing to say.
func late(err error) error {
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return nil
	}
	return err
}

// save writes the walk, held until then.
func (w *walk) save(ctx context.Context, held time.Time, events ...tunnus.Event) error {
	w.run.Lease = held
	if err := w.cfg.Store.SaveRun(ctx, w.run, events); err != nil {
		return fmt.Errorf("reconcile: saving the walk: %w", err)
	}
	w.run.Rev++
	return nil
}

// pages goes through all people behind the cursor.
func (w *walk) pages(ctx context.Context) error {
	for {
		list, err := w.cfg.Store.People(ctx, w.run.Cursor, w.cfg.Page)
		if err != nil {
			return fmt.Errorf("reconcile: %w", err)
		}
		for _, code := range list {
			if err := w.person(ctx, code); err != nil {
				return err
			}
			w.run.Cursor = code.SemanticsID()
			if now := w.cfg.Clock.Now(); now.Add(lease / 2).After(w.run.Lease) { // the register is slow
				if err := w.save(ctx, now.Add(lease)); err != nil {
					return err
				}
			}
		}
		if len(list) < w.cfg.Page {
			return w.finish(ctx)
		}
		if err := w.save(ctx, w.cfg.Clock.Now().Add(lease)); err != nil {
			return err
		}
	}
}

// finish ends the walk with a line of what it saw.
func (w *walk) finish(ctx context.Context) error {
	w.run.Cursor, w.run.Finished = "", w.cfg.Clock.Now()
	return w.save(ctx, time.Time{}, tunnus.Event{
		At: w.run.Finished, Kind: "reconcile.done", Subject: "register",
		Detail: map[string]string{"asked": strconv.Itoa(w.run.Asked), "failed": strconv.Itoa(w.run.Failed)},
	})
}

// person asks about one person and does what is demanded. It fails only with what
// stops the walk.
func (w *walk) person(ctx context.Context, code tunnus.PersonCode) error {
	p, gone, err := w.ask(ctx, code)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if w.cfg.Down(err) {
			return fmt.Errorf("%w: %w", ErrDown, err)
		}
		w.run.Asked, w.run.Failed = w.run.Asked+1, w.run.Failed+1
		if w.bad++; w.bad >= w.cfg.Rules.Bad {
			return fmt.Errorf("%w: %w", ErrDown, err)
		}
		return nil
	}
	w.bad = 0
	w.asked, w.run.Asked = w.asked+1, w.run.Asked+1
	list, err := w.cfg.Accounts.ByPerson(ctx, code)
	if err != nil {
		w.errs = append(w.errs, fmt.Errorf("reconcile: %w", err))
		return nil
	}
	for _, a := range list {
		if !a.State.Begun() {
			continue // one in the making is its registration's matter
		}
		err := w.account(ctx, code, a, p, gone)
		if errors.Is(err, ErrBrake) || errors.Is(err, ErrDown) || ctx.Err() != nil {
			return err
		}
		if err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict { // else somebody was faster
			w.errs = append(w.errs, fmt.Errorf("reconcile: account %s: %w", a.ID, err))
		}
	}
	return nil
}

// ask asks the register, again if it is down. gone is its answer that there is no
// such person.
func (w *walk) ask(ctx context.Context, code tunnus.PersonCode) (p match.Person, gone, err error) {
	for range w.cfg.Rules.Tries {
		if err := w.cfg.Pace(ctx); err != nil {
			return match.Person{}, nil, err
		}
		p, err = w.cfg.Register.ByCode(ctx, code)
		switch {
		case errors.Is(err, match.ErrNoPerson):
			return match.Person{}, err, nil
		case err == nil && p.Code != code:
			return match.Person{}, nil, errors.New("reconcile: the register answered for somebody else")
		case err == nil || !w.cfg.Down(err):
			return p, nil, err
		}
	}
	return p, nil, err
}
