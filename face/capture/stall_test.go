package capture

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A wire carries what a phone films while the server may be busy: messages wait on it.
type wire struct{ up, down chan []byte }

func (w wire) Send(_ context.Context, m []byte) error { w.down <- m; return nil }

func (w wire) Receive(ctx context.Context) ([]byte, error) {
	select {
	case m, ok := <-w.up:
		if !ok {
			return nil, errGone
		}
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// act films a frame every 50 ms until ctx ends; what was said is on the line at once.
func (w wire) act(ctx context.Context) {
	p, began := NewPhone(), time.Now()
	say := func(messages ...[]byte) {
		for _, m := range messages {
			if m != nil {
				w.up <- m
			}
		}
	}
	say(p.Ready(640, 480))
	for n := 0; ctx.Err() == nil; n++ {
		for len(w.down) > 0 {
			if err := p.Hear(<-w.down); err != nil {
				panic(err)
			}
		}
		now := time.Since(began)
		if _, changed, _ := p.Turn(now); changed {
			say(p.Painted(now))
		}
		say(p.Placed(now), p.Frame(now, jpg(n)), p.End())
		time.Sleep(50 * ms)
	}
}

// filming has a phone act until the test is over.
func (w wire) filming() (stop func()) {
	ctx, hang := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { w.act(ctx); close(over) }()
	return func() { hang(); <-over }
}

// How long our own ledger takes is not the delay of the phone's line: frames that come
// while it commits have the time at which they came.
func TestSlowChargeIsNotThePhonesDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire{make(chan []byte, 10_000), make(chan []byte, 10)}
		defer w.filming()()
		charged := false
		film, err := Serve(t.Context(), w, lights(8), tunnus.SystemClock{}, func(context.Context) error {
			time.Sleep(2 * time.Second)
			charged = true
			return nil
		})
		if err != nil || !charged || len(film.Cues) != 10 {
			t.Fatalf("%v, charged %v, %d cues", err, charged, len(film.Cues))
		}
		near, far := time.Hour, -time.Hour
		for _, f := range film.Frames {
			near, far = min(near, f.Arrived-f.At), max(far, f.Arrived-f.At)
		}
		if far-near > 200*ms {
			t.Errorf("frames came %v later than others, on a line that is never late", far-near)
		}
		if c := film.Cues[2]; c.Heard-c.Revealed > 500*ms {
			t.Errorf("the first colour was revealed %v before it was shown", c.Heard-c.Revealed)
		}
	})
}

// Whoever hangs up during the charge is not left before it stands, or does not.
func TestHangingUpDuringTheCharge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire{make(chan []byte, 10_000), make(chan []byte, 10)}
		defer w.filming()()
		over := false
		ctx, cut := context.WithCancel(t.Context())
		defer cut()
		_, err := Serve(ctx, w, lights(8), tunnus.SystemClock{}, func(context.Context) error {
			cut()
			time.Sleep(2 * time.Second)
			over = true
			return nil
		})
		if !errors.Is(err, ErrBroken) || !over {
			t.Errorf("%v, while the charge was over: %v", err, over)
		}
	})
}
