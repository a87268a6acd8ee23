// Package register is a register service to try things with: it says over HTTP
// what a file of invented people says (doc/population.md), and can be told to fail in
// each way in which a service fails.
package register

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
)

// A Mode is how a simulator behaves.
type Mode string

// The modes.
const (
	Well        Mode = "well"
	Down        Mode = "down"         // 503
	Slow        Mode = "slow"         // answers after [Simulator.Delay]
	Reset       Mode = "reset"        // hangs up in the middle
	Garbage     Mode = "garbage"      // 200, and no JSON
	Huge        Mode = "huge"         // 200, and does not stop
	WrongPerson Mode = "wrong-person" // says of somebody else what it was asked of one
	Redirect    Mode = "redirect"     // sends elsewhere
	NotThere    Mode = "not-there"    // 404, as a proxy does whose service is gone
)

// A Simulator is a register service as a handler. It is safe for concurrent use.
type Simulator struct {
	people people.Source
	token  string

	mu    sync.Mutex
	mode  Mode
	delay time.Duration
	seen  int
}

// New makes one that says what a source says. A token that is not empty is demanded.
func New(source people.Source, token string) *Simulator {
	return &Simulator{people: source, token: token, mode: Well}
}

// Behave changes the mode; the delay is for [Slow].
func (s *Simulator) Behave(m Mode, delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode, s.delay = m, delay
}

// Seen is how many requests have come.
func (s *Simulator) Seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// maxQuestion bounds what is read of a request.
const maxQuestion = 4 << 10

// ServeHTTP implements [http.Handler].
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen++
	mode, delay := s.mode, s.delay
	s.mu.Unlock()
	if s.token != "" && r.Header.Get("Authorization") != "Bearer "+s.token {
		http.Error(w, "who is asking?", http.StatusUnauthorized)
		return
	}
	// Read first: a server notices only then that whoever asked has gone.
	body, err := io.ReadAll(io.LimitReader(r.Body, maxQuestion))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "a question is expected", http.StatusBadRequest)
		return
	}
	switch mode {
	case Down:
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	case NotThere:
		http.NotFound(w, r)
		return
	case Redirect:
		http.Redirect(w, r, "/elsewhere"+r.URL.Path, http.StatusTemporaryRedirect)
		return
	case Reset:
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"person":`)
		panic(http.ErrAbortHandler)
	case Slow:
		select {
		case <-r.Context().Done():
			return
		case <-time.After(delay):
		}
	}
	s.answer(w, r, body, mode)
}

func (s *Simulator) answer(w http.ResponseWriter, r *http.Request, body []byte, mode Mode) {
	code, err := people.Asked(body)
	if err != nil {
		http.Error(w, "whom?", http.StatusBadRequest)
		return
	}
	out, err := s.say(r, code)
	if errors.Is(err, match.ErrNoPerson) {
		out, err = people.Nobody(code)
	}
	if err != nil {
		http.Error(w, "no", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch mode {
	case Garbage:
		out = []byte(`{"person": "` + code.SemanticsID() + `", "known": maybe`)
	case WrongPerson: // of somebody born on the day before, with the same words
		out = []byte(strings.ReplaceAll(string(out), code.SemanticsID(), "PNOXX-199002130014"))
	case Huge:
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(strings.Repeat(" ", 1<<16))); err != nil {
				return
			}
		}
		return
	}
	_, _ = w.Write(out)
}

// say writes the answer that belongs to a path.
func (s *Simulator) say(r *http.Request, code tunnus.PersonCode) ([]byte, error) {
	switch r.URL.Path {
	case people.PersonPath:
		p, err := s.people.ByCode(r.Context(), code)
		if err != nil {
			return nil, err
		}
		return people.SayPerson(p)
	case people.GuardiansPath, people.WardsPath:
		ask, ofChild := s.people.Wards, false
		if r.URL.Path == people.GuardiansPath {
			ask, ofChild = s.people.Guardians, true
		}
		list, err := ask(r.Context(), code)
		if err != nil {
			return nil, err
		}
		return people.SayRelations(code, list, ofChild)
	case people.ChannelsPath:
		c, err := s.people.Channels(r.Context(), code)
		if err != nil {
			return nil, err
		}
		return people.SayChannels(code, c)
	}
	return nil, errors.New("no such question")
}
