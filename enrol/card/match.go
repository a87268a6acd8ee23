package card

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
)

// Match takes a registration code as it was typed. If it is the one that a phone
// shows now, phone and visit are paired. It fails with
//
//   - bad-request if it cannot be a code: that is no guess,
//   - regcode-bad if nobody shows it; Left tells the tries, and none ends the visit,
//   - regcode-old if its time is over,
//   - ses-terminated if another visit has used it: that ends both, and the code,
//   - req-too-often while the person is locked for guessing, or the address slowed.
//
// Repeating it with the code that has matched succeeds again.
func (s *Service) Match(ctx context.Context, visit, typed string, from From) error {
	v, p, err := s.load(ctx, visit)
	if err != nil {
		return err
	}
	text, ok := normal(typed)
	if !ok {
		return tunnus.BadRequest("code", errors.New("card: not the form of a code"))
	}
	id := s.name(text)
	if v.State == Matched && v.Slip == id {
		return nil
	}
	if _, err := v.State.After(Match); err != nil {
		return err
	}
	g, err := s.charge(ctx, &v, p, from)
	if err != nil {
		return err
	}
	c, err := s.cfg.Store.Slip(ctx, id)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return s.wrong(ctx, &v, g)
	}
	if err != nil {
		return fmt.Errorf("card: reading a code: %w", err)
	}
	if err := s.right(ctx, g); err != nil {
		return err
	}
	v.Tries-- // it is a code that somebody shows, or did: no guess
	return s.take(ctx, v, p, c)
}

// A guess is a try that was paid for.
type guess struct {
	person  lock.Key
	address string // of the network
	visit   string
	left    int
	last    bool // charged to the person's ledger: no other try follows
}

// charge pays for a try, in rows that are committed before anything is judged. It
// fails as [Service.Match], the visit being over, if there are no tries left.
func (s *Service) charge(ctx context.Context, v *Visit, p payload, from From) (guess, error) {
	g := guess{person: s.cfg.People.AccountKey("card/" + v.Person), visit: v.ID, address: from.Address}
	if err := s.cfg.People.Check(ctx, g.person); err != nil {
		return g, err
	}
	if err := s.slow(ctx, g.address); err != nil {
		return g, err
	}
	now := s.now()
	v.Tries++
	v.TriedAt = now
	if err := s.save(ctx, v, p, nil); err != nil {
		return g, err
	}
	mine, err1 := s.cfg.Store.Tries(ctx, v.Person, now.Add(-s.cfg.Rules.CodeLife))
	all, err2 := s.cfg.Store.Tries(ctx, "", now.Add(-time.Hour))
	if err := errors.Join(err1, err2); err != nil {
		return g, fmt.Errorf("card: counting tries: %w", err)
	}
	allowed := s.cfg.Rules.CodeTries
	if all > s.cfg.Rules.Guesses {
		allowed = 1
	}
	g.left = allowed - mine
	g.last = g.left <= 0
	if g.last {
		if _, err := s.cfg.People.Charge(ctx, g.person, g.visit, false); err != nil {
			return g, err
		}
	}
	if g.left < 0 {
		return g, s.wrong(ctx, v, g)
	}
	return g, nil
}

// wrong answers a code that nobody shows.
func (s *Service) wrong(ctx context.Context, v *Visit, g guess) error {
	if !g.last {
		return wrong(g.left)
	}
	why := wrong(0)
	if _, err := s.cfg.People.Close(ctx, g.person, g.visit, lock.Failed, tunnus.CodeOf(why)); err != nil {
		return err
	}
	return s.end(ctx, v, why)
}

// right gives back what was charged besides the row.
func (s *Service) right(ctx context.Context, g guess) error {
	if err := s.well(ctx, g.address); err != nil {
		return err
	}
	if !g.last {
		return nil
	}
	_, err := s.cfg.People.Close(ctx, g.person, g.visit, lock.Succeeded, "")
	return err
}

// take consumes a code that is stored, for a visit.
func (s *Service) take(ctx context.Context, v Visit, p payload, c Slip) error {
	switch {
	case c.State == Aborted:
		return s.end(ctx, &v, aborted())
	case c.State == Used || c.State == Sealed:
		first, err := s.cfg.Store.Visit(ctx, c.Visit)
		if err != nil {
			return fmt.Errorf("card: reading a visit: %w", err)
		}
		if first.Person != v.Person {
			return s.clash(ctx, v.ID, c.ID)
		}
		return s.again(ctx, v, p, c, first)
	case c.State == Dead || !s.now().Before(c.Until):
		if err := s.save(ctx, &v, p, nil); err != nil {
			return err
		}
		return old()
	}
	if err := c.move(Used); err != nil {
		return err
	}
	err := s.pair(ctx, v, p, c)
	if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		return err
	}
	now, rerr := s.cfg.Store.Slip(ctx, c.ID)
	switch {
	case rerr != nil || now.State == Live:
		return err // the visit itself was somewhere else
	case now.Visit == v.ID:
		return nil // typed twice in one breath
	}
	if v, p, err = s.load(ctx, v.ID); err != nil {
		return err
	}
	v.Tries--
	return s.take(ctx, v, p, now) // not live any more: this is the last time
}

// pair writes that a visit and a code belong together from now on, and what ends by it.
func (s *Service) pair(ctx context.Context, v Visit, p payload, c Slip, ends ...Visit) error {
	plain, err := s.cfg.Sealer.Open(c.Phone, c.place())
	if err != nil {
		return fmt.Errorf("card: opening a phone: %w", err)
	}
	p.Phone = new(Phone)
	if err := json.Unmarshal(plain, p.Phone); err != nil {
		return fmt.Errorf("card: reading a phone: %w", err)
	}
	if err := v.move(Match); err != nil {
		return err
	}
	v.Slip, v.Pairing, p.MatchedAt = c.ID, random()+random(), s.now()
	c.Visit, c.Pairing = v.ID, v.Pairing
	if err := s.seal(&v, p); err != nil {
		return err
	}
	line := tunnus.Event{At: p.MatchedAt, Kind: "card.matched", Subject: v.ID, Detail: map[string]string{"sitting": c.Session, "pairing": c.Pairing}}
	err = s.cfg.Store.Save(ctx, Change{Visits: append(ends, v), Slip: &c, Events: []tunnus.Event{line}})
	if err != nil {
		return fmt.Errorf("card: pairing a visit with a phone: %w", err)
	}
	return nil
}

// again lets a person go on with their own code in another visit: a browser that was
// closed, or an answer that was lost together with its cookie. Two visits of one person
// are one consumer: nobody else has that card. What was signed stays signed.
func (s *Service) again(ctx context.Context, v Visit, p payload, c Slip, first Visit) error {
	if c.State == Sealed || first.State == Ended || !s.now().Before(c.Until) {
		if err := s.save(ctx, &v, p, nil); err != nil {
			return err
		}
		return old()
	}
	if err := first.move(End); err != nil {
		return err
	}
	first.Payload = nil
	return s.pair(ctx, v, p, c, first)
}

// races is how often a clash looks again at rows that moved under it.
const races = 10

// clash ends a code that two visits have used, with both. Nobody can tell which of
// the two people is being deceived.
func (s *Service) clash(ctx context.Context, visit, slip string) error {
	ctx = context.WithoutCancel(ctx)
	var err error
	for range races {
		var c Slip
		if c, err = s.cfg.Store.Slip(ctx, slip); err != nil {
			return fmt.Errorf("card: reading a code: %w", err)
		}
		change := Change{Events: []tunnus.Event{{
			At: s.now(), Kind: "card.clash", Subject: visit, Code: tunnus.CodeSesTerminated, Detail: map[string]string{"alarm": "true", "sitting": c.Session, "other": c.Visit},
		}}}
		if c.State != Aborted {
			if err := c.move(Aborted); err != nil {
				return err
			}
			change.Slip = &c
		}
		for _, id := range []string{visit, c.Visit} {
			v, err := s.cfg.Store.Visit(ctx, id)
			if err != nil {
				return fmt.Errorf("card: reading a visit: %w", err)
			}
			if v.State == Ended {
				continue
			}
			if err := v.move(End); err != nil {
				return err
			}
			v.Payload = nil
			change.Visits = append(change.Visits, v)
		}
		if err = s.cfg.Store.Save(ctx, change); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("card: ending a code that was used twice: %w", err)
	}
	return aborted()
}
