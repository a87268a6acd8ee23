package elsewhere

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// OldDevice asks an older account of the applicant to confirm that it makes place,
// and takes its answer. Of several, the one that was named when the sitting began, or
// the one whose device follows the link. without says that its device is gone: then it
// stays for some days beside the new one, and may freeze it (R4); but who has refused
// on it is heard. Then replaces names it, where several could be meant: bad-request if
// it is none of them. If the person has no older account, there is nothing to renew,
// and the sitting makes a new one. It ends the session as [Elsewhere.Rises] does. Where
// nobody knows yet who the applicant is, the account that answers is held against the
// card ([Elsewhere.Card]).
func (f *Elsewhere) OldDevice(ctx context.Context, ref sitting.Ref, without bool, replaces string) error {
	if f.Book.Stands(ctx, ref, way.DeviceConfirms) {
		return nil
	}
	s, p, err := f.Step(ctx, ref, way.DeviceConfirms)
	if err != nil {
		return err
	}
	if s.Replaces == "" && named(p) {
		if done, err := f.findOlder(ctx, &s, &p); done || err != nil {
			return err
		}
	}
	said, ok, err := f.reply(ctx, &s, statement.Replace)
	switch {
	case err != nil:
		return err
	case ok:
		by, err := f.Accounts.Get(ctx, said.Account)
		if err != nil {
			return fmt.Errorf("elsewhere: reading an account: %w", err)
		}
		if !f.below(s, by) {
			defer f.Unask(ctx, s.ID)
			return f.Book.Refuse(ctx, &s, notRising())
		}
		s.Replaces = by.ID
		said.Detail["result"] = "confirmed"
		return f.take(ctx, &s, p, f.Book.Add(&s, way.DeviceConfirms, said.Detail))
	case without:
		if named(p) {
			if err := f.choose(ctx, &s, &p, replaces); err != nil {
				return err
			}
		}
		return f.take(ctx, &s, p, f.Book.AddAs(&s, way.DeviceConfirms, way.Claimed, map[string]string{"result": "unavailable"}))
	}
	return nil
}

// below reports whether an account may make place for what a sitting makes: an
// upgrade is from a lower level than its way gives (product.md §2).
func (f *Elsewhere) below(s sitting.Session, a account.Account) bool {
	return s.Route.Purpose != way.Upgrade || !a.Level.AtLeast(f.Rules.Level(s.Route.Way, scheme.Software, ""))
}

// notRising is the refusal of an upgrade that raises nothing.
func notRising() error {
	return tunnus.Fail(tunnus.CodeEligLevel, errors.New("elsewhere: no older account is of a lower level"))
}

// older lists the accounts of a person that may make place for the one that a sitting
// makes, newest first: those that have begun, on other devices. It fails with
// elig-level if there are some, and an upgrade would raise none of them.
func (f *Elsewhere) older(ctx context.Context, s sitting.Session, person tunnus.PersonCode) ([]account.Account, error) {
	all, err := f.Accounts.ByPerson(ctx, person)
	if err != nil {
		return nil, fmt.Errorf("elsewhere: accounts of a person: %w", err)
	}
	all = slices.DeleteFunc(slices.Clone(all), func(a account.Account) bool { return !a.State.Begun() || a.Device == s.Device })
	fit := slices.DeleteFunc(slices.Clone(all), func(a account.Account) bool { return !f.below(s, a) })
	if len(all) > 0 && len(fit) == 0 {
		return nil, notRising()
	}
	return fit, nil
}

// Rises refuses, with elig-level, an upgrade of a person who is proved by now, that
// would not give a higher level than the older account has. Of whoever has read a chip
// that can be copied, only [Elsewhere.OldDevice] tells it, behind the face (L1).
func (f *Elsewhere) Rises(ctx context.Context, s sitting.Session, person tunnus.PersonCode) error {
	if s.Route.Purpose != way.Upgrade || s.Copyable {
		return nil
	}
	_, err := f.older(ctx, s, person)
	return err
}

// settle names the account that makes place if it is clear which one: that with the
// number that was named, or the only one if none was.
func settle(s *sitting.Session, p *sitting.Payload, list []account.Account) {
	for _, a := range list {
		if a.Document == p.Replaces || p.Replaces == "" && len(list) == 1 {
			s.Replaces, p.Replaces = a.ID, a.Document
			return
		}
	}
}

// anew makes a sitting an ordinary one for a new account: there is none that could
// make place. That nothing could be said of its device is no fact of it any more; the
// audit log keeps the line. It fails as [Elsewhere].ForNew does where there may be none.
func (f *Elsewhere) anew(ctx context.Context, s *sitting.Session, p sitting.Payload) error {
	minor, err := f.ForNew(ctx, *s, p)
	if err != nil {
		return err
	}
	s.Route.Purpose, s.Route.Minor = way.New, s.Route.Minor || minor
	s.Facts = maps.Clone(s.Facts)
	delete(s.Facts, way.DeviceConfirms)
	return nil
}

// findOlder looks which account makes place. If there is none, the sitting makes a
// new one, if there may be one by this way.
func (f *Elsewhere) findOlder(ctx context.Context, s *sitting.Session, p *sitting.Payload) (none bool, err error) {
	person, err := p.Person()
	if err != nil {
		return false, err
	}
	list, err := f.older(ctx, *s, person)
	if err == nil && len(list) == 0 {
		err = f.anew(ctx, s, *p)
	}
	if err != nil {
		if tunnus.CodeOf(err).Decided() {
			err = f.Book.Refuse(ctx, s, err)
		}
		return false, err
	}
	settle(s, p, list)
	p.Several = s.Replaces == "" && len(list) > 0
	return len(list) == 0, f.Book.Save(ctx, s, *p)
}

// choose takes the holder's word for which account makes place, where that was open.
func (f *Elsewhere) choose(ctx context.Context, s *sitting.Session, p *sitting.Payload, number string) error {
	if !s.Route.Purpose.Replaces() || s.Replaces != "" {
		return nil
	}
	person, err := p.Person()
	if err != nil {
		return err
	}
	list, err := f.older(ctx, *s, person)
	if err != nil || len(list) == 0 {
		return err
	}
	if number != "" {
		p.Replaces = number
	}
	if settle(s, p, list); s.Replaces == "" {
		return tunnus.BadRequest("replaces", errors.New("elsewhere: which account makes place is not told"))
	}
	return nil
}

// Replaceable lists the accounts of which the holder has to name the one that makes
// place; none as long as nobody is proved, and where it is clear.
func (f *Elsewhere) Replaceable(ctx context.Context, ref sitting.Ref) ([]account.Account, error) {
	s, err := f.Book.Load(ctx, ref)
	if err != nil {
		return nil, err
	}
	next, _ := way.Next(s.Route, s.Facts)
	if s.State != way.Open || !s.Route.Purpose.Replaces() || s.Replaces != "" || next != way.DeviceConfirms && next != way.IdentityConfirmed {
		return nil, nil
	}
	p, err := f.Book.Unseal(s)
	if err != nil || !named(p) {
		return nil, err
	}
	person, err := p.Person()
	if err != nil {
		return nil, err
	}
	list, err := f.older(ctx, s, person)
	if tunnus.CodeOf(err) == tunnus.CodeEligLevel {
		return nil, nil // the step tells
	}
	if settle(&s, &p, list); s.Replaces != "" {
		return nil, nil
	}
	return list, err
}

// replaced names the account that makes place once the card has told who the
// applicant is: the one that has confirmed, which must be of the same person. Where
// none has, and several could be meant, the holder is asked ([Elsewhere.IsMe]); if there
// is none, the sitting makes a new one. It fails with ses-terminated if it is somebody
// else's, with elig-level, and where there may be no new one.
func (f *Elsewhere) replaced(ctx context.Context, s *sitting.Session, p *sitting.Payload, person tunnus.PersonCode) error {
	if !s.Route.Purpose.Replaces() {
		return nil
	}
	if s.Replaces == "" {
		list, err := f.older(ctx, *s, person)
		if err == nil && len(list) == 0 {
			err = f.anew(ctx, s, *p)
		}
		settle(s, p, list)
		return err
	}
	by, err := f.Accounts.Get(ctx, s.Replaces)
	if err != nil {
		return fmt.Errorf("elsewhere: reading an account: %w", err)
	}
	if by.Person != person {
		return card.Terminated(errors.New("elsewhere: the account that makes place is somebody else's"))
	}
	return nil
}
