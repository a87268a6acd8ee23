package enrol

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Register asks the population register. It fails with regi-down, which leaves
// the session as it is, or with what ends it: regi-mismatch, regi-deceased,
// regi-address, reg-restricted, doc-revoked, and, now that birth date and earlier
// accounts are known, as [scheme.Rules.Eligible] does. Only doc-revoked was counted
// before: nothing is counted here.
func (f *Flow) Register(ctx context.Context, ref Ref) error {
	if f.book.Stands(ctx, ref, way.RegisterAgrees) {
		return nil
	}
	s, p, err := f.step(ctx, ref, way.RegisterAgrees)
	if err != nil {
		return err
	}
	code, err := p.Person()
	if err != nil {
		return err
	}
	person, err := f.registered(ctx, code, p)
	if err != nil {
		return f.verdict(ctx, &s, err)
	}
	p.Surname, p.GivenNames, p.Birth = person.Surname, person.GivenNames, person.Birth
	e, err := f.eligible(ctx, s, p, true)
	if err == nil {
		err = f.Rises(ctx, s, code)
	}
	if err != nil {
		return f.verdict(ctx, &s, err)
	}
	s.Route.Minor = e.Minor
	line := f.book.Add(&s, way.RegisterAgrees, map[string]string{"rule": fmt.Sprint(e.Index)})
	return f.book.Save(ctx, &s, p, line)
}

// verdict ends a session for what the register or the rules say of the applicant. A
// register that is down, and a fault of ours, say nothing and end nothing.
func (f *Flow) verdict(ctx context.Context, s *sitting.Session, err error) error {
	if code := tunnus.CodeOf(err); code == tunnus.CodeRegiDown || code == tunnus.CodeInternal {
		return err
	}
	return f.book.Refuse(ctx, s, err)
}

// registered is whom the register knows under a code, if it agrees with what has
// proved the applicant. It fails with regi-down, or with why it does not; of somebody
// else than the applicant it tells that and no more (R5).
func (f *Flow) registered(ctx context.Context, code tunnus.PersonCode, p sitting.Payload) (match.Person, error) {
	person, err := f.cfg.Population.ByCode(ctx, code)
	if err != nil && !errors.Is(err, match.ErrNoPerson) {
		return match.Person{}, people.Down(err)
	}
	refusal := people.Unfit(person, err)
	if err == nil {
		if differs := f.agrees(person, code, p); refusal == nil || tunnus.CodeOf(differs) == tunnus.CodeRegiMismatch {
			refusal = differs
		}
	}
	if refusal != nil {
		return match.Person{}, refusal
	}
	return person, nil
}

// agrees compares the register with what has proved the applicant: the chip's code
// line, or the names of a card or of a document that an officer has seen.
func (f *Flow) agrees(person match.Person, code tunnus.PersonCode, p sitting.Payload) error {
	if p.Zone == "" {
		if err := people.Usable(person, p.Form.Document); err != nil {
			return err
		}
		if person.Code != code || !strings.EqualFold(person.Surname, p.Form.Surname) || !strings.EqualFold(person.GivenNames, p.Form.GivenNames) {
			return people.Disagrees(errors.New("enrol: register and proof differ in name"))
		}
		return nil
	}
	z, err := p.CodeLine()
	if err != nil {
		return err
	}
	if err := people.Usable(person, z.Number); err != nil {
		return err
	}
	if err := match.Register(person, code, z); err != nil {
		return people.Disagrees(err)
	}
	return nil
}

// eligible asks the rules about an applicant, as far as is known by now. Before the
// applicant is proved to be the person of the code, nobody learns who has an account (R5).
func (f *Flow) eligible(ctx context.Context, s sitting.Session, p sitting.Payload, proved bool) (scheme.Eligibility, error) {
	q := scheme.Question{Way: s.Route.Way, Purpose: s.Route.Purpose, Country: p.Form.Country, Birth: p.Birth}
	person, err := p.Person()
	if err != nil {
		return scheme.Eligibility{}, err
	}
	if q.Birth.IsZero() {
		q.Birth, _ = person.BirthDate()
	}
	if proved {
		q.Prior = scheme.PriorNone
	}
	if proved && !s.Copyable { // whoever has a copy of a chip is answered alike (L1)
		all, err := f.cfg.Accounts.ByPerson(ctx, person)
		if err != nil {
			return scheme.Eligibility{}, fmt.Errorf("enrol: accounts of a person: %w", err)
		}
		if slices.ContainsFunc(all, func(a account.Account) bool { return a.State != account.Issued && !a.ActiveAt.IsZero() }) {
			q.Prior = scheme.PriorFound
		}
	}
	return f.cfg.Rules.Eligible(q, f.book.Now())
}

// proved reports whether something has proved that the applicant is the person of the
// code. A chip that carries no personal number has not: name and birth date are those
// of others too, and the register has to know the document.
func proved(s sitting.Session, p sitting.Payload) bool {
	if s.Facts.Has(way.CardSigned) || s.Facts.Has(way.AccountVouches) || s.Facts.Has(way.RegisterAgrees) {
		return true
	}
	z, err := p.CodeLine()
	return s.Facts.Has(way.ChipProved) && err == nil && z.Optional1 != ""
}
