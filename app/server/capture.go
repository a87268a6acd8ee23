package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
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

// takes is what is asked of registrations around a capture of a face.
type takes interface {
	// Take draws a capture and charges nothing, or fails with
	// [tunnus.CodeStateConflict] if no face is waited for.
	Take(ctx context.Context, ref enrol.Ref, w liveness.Way) (proofs.Take, error)

	// Opened has the attempt charged, durably, when it returns nil.
	Opened(ctx context.Context, ref enrol.Ref, t *proofs.Take) error

	// Judge has written down what the film came to when it returns.
	Judge(ctx context.Context, ref enrol.Ref, t proofs.Take, film capture.Film) error
}

// capture films a face: the signature of the device first, then a seat, then the counter,
// which the opening uses up, then the sitting. A film is in this process for as long as
// the connection, and nowhere else; it is judged before the phone is answered.
func (s *Server) capture(w http.ResponseWriter, r *http.Request) error {
	session, counter, err := s.session(r)
	if err != nil {
		return err
	}
	problem.Refer(r.Context(), func() string { return s.reference(r.Context(), session) })
	way := r.Header.Get(wire.HeaderCapture)
	if len(way) > maxClaim {
		return tunnus.BadRequest("way", errors.New("server: no such way"))
	}
	r.Body = io.NopCloser(bytes.NewReader([]byte(way))) // what was signed in its place
	c, err := s.identify(w, r, session, counter, maxClaim)
	if err != nil {
		return err
	}
	if !socket.Asked(r) {
		return tunnus.BadRequest("upgrade", errors.New("server: not a WebSocket"))
	}
	if way != wire.CaptureLight && way != wire.CaptureCalm {
		return tunnus.BadRequest("way", errors.New("server: no such way"))
	}
	leave, ok := s.studio.enter(r.Context(), c.address)
	if !ok {
		return busy("too many captures at once")
	}
	defer leave()
	if !s.films.allow(session.ID, s.cfg.Clock.Now()) {
		return busy("too many captures in one session")
	}
	if err := s.once(r.Context(), c); err != nil {
		return err
	}
	take, err := s.takes.Take(r.Context(), ref(c), liveness.Way(way))
	if err != nil {
		return err
	}
	socket.Talk(w, r, captureLimits, s.cfg.Log, func(ctx context.Context, conn *socket.Conn) error {
		err := s.film(ctx, conn, c, take)
		if errors.Is(err, capture.ErrBroken) {
			return err // nobody is there to be answered
		}
		return conn.Send(ctx, s.said(r, session, err).Bytes())
	})
	return nil
}

// captureLimits are those of the connection of a capture. Behind the film it waits for
// the judgement.
var captureLimits = socket.Limits{
	Message: capture.MaxMessage, Messages: capture.MaxMessages, First: capture.Opening, Quiet: capture.Quiet,
	Life: capture.Life + 2*time.Minute, Binary: true,
}

// film has a face filmed and judged. How long that took is not told (L8).
func (s *Server) film(ctx context.Context, conn *socket.Conn, c caller, take proofs.Take) error {
	film, err := capture.Serve(ctx, conn, take.Plan, s.cfg.Clock, func(ctx context.Context) error {
		return s.takes.Opened(context.WithoutCancel(ctx), ref(c), &take)
	})
	switch {
	case errors.Is(err, capture.ErrSpoken), errors.Is(err, capture.ErrLate):
		return tunnus.BadRequest("frames", err)
	case err != nil:
		return err
	}
	began := s.cfg.Clock.Now()
	err = s.takes.Judge(ctx, ref(c), take, film)
	s.pause(ctx, judge.Wait(s.cfg.Clock.Now().Sub(began)))
	return err
}

// said is what a capture came to, as a request would be answered: nothing, and the phone
// asks where it stands, or a refusal.
func (s *Server) said(r *http.Request, session Session, err error) capture.Answer {
	out := &answered{header: http.Header{}}
	problem.Handle(func(w http.ResponseWriter, r *http.Request) error {
		problem.Refer(r.Context(), func() string { return s.reference(r.Context(), session) })
		if err != nil {
			return err
		}
		return problem.Reply(w, http.StatusOK, wire.None{})
	}, s.cfg.Log).ServeHTTP(out, r)
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

// A studio has few seats: of one address, of one site, and in all.
type studio struct {
	shares, sites *hall.Halls
	all           hall.Hall
}

func newStudio() studio {
	return studio{hall.Each(capturesOfOne, capturesQueue), hall.Each(capturesOfSite, capturesQueue), hall.New(capturesAtOnce, capturesQueue)}
}

// enter finds a seat, in the shares of the address and of its site first.
func (s studio) enter(ctx context.Context, address string) (leave func(), ok bool) {
	return seats(
		func() (func(), bool) { return s.shares.Enter(ctx, address, relaysWait) },
		func() (func(), bool) { return s.sites.Enter(ctx, site(address), relaysWait) },
		func() (func(), bool) { return s.all.Enter(ctx, relaysWait) },
	)
}
