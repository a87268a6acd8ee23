package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/staff"
)

// Queue lists at most limit cases that wait, oldest first, behind the one given.
func (s *Service) Queue(ctx context.Context, a staff.Actor, after string, limit int) ([]Brief, error) {
	if err := a.May(staff.Review); err != nil {
		return nil, err
	}
	ids, err := s.store.List(ctx, Waiting, s.now(), time.Time{}, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Brief, 0, len(ids))
	for _, id := range ids {
		c, err := s.store.Case(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, c.Brief())
	}
	return out, nil
}

// Claim takes a case to look at: not one's own (staff-oneself), not one that one
// has approved already (staff-four-eyes), and not one that a colleague looks at.
func (s *Service) Claim(ctx context.Context, a staff.Actor, id string) (Brief, error) {
	c, err := s.reach(ctx, a, id)
	if err != nil {
		return Brief{}, err
	}
	switch fresh := s.now().Before(c.ClaimedAt.Add(s.rules.Claim)); {
	case fresh && c.Claimant == a.ID():
		return c.Brief(), nil
	case fresh && c.Claimant != "":
		return Brief{}, tunnus.Conflict(errors.New("review: a colleague looks at this case"))
	case c.Claimant != "": // who claimed it does not come back
		if err := s.step(&c, Leave); err != nil {
			return Brief{}, err
		}
	}
	if err := s.step(&c, Claim); err != nil {
		return Brief{}, err
	}
	c.Claimant, c.ClaimedAt = a.ID(), s.now()
	return c.Brief(), s.save(ctx, &c, nil, a.Line(c.ClaimedAt, "review.claim", c.ID, c.ID, nil))
}

// Leave gives a claimed case back.
func (s *Service) Leave(ctx context.Context, a staff.Actor, id string) error {
	c, err := s.mine(ctx, a, id)
	if err != nil {
		return err
	}
	if err := s.step(&c, Leave); err != nil {
		return err
	}
	c.Claimant, c.ClaimedAt = "", time.Time{}
	return s.save(ctx, &c, nil, a.Line(s.now(), "review.leave", c.ID, c.ID, nil))
}

// View shows a case to the reviewer who has claimed it, and writes down that it
// was shown before it is. Pictures are empty once their time is over.
func (s *Service) View(ctx context.Context, a staff.Actor, id string) (Folder, Pictures, error) {
	c, err := s.mine(ctx, a, id)
	if err != nil {
		return Folder{}, Pictures{}, err
	}
	var f Folder
	var p Pictures
	if err := s.open(c, "folder", c.Folder, &f); err != nil {
		return f, p, err
	}
	if c.shown(s.now()) {
		if err := s.open(c, "pictures", c.Pictures, &p); err != nil {
			return f, p, err
		}
	}
	line := a.Line(s.now(), "review.view", c.ID, c.ID, map[string]string{"pictures": fmt.Sprint(1 + len(p.Frames))})
	return f, p, s.save(ctx, &c, nil, line)
}

// shown reports whether there are pictures that may be seen.
func (c Case) shown(now time.Time) bool { return c.Pictures != nil && now.Before(c.Until) }

// Decide approves or declines the case that the reviewer has claimed, for a reason
// of the list. The first approval leaves the case to a second reviewer; the second
// one, or one decline, ends it, deletes all that was sealed, and tells the applicant.
func (s *Service) Decide(ctx context.Context, a staff.Actor, id string, e Event, why Reason) (Brief, error) {
	if !slices.Contains(reasons[e], why) {
		return Brief{}, tunnus.BadRequest("reason", errors.New("review: no reason of the list"))
	}
	c, err := s.mine(ctx, a, id)
	if err != nil {
		return Brief{}, err
	}
	now := s.now()
	if e == Approve && !c.shown(now) {
		return Brief{}, tunnus.Conflict(errors.New("review: without pictures nobody is approved"))
	}
	if err := s.step(&c, e); err != nil {
		return Brief{}, err
	}
	c.Claimant, c.ClaimedAt = "", time.Time{}
	line := a.Line(now, "review."+string(e), c.ID, c.ID, map[string]string{"reason": string(why), "state": string(c.State)})
	if c.State == Once {
		c.First = a.ID()
		return c.Brief(), s.save(ctx, &c, nil, line)
	}
	c.Second, c.Reason = a.ID(), why
	err = s.end(ctx, &c, line)
	return c.Brief(), err
}

// end writes an end: nothing that was sealed stays, and the applicant is told.
func (s *Service) end(ctx context.Context, c *Case, line tunnus.Event) error {
	letters, err := s.letters(*c, "review-"+string(c.State), time.Time{})
	if err != nil {
		return err
	}
	c.Pictures, c.Folder, c.Contact, c.EndedAt = nil, nil, nil, s.now()
	return s.save(ctx, c, letters, line)
}

// letters tells the applicant of a case; none if no contact was confirmed. until is
// zero for what has no end.
func (s *Service) letters(c Case, kind string, until time.Time) ([]otp.Letter, error) {
	var to contact
	if err := s.open(c, "contact", c.Contact, &to); err != nil || to.To == "" {
		return nil, err
	}
	l, err := otp.Seal(s.sealer, kind, otp.Message{To: to.To, Device: to.Device, Language: to.Language, Purpose: c.ID, Expires: until})
	return []otp.Letter{l}, err
}

func (s *Service) step(c *Case, e Event) (err error) {
	to, err := c.State.After(e)
	if err == nil {
		c.State = to
	}
	return err
}

// reach loads a case that the member may act on.
func (s *Service) reach(ctx context.Context, a staff.Actor, id string) (Case, error) {
	if err := a.May(staff.Review); err != nil {
		return Case{}, err
	}
	c, err := s.store.Case(ctx, id)
	if err != nil {
		return Case{}, err
	}
	if c.State.Ended() || !s.now().Before(c.Expires) {
		return Case{}, tunnus.Conflict(fmt.Errorf("review: the case is %q, or its time is over", c.State))
	}
	if err := a.Other(c.Mark); err != nil {
		return Case{}, err
	}
	return c, a.Second(c.First)
}

// mine loads a case that the member has claimed, and not long ago.
func (s *Service) mine(ctx context.Context, a staff.Actor, id string) (Case, error) {
	c, err := s.reach(ctx, a, id)
	if err == nil && (c.Claimant != a.ID() || !s.now().Before(c.ClaimedAt.Add(s.rules.Claim))) {
		err = tunnus.Conflict(errors.New("review: not claimed, or too long ago"))
	}
	return c, err
}

// Outcome tells a sitting how its case was decided; ok is false while it waits. It
// may be asked again and again: the sitting takes its fact from it when the app
// asks (Approved: the face matches, as two people say), or ends with
// [Verdict.Refusal] (Declined), or as any sitting whose time is over (Lapsed).
// Not-found: it has no case.
func (s *Service) Outcome(ctx context.Context, session string) (v Verdict, ok bool, err error) {
	c, err := s.store.Of(ctx, session)
	if err != nil || !c.State.Ended() {
		return Verdict{}, false, err
	}
	return Verdict{c.Session, c.ID, c.Kind, c.State, c.Reason, c.First, c.Second, c.EndedAt}, true, nil
}

// Detail is what the evidence keeps of an approval.
func (v Verdict) Detail() map[string]string {
	return map[string]string{
		"approval": "review", "case": v.Case, "kind": string(v.Kind), "first": v.First, "second": v.Second, "reason": string(v.Reason),
	}
}

// Refusal is what a sitting ends with whose case was declined: rev-declined.
func (v Verdict) Refusal() error {
	return tunnus.Fail(tunnus.CodeRevDeclined, fmt.Errorf("review: case %s: %s, %s", v.Case, v.State, v.Reason))
}
