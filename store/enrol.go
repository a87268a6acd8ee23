package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/sweep"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/life"
)

var _ sitting.Store = (*Enrolments)(nil)

// Enrolments implements [sitting.Store].
type Enrolments struct{ d *engine.Database }

// Enrolments returns the sittings of applicants.
func (s *Store) Enrolments() *Enrolments { return &Enrolments{s.d} }

// Session implements [sitting.Store].
func (e *Enrolments) Session(ctx context.Context, id string) (sitting.Session, error) {
	r, err := e.d.Read().EnrolSession(ctx, id)
	if err != nil {
		return sitting.Session{}, engine.Found("enrolment", err)
	}
	return enrolment(r)
}

// Latest implements [sitting.Store].
func (e *Enrolments) Latest(ctx context.Context, device string) (sitting.Session, error) {
	r, err := e.d.Read().LatestEnrolSession(ctx, device)
	if err != nil {
		return sitting.Session{}, engine.Found("enrolment", err)
	}
	return enrolment(r)
}

// Commit implements [sitting.Store].
func (e *Enrolments) Commit(ctx context.Context, c sitting.Change) error {
	return e.d.Write(ctx, func(t *engine.Tx) error {
		if err := saveEnrolment(ctx, t, c.Session); err != nil {
			return err
		}
		if c.Voucher != nil {
			n, err := t.AccountStands(ctx, db.AccountStandsParams{ID: c.Voucher.ID, Rev: c.Voucher.Rev})
			if err := engine.Swapped("account that vouches", n, err); err != nil {
				return err
			}
		}
		if c.Account != nil {
			if err := room(ctx, t, *c.Account, c.Most); err != nil {
				return err
			}
			if err := life.SaveAccount(ctx, t, *c.Account); err != nil {
				return err
			}
		}
		if c.Container != nil {
			if err := saveContainer(ctx, t, *c.Container); err != nil {
				return err
			}
		}
		if err := life.Tell(ctx, t, tell.Told{Letters: c.Letters, Taps: c.Taps}); err != nil {
			return err
		}
		return t.Events(ctx, c.Events)
	})
}

// room counts what a person has, in the transaction that adds to it: PostgreSQL
// repeats one of two that count at the same time (serializable), SQLite has one writer.
func room(ctx context.Context, t *engine.Tx, a account.Account, most int) error {
	if most == 0 || a.Rev != 0 {
		return nil
	}
	rows, err := t.AccountsByPerson(ctx, a.Person.SemanticsID())
	all, err := engine.Parsed("accounts", rows, err, life.ToAccount)
	if err != nil {
		return err
	}
	return account.Room(all, a.Replaces, most)
}

// Overdue implements [sitting.Store].
func (e *Enrolments) Overdue(ctx context.Context, now time.Time, holds bool, after sweep.Place, limit int) ([]sweep.Place, error) {
	p := db.OverdueHoldingEnrolSessionsParams{Now: engine.Millis(now), After: engine.Millis(after.Due), AfterID: after.ID, Many: engine.Many(limit)}
	place := func(r db.OverdueHoldingEnrolSessionsRow) sweep.Place {
		return sweep.Place{Due: engine.Moment(r.Due), ID: r.ID}
	}
	if holds {
		rows, err := e.d.Read().OverdueHoldingEnrolSessions(ctx, p)
		return engine.Each("enrolments", rows, err, place)
	}
	rows, err := e.d.Read().OverdueEmptyEnrolSessions(ctx, db.OverdueEmptyEnrolSessionsParams(p))
	return engine.Each("enrolments", rows, err, func(r db.OverdueEmptyEnrolSessionsRow) sweep.Place {
		return place(db.OverdueHoldingEnrolSessionsRow(r))
	})
}

func saveEnrolment(ctx context.Context, t *engine.Tx, v sitting.Session) error {
	claim, err1 := json.Marshal(v.Claim)
	facts, err2 := json.Marshal(v.Facts)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("store: enrolment: %w", err)
	}
	p := db.SaveEnrolSessionParams{
		ID: v.ID, Rev: v.Rev, Device: v.Device, Way: string(v.Route.Way), Purpose: string(v.Route.Purpose), Minor: v.Route.Minor, Revision: v.Revision, State: string(v.State),
		Why: string(v.Why), Claim: claim, Facts: facts, Challenges: int64(v.Challenges), ChallengeAt: engine.Millis(v.ChallengeAt),
		Document: string(v.Document), Copyable: v.Copyable, Attempts: int64(v.Attempts), Attempt: v.Attempt,
		Captures: int64(v.Captures), Account: v.Account, LoginKey: v.LoginKey, SignKey: v.SignKey, Replaces: v.Replaces, Vouched: v.Vouched, Txn: v.Transaction,
		Due: engine.Millis(v.Due), CreatedAt: engine.Millis(v.CreatedAt), ExpiresAt: engine.Millis(v.ExpiresAt), Payload: engine.Full(v.Payload),
	}
	if v.Rev == 0 {
		p.Rev = 1
		return engine.Added("enrolment", t.AddEnrolSession(ctx, db.AddEnrolSessionParams(p)))
	}
	n, err := t.SaveEnrolSession(ctx, p)
	return engine.Swapped("enrolment", n, err)
}

func enrolment(r db.EnrolSession) (sitting.Session, error) {
	v := sitting.Session{
		ID: r.ID, Device: r.Device, Route: way.Route{Way: way.Way(r.Way), Purpose: way.Purpose(r.Purpose), Minor: r.Minor}, Revision: r.Revision, State: way.State(r.State),
		Why: tunnus.Code(r.Why), Challenges: int(r.Challenges), ChallengeAt: engine.Moment(r.ChallengeAt),
		Document: lock.Key(r.Document), Copyable: r.Copyable, Attempts: int(r.Attempts), Attempt: r.Attempt,
		Captures: int(r.Captures), Account: r.Account, LoginKey: r.LoginKey, SignKey: r.SignKey, Replaces: r.Replaces, Vouched: r.Vouched, Transaction: r.Txn,
		Due: engine.Moment(r.Due), CreatedAt: engine.Moment(r.CreatedAt), ExpiresAt: engine.Moment(r.ExpiresAt), Payload: engine.Some(r.Payload), Rev: r.Rev,
	}
	err := errors.Join(json.Unmarshal(r.Claim, &v.Claim), json.Unmarshal(r.Facts, &v.Facts))
	if err != nil {
		return sitting.Session{}, fmt.Errorf("store: enrolment %s: %w", r.ID, err)
	}
	return v, nil
}
