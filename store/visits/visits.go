// Package visits keeps what the portal needs: visits with a card, registration
// codes, and the sessions of browsers.
package visits

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var (
	_ card.Store = (*Visits)(nil)
	_ card.Rest  = (*Visits)(nil)
)

// Visits implements [card.Store] and [card.Rest].
type Visits struct{ d *engine.Database }

// New returns the visits of a database.
func New(d *engine.Database) *Visits { return &Visits{d} }

// Visit implements [card.Store].
func (s *Visits) Visit(ctx context.Context, id string) (card.Visit, error) {
	r, err := s.d.Read().CardVisit(ctx, id)
	if err != nil {
		return card.Visit{}, engine.Found("visit", err)
	}
	return card.Visit{
		ID: r.ID, State: card.State(r.State), Person: r.Person, Tries: int(r.Tries), TriedAt: engine.Moment(r.TriedAt), Slip: r.Slip, Pairing: r.Pairing,
		Began: engine.Moment(r.Began), Expires: engine.Moment(r.Expires), Payload: engine.Some(r.Payload), Record: engine.Some(r.Record), Rev: r.Rev,
	}, nil
}

// Slip implements [card.Store].
func (s *Visits) Slip(ctx context.Context, id string) (card.Slip, error) {
	r, err := s.d.Read().CardSlip(ctx, id)
	return slip(r, err)
}

// SlipOf implements [card.Store].
func (s *Visits) SlipOf(ctx context.Context, session string) (card.Slip, error) {
	r, err := s.d.Read().CardSlipOf(ctx, session)
	return slip(r, err)
}

func slip(r db.CardSlip, err error) (card.Slip, error) {
	if err != nil {
		return card.Slip{}, engine.Found("registration code", err)
	}
	return card.Slip{
		ID: r.ID, Session: r.Session, Number: int(r.Number), Device: r.Device, State: card.SlipState(r.State), Visit: r.Visit, Pairing: r.Pairing,
		Made: engine.Moment(r.Made), Until: engine.Moment(r.Until), Due: engine.Moment(r.Due), Phone: engine.Some(r.Phone), Rev: r.Rev,
	}, nil
}

// Save implements [card.Store].
func (s *Visits) Save(ctx context.Context, c card.Change) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if c.Slip != nil {
			if err := saveSlip(ctx, t, *c.Slip); err != nil {
				return err
			}
		}
		for _, v := range c.Visits {
			if err := saveVisit(ctx, t, v); err != nil {
				return err
			}
		}
		return t.Events(ctx, c.Events)
	})
}

func saveVisit(ctx context.Context, t *engine.Tx, v card.Visit) error {
	p := db.SaveCardVisitParams{
		ID: v.ID, Rev: v.Rev, State: string(v.State), Person: v.Person, Tries: int64(v.Tries), TriedAt: engine.Millis(v.TriedAt), Slip: v.Slip,
		Pairing: v.Pairing, Began: engine.Millis(v.Began), Expires: engine.Millis(v.Expires), Payload: engine.Full(v.Payload), Record: engine.Full(v.Record),
	}
	if v.Rev == 0 {
		p.Rev = 1
		return engine.Added("visit", t.AddCardVisit(ctx, db.AddCardVisitParams(p)))
	}
	n, err := t.SaveCardVisit(ctx, p)
	return engine.Swapped("visit", n, err)
}

func saveSlip(ctx context.Context, t *engine.Tx, c card.Slip) error {
	p := db.SaveCardSlipParams{
		ID: c.ID, Rev: c.Rev, Session: c.Session, Number: int64(c.Number), Device: c.Device, State: string(c.State), Visit: c.Visit, Pairing: c.Pairing,
		Made: engine.Millis(c.Made), Until: engine.Millis(c.Until), Due: engine.Millis(c.Due), Phone: engine.Full(c.Phone),
	}
	if c.Rev == 0 {
		p.Rev = 1
		return engine.Added("registration code", t.AddCardSlip(ctx, db.AddCardSlipParams(p)))
	}
	n, err := t.SaveCardSlip(ctx, p)
	return engine.Swapped("registration code", n, err)
}

// Tries implements [card.Store].
func (s *Visits) Tries(ctx context.Context, person string, after time.Time) (int, error) {
	var n int64
	var err error
	if person == "" {
		n, err = s.d.Read().CardTries(ctx, engine.Millis(after))
	} else {
		n, err = s.d.Read().CardTriesOf(ctx, db.CardTriesOfParams{TriedAt: engine.Millis(after), Person: person})
	}
	if err != nil {
		return 0, fmt.Errorf("store: tries of codes: %w", err)
	}
	return int(n), nil
}

// DropPayloads implements [card.Rest].
func (s *Visits) DropPayloads(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.count(ctx, "visits", func(t *engine.Tx) (int64, error) {
		return t.EndCardVisits(ctx, db.EndCardVisitsParams{Nothing: []byte{}, Before: engine.Millis(before), Many: engine.Many(limit)})
	})
}

func (s *Visits) count(ctx context.Context, what string, do func(t *engine.Tx) (int64, error)) (n int, err error) {
	err = s.d.Write(ctx, func(t *engine.Tx) error {
		many, err := do(t)
		if err != nil {
			return fmt.Errorf("store: %s: %w", what, err)
		}
		n = int(many)
		return nil
	})
	return n, err
}
