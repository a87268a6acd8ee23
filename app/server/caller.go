package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server/hall"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/place"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/problem"
)

// sessionLife is how long an app may go on with one nonce.
const sessionLife = 12 * time.Hour

// A caller is a device whose signature on this request was verified.
type caller struct {
	session Session
	device  string // thumbprint
	address string // where the request came from, as what is slowed (L7)
	signed  device.Signed
	path    func(name string) string // parts of the path
}

// A step answers one signed request: a value to send as JSON, or an error.
type step func(ctx context.Context, c caller) (any, error)

// A route is how one path is served.
type route struct {
	limit int64  // bytes of the body
	waits string // step of a registration that must be open before the body is read; "" if none
	do    step
	// sitting says that it belongs to a registration: a failure tells its reference.
	sitting bool
}

// start opens a session: it draws the nonce that all further signatures carry.
func (s *Server) start(w http.ResponseWriter, r *http.Request) error {
	if !s.sessions.Allow(place.Neighbourhood(r.RemoteAddr), s.cfg.Clock.Now()) {
		return hall.Busy("too many sessions from one address")
	}
	in, err := problem.Decode[wire.Start](w, r, maxSmall)
	if err != nil {
		return err
	}
	claims := wire.Start{AppVersion: in.AppVersion, OS: in.OS, OSVersion: in.OSVersion, Model: in.Model}
	for _, v := range []string{claims.AppVersion, claims.OS, claims.OSVersion, claims.Model} {
		if len(v) > maxClaim {
			return tunnus.BadRequest("app_version, os, os_version or model", errors.New("server: a claim is too long"))
		}
	}
	kept, err := json.Marshal(claims)
	if err != nil {
		return err
	}
	if err := device.Check(in.DeviceKey); err != nil {
		return err
	}
	nonce := draw(32)
	err = s.cfg.Sessions.Create(r.Context(), Session{
		ID: device.SessionID(in.DeviceKey, nonce), DeviceKey: in.DeviceKey, Nonce: nonce, Claims: kept, CreatedAt: s.cfg.Clock.Now(),
	})
	if err != nil {
		return err
	}
	return problem.Reply(w, http.StatusOK, wire.Started{Nonce: base64.RawURLEncoding.EncodeToString(nonce), Scheme: s.cfg.Scheme})
}

// signed makes a handler of a step: the device's signature first, then the
// counter, then the step, whose answer is kept for a repeat of the same request.
func (s *Server) signed(to route) http.Handler {
	return problem.Handle(func(w http.ResponseWriter, r *http.Request) error {
		session, counter, err := s.session(r)
		if err != nil {
			return err
		}
		if to.sitting {
			problem.Refer(r.Context(), func() string { return s.reference(r.Context(), session) })
		}
		return s.serve(w, r, to, session, counter)
	}, s.cfg.Log)
}

// reference is that of the registration of a session, "" if it has none.
func (s *Server) reference(ctx context.Context, session Session) string {
	at := enrol.Ref{Session: session.ID, Device: device.Thumbprint(session.DeviceKey)}
	st, err := s.sittings.Status(context.WithoutCancel(ctx), at)
	if err != nil || st.State == way.Done { // what fails now is no matter of the registration
		return ""
	}
	return st.Reference
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, to route, session Session, counter int64) error {
	if to.waits != "" {
		leave, err := s.large(w, r, session, counter, to.waits)
		if err != nil {
			return err
		}
		defer leave()
	}
	c, err := s.identify(w, r, session, counter, to.limit)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(c.signed.Request.Canonical())
	// A repeat that comes while the first is still being answered waits for it.
	done, err := s.flights.Board(r.Context(), c.session.ID, counter)
	if err != nil {
		return err
	}
	defer done()
	if kept, ok, err := s.cfg.Replies.Get(r.Context(), c.session.ID, counter); err != nil {
		return err
	} else if ok {
		return again(w, kept, hash[:])
	}
	if err := s.fresh(r.Context(), c.session, counter); err != nil {
		return err
	}
	return s.answer(w, r, c, hash[:], to.do)
}

// fresh refuses a request whose counter does not rise, or whose session has ended
// while it was on its way. The first one of a session ends the older sessions of
// its device: what the line held back of them comes too late now, and must not
// look like the request of a copied phone (security.md K4, K14). That somebody has
// only opened a session ends nothing, for that is not signed.
func (s *Server) fresh(ctx context.Context, session Session, counter int64) error {
	last, err := s.cfg.Replies.Last(ctx, session.ID)
	switch {
	case tunnus.CodeOf(err) == tunnus.CodeNotFound:
		return device.Refused(errors.New("server: the session has ended"))
	case err != nil:
		return err
	case counter <= last:
		return device.Refused(fmt.Errorf("server: counter %d after %d", counter, last))
	case last > 0:
		return nil
	}
	return s.cfg.Sessions.EndOlder(ctx, session)
}

// answer takes the step and keeps what it said, refusals too; a fault of ours
// is not kept, so that the same request may be tried again.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, c caller, hash []byte, do step) error {
	out, failed := do(r.Context(), c)
	kept, err := keep(hash, out, failed)
	if err != nil {
		return err
	}
	// The answer counts once it is given; that it could not be kept only
	// costs the repeat, and every step is safe to repeat by itself.
	err = s.cfg.Replies.Put(context.WithoutCancel(r.Context()), c.session.ID, int64(c.signed.Request.Counter), kept)
	if err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		return errors.Join(failed, err)
	}
	if failed != nil {
		return failed
	}
	return raw(w, kept.Body)
}

// A refusal is how a failed step is kept: without words, for the repeat may ask
// for another language.
type refusal struct {
	Code  tunnus.Code `json:"code"`
	Note  tunnus.Note `json:"note,omitzero"`
	Left  *int        `json:"left,omitempty"`
	Until *time.Time  `json:"until,omitempty"`
	Field string      `json:"field,omitempty"`
}

func keep(hash []byte, out any, failed error) (Reply, error) {
	k := Reply{Hash: hash, Status: http.StatusOK}
	if failed != nil {
		refused, ok := errors.AsType[*tunnus.Error](failed)
		if !ok || !refused.Code.Decided() {
			return Reply{}, failed
		}
		k.Status = problem.Status(refused.Code)
		out = refusal{refused.Code, refused.Note, refused.Left, refused.Until, refused.Field}
	}
	var err error
	k.Body, err = json.Marshal(out)
	return k, err
}

// again sends a kept reply, if the request is the same.
func again(w http.ResponseWriter, kept Reply, hash []byte) error {
	if !bytes.Equal(kept.Hash, hash) {
		return device.Refused(errors.New("server: another request with the same counter"))
	}
	if kept.Status == http.StatusOK {
		return raw(w, kept.Body)
	}
	var no refusal
	if err := json.Unmarshal(kept.Body, &no); err != nil {
		return err
	}
	e := tunnus.Fail(no.Code, errors.New("server: said again"))
	if no.Note.Key != "" {
		e = e.WithNote(no.Note.Key, no.Note.Value)
	}
	e.Left, e.Until, e.Field = no.Left, no.Until, no.Field
	return e
}

// session finds the session and the counter that a request names, before
// anything of it is read.
func (s *Server) session(r *http.Request) (Session, int64, error) {
	counter, err := strconv.ParseUint(r.Header.Get(wire.HeaderCounter), 10, 62)
	if err != nil {
		return Session{}, 0, device.Refused(errors.New("server: no counter"))
	}
	session, err := s.cfg.Sessions.Get(r.Context(), r.Header.Get(wire.HeaderSession))
	if err != nil && tunnus.CodeOf(err) != tunnus.CodeNotFound {
		return Session{}, 0, err // ours: the device has done nothing wrong
	}
	if err != nil || s.cfg.Clock.Now().After(session.CreatedAt.Add(sessionLife)) {
		return Session{}, 0, device.Refused(errors.New("server: no such session, or an old one"))
	}
	return session, int64(counter), nil
}

// identify reads the request and checks that the session's device signed it.
func (s *Server) identify(w http.ResponseWriter, r *http.Request, session Session, counter, limit int64) (caller, error) {
	sig, err := base64.RawURLEncoding.DecodeString(r.Header.Get(wire.HeaderSignature))
	if err != nil || len(sig) > maxSignature {
		return caller{}, device.Refused(errors.New("server: no signature"))
	}
	body, err := problem.Body(w, r, limit)
	if err != nil {
		return caller{}, err
	}
	signed := device.Signed{
		Request: device.Request{
			Method: r.Method, Path: r.URL.RequestURI(), Session: session.ID, Counter: uint64(counter),
			Nonce: base64.RawURLEncoding.EncodeToString(session.Nonce), Body: body,
		},
		Key: session.DeviceKey, Signature: sig,
	}
	if err := signed.Verify(); err != nil {
		return caller{}, err
	}
	return caller{session: session, device: signed.Thumbprint(), signed: signed, path: r.PathValue, address: place.Neighbourhood(r.RemoteAddr)}, nil
}

func raw(w http.ResponseWriter, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, err := w.Write(body)
	return err
}
