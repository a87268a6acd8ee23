package people

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/reconcile"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// A Walk implements [reconcile.Store].
type Walk struct{ d *engine.Database }

var _ reconcile.Store = (*Walk)(nil)

// NewWalk returns the walk through the accounts of a database.
func NewWalk(d *engine.Database) *Walk { return &Walk{d} }

// none takes not-found as the answer that there is nothing yet.
func none(what string, err error) error {
	if err = engine.Found(what, err); tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return nil
	}
	return err
}

// Run implements [reconcile.Store].
func (w *Walk) Run(ctx context.Context) (reconcile.Run, error) {
	r, err := w.d.Read().PopulationWalk(ctx)
	if err != nil {
		return reconcile.Run{}, none("walk", err)
	}
	return reconcile.Run{
		Cursor: r.LastPerson, Started: engine.Moment(r.StartedAt), Finished: engine.Moment(r.FinishedAt), Holder: r.Holder,
		Lease: engine.Moment(r.Lease), Asked: int(r.Asked), Failed: int(r.Failed), Braked: engine.Moment(r.BrakedAt), Rev: r.Rev,
	}, nil
}

// SaveRun implements [reconcile.Store].
func (w *Walk) SaveRun(ctx context.Context, r reconcile.Run, events []tunnus.Event) error {
	p := db.SavePopulationWalkParams{
		Rev: r.Rev, LastPerson: r.Cursor, StartedAt: engine.Millis(r.Started), FinishedAt: engine.Millis(r.Finished),
		Holder: r.Holder, Lease: engine.Millis(r.Lease), Asked: int64(r.Asked), Failed: int64(r.Failed), BrakedAt: engine.Millis(r.Braked),
	}
	return w.d.Write(ctx, func(t *engine.Tx) error {
		var err error
		if r.Rev == 0 {
			first := p
			first.Rev = 1
			err = engine.Added("walk", t.AddPopulationWalk(ctx, db.AddPopulationWalkParams(first)))
		} else {
			n, serr := t.SavePopulationWalk(ctx, p)
			err = engine.Swapped("walk", n, serr)
		}
		if err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// People implements [reconcile.Store].
func (w *Walk) People(ctx context.Context, after string, limit int) ([]tunnus.PersonCode, error) {
	rows, err := w.d.Read().PeopleWithAccounts(ctx, db.PeopleWithAccountsParams{After: after, Many: engine.Many(limit)})
	return engine.Parsed("people with accounts", rows, err, code)
}

// Case implements [reconcile.Store].
func (w *Walk) Case(ctx context.Context, account string) (reconcile.Case, error) {
	r, err := w.d.Read().PopulationCase(ctx, account)
	if err != nil {
		return reconcile.Case{}, none("case", err)
	}
	return reconcile.Case{
		Account: r.Account, Finding: reconcile.Finding(r.Finding), Since: engine.Moment(r.Since), Due: engine.Moment(r.Due),
		Settled: r.Settled, Rev: r.Rev,
	}, nil
}

// SaveCase implements [reconcile.Store].
func (w *Walk) SaveCase(ctx context.Context, c reconcile.Case, events []tunnus.Event) error {
	p := db.SavePopulationCaseParams{
		Account: c.Account, Rev: c.Rev, Finding: string(c.Finding), Since: engine.Millis(c.Since), Due: engine.Millis(c.Due), Settled: c.Settled,
	}
	return w.d.Write(ctx, func(t *engine.Tx) error {
		var err error
		if c.Rev == 0 {
			first := p
			first.Rev = 1
			err = engine.Added("case", t.AddPopulationCase(ctx, db.AddPopulationCaseParams(first)))
		} else {
			n, serr := t.SavePopulationCase(ctx, p)
			err = engine.Swapped("case", n, serr)
		}
		if err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}
