package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server/hall"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/key/device"
)

// Limits on what costs much and is asked for by devices that anybody can make.
const (
	largeAtOnce = 8                // bodies with chip data or frames that are being read or judged
	largeTime   = 20 * time.Second // to send one
	largeQueue  = 64               // who waits until one is let in, with nothing of theirs read yet
	largeWait   = 10 * time.Second // and how long

	sessionsEvery = 200 * time.Millisecond // a new session, for one address
	sessionsBurst = 120
	beginsEvery   = time.Minute // a new key, for one session
	beginsBurst   = 6

	relaysAtOnce = 64               // runs of chip authentication, each of a connection of its own
	relaysOfOne  = 4                // of one address
	relaysOfSite = 16               // of one site
	relaysQueue  = 16               // who waits until one is let in, of one address and of all
	relaysWait   = 5 * time.Second  // and how long
	runsEvery    = 10 * time.Second // a new one, for one session
	runsBurst    = 6
	openingsOf   = time.Second // a new one, for one site
	openingsMost = 60
)

// large lets few large bodies in at a time, and only those that a registration
// is waiting for, or that repeat an answered request: who has not come that far
// cannot make us hold megabytes.
func (s *Server) large(w http.ResponseWriter, r *http.Request, session Session, counter int64, step string) (leave func(), err error) {
	_, repeat, err := s.cfg.Replies.Get(r.Context(), session.ID, counter)
	if err != nil {
		return nil, err
	}
	if !repeat {
		st, err := s.cfg.Enrol.Status(r.Context(), enrol.Ref{Session: session.ID, Device: device.Thumbprint(session.DeviceKey)})
		if err != nil {
			return nil, err
		}
		if !awaited(st, step) {
			return nil, tunnus.Conflict(errors.New("server: nobody waits for that"))
		}
	}
	leave, ok := s.hall.Enter(r.Context(), largeWait)
	if !ok {
		return nil, hall.Busy("too many large requests at once")
	}
	// A test recorder has no deadline; a connection does.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(largeTime))
	return leave, nil
}

// awaited reports whether a step with a large body may come now. Whether the people
// who look at a registration want new pictures is seen behind the signature.
func awaited(st enrol.Status, step string) bool {
	return string(st.Next) == step || step == wire.StepPictures && st.State == way.Parked && st.Why == tunnus.CodeRevPending
}

// beginning lets a key be begun only by a registration that is making its keys,
// and not often: the checks of a modulus cost more than its making.
func (s *Server) beginning(ctx context.Context, c caller) error {
	st, err := s.cfg.Enrol.Status(ctx, ref(c))
	if err != nil {
		return err
	}
	if st.Next != way.KeysMade && st.Next != way.PINsChosen {
		return tunnus.Conflict(errors.New("server: no keys are to be made now"))
	}
	if !s.begins.Allow(c.session.ID, s.cfg.Clock.Now()) {
		return hall.Busy("too many keys begun")
	}
	return nil
}

// steady lets a step end though its caller has gone: the answer is kept, and the
// same request finds it. A charge must not be followed by nothing because
// somebody hung up.
func steady(do step) step {
	return func(ctx context.Context, c caller) (any, error) { return do(context.WithoutCancel(ctx), c) }
}
