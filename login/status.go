package login

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
)

// Status tells a relying party how its session stands, waiting up to the time
// given for it to end. parties are the UUIDs that the caller may speak for
// ([Parties.Reachable]).
//
// It fails with [tunnus.CodeNotFound] if there is no such session, if it is
// another party's, or if it ended longer ago than a relying party may read it:
// the three look alike. If ctx ends first, its error is returned.
func (f *Flow) Status(ctx context.Context, parties []string, id string, wait time.Duration) (Status, error) {
	woken, stop := f.notifier.Listen(sessionTopic(id)) // before the first look, so that nothing is missed
	defer stop()
	l, err := f.look(ctx, parties, id)
	if err != nil {
		return Status{}, err
	}
	if l, err = f.settle(ctx, l, nil); err != nil { // mends what a crash left between signature and row
		return Status{}, err
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	for l.State == Running && wait > 0 {
		tick := time.NewTimer(min(f.rules.Reread, max(0, l.Expires.Sub(f.clock.Now()))))
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-over.C:
			wait = 0
		case <-woken:
			l, err = f.look(ctx, parties, id)
		case <-tick.C:
			l, err = f.look(ctx, parties, id)
		}
		tick.Stop()
		if err == nil && !f.clock.Now().Before(l.Expires) {
			l, err = f.settle(ctx, l, nil)
		}
		if err != nil {
			return Status{}, err
		}
	}
	if l.State == Complete && !f.clock.Now().Before(l.Ended.Add(f.rules.Readable)) {
		return Status{}, tunnus.NotFound(errors.New("login: session is no longer readable"))
	}
	return l.status(), nil
}

// look reads a session of one of the parties.
func (f *Flow) look(ctx context.Context, parties []string, id string) (loaded, error) {
	l, err := f.read(ctx, id)
	if err != nil {
		return loaded{}, err
	}
	if !slices.Contains(parties, l.Party) {
		return loaded{}, tunnus.NotFound(errors.New("login: session of another party"))
	}
	return l, nil
}
