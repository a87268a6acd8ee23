package route

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/e2e/faults"
)

// life is more than a sitting of the sandbox's scheme may take.
const life = 31 * time.Minute

// leaving lets somebody register who leaves at a question, and looks again when the time
// of the sitting is over. What was made is withdrawn by then.
func leaving(question string) func(ctx context.Context, h *faults.House, name string) error {
	return func(ctx context.Context, h *faults.House, name string) error {
		p, err := h.Phone(name, name)
		if err != nil {
			return err
		}
		defer func() { _ = p.Close() }() // what it holds is written already
		p.Leaves = question
		if err := p.Register(ctx); !errors.Is(err, faults.ErrLeft) {
			return fmt.Errorf("nobody left: %w", err)
		}
		if err := h.Forward(life); err != nil {
			return err
		}
		if err := ended(ctx, h); err != nil {
			return err
		}
		p.Leaves = ""
		return told(p.Register(ctx), tunnus.CodeSesTimeout)
	}
}

// week is more than a case may wait for reviewers.
const week = 7*24*time.Hour + time.Hour

// unseen is somebody whose face no machine can judge, and nobody else does.
func unseen(ctx context.Context, h *faults.House, name string) error {
	waiting, leave := context.WithCancel(ctx)
	defer leave()
	err := h.Goes(waiting, name, name, wire.Begin{}, func(_ context.Context, p *faults.Holder) {
		p.Hear = func(text string) { // where the first answer was lost, the app waits
			if strings.HasPrefix(text, looking) {
				leave()
			}
		}
	})
	if err == nil || tunnus.CodeOf(err) != tunnus.CodeRevPending && waiting.Err() == nil || ctx.Err() != nil {
		return fmt.Errorf("nobody is waited for: %w", err)
	}
	if err := h.Forward(week); err != nil {
		return err
	}
	return ended(ctx, h)
}

// ended waits until no sitting is open.
func ended(ctx context.Context, h *faults.House) error {
	for {
		if open, err := h.Open(ctx); err != nil || !open {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
