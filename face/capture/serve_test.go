package capture

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A line is the server's end of a connection to a phone that films at once: each
// message takes 10 ms of the clock.
type line struct {
	t     *testing.T
	p     *Phone
	now   time.Duration
	queue [][]byte
	cut   int // messages until the line breaks; 0: never
	n     int
	mute  bool
}

func (l *line) clock() tunnus.Clock {
	return tunnus.ClockFunc(func() time.Time { return time.Unix(0, 0).Add(l.now) })
}

func (l *line) Send(_ context.Context, m []byte) error {
	if err := l.p.Hear(m); err != nil {
		l.t.Errorf("the phone: %v", err)
	}
	return nil
}

var errGone = errors.New("gone")

func (l *line) Receive(ctx context.Context) ([]byte, error) {
	synctest.Wait() // a charge is made at once
	if l.mute {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if l.cut--; l.cut == 0 {
		return nil, errGone
	}
	if l.n == 0 {
		l.n++
		return l.p.Ready(640, 480), nil
	}
	for len(l.queue) == 0 {
		l.now += 50 * ms
		if _, changed, _ := l.p.Turn(l.now); changed {
			l.add(l.p.Painted(l.now))
		}
		l.n++
		l.add(l.p.Placed(l.now), l.p.Frame(l.now, jpg(l.n)), l.p.End())
	}
	m := l.queue[0]
	l.queue = l.queue[1:]
	l.now += ms
	return m, nil
}

func (l *line) add(messages ...[]byte) {
	for _, m := range messages {
		if m != nil {
			l.queue = append(l.queue, m)
		}
	}
}

func TestServe(t *testing.T) { synctest.Test(t, serve) }

func serve(t *testing.T) {
	l := &line{t: t, p: NewPhone()}
	charged := 0
	film, err := Serve(t.Context(), l, lights(8), l.clock(), func(context.Context) error {
		if l.p.cue >= 2 || l.p.next != nil {
			t.Error("a colour was told before the charge")
		}
		charged++
		return nil
	})
	if err != nil || charged != 1 || len(film.Cues) != 10 {
		t.Fatalf("%v, charged %d times, %d cues", err, charged, len(film.Cues))
	}
	if c := film.Cues[2]; c.Heard-c.Revealed > 500*ms {
		t.Errorf("the first colour was revealed %v before it was shown", c.Heard-c.Revealed)
	}
}

// What cannot be charged is not told, and who is cut off gets no film.
func TestServeFails(t *testing.T) { synctest.Test(t, serveFails) }

func serveFails(t *testing.T) {
	no := errors.New("locked")
	l := &line{t: t, p: NewPhone()}
	if _, err := Serve(t.Context(), l, lights(8), l.clock(), func(context.Context) error { return no }); !errors.Is(err, no) || l.p.cue > 1 {
		t.Errorf("not charged: %v, cue %d", err, l.p.cue)
	}
	l = &line{t: t, p: NewPhone()}
	if _, err := Serve(t.Context(), l, lights(8), l.clock(), func(context.Context) error { panic("no disk") }); err == nil || errors.Is(err, ErrSpoken) {
		t.Errorf("a charge that panics: %v", err)
	}
	for cut := 1; cut < 90; cut += 7 {
		l := &line{t: t, p: NewPhone(), cut: cut}
		if f, err := Serve(t.Context(), l, lights(8), l.clock(), func(context.Context) error { return nil }); !errors.Is(err, ErrBroken) || f.Frames != nil {
			t.Errorf("cut after %d: %v", cut, err)
		}
	}
	gone, hang := context.WithCancel(t.Context())
	hang()
	l = &line{t: t, p: NewPhone(), mute: true}
	if _, err := Serve(gone, l, lights(8), l.clock(), nil); !errors.Is(err, ErrBroken) {
		t.Errorf("hung up: %v", err)
	}
	if _, err := Serve(t.Context(), l, Plan{}, l.clock(), nil); err == nil {
		t.Error("a plan of nothing was served")
	}
}
