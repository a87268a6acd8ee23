// Package consent lets guardians answer for a child at the portal, with an ID-card in
// place of an account on a phone (product.md §1, security.md R9).
//
// Whoever has logged in sees the registrations of the own children that wait: those
// whom the register names, that have proved the child already. What is asked, who may
// answer, until when, and that there is one answer, is the matter of package confirm,
// for phones and cards alike; that the card's certificate and signature are good, and
// the evidence of it, of package card. This package knows no page and keeps nothing.
package consent

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
)

// Wards is what is asked of the register.
type Wards interface {
	// Wards returns the relations of a guardian to children; see [people.Source].
	Wards(ctx context.Context, guardian tunnus.PersonCode) ([]match.Relation, error)
}

// A Service serves the portal. It keeps nothing of its own.
type Service struct {
	Confirm  *confirm.Service
	Cards    *card.Service
	Register Wards
	Clock    tunnus.Clock
}

// List returns what waits for the guardian who has logged in, as [confirm.Service.About]
// has it. It fails with not-found if nobody has, and with regi-down if the register does
// not answer.
func (s *Service) List(ctx context.Context, visit string) (list []confirm.Consent, err error) {
	who, err := s.Cards.Who(ctx, visit)
	if err != nil {
		return nil, err
	}
	all, err := s.Register.Wards(ctx, who.Person)
	if err != nil && !errors.Is(err, match.ErrNoPerson) {
		return nil, people.Down(err)
	}
	seen := map[tunnus.PersonCode]bool{}
	for _, r := range all {
		if seen[r.Child] || r.Guardian != who.Person || !r.Consents(s.Clock.Now()) {
			continue
		}
		seen[r.Child] = true
		more, err := s.Confirm.About(ctx, r.Child, who.Person)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// Get returns one of them, or fails with not-found.
func (s *Service) Get(ctx context.Context, visit, id string) (confirm.Consent, error) {
	who, err := s.Cards.Who(ctx, visit)
	if err != nil {
		return confirm.Consent{}, err
	}
	return s.Confirm.Consent(ctx, id, who.Person)
}

// Offer takes the card's signing certificate: the card is asked for its signature over
// the text. It fails as [card.Service.Prepare] and [confirm.Service.Hold] do.
func (s *Service) Offer(ctx context.Context, visit, id string, offer []byte) error {
	c, err := s.Get(ctx, visit, id)
	if err != nil {
		return err
	}
	request, err := s.Cards.Prepare(ctx, visit, offer, c.Text)
	if err != nil {
		return err
	}
	who, err := s.Cards.Who(ctx, visit)
	if err != nil {
		return err
	}
	return s.Confirm.Hold(ctx, id, who.Person, request)
}

// Sign takes the card's reply. With it the guardian has consented. It fails as
// [card.Service.Prove] and [confirm.Service.Sign] do. Done already, it succeeds again.
func (s *Service) Sign(ctx context.Context, visit, id string, reply []byte) error {
	c, err := s.Get(ctx, visit, id)
	switch {
	case err != nil:
		return err
	case c.Mine && c.Signed:
		return nil
	case !c.Mine || c.Request == nil:
		return tunnus.Conflict(errors.New("consent: the card was not asked, or too long ago"))
	}
	evidence, detail, err := s.Cards.Prove(ctx, visit, *c.Request, reply, c.Text)
	if err != nil {
		return err
	}
	who, err := s.Cards.Who(ctx, visit)
	if err != nil {
		return err
	}
	return s.Confirm.Sign(ctx, id, who.Person, *c.Request, evidence, detail)
}

// Refuse ends a registration of a child by its guardian's word.
func (s *Service) Refuse(ctx context.Context, visit, id string) error {
	who, err := s.Cards.Who(ctx, visit)
	if err != nil {
		return err
	}
	return s.Confirm.Decline(ctx, id, who.Person)
}
