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
	person, err := f.cfg.Population.ByCode(ctx, code)
	if err != nil && !errors.Is(err, match.ErrNoPerson) {
		return people.Down(err)
	}
	refusal := people.Unfit(person, err)
	if refusal == nil {
		refusal = f.agrees(person, code, p)
	}
	if refusal != nil {
		return f.book.Refuse(ctx, &s, refusal)
	}
	p.Surname, p.GivenNames, p.Birth = person.Surname, person.GivenNames, person.Birth
	e, err := f.eligible(ctx, s, p)
	if err != nil {
		return f.book.Refuse(ctx, &s, err)
	}
	s.Route.Minor = e.Minor
	line := f.book.Add(&s, way.RegisterAgrees, map[string]string{"rule": fmt.Sprint(e.Index)})
	return f.book.Save(ctx, &s, p, line)
}

// agrees compares the register with what has proved the applicant: the chip's code
// line, or the names of a card or of a document that an officer has seen.
func (f *Flow) agrees(person match.Person, code tunnus.PersonCode, p sitting.Payload) error {
	if p.Zone == "" {
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

// eligible asks the rules about an applicant, as far as is known by now.
func (f *Flow) eligible(ctx context.Context, s sitting.Session, p sitting.Payload) (scheme.Eligibility, error) {
	q := scheme.Question{Way: s.Route.Way, Purpose: s.Route.Purpose, Country: p.Form.Country, Birth: p.Birth}
	person, err := p.Person()
	if err != nil {
		return scheme.Eligibility{}, err
	}
	if q.Birth.IsZero() {
		q.Birth, _ = person.BirthDate()
	}
	if proved(s.Facts) { // before it, nobody learns who has an account (R5)
		all, err := f.cfg.Accounts.ByPerson(ctx, person)
		if err != nil {
			return scheme.Eligibility{}, fmt.Errorf("enrol: accounts of a person: %w", err)
		}
		q.Prior = scheme.PriorNone
		if slices.ContainsFunc(all, func(a account.Account) bool { return a.State != account.Issued && !a.ActiveAt.IsZero() }) {
			q.Prior = scheme.PriorFound
		}
	}
	return f.cfg.Rules.Eligible(q, f.book.Now())
}

// proved reports whether something has proved who the applicant is.
func proved(facts way.Facts) bool {
	return facts.Has(way.ChipProved) || facts.Has(way.CardSigned) || facts.Has(way.AccountVouches)
}
