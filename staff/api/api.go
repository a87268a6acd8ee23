// Package api serves members of staff over HTTP (/staff/v1), and people who want an
// appointment (/appointments/v1).
//
// Each request of staff carries the member's signature (staff/roster); what it
// may do, and for whom, is decided by the packages that are called. Failures are
// problem documents. Personal codes stand in bodies only, never in a path. There is
// no route that lifts a lock, and none that shows a PIN or a code of a person.
package api

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/appointment"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/incident"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/roster"
	"github.com/tunnus-id/tunnus/staff/support"
)

// Limits of bodies, in bytes.
const (
	maxSmall  = 8 << 10
	maxChip   = 4 << 20
	maxSigned = 1 << 10 // of a signature
)

// Config is what the interface serves.
type Config struct {
	Roster    *roster.Roster
	Support   *support.Service
	Reviews   *review.Service
	Desks     *desk.Service
	Diary     *appointment.Diary
	Incidents *incident.Service
	Scheme    string         // its name, which every request is signed for
	Slow      lock.Addresses // slows the addresses that ask for appointments
	Clock     tunnus.Clock   // takes the time of chips
	Log       *slog.Logger
}

// A Server answers requests. It keeps nothing of its own.
type Server struct{ cfg Config }

// New makes a server.
func New(cfg Config) *Server { return &Server{cfg} }

// A call is one request of a member.
type call struct {
	*http.Request
	actor staff.Actor
	body  []byte
}

// An act answers a call: a value to send as JSON, or an error.
type act func(c call) (any, error)

// Routes serves /staff/v1 and /appointments/v1.
func (s *Server) Routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range s.acts() {
		limit := int64(maxSmall)
		if pattern == readChip {
			limit = maxChip
		}
		mux.Handle(pattern, s.signed(limit, do))
	}
	mux.Handle("GET /staff/v1/desks/{id}/relay", problem.Handle(s.relay, s.cfg.Log))
	s.appointments(mux)
	return mux
}

const readChip = "POST /staff/v1/desks/{id}/read"

// acts is the table of what staff may ask for.
func (s *Server) acts() map[string]act {
	return map[string]act{
		"GET /staff/v1/cases/{id}":              s.lookCase,
		"POST /staff/v1/people":                 s.lookPerson,
		"POST /staff/v1/consents":               s.lookConsented,
		"POST /staff/v1/accounts/{id}/close":    s.closeAccount,
		"POST /staff/v1/accounts/{id}/find":     s.find,
		"GET /staff/v1/findings":                s.findings,
		"POST /staff/v1/findings/{id}/second":   s.secondFinding,
		"GET /staff/v1/reviews":                 s.queue,
		"POST /staff/v1/reviews/{id}/claim":     s.claim,
		"POST /staff/v1/reviews/{id}/leave":     s.leave,
		"POST /staff/v1/reviews/{id}/view":      s.view,
		"POST /staff/v1/reviews/{id}/approve":   s.decide(review.Approve),
		"POST /staff/v1/reviews/{id}/decline":   s.decide(review.Decline),
		"POST /staff/v1/desks":                  s.openDesk,
		"POST /staff/v1/desks/{id}/challenge":   s.challenge,
		readChip:                                s.readDocument,
		"POST /staff/v1/desks/{id}/raise":       s.raise,
		"POST /staff/v1/desks/{id}/second":      s.second,
		"GET /staff/v1/desks/{id}/statement":    s.statement,
		"POST /staff/v1/desks/{id}/sign":        s.sign,
		"POST /staff/v1/desks/{id}/stop":        s.stop,
		"GET /staff/v1/offices/{id}/days/{day}": s.day,
		"GET /staff/v1/incidents":               s.incidents,
		"POST /staff/v1/incidents":              s.openIncident,
		"POST /staff/v1/incidents/{id}/second":  s.secondIncident,
	}
}

// signed lets a member's request in: the signature over all of it first.
func (s *Server) signed(limit int64, do act) http.Handler {
	return problem.Handle(func(w http.ResponseWriter, r *http.Request) error {
		c, err := s.identify(w, r, limit)
		if err != nil {
			return err
		}
		out, err := do(c)
		if err != nil {
			return err
		}
		return problem.Reply(w, http.StatusOK, out)
	}, s.cfg.Log)
}

// identify reads a request and finds out whose it is.
func (s *Server) identify(w http.ResponseWriter, r *http.Request, limit int64) (call, error) {
	counter, err := strconv.ParseUint(r.Header.Get(staff.HeaderCounter), 10, 62)
	sig, err2 := base64.RawURLEncoding.DecodeString(r.Header.Get(staff.HeaderSignature))
	if err != nil || err2 != nil || len(sig) == 0 || len(sig) > maxSigned {
		return call{}, device.Refused(errors.New("api: no signature of a member"))
	}
	body, err := problem.Body(w, r, limit)
	if err != nil {
		return call{}, err
	}
	actor, err := s.cfg.Roster.Identify(r.Context(), r.Header.Get(staff.HeaderMember), device.Signed{
		Request: device.Request{
			Method: r.Method, Path: r.URL.RequestURI(), Session: staff.Session, Counter: counter, Nonce: s.cfg.Scheme, Body: body,
		},
		Signature: sig,
	})
	return call{r, actor, body}, err
}

// none is the answer of an act that has nothing to tell.
type none struct{}

// of makes an act of a function that wants a body.
func of[T any](c call, do func(in T) (any, error)) (any, error) {
	in, err := problem.Parse[T](c.body)
	if err != nil {
		return nil, err
	}
	return do(in)
}

// id is the reference number in the path, as it is kept.
func (c call) id() string { return staff.Number(c.PathValue("id")) }

func done(err error) (any, error) { return none{}, err }

// person reads a personal code from a body.
func person(country, code string) (tunnus.PersonCode, error) {
	return tunnus.ParsePersonCode(country, code)
}
