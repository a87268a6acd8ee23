package card

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
)

// alphabet has 32 characters, and none of 0, 1, I and O: nobody takes one for another.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// length of a code: 40 bits.
const length = 8

// collisions is how many codes of a sitting may be another's before it is given up.
const collisions = 8

// text is the code of a sitting.
func (s *Service) text(session string, number int) string {
	b := s.mac("code", session, fmt.Sprint(number))
	out := make([]byte, length)
	for i := range out {
		out[i] = alphabet[b[i]&31]
	}
	return string(out)
}

// name is what a code is stored under.
func (s *Service) name(text string) string { return hex.EncodeToString(s.mac("slip", text)) }

// normal is a code as it is compared: capitals, spaces and hyphens do not count.
func normal(typed string) (string, bool) {
	if len(typed) > 40 {
		return "", false
	}
	text := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u2013", "").Replace(typed))
	ok := len(text) == length && strings.Trim(text, alphabet) == ""
	return text, ok
}

// Code implements package enrol's port: it makes the code of a sitting, or returns
// the one that lives. It fails with regcode-old once that has died, and with
// ses-terminated once two portals have used it.
func (s *Service) Code(ctx context.Context, p Phone) (Code, error) {
	p.Place = s.cfg.Places.Place(p.Address)
	plain, err := json.Marshal(p)
	if err != nil {
		return Code{}, fmt.Errorf("card: writing a phone: %w", err)
	}
	now := s.now()
	for n := range collisions {
		have, err := s.cfg.Store.SlipOf(ctx, p.Session)
		if err == nil {
			return s.shown(have, p.Device)
		}
		if tunnus.CodeOf(err) != tunnus.CodeNotFound {
			return Code{}, fmt.Errorf("card: reading a code: %w", err)
		}
		text := s.text(p.Session, n)
		c := Slip{
			ID: s.name(text), Session: p.Session, Number: n, Device: p.Device, State: Live,
			Made: now, Until: earlier(now.Add(s.cfg.Rules.CodeLife), p.Until), Due: p.Until,
		}
		if c.Phone, err = s.cfg.Sealer.Seal(plain, c.place()); err != nil {
			return Code{}, fmt.Errorf("card: sealing a phone: %w", err)
		}
		line := tunnus.Event{At: now, Kind: "card.code", Subject: p.Session, Detail: map[string]string{"device": p.Device}}
		if err = s.cfg.Store.Save(ctx, Change{Slip: &c, Events: []tunnus.Event{line}}); err == nil {
			return Code{text, c.Until}, nil
		}
		if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			return Code{}, fmt.Errorf("card: writing a code: %w", err)
		}
	}
	return Code{}, errors.New("card: every code that was made is another's")
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (c Slip) place() []byte { return []byte("card/slip/" + c.ID) }

// shown is a code that was made before, for its device.
func (s *Service) shown(c Slip, device string) (Code, error) {
	switch {
	case c.Device != device:
		return Code{}, tunnus.NotFound(errors.New("card: the code of another device"))
	case c.State == Aborted:
		return Code{}, aborted()
	case c.State == Dead, c.State == Live && !s.now().Before(c.Until):
		return Code{}, old()
	case c.State == Live:
		return Code{s.text(c.Session, c.Number), c.Until}, nil
	}
	return Code{s.text(c.Session, c.Number), c.Due}, nil
}

func aborted() error { return Terminated(errors.New("card: two portals used one code")) }

// Outcome implements package enrol's port: what came of a sitting's code, for its
// device.
func (s *Service) Outcome(ctx context.Context, session, device string) (o Outcome, ok bool, err error) {
	c, err := s.cfg.Store.SlipOf(ctx, session)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return Outcome{}, false, nil
	}
	if err != nil {
		return Outcome{}, false, fmt.Errorf("card: reading a code: %w", err)
	}
	if c.Device != device {
		return Outcome{}, false, tunnus.NotFound(errors.New("card: the code of another device"))
	}
	switch c.State {
	case Aborted:
		return Outcome{}, false, aborted()
	case Dead:
		return Outcome{}, false, Terminated(errors.New("card: the person has left the portal"))
	case Live:
		if !s.now().Before(c.Until) {
			return Outcome{}, false, old()
		}
		return Outcome{}, false, nil
	}
	v, err := s.cfg.Store.Visit(ctx, c.Visit)
	if err != nil {
		return Outcome{}, false, fmt.Errorf("card: reading a visit: %w", err)
	}
	if v.State == Ended || c.State == Used && !s.now().Before(v.Expires) {
		return Outcome{}, false, old()
	}
	if c.State == Used {
		return Outcome{}, false, nil
	}
	o, err = s.outcome(v, c)
	return o, err == nil, err
}

func (s *Service) outcome(v Visit, c Slip) (Outcome, error) {
	p, err := s.open(v)
	if err != nil {
		return Outcome{}, err
	}
	person, err := p.person()
	if err != nil {
		return Outcome{}, fmt.Errorf("card: a visit: %w", err)
	}
	return Outcome{
		Visit: v.ID, Person: person, Surname: p.Surname, GivenNames: p.GivenNames, Contact: p.Contact, Channel: p.Channel, Language: p.Language,
		Hold: p.Hold, Login: p.Login, Questions: p.Questions, Signed: p.Signed,
		Code: map[string]string{"pairing": c.Pairing, "at": p.MatchedAt.Format(time.RFC3339)},
	}, nil
}
