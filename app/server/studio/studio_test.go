package studio

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server/hall"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/remote/socket"
)

// One address, or one subscriber with many networks of IPv6, does not have every seat;
// a seat that is left is free, in all the halls.
func TestSeats(t *testing.T) {
	s := New(nil, tunnus.SystemClock{}, slog.New(slog.DiscardHandler))
	guest := 0
	enter := func(address string) (func(), bool) {
		guest++
		who := strings.Repeat("x", guest) // of another session and device each time
		return s.enter(t.Context(), enrol.Ref{Session: who, Device: who, Address: address})
	}
	s.shares, s.sites, s.all = hall.Each(1, 0), hall.Each(2, 0), hall.New(3, 0)
	var leave []func()
	for _, tt := range []struct {
		address string
		ok      bool
	}{
		{"2001:db8:1:1::/64", true}, {"2001:db8:1:1::/64", false}, // of one address
		{"2001:db8:1:2::/64", true}, {"2001:db8:1:3::/64", false}, // of one site
		{"192.0.2.1", true}, {"192.0.2.2", false}, // in all
	} {
		l, ok := enter(tt.address)
		if ok != tt.ok || ok != (l != nil) {
			t.Fatalf("%s: let in %v", tt.address, ok)
		}
		if ok {
			leave = append(leave, l)
		}
	}
	for _, l := range leave {
		l()
	}
	for _, address := range []string{"2001:db8:1:3::/64", "2001:db8:1:2::/64", "192.0.2.2"} {
		if _, ok := enter(address); !ok {
			t.Errorf("%s: no seat was given back", address)
		}
	}
	if ofOne >= ofSite || ofSite >= atOnce {
		t.Error("one address or site has all seats")
	}
}

// seeker is a registration in which a face is waited for and never finds its oval.
type seeker struct{}

func (seeker) Take(context.Context, enrol.Ref, liveness.Way) (proofs.Take, error) {
	oval := capture.Oval{X: .5, Y: .5, Width: .4}
	light := capture.Cue{Kind: capture.Light, Oval: oval, Hold: 400 * time.Millisecond}
	return proofs.Take{Plan: capture.Plan{
		Cues: []capture.Cue{{Kind: capture.Fit, Oval: oval}, light}, Opens: 1, Rate: 20, Limit: time.Minute,
	}}, nil
}

func (seeker) Opened(context.Context, enrol.Ref, *proofs.Take) error { return errors.New("no face") }

func (seeker) Judge(context.Context, enrol.Ref, proofs.Take, capture.Film) error {
	return errors.New("no film")
}

func (seeker) Broken(context.Context, enrol.Ref, proofs.Take) error { return errors.New("no capture") }

// A door opens a studio for whoever says who it is.
func door(t *testing.T, s *Studio) (dial func(session, device, address string) (*socket.Conn, error)) {
	t.Helper()
	srv := httptest.NewServer(problem.Handle(func(w http.ResponseWriter, r *http.Request) error {
		h := r.Header
		return s.Serve(w, r, Guest{
			Ref: enrol.Ref{Session: h.Get("S"), Device: h.Get("D"), Address: h.Get("A")}, Way: "light",
			Once: func() error { return nil }, Refer: func() string { return "" },
		})
	}, slog.New(slog.DiscardHandler)))
	t.Cleanup(srv.Close)
	return func(session, device, address string) (*socket.Conn, error) {
		h := http.Header{"S": {session}, "D": {device}, "A": {address}}
		return socket.Dial(t.Context(), srv.Client(), srv.URL, h, socket.Limits{Message: 1 << 10, Messages: 10, Life: time.Minute, Binary: true})
	}
}

func busy(err error) bool {
	no, ok := errors.AsType[*socket.Refusal](err)
	return ok && strings.Contains(string(no.Body), string(tunnus.CodeRateLimited))
}

// A session, or a device with many of them, has one film at a time, wherever it asks
// from: else eight openings of one, none of them charged, keep everybody else out.
func TestOneFilmOfASession(t *testing.T) {
	s := New(seeker{}, tunnus.SystemClock{}, slog.New(slog.DiscardHandler))
	s.sessions, s.devices = hall.Each(1, 0), hall.Each(1, 0)
	dial := door(t, s)
	first, err := dial("s1", "d1", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if c, err := dial("s1", "d2", "198.51.100.1"); !busy(err) {
		t.Errorf("a second film of one session: %v, %v", c, err)
	}
	if c, err := dial("s2", "d1", "198.51.100.2"); !busy(err) {
		t.Errorf("a second film of one device: %v, %v", c, err)
	}
	other, err := dial("s3", "d3", "192.0.2.1")
	if err != nil {
		t.Fatalf("somebody else is kept out: %v", err)
	}
	_, _ = first.Close(), other.Close()
}

// Films that end before they are charged cost nothing: a device has few of them.
func TestFilmsThatComeToNothing(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	s := New(seeker{}, tunnus.ClockFunc(func() time.Time { return now }), slog.New(slog.DiscardHandler))
	dial := door(t, s)
	for n := range idleBurst {
		c, err := dial(strings.Repeat("s", n+1), "d1", "192.0.2.1")
		if err != nil {
			t.Fatalf("film %d: %v", n+1, err)
		}
		_ = c.Close()
	}
	if c, err := dial("s", "d1", "192.0.2.1"); !busy(err) {
		t.Errorf("one more: %v, %v", c, err)
	}
	c, err := dial("s", "d2", "192.0.2.1")
	if err != nil {
		t.Fatalf("another device: %v", err)
	}
	_ = c.Close()
	if idleEvery <= capture.Life {
		t.Error("a device has a seat all the time")
	}
}
