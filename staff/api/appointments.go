package api

import (
	"net/http"
	"time"

	"github.com/tunnus-id/tunnus/enrol/appointment"
	"github.com/tunnus-id/tunnus/enrol/place"
	"github.com/tunnus-id/tunnus/problem"
)

// appointments serves people who are nobody yet. All that changes something slows
// the address that asks for it.
func (s *Server) appointments(mux *http.ServeMux) {
	for pattern, do := range map[string]problem.Handler{
		"GET /appointments/v1/offices":                 s.offices,
		"GET /appointments/v1/offices/{id}/days/{day}": s.free,
		"POST /appointments/v1/bookings":               s.slow(s.book),
		"GET /appointments/v1/bookings/{id}":           s.slow(s.booking),
		"POST /appointments/v1/bookings/{id}/move":     s.slow(s.move),
		"POST /appointments/v1/bookings/{id}/cancel":   s.slow(s.cancel),
	} {
		mux.Handle(pattern, problem.Handle(do, s.cfg.Log))
	}
}

// slow counts the request on the address that it came from, before it is looked
// at: reference numbers must not be guessed, nor calendars filled.
func (s *Server) slow(next problem.Handler) problem.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.cfg.Slow.Enter(r.Context(), s.cfg.Slow.Key("appointment/"+place.Neighbourhood(r.RemoteAddr))); err != nil {
			return err
		}
		return next(w, r)
	}
}

func (s *Server) offices(w http.ResponseWriter, _ *http.Request) error {
	return problem.Reply(w, http.StatusOK, s.cfg.Diary.Offices())
}

func (s *Server) free(w http.ResponseWriter, r *http.Request) error {
	d, err := time.Parse(time.DateOnly, r.PathValue("day"))
	if err != nil {
		return badDay()
	}
	slots, err := s.cfg.Diary.Free(r.Context(), r.PathValue("id"), noon(d))
	if err != nil {
		return err
	}
	return problem.Reply(w, http.StatusOK, slots)
}

// A Wanted is the time that somebody wants.
type Wanted struct {
	Office  string              `json:"office"`
	At      time.Time           `json:"at"`
	Contact appointment.Contact `json:"contact"`
}

// A Given is a booking as its holder sees it.
type Given struct {
	Reference string            `json:"reference"`
	Office    string            `json:"office"`
	At        time.Time         `json:"at"`
	State     appointment.State `json:"state"`
}

func given(w http.ResponseWriter, b appointment.Booking, err error) error {
	if err != nil {
		return err
	}
	return problem.Reply(w, http.StatusOK, Given{b.ID, b.Office, b.At, b.State})
}

func (s *Server) book(w http.ResponseWriter, r *http.Request) error {
	in, err := problem.Decode[Wanted](w, r, maxSmall)
	if err != nil {
		return err
	}
	b, err := s.cfg.Diary.Book(r.Context(), in.Office, in.At, in.Contact)
	return given(w, b, err)
}

func (s *Server) booking(w http.ResponseWriter, r *http.Request) error {
	b, err := s.cfg.Diary.Booking(r.Context(), r.PathValue("id"))
	return given(w, b, err)
}

func (s *Server) move(w http.ResponseWriter, r *http.Request) error {
	in, err := problem.Decode[Wanted](w, r, maxSmall)
	if err != nil {
		return err
	}
	b, err := s.cfg.Diary.Move(r.Context(), r.PathValue("id"), in.Office, in.At)
	return given(w, b, err)
}

func (s *Server) cancel(w http.ResponseWriter, r *http.Request) error {
	if err := s.cfg.Diary.Cancel(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	b, err := s.cfg.Diary.Booking(r.Context(), r.PathValue("id"))
	return given(w, b, err)
}
