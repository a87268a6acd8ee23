package desk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/roster"
	"github.com/tunnus-id/tunnus/staff/support"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var (
	_ roster.Store  = (*Staff)(nil)
	_ support.Store = (*Staff)(nil)

	_ support.Findings = (*Staff)(nil)
)

// Staff implements [roster.Store], [support.Store] and [support.Findings].
type Staff struct{ d *engine.Database }

// NewStaff returns the members of staff of a database, and what they looked at.
func NewStaff(d *engine.Database) *Staff { return &Staff{d} }

// Member implements [roster.Store].
func (s *Staff) Member(ctx context.Context, id string) (staff.Member, error) {
	r, err := s.d.Read().StaffMember(ctx, id)
	if err != nil {
		return staff.Member{}, engine.Found("member", err)
	}
	return toMember(r), nil
}

// Members implements [roster.Store].
func (s *Staff) Members(ctx context.Context) ([]staff.Member, error) {
	rows, err := s.d.Read().StaffMembers(ctx)
	return engine.Each("members", rows, err, toMember)
}

// ByMark implements [roster.Store].
func (s *Staff) ByMark(ctx context.Context, mark string) ([]staff.Member, error) {
	rows, err := s.d.Read().StaffMembersByMark(ctx, mark)
	return engine.Each("members", rows, err, toMember)
}

// SaveMember implements [roster.Store].
func (s *Staff) SaveMember(ctx context.Context, m staff.Member, events []tunnus.Event) error {
	var roles []string
	for _, r := range m.Roles {
		roles = append(roles, string(r))
	}
	p := db.SaveStaffMemberParams{
		ID: m.ID, Rev: m.Rev, Roles: strings.Join(roles, " "), Key: engine.Full(m.Key), Mark: m.Mark,
		AddedAt: engine.Millis(m.AddedAt), EndedAt: engine.Millis(m.EndedAt),
	}
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if err := copies.EndedMember(t, db.StaffMember{ID: p.ID, Roles: p.Roles, Key: p.Key, Mark: p.Mark, AddedAt: p.AddedAt, EndedAt: p.EndedAt}); err != nil {
			return err
		}
		if m.Rev == 0 {
			p.Rev = 1
			if err := engine.Added("member", t.AddStaffMember(ctx, db.AddStaffMemberParams(p))); err != nil {
				return err
			}
		} else {
			n, err := t.SaveStaffMember(ctx, p)
			if err := engine.Swapped("member", n, err); err != nil {
				return err
			}
		}
		return t.Events(ctx, events)
	})
}

// Count implements [roster.Store].
func (s *Staff) Count(ctx context.Context, id string, counter int64) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		n, err := t.CountStaffMember(ctx, db.CountStaffMemberParams{ID: id, Counter: counter})
		return engine.Swapped("member", n, err)
	})
}

func toMember(r db.StaffMember) staff.Member {
	m := staff.Member{
		ID: r.ID, Key: engine.Some(r.Key), Mark: r.Mark, Counter: r.Counter,
		AddedAt: engine.Moment(r.AddedAt), EndedAt: engine.Moment(r.EndedAt), Rev: r.Rev,
	}
	for _, x := range strings.Fields(r.Roles) {
		m.Roles = append(m.Roles, staff.Role(x))
	}
	return m
}

// LookedUp implements [support.Store].
func (s *Staff) LookedUp(ctx context.Context, rows []support.LookUp, since time.Time, events []tunnus.Event) (n int, err error) {
	err = s.d.Write(ctx, func(t *engine.Tx) error {
		for _, v := range rows {
			id := make([]byte, 16)
			_, _ = rand.Read(id) // never fails (crypto/rand)
			err := t.AddStaffLookUp(ctx, db.AddStaffLookUpParams{
				ID: hex.EncodeToString(id), Account: v.Account, Member: v.Member, Ref: v.Case, At: engine.Millis(v.At),
			})
			if err != nil {
				return engine.Added("look-up", err)
			}
		}
		if n = 0; len(rows) > 0 {
			many, err := t.CountStaffLookUps(ctx, db.CountStaffLookUpsParams{Member: rows[0].Member, At: engine.Millis(since)})
			if err != nil {
				return fmt.Errorf("store: look-ups: %w", err)
			}
			n = int(many)
		}
		return t.Events(ctx, events)
	})
	return n, err
}

// LookUps implements [support.Store].
func (s *Staff) LookUps(ctx context.Context, account string, limit int) ([]support.LookUp, error) {
	rows, err := s.d.Read().StaffLookUps(ctx, db.StaffLookUpsParams{Account: account, Limit: engine.Many(limit)})
	return engine.Each("look-ups", rows, err, func(r db.StaffLookup) support.LookUp {
		return support.LookUp{Account: r.Account, Member: r.Member, Case: r.Ref, At: engine.Moment(r.At)}
	})
}

// AddConsent implements [support.Store].
func (s *Staff) AddConsent(ctx context.Context, account string, mac []byte, until time.Time, events []tunnus.Event) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		err := t.AddStaffConsent(ctx, db.AddStaffConsentParams{Account: account, Mac: engine.Full(mac), Good: engine.Millis(until)})
		if err != nil {
			return engine.Added("consent", err)
		}
		return t.Events(ctx, events)
	})
}

// TakeConsent implements [support.Store].
func (s *Staff) TakeConsent(ctx context.Context, mac []byte, now time.Time) (account string, err error) {
	err = s.d.Write(ctx, func(t *engine.Tx) error {
		account, err = t.StaffConsent(ctx, db.StaffConsentParams{Mac: engine.Full(mac), Good: engine.Millis(now)})
		if err != nil {
			return engine.Found("consent", err)
		}
		n, err := t.TakeStaffConsent(ctx, engine.Full(mac))
		if err == nil && n != 1 {
			return tunnus.NotFound(errors.New("store: the consent was taken"))
		}
		if err != nil {
			return fmt.Errorf("store: consent: %w", err)
		}
		return nil
	})
	return account, err
}

// Finding implements [support.Findings].
func (s *Staff) Finding(ctx context.Context, id string) (support.Finding, error) {
	r, err := s.d.Read().StaffFinding(ctx, id)
	if err != nil {
		return support.Finding{}, engine.Found("finding", err)
	}
	return toFinding(r), nil
}

// Waiting implements [support.Findings].
func (s *Staff) Waiting(ctx context.Context, limit int) ([]support.Finding, error) {
	rows, err := s.d.Read().WaitingStaffFindings(ctx, engine.Many(limit))
	return engine.Each("findings", rows, err, toFinding)
}

// SaveFinding implements [support.Findings].
func (s *Staff) SaveFinding(ctx context.Context, f support.Finding, events []tunnus.Event) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if f.Rev == 0 {
			err := t.AddStaffFinding(ctx, db.AddStaffFindingParams{
				ID: f.ID, Kind: string(f.Kind), Account: f.Account, Ref: f.Case, State: string(f.State),
				Opened: f.Opened, OpenedAt: engine.Millis(f.OpenedAt), Seconded: f.Seconded, EndedAt: engine.Millis(f.EndedAt),
			})
			if err := engine.Added("finding", err); err != nil {
				return err
			}
		} else {
			n, err := t.SaveStaffFinding(ctx, db.SaveStaffFindingParams{
				ID: f.ID, Rev: f.Rev, State: string(f.State), Seconded: f.Seconded, EndedAt: engine.Millis(f.EndedAt),
			})
			if err := engine.Swapped("finding", n, err); err != nil {
				return err
			}
		}
		return t.Events(ctx, events)
	})
}

func toFinding(r db.StaffFinding) support.Finding {
	return support.Finding{
		ID: r.ID, Kind: support.Kind(r.Kind), Account: r.Account, Case: r.Ref, State: support.State(r.State),
		Opened: r.Opened, OpenedAt: engine.Moment(r.OpenedAt), Seconded: r.Seconded, EndedAt: engine.Moment(r.EndedAt), Rev: r.Rev,
	}
}
