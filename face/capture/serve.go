package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Conn carries whole messages. It ends with ctx, and with limits of its own: [Opening]
// and [Quiet] are for whoever makes it.
type Conn interface {
	Send(ctx context.Context, message []byte) error
	Receive(ctx context.Context) ([]byte, error)
}

// ErrBroken is a capture that did not come to its end: the line broke.
var ErrBroken = errors.New("capture: cut off")

// Serve has the phone behind c filmed by a plan. Before the first cue that tells
// something of it is sent, charge must have the attempt durable; what it fails with is
// returned as it is, and so is the refusal of a camera that is too small. Else Serve
// fails with [ErrSpoken], [ErrLate] or [ErrBroken], and whoever was charged stays so. The phone waits for an [Answer] then.
func Serve(ctx context.Context, c Conn, p Plan, clock tunnus.Clock, charge func(context.Context) error) (Film, error) {
	d, err := NewDirector(p)
	if err != nil {
		return Film{}, err
	}
	began := clock.Now()
	now := func() time.Duration { return clock.Now().Sub(began) }
	if err := c.Send(ctx, d.Offer()); err != nil {
		return Film{}, broken(err)
	}
	for {
		m, err := c.Receive(ctx)
		if err != nil {
			return Film{}, broken(err)
		}
		next, err := d.Hear(now(), m)
		if err != nil {
			return Film{}, err
		}
		switch next {
		case Finish:
			film, _ := d.Film()
			return film, nil
		case Charge:
			if err := charge(ctx); err != nil {
				return Film{}, err
			}
			fallthrough
		case Show:
			if err := c.Send(ctx, d.Show(now())); err != nil {
				return Film{}, broken(err)
			}
		}
	}
}

func broken(err error) error { return fmt.Errorf("%w: %w", ErrBroken, err) }
