package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Conn carries whole messages; one goroutine uses it. It ends with ctx, and with limits
// of its own: [Opening] and [Quiet] are for whoever makes it.
type Conn interface {
	Send(ctx context.Context, message []byte) error
	Receive(ctx context.Context) ([]byte, error)
}

// ErrBroken is a capture that did not come to its end: the line broke.
var ErrBroken = errors.New("capture: cut off")

// Serve has the phone behind c filmed by a plan. Before the first cue that tells
// something of it is sent, charge must have the attempt durable; what it fails with is
// returned as it is, and so is the refusal of a camera that is too small. Else Serve
// fails with [ErrSpoken], [ErrLate] or [ErrBroken], and whoever was charged stays so.
// The phone waits for an [Answer] then.
//
// The phone is heard while charge works, on another goroutine, which is over when Serve
// returns: a film must not look late because our own ledger was slow.
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
	b := bill{charge: charge}
	for {
		next, err := hear(ctx, c, d, now)
		if err == nil && next == Charge {
			next, err = b.pay(ctx)
		}
		if err == nil && next == Show {
			err = broken(c.Send(ctx, d.Show(now())))
		}
		if err != nil {
			return Film{}, b.settle(err)
		}
		if next == Finish {
			film, _ := d.Film()
			return film, nil
		}
	}
}

func hear(ctx context.Context, c Conn, d *Director, now func() time.Duration) (Next, error) {
	m, err := c.Receive(ctx)
	if err != nil {
		return Listen, broken(err)
	}
	return d.Hear(now(), m)
}

// A bill is a charge that is asked for, under way, or over.
type bill struct {
	charge func(context.Context) error
	paid   chan error // nil before
}

// pay says what comes next: the first cue behind the charge if that stands by now.
func (b *bill) pay(ctx context.Context) (Next, error) {
	if b.paid == nil {
		b.paid = make(chan error, 1)
		go func() {
			defer close(b.paid)
			defer func() { // nobody else catches what panics on this goroutine
				if r := recover(); r != nil {
					b.paid <- fmt.Errorf("capture: the charge: %v", r)
				}
			}()
			b.paid <- b.charge(ctx)
		}()
	}
	select {
	case err := <-b.paid:
		return Show, err
	default:
		return Listen, nil
	}
}

// settle waits for a charge that is under way. That it failed is told before what else
// went wrong meanwhile.
func (b *bill) settle(err error) error {
	if b.paid == nil {
		return err
	}
	if no := <-b.paid; no != nil {
		return no
	}
	return err
}

func broken(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}
