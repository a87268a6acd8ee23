package virtual

import (
	"cmp"
	"context"
	"image"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
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

// drawn is a challenge, always the same.
func drawn(t *testing.T, w liveness.Way) liveness.Challenge {
	t.Helper()
	c, err := liveness.Draw(rand.NewChaCha8([32]byte{6}), w)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// An eye is the engine that compares, and counts what it is asked. It sees every face as
// far beside its place as it is told, and more faces than there are.
type eye struct {
	face.Engine

	beside          float64
	more            bool
	detected, chips int
}

func (e *eye) Detect(img image.Image) ([]face.Face, error) {
	e.detected++
	out, err := e.Engine.Detect(img)
	for i := range out {
		for k := range out[i].Landmarks {
			out[i].Landmarks[k].X += e.beside * out[i].Box.Width()
		}
	}
	if e.more && len(out) > 0 {
		out = append(out, out[0])
	}
	return out, err
}

func (e *eye) Embed(c face.Chip) (face.Embedding, error) {
	e.chips++
	return e.Engine.Embed(c)
}

// A person who follows the oval and is lit by the screen is seen living, and is the one
// of the portrait; the same film in answer to other colours is nobody's. Where another
// face is found than the followed one, nothing tells the two films apart.
func TestLight(t *testing.T) {
	e, err := face.Open(need.Models(t))
	if err != nil {
		t.Fatal(err)
	}
	j := filmed(t, drawn(t, liveness.Light))
	p, _ := virtual.Find("ben")
	j.Portrait = virtual.NewModel(p).Portrait()
	other := j
	other.Challenge.Steps = slices.Clone(j.Challenge.Steps)
	slices.Reverse(other.Challenge.Steps)
	rule := func(by *eye, j judge.Job) judge.Ruling {
		t.Helper()
		by.Engine = e
		d, err := judge.Engines{Film: e, Compare: by}.Do(judge.Task{Capture: &j})
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Capture.Rule()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	var mine, theirs eye
	if r := rule(&mine, j); r.Outcome != judge.Same || r.Alert {
		t.Errorf("ben: %+v", r)
	}
	if r := rule(&theirs, other); r.Outcome != judge.No || !r.Alert || r.Result != nil {
		t.Errorf("ben under other colours: %+v", r)
	}
	if mine.detected != theirs.detected || mine.chips != theirs.chips || mine.chips == 0 {
		t.Errorf("%d faces are looked for and %d embedded of who lives, %d and %d of who does not", mine.detected, mine.chips, theirs.detected, theirs.chips)
	}
	for name, by := range map[string]eye{"beside": {beside: .5}, "more": {more: true}} {
		a, b := by, by
		lives, not := rule(&a, j), rule(&b, other)
		if lives.Outcome != judge.Again || lives.Told != tunnus.CodeFaceMany || not.Outcome != lives.Outcome || not.Told != lives.Told || not.Hint != lives.Hint {
			t.Errorf("%s: %+v, but of who does not live %+v", name, lives, not)
		}
		if a.chips != 0 || b.chips != 0 {
			t.Errorf("%s: compared", name)
		}
	}
}

// The head goes where it is asked to, in the calm way too.
func TestMoves(t *testing.T) {
	c := New(ben(), scene(), &hands{now: time.Unix(0, 0)}, nil)
	fit := capture.Cue{Kind: capture.Fit, Oval: capture.Oval{X: 0.5, Y: 0.5, Width: 0.4}}
	near := fit
	near.Kind, near.Oval.Width = capture.Near, 0.6
	pass := func(d time.Duration) { _ = c.clock.(*hands).sleep(t.Context(), d) }
	c.Show(fit)
	pass(2 * time.Second)
	far := c.at.Distance
	for _, k := range []capture.Kind{capture.Left, capture.Left, capture.Right} {
		c.Show(capture.Cue{Kind: k})
		turned := c.script.Moves[len(c.script.Moves)-2].Yaw
		if want := map[capture.Kind]float64{capture.Left: -angle, capture.Right: angle}[k]; turned != want || c.at.Yaw != 0 || c.at.Distance != far {
			t.Errorf("%d: turned by %v, at rest %+v", k, turned, c.at)
		}
		pass(3 * time.Second)
	}
	if c.Show(near); c.at.Distance >= 0.7*far {
		t.Errorf("near is %.0f cm, far %.0f", c.at.Distance, far)
	}
	if !slices.IsSortedFunc(c.script.Moves, func(a, b clip.Move) int { return cmp.Compare(a.At, b.At) }) {
		t.Errorf("moves out of order: %+v", c.script.Moves)
	}
}
