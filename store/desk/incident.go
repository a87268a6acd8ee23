package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/incident"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var (
	_ incident.Store = (*Incidents)(nil)
	_ lock.Paces     = (*Paces)(nil)
)

// Incidents implements [incident.Store].
type Incidents struct{ d *engine.Database }

// NewIncidents returns the incidents of a database.
func NewIncidents(d *engine.Database) *Incidents { return &Incidents{d} }

// Incident implements [incident.Store].
func (s *Incidents) Incident(ctx context.Context, id string) (incident.Incident, error) {
	r, err := s.d.Read().LockIncident(ctx, id)
	if err != nil {
		return incident.Incident{}, engine.Found("incident", err)
	}
	return toIncident(r), nil
}

// Incidents implements [incident.Store].
func (s *Incidents) Incidents(ctx context.Context, limit int) ([]incident.Incident, error) {
	rows, err := s.d.Read().LockIncidents(ctx, engine.Many(limit))
	return engine.Each("incidents", rows, err, toIncident)
}

// SaveIncident implements [incident.Store].
func (s *Incidents) SaveIncident(ctx context.Context, i incident.Incident, events []tunnus.Event) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if i.Rev == 0 {
			err := t.AddLockIncident(ctx, db.AddLockIncidentParams{
				ID: i.ID, Rev: 1, Release: i.Release, FromAt: engine.Millis(i.From), UntilAt: engine.Millis(i.Until), Ref: i.Case,
				State: string(i.State), Opened: i.Opened, OpenedAt: engine.Millis(i.OpenedAt), Seconded: i.Seconded,
				SecondedAt: engine.Millis(i.SecondedAt), Spared: int64(i.Spared),
			})
			if err := engine.Added("incident", err); err != nil {
				return err
			}
		} else {
			n, err := t.SaveLockIncident(ctx, db.SaveLockIncidentParams{
				ID: i.ID, Rev: i.Rev, State: string(i.State), Seconded: i.Seconded, SecondedAt: engine.Millis(i.SecondedAt), Spared: int64(i.Spared),
			})
			if err := engine.Swapped("incident", n, err); err != nil {
				return err
			}
		}
		return t.Events(ctx, events)
	})
}

// Touched implements [lock.Touched].
func (s *Incidents) Touched(ctx context.Context, release string, from, until time.Time, after lock.Key, limit int) ([]lock.Key, error) {
	keys, err := s.d.Read().TouchedLocks(ctx, db.TouchedLocksParams{
		Release: release, Since: engine.Millis(from), Before: engine.Millis(until), After: string(after), Many: engine.Many(limit),
	})
	return engine.Each("ledgers", keys, err, func(k string) lock.Key { return lock.Key(k) })
}

func toIncident(r db.LockIncident) incident.Incident {
	return incident.Incident{
		ID: r.ID, Release: r.Release, From: engine.Moment(r.FromAt), Until: engine.Moment(r.UntilAt), Case: r.Ref, State: incident.State(r.State),
		Opened: r.Opened, OpenedAt: engine.Moment(r.OpenedAt), Seconded: r.Seconded, SecondedAt: engine.Moment(r.SecondedAt),
		Spared: int(r.Spared), Rev: r.Rev,
	}
}

// Paces implements [lock.Paces].
type Paces struct{ d *engine.Database }

// NewPaces returns the paces of addresses.
func NewPaces(d *engine.Database) *Paces { return &Paces{d} }

// Pace implements [lock.Paces].
func (s *Paces) Pace(ctx context.Context, key lock.Key) (lock.Count, error) {
	r, err := s.d.Read().LockPace(ctx, string(key))
	if errors.Is(err, sql.ErrNoRows) {
		return lock.Count{}, nil
	}
	if err != nil {
		return lock.Count{}, fmt.Errorf("store: pace: %w", err)
	}
	return lock.Count{Since: engine.Moment(r.Since), Open: int(r.Open), Last: engine.Moment(r.Last), Rev: r.Rev}, nil
}

// SavePace implements [lock.Paces].
func (s *Paces) SavePace(ctx context.Context, key lock.Key, c lock.Count) error {
	p := db.SaveLockPaceParams{Key: string(key), Rev: c.Rev, Since: engine.Millis(c.Since), Open: int64(c.Open), Last: engine.Millis(c.Last)}
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if c.Rev == 0 {
			p.Rev = 1
			return engine.Added("pace", t.AddLockPace(ctx, db.AddLockPaceParams(p)))
		}
		n, err := t.SaveLockPace(ctx, p)
		return engine.Swapped("pace", n, err)
	})
}

// DropPaces implements [lock.Paces].
func (s *Paces) DropPaces(ctx context.Context, before time.Time) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.DropLockPaces(ctx, engine.Millis(before)); err != nil {
			return fmt.Errorf("store: paces: %w", err)
		}
		return nil
	})
}
