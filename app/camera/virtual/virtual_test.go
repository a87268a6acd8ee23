package virtual

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/app/camera"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/judge"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/virtual/clip"
	"github.com/tunnus-id/tunnus/need"
)

// hands is a clock that is moved by hand, for both sides. Reading it takes a moment.
type hands struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hands) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(100 * time.Microsecond)
	return h.now
}

func (h *hands) sleep(ctx context.Context, d time.Duration) error {
	time.Sleep(2 * time.Millisecond) // the other side speaks
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
	return ctx.Err()
}

// line is one end of a connection in memory.
type line struct{ out, in chan []byte }

func (l line) Send(ctx context.Context, m []byte) error {
	select {
	case l.out <- m:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l line) Receive(ctx context.Context) ([]byte, error) {
	select {
	case m := <-l.in:
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var ben = sync.OnceValue(func() *clip.Sitter {
	p, _ := virtual.Find("ben")
	return clip.Sit(virtual.NewModel(p))
})

func scene() clip.Scene {
	return clip.Scene{
		Seed: 7, Device: clip.Phone, Lux: 120, Nits: 500, Focal: 460, FPS: 15, Lag: 80 * time.Millisecond,
		Readout: 10 * time.Millisecond, Wall: 200, Quality: 92,
	}
}

// filmed is what came of a capture of ben.
func filmed(t *testing.T, c liveness.Challenge) judge.Job {
	t.Helper()
	plan, err := judge.Plan(c)
	if err != nil {
		t.Fatal(err)
	}
	h := &hands{now: time.Unix(0, 0)}
	up, down := make(chan []byte, 4), make(chan []byte, 4)
	films := make(chan capture.Film, 1)
	go func() {
		film, err := capture.Serve(t.Context(), line{down, up}, plan, h, func(context.Context) error { return nil })
		if err != nil {
			t.Error(err)
		}
		films <- film
		down <- capture.Answer{Status: 200}.Bytes()
	}()
	cam := New(ben(), scene(), h, h.sleep)
	if a, err := camera.Film(t.Context(), line{up, down}, cam, func(capture.Cue, time.Duration) {}); err != nil || a.Status != 200 {
		t.Fatal(a.Status, err)
	}
	j := judge.Job{Challenge: c}
	j.Capture, j.Frames, err = judge.Came(c, <-films)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func drawn(t *testing.T, w liveness.Way) liveness.Challenge {
	t.Helper()
	c, err := liveness.Draw(rand.Reader, w)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func engines(t *testing.T) judge.Engines {
	t.Helper()
	e, err := face.Open(need.Models(t))
	if err != nil {
		t.Fatal(err)
	}
	return judge.Engines{Film: e, Compare: e}
}

func TestLook(t *testing.T) {
	for _, w := range []liveness.Way{liveness.Light} {
		c := drawn(t, w)
		began := time.Now()
		j := filmed(t, c)
		t.Log(w, len(j.Frames), "frames", len(c.Steps), time.Since(began))
		p, _ := virtual.Find("ben")
		j.Portrait = virtual.NewModel(p).Portrait()
		e := engines(t)
		began = time.Now()
		d, err := e.Do(judge.Task{Capture: &j})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(time.Since(began))
		t.Logf("%+v", *d.Capture)
		r, err := d.Capture.Rule()
		t.Logf("%+v %v", r, err)
	}
}
