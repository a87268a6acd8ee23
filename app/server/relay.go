package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server/hall"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/remote/socket"
)

// sittings is what is asked of registrations around a run of chip authentication.
type sittings interface {
	Status(ctx context.Context, ref enrol.Ref) (enrol.Status, error)

	// Relay opens a run, or fails with [tunnus.CodeStateConflict] if no chip is waited for.
	Relay(ctx context.Context, ref enrol.Ref) (relay.Run, error)

	// Relayed has written down what the run has shown when it returns nil.
	Relayed(ctx context.Context, ref enrol.Ref, run relay.Run, proof emrtd.ChipProof) error
}

// relay runs chip authentication with the chip that a phone reads: the signature of
// the device first, then the counter, which the opening uses up, then the sitting. The
// ephemeral key is in this process for as long as the connection, and nowhere else;
// what the run has shown stands in the sitting before the phone is told that it is
// over, for whichever process judges the chip.
func (s *Server) relay(w http.ResponseWriter, r *http.Request) error {
	session, counter, err := s.session(r)
	if err != nil {
		return err
	}
	problem.Refer(r.Context(), func() string { return s.reference(r.Context(), session) })
	group, err := relay.Group(r.Header.Get(relay.Header))
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(group[:])) // what was signed in its place
	c, err := s.identify(w, r, session, counter, int64(len(group)))
	if err == nil && !socket.Asked(r) {
		err = tunnus.BadRequest("upgrade", errors.New("server: not a WebSocket"))
	}
	if err != nil {
		return err
	}
	leave, ok := s.seat(r.Context(), c.address)
	if !ok {
		return hall.Busy("too many runs of chip authentication at once")
	}
	defer leave()
	if !s.runs.Allow(session.ID, s.cfg.Clock.Now()) {
		return hall.Busy("too many runs of chip authentication in one session")
	}
	if !s.openings.Allow(hall.Site(c.address), s.cfg.Clock.Now()) {
		return hall.Busy("too many runs of chip authentication from one address")
	}
	if err := s.once(r.Context(), c); err != nil {
		return err
	}
	run, err := s.sittings.Relay(r.Context(), ref(c))
	if err != nil {
		return err
	}
	socket.Talk(w, r, runLimits, s.cfg.Log, func(ctx context.Context, conn *socket.Conn) error {
		return relay.Serve(ctx, conn, group, s.cfg.Clock, func(ctx context.Context, p emrtd.ChipProof) error {
			return s.sittings.Relayed(ctx, ref(c), run, p)
		})
	})
	return nil
}

// runLimits are those of the connection of a run.
var runLimits = socket.Limits{Message: relay.MaxMessage, Messages: relay.MaxMessages, First: relay.Opening, Life: relay.Life}

// seat finds room for a run: in the shares of its address and of its site first, so that
// nobody is kept out by one who holds many connections.
func (s *Server) seat(ctx context.Context, address string) (leave func(), ok bool) {
	var up []func()
	leave = func() {
		for _, l := range slices.Backward(up) {
			l()
		}
	}
	for _, enter := range []func() (func(), bool){
		func() (func(), bool) { return s.shares.Enter(ctx, address, relaysWait) },
		func() (func(), bool) { return s.sites.Enter(ctx, hall.Site(address), relaysWait) },
		func() (func(), bool) { return s.relays.Enter(ctx, relaysWait) },
	} {
		l, ok := enter()
		if !ok {
			leave()
			return nil, false
		}
		up = append(up, l)
	}
	return leave, true
}

// once uses up the counter of an opening: unlike a step it has no answer that could
// be said again.
func (s *Server) once(ctx context.Context, c caller) error {
	hash := sha256.Sum256(c.signed.Request.Canonical())
	counter := int64(c.signed.Request.Counter)
	done, err := s.flights.Board(ctx, c.session.ID, counter)
	if err != nil {
		return err
	}
	defer done()
	if err := s.fresh(ctx, c.session, counter); err != nil {
		return err
	}
	spent, err := keep(hash[:], nil, tunnus.Conflict(errors.New("server: an opening counts once")))
	if err != nil {
		return err
	}
	err = s.cfg.Replies.Put(context.WithoutCancel(ctx), c.session.ID, counter, spent)
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return device.Refused(errors.New("server: this opening was used by somebody else"))
	}
	return err
}
