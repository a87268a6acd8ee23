package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server/studio"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/remote/socket"
)

// A set stands for registrations in which a face is waited for.
type set struct {
	mu      sync.Mutex
	waits   bool
	opens   error // what opening an attempt fails with
	verdict error
	limit   time.Duration // of the part that is charged; 0: a minute
	breaks  int
	log     []string
	paused  time.Duration
}

func (s *set) note(what string) { s.mu.Lock(); s.log = append(s.log, what); s.mu.Unlock() }

func (s *set) noted() string { s.mu.Lock(); defer s.mu.Unlock(); return strings.Join(s.log, " ") }

func (s *set) Take(_ context.Context, _ enrol.Ref, w liveness.Way) (proofs.Take, error) {
	if !s.waits {
		return proofs.Take{}, tunnus.Conflict(errors.New("no face is waited for"))
	}
	s.note("take " + string(w))
	oval := capture.Oval{X: .5, Y: .5, Width: .4}
	light := capture.Cue{Kind: capture.Light, Oval: oval, Hold: 400 * time.Millisecond}
	return proofs.Take{Plan: capture.Plan{
		Cues: []capture.Cue{{Kind: capture.Fit, Oval: oval}, light, light}, Opens: 1, Rate: 20, Limit: cmp.Or(s.limit, time.Minute),
	}}, nil
}

func (s *set) Opened(context.Context, enrol.Ref, *proofs.Take) error { s.note("open"); return s.opens }

func (s *set) Judge(_ context.Context, _ enrol.Ref, _ proofs.Take, f capture.Film) error {
	s.note("judge")
	if len(f.Cues) != 3 || len(f.Frames) < 5 {
		return errors.New("not the film")
	}
	return s.verdict
}

func (s *set) Broken(context.Context, enrol.Ref, proofs.Take) error {
	s.note("broken")
	if s.breaks++; s.breaks == 3 {
		return tunnus.Fail(tunnus.CodeFaceLimit, errors.New("x")).WithLeft(2)
	}
	return tunnus.Fail(tunnus.CodeFaceQuality, errors.New("x")).WithNote("hint-network", "").WithLeft(3 - s.breaks)
}

// A studioBench is a bench on a real line.
type studioBench struct {
	*bench
	srv *httptest.Server
	set *set
}

func newStudioBench(t *testing.T) *studioBench {
	t.Helper()
	b := &studioBench{bench: newBench(t, nil), set: &set{waits: true}}
	b.server.sittings = &registrations{}
	b.server.studio = studio.New(b.set, tunnus.ClockFunc(func() time.Time { return b.now }), slog.New(slog.DiscardHandler))
	b.server.studio.Pause = func(_ context.Context, d time.Duration) { b.set.paused = d }
	b.srv = httptest.NewServer(b.handler)
	t.Cleanup(b.srv.Close)
	return b
}

// opening is signed for a way, and names one.
func (b *studioBench) opening(counter uint64, signed, named string) http.Header {
	b.t.Helper()
	h := b.header(device.Request{Method: http.MethodGet, Path: wire.PathCapture, Session: b.session, Counter: counter, Nonce: b.nonce, Body: []byte(signed)})
	h.Set(wire.HeaderCapture, named)
	return h
}

func (b *studioBench) dial(h http.Header) (*socket.Conn, error) {
	return socket.Dial(b.t.Context(), b.srv.Client(), b.srv.URL+wire.PathCapture, h, socket.Limits{
		Message: capture.MaxAnswer + 16, Messages: capture.MaxCues + 2, Life: time.Minute, Binary: true,
	})
}

func (b *studioBench) refused(h http.Header, want tunnus.Code) {
	b.t.Helper()
	c, err := b.dial(h)
	no, ok := errors.AsType[*socket.Refusal](err)
	if !ok || !strings.Contains(string(no.Body), `"code":"`+string(want)+`"`) {
		b.t.Errorf("%v, %v; want %q", c, err, want)
	}
}

// act is a phone that films: a frame every 60 ms. It stops after so many, if not 0.
func (b *studioBench) act(c *socket.Conn, most int) (capture.Answer, error) {
	b.t.Helper()
	p, began := capture.NewPhone(), time.Now()
	heard := make(chan error)
	hear := make(chan []byte)
	go func() {
		for {
			m, err := c.Receive(b.t.Context())
			if err != nil {
				heard <- err
				return
			}
			hear <- m
		}
	}()
	say := func(messages ...[]byte) {
		for _, m := range messages {
			if m != nil && c.Send(b.t.Context(), m) != nil {
				return // told by what is heard
			}
		}
	}
	say(p.Ready(640, 480))
	tick := time.NewTicker(60 * time.Millisecond)
	defer tick.Stop()
	for n := 0; most == 0 || n < most; {
		select {
		case m := <-hear:
			if err := p.Hear(m); err != nil {
				return capture.Answer{}, err
			}
			if a, ok := p.Answer(); ok {
				return a, nil
			}
		case err := <-heard:
			return capture.Answer{}, err
		case <-tick.C:
			n++
			now := time.Since(began)
			if _, changed, _ := p.Turn(now); changed {
				say(p.Painted(now))
			}
			say(p.Placed(now), p.Frame(now, []byte{0xFF, 0xD8, byte(n)}), p.End())
		}
	}
	return capture.Answer{}, c.Close()
}

func TestCapture(t *testing.T) {
	b := newStudioBench(t)
	c, err := b.dial(b.opening(1, "light", "light"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.act(c, 0)
	if err != nil || a.Status != http.StatusOK || string(a.Body) != "{}" {
		t.Fatalf("%v, %d %s", err, a.Status, a.Body)
	}
	if got := b.set.noted(); got != "take light open judge" {
		t.Errorf("asked: %s", got)
	}
	if b.set.paused <= 0 {
		t.Error("how long it took is told")
	}
	b.refused(b.opening(1, "light", "light"), tunnus.CodeBadSignature) // an opening counts once
}

// What the film came to is told as a refusal of a step is, with the hint.
func TestFilmRefused(t *testing.T) {
	b := newStudioBench(t)
	b.set.verdict = tunnus.Fail(tunnus.CodeFaceQuality, errors.New("x")).WithNote("hint-dimmer", "").WithLeft(2)
	c, err := b.dial(b.opening(1, "calm", "calm"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.act(c, 0)
	var p wire.Problem
	if err := errors.Join(err, json.Unmarshal(a.Body, &p)); err != nil {
		t.Fatal(err, a)
	}
	if p.Code != tunnus.CodeFaceQuality || p.Hint != "dimmer" || p.Left == nil || *p.Left != 2 || p.Instance != "7K3Q-ZM2X-WA0B" || a.Status != 422 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// Where the attempt cannot be charged nothing drawn is told, and nothing judged.
func TestCaptureNotCharged(t *testing.T) {
	b := newStudioBench(t)
	b.set.opens = tunnus.Fail(tunnus.CodeDocLockTemp, errors.New("x"))
	c, err := b.dial(b.opening(1, "light", "light"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.act(c, 0)
	if err != nil || !strings.Contains(string(a.Body), `"code":"doc-lock-temp"`) || b.set.noted() != "take light open" {
		t.Errorf("%v, %s; asked: %s", err, a.Body, b.set.noted())
	}
}

// Who says what has no place is told so; who is cut off is not judged.
func TestFilmThatIsNone(t *testing.T) {
	b := newStudioBench(t)
	c, err := b.dial(b.opening(1, "light", "light"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), []byte("cheese")); err != nil {
		t.Fatal(err)
	}
	if a, err := b.act(c, 0); err != nil || a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), `"field":"frames"`) {
		t.Errorf("nonsense: %v, %d %s", err, a.Status, a.Body)
	}
	if c, err = b.dial(b.opening(2, "light", "light")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.act(c, 12); err != nil {
		t.Error(err)
	}
	b.settled("take light take light open broken") // nobody is told, and it is written down
}

// settled waits for what is asked of registrations to have come to that.
func (b *studioBench) settled(want string) {
	b.t.Helper()
	for range 200 {
		if b.set.noted() == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Errorf("asked: %s; want %s", b.set.noted(), want)
}

// Whose line was too slow, once the capture is charged, is told what is left of the
// attempt, and that it is over with the third.
func TestFilmThatComesTooLate(t *testing.T) {
	b := newStudioBench(t)
	b.set.limit = time.Nanosecond
	b.server.studio = studio.New(b.set, tunnus.SystemClock{}, slog.New(slog.DiscardHandler))
	for n, want := range []string{`"left":2`, `"left":1`, `"code":"face-limit"`} {
		c, err := b.dial(b.opening(uint64(n+1), "light", "light"))
		if err != nil {
			t.Fatal(err)
		}
		a, err := b.act(c, 0)
		if err != nil || a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), want) {
			t.Errorf("%v, %d %s; want %s", err, a.Status, a.Body, want)
		}
		if hint := strings.Contains(string(a.Body), `"hint":"network"`); hint != (n < 2) {
			t.Errorf("capture %d: a hint is told: %v, %s", n+1, hint, a.Body)
		}
	}
	one := "take light open broken"
	b.settled(one + " " + one + " " + one)
}

// Nobody holds a seat for whom no face is waited for, nor by another's signature.
func TestCaptureRefused(t *testing.T) {
	b := newStudioBench(t)
	b.refused(b.opening(1, "calm", "light"), tunnus.CodeBadSignature)
	b.refused(b.opening(2, "dark", "dark"), tunnus.CodeBadRequest)
	b.refused(b.opening(3, strings.Repeat("x", 999), strings.Repeat("x", 999)), tunnus.CodeTooLarge)
	b.set.waits = false
	b.refused(b.opening(4, "light", "light"), tunnus.CodeStateConflict)
	r := httptest.NewRequest(http.MethodGet, wire.PathCapture, nil)
	r.Header = b.opening(5, "light", "light")
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	wantCode(t, w, tunnus.CodeBadRequest)
	if got := b.set.noted(); got != "" {
		t.Errorf("asked: %s", got)
	}
}
