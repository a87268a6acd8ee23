// Package studio films faces for registrations: it has few seats, leads the conversation
// of package face/capture on a WebSocket, has the film judged, and answers. A film is in
// this process for as long as the connection, and nowhere else. Who the guest is was found
// out before.
package studio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server/hall"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/judge"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/remote/socket"
)

// Takes are what is asked of registrations around a capture of a face.
type Takes interface {
	// Take draws a capture and charges nothing, or fails with
	// [tunnus.CodeStateConflict] if no face is waited for.
	Take(ctx context.Context, ref enrol.Ref, w liveness.Way) (proofs.Take, error)

	// Opened has the attempt charged, durably, when it returns nil.
	Opened(ctx context.Context, ref enrol.Ref, t *proofs.Take) error

	// Judge has written down what the film came to when it returns.
	Judge(ctx context.Context, ref enrol.Ref, t proofs.Take, film capture.Film) error

	// Broken says what a capture that broke off on the way costs, having written it down.
	Broken(ctx context.Context, ref enrol.Ref, t proofs.Take) error
}

// Limits on what costs much.
const (
	atOnce = 8 // films that are being made or judged, each of up to 16 MB
	ofOne  = 2 // of one address
	ofSite = 4 // of one site
	queue  = 16
	next   = 1 // of one session or one device that waits for the end of the one before
	wait   = 5 * time.Second
	every  = 10 * time.Second // a new one, for one session
	burst  = 6

	// Films that ended before they were charged, of one device: those cost nothing, and
	// each has a seat for up to [capture.Life].
	idleEvery = 5 * time.Minute
	idleBurst = 6
)

// A Studio films faces.
type Studio struct {
	takes Takes
	clock tunnus.Clock
	log   *slog.Logger
	// One film at a time is of one session, and of one device.
	sessions, devices *hall.Halls
	shares, sites     *hall.Halls
	all               hall.Hall
	films             *hall.Meter // new ones, by session
	idle              *hall.Meter // uncharged ones, by device
	// Pause holds an answer back. A test does not wait.
	Pause func(context.Context, time.Duration)
}

// New makes a studio.
func New(t Takes, clock tunnus.Clock, log *slog.Logger) *Studio {
	return &Studio{
		takes: t, clock: clock, log: log, sessions: hall.Each(1, next), devices: hall.Each(1, next),
		shares: hall.Each(ofOne, queue), sites: hall.Each(ofSite, queue), all: hall.New(atOnce, queue),
		films: hall.NewMeter(every, burst), idle: hall.NewMeter(idleEvery, idleBurst), Pause: pause,
	}
}

// A Guest is who is filmed.
type Guest struct {
	Ref   enrol.Ref
	Way   string        // as the opening names it
	Once  func() error  // uses the opening up
	Refer func() string // the number under which people speak of the registration
}

// Serve films a guest, once a seat is free. It fails, having used nothing up, for
// what is no opening or comes too often; then for an opening that was used up before,
// and for a sitting in which no face is waited for.
func (s *Studio) Serve(w http.ResponseWriter, r *http.Request, g Guest) error {
	if !socket.Asked(r) {
		return tunnus.BadRequest("upgrade", errors.New("studio: not a WebSocket"))
	}
	if g.Way != wire.CaptureLight && g.Way != wire.CaptureCalm {
		return tunnus.BadRequest("way", errors.New("studio: no such way"))
	}
	leave, ok := s.enter(r.Context(), g.Ref)
	if !ok {
		return hall.Busy("too many captures at once")
	}
	defer leave()
	if !s.films.Allow(g.Ref.Session, s.clock.Now()) {
		return hall.Busy("too many captures in one session")
	}
	if s.idle.Spent(g.Ref.Device, s.clock.Now()) {
		return hall.Busy("too many captures of one device that came to nothing")
	}
	if err := g.Once(); err != nil {
		return err
	}
	take, err := s.takes.Take(r.Context(), g.Ref, liveness.Way(g.Way))
	if err != nil {
		return err
	}
	socket.Talk(w, r, limits, s.log, func(ctx context.Context, conn *socket.Conn) error {
		err := s.film(ctx, conn, g.Ref, take)
		if errors.Is(err, capture.ErrBroken) {
			return err // nobody is there to be answered
		}
		return conn.Send(ctx, s.said(r, g.Refer, err).Bytes())
	})
	return nil
}

// enter finds a seat, in the shares of the session, the device, the address and its site
// first: whoever waits there keeps nobody else from one.
func (s *Studio) enter(ctx context.Context, ref enrol.Ref) (leave func(), ok bool) {
	var seats []func()
	leave = func() {
		for _, up := range slices.Backward(seats) {
			up()
		}
	}
	for _, enter := range []func() (func(), bool){
		func() (func(), bool) { return s.sessions.Enter(ctx, ref.Session, wait) },
		func() (func(), bool) { return s.devices.Enter(ctx, ref.Device, wait) },
		func() (func(), bool) { return s.shares.Enter(ctx, ref.Address, wait) },
		func() (func(), bool) { return s.sites.Enter(ctx, hall.Site(ref.Address), wait) },
		func() (func(), bool) { return s.all.Enter(ctx, wait) },
	} {
		up, ok := enter()
		if !ok {
			leave()
			return nil, false
		}
		seats = append(seats, up)
	}
	return leave, true
}

// limits are those of the connection of a capture. Behind the film it waits for
// the judgement.
var limits = socket.Limits{
	Message: capture.MaxMessage, Messages: capture.MaxMessages, First: capture.Opening, Quiet: capture.Quiet,
	Life: capture.Life + 2*time.Minute, Binary: true,
}

// film has a face filmed and judged. How long that took is not told (L8).
func (s *Studio) film(ctx context.Context, conn *socket.Conn, ref enrol.Ref, take proofs.Take) error {
	charged := false
	film, err := capture.Serve(ctx, conn, take.Plan, s.clock, func(ctx context.Context) error {
		err := s.takes.Opened(context.WithoutCancel(ctx), ref, &take)
		charged = err == nil
		return err
	})
	if !charged {
		s.idle.Allow(ref.Device, s.clock.Now())
	}
	if err != nil {
		return s.broken(ctx, ref, take, charged, err)
	}
	began := s.clock.Now()
	err = s.takes.Judge(ctx, ref, take, film)
	s.Pause(ctx, judge.Wait(s.clock.Now().Sub(began)))
	return err
}

// broken is what a capture is told that did not come to its end. One that was charged is
// written down, and an honest phone hears what is left; so does one that was too slow before.
func (s *Studio) broken(ctx context.Context, ref enrol.Ref, take proofs.Take, charged bool, err error) error {
	spoken, cut := errors.Is(err, capture.ErrSpoken), errors.Is(err, capture.ErrBroken)
	switch {
	case errors.Is(err, capture.ErrLate), charged && (spoken || cut):
		return fmt.Errorf("%w: %w", s.takes.Broken(ctx, ref, take), err)
	case spoken:
		return tunnus.BadRequest("frames", err)
	}
	return err
}

// said is what a capture came to, as a request would be answered: nothing, and the phone
// asks where it stands, or a refusal.
func (s *Studio) said(r *http.Request, refer func() string, err error) capture.Answer {
	out := &answered{header: http.Header{}}
	problem.Handle(func(w http.ResponseWriter, r *http.Request) error {
		problem.Refer(r.Context(), refer)
		if err != nil {
			return err
		}
		return problem.Reply(w, http.StatusOK, wire.None{})
	}, s.log).ServeHTTP(out, r)
	return capture.Answer{Status: out.status, Body: out.body.Bytes()}
}

// answered is an answer that goes another way than by HTTP.
type answered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (a *answered) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answered) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *answered) Write(b []byte) (int, error) { return a.body.Write(b) }

// pause waits, or until the caller is gone.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
