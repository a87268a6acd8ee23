package camera

import (
	"context"
	"errors"
	"image/color"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face/capture"
)

const ms = time.Millisecond

// hands is a clock that is moved by hand.
type hands struct {
	mu  sync.Mutex
	now time.Duration
}

func (h *hands) Now() time.Duration { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

// sleep moves it, and lets others have the processor for a moment.
func (h *hands) sleep(ctx context.Context, d time.Duration) error {
	time.Sleep(ms)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now += d
	return ctx.Err()
}

// reel is a camera whose time passes without waiting.
func reel(t *testing.T, h *hands) *Reel {
	t.Helper()
	r, err := New(Strip{Width: 480, Height: 360, Rate: 20, Frames: [][]byte{
		plain(t, 480, 360, color.White), plain(t, 480, 360, color.Black), plain(t, 480, 360, color.Gray{100}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.now, r.sleep = h.Now, h.sleep
	return r
}

// pipe is a connection in memory; closed ends both sides.
type pipe struct {
	out, in chan []byte
	closed  chan struct{}
}

func pair() (phone, server pipe) {
	a, b, closed := make(chan []byte, 4), make(chan []byte, 4), make(chan struct{})
	return pipe{a, b, closed}, pipe{b, a, closed}
}

var errGone = errors.New("gone")

func (p pipe) Send(ctx context.Context, m []byte) error {
	select {
	case p.out <- m:
		return nil
	case <-p.closed:
		return errGone
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p pipe) Receive(ctx context.Context) ([]byte, error) {
	select {
	case m := <-p.in:
		return m, nil
	case <-p.closed:
		return nil, errGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func plan() capture.Plan {
	oval := capture.Oval{X: .5, Y: .5, Width: .4}
	return capture.Plan{Opens: 1, Rate: 20, Fade: 80 * ms, Limit: 20 * time.Second, Rest: capture.Colour{R: 180}, Cues: []capture.Cue{
		{Kind: capture.Fit, Oval: oval},
		{Kind: capture.Light, Oval: oval, Colour: capture.Colour{R: 1}, Hold: 400 * ms},
		{Kind: capture.Light, Oval: oval, Colour: capture.Colour{R: 2}, Hold: 400 * ms},
	}}
}

// The camera is filmed by the server's plan, shown each cue once and rest at last, and
// hears what the server says.
func TestFilm(t *testing.T) {
	h := &hands{}
	phone, server := pair()
	films := make(chan capture.Film, 1)
	go func() {
		clock := tunnus.ClockFunc(func() time.Time { return time.Unix(0, 0).Add(h.Now()) })
		film, err := capture.Serve(t.Context(), server, plan(), clock, func(context.Context) error { return nil })
		if err != nil {
			t.Error(err)
		}
		films <- film
		_ = server.Send(t.Context(), capture.Answer{Status: 200, Body: []byte("well")}.Bytes())
	}()
	var shown []capture.Cue
	a, err := Film(t.Context(), phone, reel(t, h), func(c capture.Cue, fade time.Duration) {
		if shown = append(shown, c); fade != 80*ms {
			t.Errorf("a fade of %v", fade)
		}
	})
	if err != nil || a.Status != 200 || string(a.Body) != "well" {
		t.Fatalf("%v, %+v", err, a)
	}
	film := <-films
	if len(shown) != 4 || shown[1].Colour.R != 1 || shown[2].Colour.R != 2 || shown[3].Kind != capture.Rest || shown[3].Colour.R != 180 {
		t.Errorf("shown: %+v", shown)
	}
	if n := len(film.Frames); n < 20 || film.Width != 480 {
		t.Errorf("%d frames of width %d", n, film.Width)
	}
}

// What the server says in the middle ends the film: it could not be charged, say.
func TestFilmRefused(t *testing.T) {
	h := &hands{}
	phone, server := pair()
	go func() {
		clock := tunnus.ClockFunc(func() time.Time { return time.Unix(0, 0).Add(h.Now()) })
		_, err := capture.Serve(t.Context(), server, plan(), clock, func(context.Context) error { return errGone })
		if !errors.Is(err, errGone) {
			t.Errorf("served: %v", err)
		}
		_ = server.Send(t.Context(), capture.Answer{Status: 409}.Bytes())
		for {
			if _, err := server.Receive(t.Context()); err != nil {
				return
			}
		}
	}()
	a, err := Film(t.Context(), phone, reel(t, h), func(capture.Cue, time.Duration) {})
	if err != nil || a.Status != 409 {
		t.Errorf("%v, %+v", err, a)
	}
}

func TestFilmFails(t *testing.T) {
	phone, _ := pair()
	close(phone.closed)
	if _, err := Film(t.Context(), phone, reel(t, &hands{}), nil); !errors.Is(err, capture.ErrBroken) {
		t.Errorf("the line broke: %v", err)
	}
	phone, server := pair()
	_ = server.Send(t.Context(), []byte("what?"))
	if _, err := Film(t.Context(), phone, reel(t, &hands{}), nil); !errors.Is(err, capture.ErrSpoken) {
		t.Errorf("a server that says something else: %v", err)
	}
	gone, hang := context.WithCancel(t.Context())
	hang()
	phone, _ = pair()
	if _, err := Film(gone, phone, reel(t, &hands{}), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("hung up: %v", err)
	}
}

// A reel goes on while nobody looks, and round and round.
func TestReel(t *testing.T) {
	h := &hands{}
	r := reel(t, h)
	var at []time.Duration
	for range 25 {
		f, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at = append(at, f.At); f.There != (f.At >= settled) {
			t.Errorf("at %v there: %v", f.At, f.There)
		}
	}
	if at[24] != 24*50*ms {
		t.Errorf("frame 24 at %v", at[24])
	}
	h.now += time.Second
	r.Show(capture.Cue{})
	if f, _ := r.Next(t.Context()); f.At < 24*50*ms+time.Second || f.There {
		t.Errorf("behind a pause: %v, there %v", f.At, f.There)
	}
}
