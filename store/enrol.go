package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/sweep"
	"github.com/tunnus-id/tunnus/store/db"
)

var _ enrol.Store = (*Enrolments)(nil)

// Enrolments implements [enrol.Store].
type Enrolments struct{ s *Store }

// Enrolments returns the sittings of applicants.
func (s *Store) Enrolments() *Enrolments { return &Enrolments{s} }

// Session implements [enrol.Store].
func (e *Enrolments) Session(ctx context.Context, id string) (enrol.Session, error) {
	r, err := e.s.read.EnrolSession(ctx, id)
	if err != nil {
		return enrol.Session{}, found("enrolment", err)
	}
	return enrolment(r)
}

// Commit implements [enrol.Store].
func (e *Enrolments) Commit(ctx context.Context, c enrol.Change) error {
	return e.s.write(ctx, func(t tx) error {
		if err := t.saveEnrolment(ctx, c.Session); err != nil {
			return err
		}
		if c.Account != nil {
			if err := t.saveAccount(ctx, *c.Account); err != nil {
				return err
			}
		}
		if err := t.letters(ctx, c.Letters); err != nil {
			return err
		}
		return t.events(ctx, c.Events)
	})
}

// Overdue implements [enrol.Store].
func (e *Enrolments) Overdue(ctx context.Context, now time.Time, holds bool, after sweep.Place, limit int) ([]sweep.Place, error) {
	p := db.OverdueHoldingEnrolSessionsParams{Now: millis(now), After: millis(after.Due), AfterID: after.ID, Many: many(limit)}
	place := func(r db.OverdueHoldingEnrolSessionsRow) sweep.Place {
		return sweep.Place{Due: moment(r.Due), ID: r.ID}
	}
	if holds {
		rows, err := e.s.read.OverdueHoldingEnrolSessions(ctx, p)
		return each("enrolments", rows, err, place)
	}
	rows, err := e.s.read.OverdueEmptyEnrolSessions(ctx, db.OverdueEmptyEnrolSessionsParams(p))
	return each("enrolments", rows, err, func(r db.OverdueEmptyEnrolSessionsRow) sweep.Place {
		return place(db.OverdueHoldingEnrolSessionsRow(r))
	})
}

func (t tx) saveEnrolment(ctx context.Context, v enrol.Session) error {
	claim, err1 := json.Marshal(v.Claim)
	facts, err2 := json.Marshal(v.Facts)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("store: enrolment: %w", err)
	}
	p := db.SaveEnrolSessionParams{
		ID: v.ID, Rev: v.Rev, Device: v.Device, Way: string(v.Way), Revision: v.Revision, State: string(v.State),
		Why: string(v.Why), Claim: claim, Facts: facts, Challenges: int64(v.Challenges), ChallengeAt: millis(v.ChallengeAt),
		Document: string(v.Document), Copyable: v.Copyable, Attempts: int64(v.Attempts), Attempt: v.Attempt,
		Captures: int64(v.Captures), Account: v.Account, LoginKey: v.LoginKey, SignKey: v.SignKey, Txn: v.Transaction,
		Due: millis(v.Due), CreatedAt: millis(v.CreatedAt), ExpiresAt: millis(v.ExpiresAt), Payload: full(v.Payload),
	}
	if v.Rev == 0 {
		p.Rev = 1
		return added("enrolment", t.AddEnrolSession(ctx, db.AddEnrolSessionParams(p)))
	}
	n, err := t.SaveEnrolSession(ctx, p)
	return swapped("enrolment", n, err)
}

func enrolment(r db.EnrolSession) (enrol.Session, error) {
	v := enrol.Session{
		ID: r.ID, Device: r.Device, Way: enrol.Way(r.Way), Revision: r.Revision, State: enrol.State(r.State),
		Why: tunnus.Code(r.Why), Challenges: int(r.Challenges), ChallengeAt: moment(r.ChallengeAt),
		Document: lock.Key(r.Document), Copyable: r.Copyable, Attempts: int(r.Attempts), Attempt: r.Attempt,
		Captures: int(r.Captures), Account: r.Account, LoginKey: r.LoginKey, SignKey: r.SignKey, Transaction: r.Txn,
		Due: moment(r.Due), CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt), Payload: some(r.Payload), Rev: r.Rev,
	}
	err := errors.Join(json.Unmarshal(r.Claim, &v.Claim), json.Unmarshal(r.Facts, &v.Facts))
	if err != nil {
		return enrol.Session{}, fmt.Errorf("store: enrolment %s: %w", r.ID, err)
	}
	return v, nil
}
