// Package desk keeps what people of the service do: members of staff and their
// look-ups, cases in review, desks and appointments, and incidents of ours with the
// paces of addresses beside them.
package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var _ desk.Store = (*Desks)(nil)

// Desks implements [desk.Store].
type Desks struct{ d *engine.Database }

// NewDesks returns the desk sessions of a database.
func NewDesks(d *engine.Database) *Desks { return &Desks{d} }

// Desk implements [desk.Store].
func (s *Desks) Desk(ctx context.Context, id string) (desk.Session, error) {
	r, err := s.d.Read().DeskSession(ctx, id)
	if err != nil {
		return desk.Session{}, engine.Found("desk session", err)
	}
	return toDesk(r)
}

// DeskOf implements [desk.Store].
func (s *Desks) DeskOf(ctx context.Context, sitting string) (desk.Session, error) {
	r, err := s.d.Read().DeskSessionOf(ctx, sitting)
	if err != nil {
		return desk.Session{}, engine.Found("desk session", err)
	}
	return toDesk(r)
}

// OverdueDesks implements [desk.Store].
func (s *Desks) OverdueDesks(ctx context.Context, now time.Time, limit int) ([]string, error) {
	ids, err := s.d.Read().OverdueDeskSessions(ctx, db.OverdueDeskSessionsParams{Expires: engine.Millis(now), Limit: engine.Many(limit)})
	return engine.Each("desk sessions", ids, err, same)
}

func same(id string) string { return id }

// SaveDesk implements [desk.Store].
func (s *Desks) SaveDesk(ctx context.Context, v desk.Session, events []tunnus.Event) error {
	checks, err1 := json.Marshal(v.Checks)
	exceptions, err2 := json.Marshal(v.Exceptions)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("store: desk session: %w", err)
	}
	p := db.SaveDeskSessionParams{
		ID: v.ID, Rev: v.Rev, Sitting: v.Sitting, Device: v.Device, Booking: v.Booking, Officer: v.Officer, State: string(v.State), Mark: v.Mark,
		Challenges: int64(v.Challenges), ChallengeAt: engine.Millis(v.ChallengeAt), Proved: v.Proved, Copyable: v.Copyable, Expired: v.Expired,
		Checks: checks, Exceptions: exceptions, Statement: engine.Full(v.Statement), Signed: engine.Full(v.Signed),
		CodeMac: engine.Full(v.CodeMAC), CodeUntil: engine.Millis(v.CodeUntil), Tries: int64(v.Tries), Payload: engine.Full(v.Payload),
		CreatedAt: engine.Millis(v.CreatedAt), Expires: engine.Millis(v.Expires), EndedAt: engine.Millis(v.EndedAt),
	}
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if v.Rev == 0 {
			p.Rev = 1
			if err := engine.Added("desk session", t.AddDeskSession(ctx, db.AddDeskSessionParams(p))); err != nil {
				return err
			}
		} else {
			n, err := t.SaveDeskSession(ctx, p)
			if err := engine.Swapped("desk session", n, err); err != nil {
				return err
			}
		}
		return t.Events(ctx, events)
	})
}

func toDesk(r db.DeskSession) (desk.Session, error) {
	v := desk.Session{
		ID: r.ID, Sitting: r.Sitting, Device: r.Device, Booking: r.Booking, Officer: r.Officer, State: desk.State(r.State), Mark: r.Mark,
		Challenges: int(r.Challenges), ChallengeAt: engine.Moment(r.ChallengeAt), Proved: r.Proved, Copyable: r.Copyable, Expired: r.Expired,
		Statement: engine.Some(r.Statement), Signed: engine.Some(r.Signed), CodeMAC: engine.Some(r.CodeMac), CodeUntil: engine.Moment(r.CodeUntil),
		Tries: int(r.Tries), Payload: engine.Some(r.Payload), CreatedAt: engine.Moment(r.CreatedAt), Expires: engine.Moment(r.Expires),
		EndedAt: engine.Moment(r.EndedAt), Rev: r.Rev,
	}
	if err := errors.Join(json.Unmarshal(r.Checks, &v.Checks), json.Unmarshal(r.Exceptions, &v.Exceptions)); err != nil {
		return desk.Session{}, fmt.Errorf("store: desk session %s: %w", r.ID, err)
	}
	return v, nil
}
