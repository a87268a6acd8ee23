package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// A Ref names a session and the device that speaks. The caller has verified
// that the device signed the request.
type Ref struct {
	Session string
	Device  string // thumbprint of the device key
}

// A Form is what an applicant fills in.
type Form = match.Form

// payload is what a session holds of a person, sealed in its row.
type payload struct {
	Form       Form      `json:"form"`
	Zone       string    `json:"zone,omitempty"` // code line of the chip
	Portrait   []byte    `json:"portrait,omitempty"`
	Contact    string    `json:"contact,omitempty"`
	Surname    string    `json:"surname,omitempty"` // as the register writes it
	GivenNames string    `json:"given_names,omitempty"`
	Birth      time.Time `json:"birth,omitzero"`
	Number     string    `json:"number,omitempty"` // document number of the account being made
}

// person reads the form's personal code, which was judged when it was filled in.
func (p payload) person() (tunnus.PersonCode, error) {
	return tunnus.ParsePersonCode(p.Form.Country, p.Form.PersonCode)
}

func (p payload) zone() (mrz.Zone, error) { return mrz.Parse(p.Zone) }

// pair is what the session has keys for, or will have.
func (s Session) pair(login, sign string) binding.Pair {
	return binding.Pair{Session: s.ID, Device: s.Device, Login: login, Sign: sign}
}

// place binds the seal to the session.
func (s Session) place() []byte { return []byte("enrol/session/" + s.ID) }

// load returns a session of the device that speaks. That of another device
// looks as if it did not exist.
func (f *Flow) load(ctx context.Context, ref Ref) (Session, error) {
	s, err := f.cfg.Store.Session(ctx, ref.Session)
	if err != nil {
		return Session{}, fmt.Errorf("enrol: reading a session: %w", err)
	}
	if s.Device != ref.Device || ref.Device == "" {
		return Session{}, tunnus.NotFound(errors.New("enrol: a session of another device"))
	}
	return s, nil
}

// step returns a session in which the fact is the next one, with what it holds.
func (f *Flow) step(ctx context.Context, ref Ref, fact Fact) (Session, payload, error) {
	s, err := f.load(ctx, ref)
	if err != nil {
		return Session{}, payload{}, err
	}
	if s.State == Open && !f.now().Before(s.Due) {
		if _, err := f.lapse(context.WithoutCancel(ctx), s); err != nil {
			return Session{}, payload{}, err
		}
		return Session{}, payload{}, timeUp()
	}
	return f.admit(s, fact)
}

// admit checks that the fact is the next one and opens the payload.
func (f *Flow) admit(s Session, fact Fact) (Session, payload, error) {
	switch {
	case s.Why == tunnus.CodeSesTimeout:
		return Session{}, payload{}, timeUp()
	case s.State != Open:
		return Session{}, payload{}, tunnus.Conflict(fmt.Errorf("enrol: the session is %q", s.State))
	}
	if err := Admit(s.Way, s.Facts, fact); err != nil {
		return Session{}, payload{}, err
	}
	p, err := f.open(s)
	return s, p, err
}

func timeUp() error {
	return tunnus.Fail(tunnus.CodeSesTimeout, errors.New("enrol: the session's time is over"))
}

// open reads what a session holds.
func (f *Flow) open(s Session) (payload, error) {
	plain, err := f.cfg.Sealer.Open(s.Payload, s.place())
	if err != nil {
		return payload{}, fmt.Errorf("enrol: opening a session: %w", err)
	}
	var p payload
	if err := json.Unmarshal(plain, &p); err != nil {
		return payload{}, fmt.Errorf("enrol: reading a session: %w", err)
	}
	return p, nil
}

// save commits an open session with what it holds.
func (f *Flow) save(ctx context.Context, s *Session, p payload, events ...tunnus.Event) error {
	return f.commit(ctx, s, p, nil, nil, events)
}

// commit seals what an open session holds, drops it from one that has ended,
// and writes the change.
func (f *Flow) commit(ctx context.Context, s *Session, p payload, a *account.Account, letters []otp.Letter, events []tunnus.Event) error {
	s.Payload = nil
	if s.State == Open {
		plain, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("enrol: writing a session: %w", err)
		}
		if s.Payload, err = f.cfg.Sealer.Seal(plain, s.place()); err != nil {
			return fmt.Errorf("enrol: sealing a session: %w", err)
		}
	}
	if err := f.cfg.Store.Commit(ctx, Change{Session: *s, Account: a, Letters: letters, Events: events}); err != nil {
		return fmt.Errorf("enrol: writing a session: %w", err)
	}
	s.Rev++
	return nil
}

// add lets a fact stand, and returns its audit line.
func (f *Flow) add(s *Session, fact Fact, detail map[string]string) tunnus.Event {
	facts := maps.Clone(s.Facts)
	if facts == nil {
		facts = Facts{}
	}
	r := Record{Mark: marks[fact], At: f.now(), Revision: s.Revision, Detail: detail}
	facts[fact] = r
	s.Facts = facts
	line := map[string]string{"fact": string(fact), "mark": string(r.Mark), "revision": r.Revision, "rules": f.cfg.Rules.Name}
	maps.Copy(line, detail)
	return tunnus.Event{At: r.At, Kind: "enrol.fact", Subject: s.ID, Detail: line}
}

// refuse ends a session for the reason given, which it returns.
func (f *Flow) refuse(ctx context.Context, s *Session, why error, events ...tunnus.Event) error {
	s.State, s.Why = Refused, tunnus.CodeOf(why)
	if s.Why == tunnus.CodeRevPending {
		s.State = InReview
	}
	line := tunnus.Event{At: f.now(), Kind: "enrol.end", Subject: s.ID, Code: s.Why, Detail: map[string]string{"state": string(s.State)}}
	if err := f.commit(context.WithoutCancel(ctx), s, payload{}, nil, nil, append(events, line)); err != nil {
		return err
	}
	return why
}
