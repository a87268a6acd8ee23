package api

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/staff/support"
)

func (s *Server) lookCase(c call) (any, error) {
	return s.cfg.Support.Case(c.Context(), c.actor, c.PathValue("id"))
}

// A Question asks for the accounts of a person, for a case.
type Question struct {
	Country string `json:"country"`
	Code    string `json:"code"` // personal code
	Case    string `json:"case"`
}

func (s *Server) lookPerson(c call) (any, error) {
	return of(c, func(in Question) (any, error) {
		p, err := person(in.Country, in.Code)
		if err != nil {
			return nil, err
		}
		return s.cfg.Support.Person(c.Context(), c.actor, p, in.Case)
	})
}

// A Consent is the code that a person has made in the app.
type Consent struct {
	Code string `json:"code"`
}

func (s *Server) lookConsented(c call) (any, error) {
	return of(c, func(in Consent) (any, error) { return s.cfg.Support.Consented(c.Context(), c.actor, in.Code) })
}

// A Closing says why an account is closed.
type Closing struct {
	Reason support.Reason `json:"reason"`
	Case   string         `json:"case"`
}

func (s *Server) closeAccount(c call) (any, error) {
	return of(c, func(in Closing) (any, error) {
		return done(s.cfg.Support.Close(c.Context(), c.actor, c.PathValue("id"), in.Reason, in.Case))
	})
}

// A Found says what is found of an account.
type Found struct {
	Kind support.Kind `json:"kind"`
	Case string       `json:"case"`
}

func (s *Server) find(c call) (any, error) {
	return of(c, func(in Found) (any, error) {
		return s.cfg.Support.Find(c.Context(), c.actor, c.PathValue("id"), in.Kind, in.Case)
	})
}

func (s *Server) findings(c call) (any, error) { return s.cfg.Support.Findings(c.Context(), c.actor) }

func (s *Server) secondFinding(c call) (any, error) {
	return s.cfg.Support.Second(c.Context(), c.actor, c.id())
}

const queuePage = 50

func (s *Server) queue(c call) (any, error) {
	return s.cfg.Reviews.Queue(c.Context(), c.actor, c.URL.Query().Get("after"), queuePage)
}

func (s *Server) claim(c call) (any, error) {
	return s.cfg.Reviews.Claim(c.Context(), c.actor, c.id())
}

func (s *Server) leave(c call) (any, error) {
	return done(s.cfg.Reviews.Leave(c.Context(), c.actor, c.id()))
}

// A Case is what the reviewer sees who has claimed it.
type Case struct {
	Folder   review.Folder   `json:"folder"`
	Pictures review.Pictures `json:"pictures"`
	Approve  []review.Reason `json:"approve"` // reasons to choose from
	Decline  []review.Reason `json:"decline"`
}

func (s *Server) view(c call) (any, error) {
	f, p, err := s.cfg.Reviews.View(c.Context(), c.actor, c.id())
	return Case{f, p, review.Reasons(review.Approve), review.Reasons(review.Decline)}, err
}

// A Decision gives the reason for one.
type Decision struct {
	Reason review.Reason `json:"reason"`
}

func (s *Server) decide(e review.Event) act {
	return func(c call) (any, error) {
		return of(c, func(in Decision) (any, error) {
			return s.cfg.Reviews.Decide(c.Context(), c.actor, c.id(), e, in.Reason)
		})
	}
}

// A Scan is what the officer's screen has read of the applicant's app.
type Scan struct {
	Ticket  string `json:"ticket"`  // the text of the QR code
	Booking string `json:"booking"` // reference number, "" without an appointment
}

func (s *Server) openDesk(c call) (any, error) {
	return of(c, func(in Scan) (any, error) {
		t, err := desk.ParseTicket(in.Ticket)
		if err != nil {
			return nil, err
		}
		return s.cfg.Desks.Open(c.Context(), c.actor, t, in.Booking)
	})
}

// A Challenge is what the chip must answer.
type Challenge struct {
	Challenge []byte `json:"challenge"`
}

func (s *Server) challenge(c call) (any, error) {
	b, err := s.cfg.Desks.Challenge(c.Context(), c.actor, c.id())
	return Challenge{b}, err
}

// maxGroups is how many data groups a chip may have (Doc 9303-10 §4.7).
const maxGroups = 16

// A Chip is what the reader has brought.
type Chip struct {
	SOD        []byte         `json:"sod"`
	Groups     map[int][]byte `json:"groups"`
	ActiveAuth []byte         `json:"active_auth"`
	COM        []byte         `json:"com,omitempty"`         // EF.COM
	Access     string         `json:"access,omitempty"`      // "bac" or "pace"
	CardAccess []byte         `json:"card_access,omitempty"` // EF.CardAccess
}

func (s *Server) readDocument(c call) (any, error) {
	return of(c, func(in Chip) (any, error) {
		for n := range in.Groups {
			if n < 1 || n > maxGroups {
				return nil, tunnus.BadRequest("groups", errors.New("api: no such data group"))
			}
		}
		access, err := relay.Access(in.Access, in.CardAccess)
		if err != nil {
			return nil, err
		}
		return s.cfg.Desks.Read(c.Context(), c.actor, c.id(), emrtd.Evidence{SOD: in.SOD, COM: in.COM, Groups: in.Groups, ActiveAuth: in.ActiveAuth, Access: access})
	})
}

func (s *Server) raise(c call) (any, error) {
	return of(c, func(in desk.Wish) (any, error) { return done(s.cfg.Desks.Raise(c.Context(), c.actor, c.id(), in)) })
}

// An Answer of a second officer.
type Answer struct {
	Agrees bool `json:"agrees"`
}

func (s *Server) second(c call) (any, error) {
	return of(c, func(in Answer) (any, error) { return done(s.cfg.Desks.Second(c.Context(), c.actor, c.id(), in.Agrees)) })
}

func (s *Server) statement(c call) (any, error) {
	b, err := s.cfg.Desks.Draft(c.Context(), c.actor, c.id())
	return json.RawMessage(b), err
}

// An Activation is the code for the officer's screen.
type Activation struct {
	Code  string    `json:"code"`
	Until time.Time `json:"until"`
}

// sign shows the activation code, once, to the officer who signed: it is for the
// applicant beside him, and works in that app alone.
func (s *Server) sign(c call) (any, error) {
	code, err := s.cfg.Desks.Sign(c.Context(), c.actor, c.id())
	return Activation{string(code.Code.Reveal()), code.Until}, err
}

func (s *Server) stop(c call) (any, error) {
	return done(s.cfg.Desks.Stop(c.Context(), c.actor, c.id()))
}

func (s *Server) day(c call) (any, error) {
	d, err := time.Parse(time.DateOnly, c.PathValue("day"))
	if err != nil {
		return nil, badDay()
	}
	return s.cfg.Diary.Day(c.Context(), c.actor, c.PathValue("id"), noon(d))
}

// noon lies in the same day in all zones but the farthest.
func noon(d time.Time) time.Time { return d.Add(12 * time.Hour) }

func badDay() error {
	return tunnus.BadRequest("day", errors.New("api: a day such as 2026-12-31 expected"))
}

// A Fault asks for an incident.
type Fault struct {
	Release string    `json:"release"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Case    string    `json:"case"`
}

func (s *Server) incidents(c call) (any, error) { return s.cfg.Incidents.List(c.Context(), c.actor) }

func (s *Server) openIncident(c call) (any, error) {
	return of(c, func(in Fault) (any, error) {
		return s.cfg.Incidents.Open(c.Context(), c.actor, in.Release, in.From, in.Until, in.Case)
	})
}

func (s *Server) secondIncident(c call) (any, error) {
	return s.cfg.Incidents.Second(c.Context(), c.actor, c.id())
}
