// Package sweep walks through the sessions of applicants that are overdue, so
// that what they hold of a person is not kept for longer than it may be.
//
// Anybody can start sessions without end. Those that hold something therefore
// come first: all of them, before each batch of the others.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
)

// batch is how many sessions are asked for at a time, and maxTold how many
// failures are told.
const (
	batch   = 100
	maxTold = 10
)

// A Place is where a session stands in the order of its end, and by ID where
// that is equal. The zero place is before all of them.
type Place struct {
	Due time.Time
	ID  string
}

// A List returns the next sessions that are overdue, at most limit, behind a
// place: those that hold something, or those that do not.
type List func(ctx context.Context, holds bool, after Place, limit int) ([]Place, error)

// An End ends one session and tells whether that is done. A conflict means that
// somebody else was faster.
type End func(ctx context.Context, id string) (ended bool, err error)

// Run ends what is overdue and returns how many it ended. Each session is looked
// at once, and a failure does not hold up the others. It goes on until nothing
// is left or ctx ends.
func Run(ctx context.Context, list List, end End) (int, error) {
	w := walk{list: list, end: end}
	var holding, rest Place
	for ctx.Err() == nil {
		more, err := w.step(ctx, true, &holding)
		if err == nil && !more {
			more, err = w.step(ctx, false, &rest)
		}
		if err != nil || !more {
			return w.ended, errors.Join(append(w.errs, err)...)
		}
	}
	return w.ended, errors.Join(append(w.errs, ctx.Err())...)
}

type walk struct {
	list  List
	end   End
	ended int
	errs  []error
}

// step looks at one batch. More is false once it was not a whole one.
func (w *walk) step(ctx context.Context, holds bool, last *Place) (more bool, err error) {
	places, err := w.list(ctx, holds, *last, batch)
	if err != nil {
		return false, fmt.Errorf("sweep: looking for overdue sessions: %w", err)
	}
	for _, p := range places {
		*last = p
		ended, err := w.end(ctx, p.ID)
		switch {
		case err == nil && ended:
			w.ended++
		case err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict && len(w.errs) < maxTold:
			w.errs = append(w.errs, err)
		}
	}
	return len(places) == batch, nil
}
