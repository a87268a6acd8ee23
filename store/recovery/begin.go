package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/engine"
)

// Empty reports whether the database has nothing of which a copy would be in the
// second place: it is a new one.
func (r *Recovery) Empty(ctx context.Context) (bool, error) {
	p := &pushing{r: r, ctx: ctx, look: true}
	err := p.everything()
	if errors.Is(err, errFound) {
		return false, nil
	}
	return err == nil, err
}

// Begin gives a new second place all that the database has, because the former one
// is lost for good. What came after a backup is lost with it, so phones may be ahead
// of us: a restore epoch is declared. No server may be running. It returns how many
// copies these were, and can be run again.
func (r *Recovery) Begin(ctx context.Context) (int, error) {
	if slices.Contains(r.cfg.Kinds, copies.KindKey) {
		if err := r.cfg.Keys.Declare(ctx, r.cfg.Clock.Now().Add(epoch)); err != nil {
			return 0, err
		}
	}
	p := &pushing{r: r, ctx: ctx}
	if err := errors.Join(p.everything(), p.flush()); err != nil {
		return p.n, err
	}
	a := applying{Recovery: r}
	return p.n, r.cfg.Database.Write(ctx, func(t *engine.Tx) error {
		return t.Events(ctx, a.event("second", "restore", "copies", fmt.Sprint(p.n)))
	})
}
