// Package roster keeps who works for the service, and lets their requests in.
//
// Members are added and ended on the server, by its operator ([Roster.Add],
// [Roster.End]); no request of staff can do it. A request carries the member's
// signature over method, path, body and a counter, which is the time in
// milliseconds: it must be near the server's time and higher than the last one,
// which is raised in a committed row before the request is served. So none is
// served twice, without a session and without a password.
package roster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/staff"
)

// Window is how far the clock of a member may be from the server's.
const Window = 2 * time.Minute

// A Store keeps members. Every implementation must pass storetest.Staff.
type Store interface {
	// Member returns a member, ended ones too, or fails with [tunnus.CodeNotFound].
	Member(ctx context.Context, id string) (staff.Member, error)

	// Members returns all members in the order of their IDs, ended ones too.
	Members(ctx context.Context) ([]staff.Member, error)

	// ByMark returns the members with a mark in the order of their IDs, ended ones too.
	ByMark(ctx context.Context, mark string) ([]staff.Member, error)

	// SaveMember writes m if its stored revision is m.Rev (0: none is stored), as
	// m.Rev+1, and the events, in one transaction; else it fails with
	// [tunnus.CodeStateConflict], and so it does if another member with that mark
	// works here. Counter is not written: see Count.
	SaveMember(ctx context.Context, m staff.Member, events []tunnus.Event) error

	// Count raises a member's counter. It fails with [tunnus.CodeStateConflict],
	// having written nothing, if the counter is not higher than the stored one or
	// the member has ended. When it returns nil, that survives a crash.
	Count(ctx context.Context, id string, counter int64) error
}

// A Roster lets members in.
type Roster struct {
	store  Store
	scheme string
	clock  tunnus.Clock
}

// New makes a roster. The name of the scheme stands in every request, so that
// one signed for the sandbox is good nowhere else.
func New(store Store, scheme string, clock tunnus.Clock) *Roster {
	return &Roster{store, scheme, clock}
}

func (r *Roster) now() time.Time { return r.clock.Now().UTC().Truncate(time.Millisecond) }

// Add makes a member. It fails as [staff.Member.Check] does, for somebody who works
// here under another ID too: two IDs are two pairs of eyes. It fails with
// [tunnus.CodeStateConflict] if there is, or was, one of that ID.
func (r *Roster) Add(ctx context.Context, m staff.Member) error {
	m.AddedAt, m.EndedAt, m.Counter, m.Rev = r.now(), time.Time{}, 0, 0
	if err := m.Check(); err != nil {
		return err
	}
	same, err := r.store.ByMark(ctx, m.Mark)
	if err != nil {
		return err
	}
	for _, o := range same {
		if o.EndedAt.IsZero() && o.ID != m.ID {
			return tunnus.BadRequest("person", fmt.Errorf("roster: works here already, as %s", o.ID))
		}
	}
	roles := ""
	for _, x := range m.Roles {
		roles += " " + string(x)
	}
	line := tunnus.Event{
		At: m.AddedAt, Kind: "staff.add", Subject: "staff/" + m.ID,
		Detail: map[string]string{"roles": roles[1:], "key": device.Thumbprint(m.Key)},
	}
	if err := r.store.SaveMember(ctx, m, []tunnus.Event{line}); err != nil {
		return fmt.Errorf("roster: adding: %w", err)
	}
	return nil
}

// End lets a member act no more. Repeating it does nothing.
func (r *Roster) End(ctx context.Context, id string) error {
	m, err := r.store.Member(ctx, id)
	if err != nil || !m.EndedAt.IsZero() {
		return err
	}
	m.EndedAt = r.now()
	line := tunnus.Event{At: m.EndedAt, Kind: "staff.end", Subject: "staff/" + m.ID}
	if err := r.store.SaveMember(ctx, m, []tunnus.Event{line}); err != nil {
		return fmt.Errorf("roster: ending: %w", err)
	}
	return nil
}

// Members lists all members.
func (r *Roster) Members(ctx context.Context) ([]staff.Member, error) { return r.store.Members(ctx) }

// Identify tells who signed a request. It fails with bad-signature for whoever is
// no member, or no longer one, and for a request that is old or was served before.
func (r *Roster) Identify(ctx context.Context, id string, s device.Signed) (staff.Actor, error) {
	m, err := r.store.Member(ctx, id)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound || err == nil && !m.EndedAt.IsZero() {
		return staff.Actor{}, device.Refused(errors.New("roster: no member of that ID"))
	}
	if err != nil {
		return staff.Actor{}, err
	}
	s.Key = m.Key
	if s.Request.Session != staff.Session || s.Request.Nonce != r.scheme {
		return staff.Actor{}, device.Refused(errors.New("roster: signed for something else"))
	}
	at := time.UnixMilli(int64(s.Request.Counter))
	if d := r.now().Sub(at); s.Request.Counter > 1<<52 || d > Window || d < -Window {
		return staff.Actor{}, device.Refused(errors.New("roster: the request is old, or a clock is wrong"))
	}
	same, err := r.store.ByMark(ctx, m.Mark)
	if err != nil {
		return staff.Actor{}, err
	}
	var also []string
	for _, o := range same {
		also = append(also, o.ID)
	}
	actor, err := staff.Prove(m, s, also...)
	if err != nil {
		return staff.Actor{}, err
	}
	if err := r.store.Count(ctx, id, int64(s.Request.Counter)); err != nil {
		if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
			err = device.Refused(err)
		}
		return staff.Actor{}, err
	}
	return actor, nil
}
