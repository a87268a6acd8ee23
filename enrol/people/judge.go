package people

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// Admit tells whether what the register says of a living person lets them
// register. It fails with reg-restricted or regi-address, which count nowhere. A
// code that was replaced by another is regi-mismatch for the caller: it is no
// code of this person any more ([match.Person.Successor]).
func Admit(p match.Person) error {
	switch {
	case p.Restricted:
		return tunnus.Fail(tunnus.CodeRegRestricted, errors.New("people: the register restricts this person"))
	case p.Address != match.AtHome:
		return tunnus.Fail(tunnus.CodeRegiAddress, errors.New("people: the address is "+string(p.Address)))
	}
	return nil
}

// Usable fails with doc-revoked if the register says that the document with this
// number is lost, stolen or revoked. Whether it knows the document at all is
// another matter ([match.Register]). Which of the three it is, is not told.
func Usable(p match.Person, number string) error {
	for _, d := range p.Documents {
		if d.Number == number && d.State != match.Valid {
			return tunnus.Fail(tunnus.CodeDocRevoked, errors.New("people: the document is "+string(d.State)))
		}
	}
	return nil
}

// Consenting returns the relations by which somebody may consent for the child
// now. It fails with guard-none if there is nobody; any other failure is the
// source's, and says nothing of the child.
func Consenting(ctx context.Context, s Source, child tunnus.PersonCode, now time.Time) ([]match.Relation, error) {
	all, err := s.Guardians(ctx, child)
	if err != nil && !errors.Is(err, match.ErrNoPerson) {
		return nil, err
	}
	var out []match.Relation
	for _, r := range all {
		if r.Child == child && r.Consents(now) {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil, NoGuardian(errors.New("people: nobody may consent for this child"))
	}
	return out, nil
}

// NoGuardian is the refusal where nobody answers for a child.
func NoGuardian(cause error) error { return tunnus.Fail(tunnus.CodeGuardNone, cause) }

// An Age reports whether who was born at one moment is of full age at another: the
// scheme says when that is.
type Age func(birth, now time.Time) bool

// MayConsent reports whether a guardian may consent for the child now (R9): one of
// those of [Consenting], alive, of full age, and whose code is in use. What lets
// nobody register ([Admit]) but for the address lets nobody consent either.
func MayConsent(ctx context.Context, s Source, full Age, guardian, child tunnus.PersonCode, now time.Time) (bool, error) {
	list, err := Consenting(ctx, s, child, now)
	switch {
	case tunnus.CodeOf(err) == tunnus.CodeGuardNone:
		return false, nil
	case err != nil:
		return false, Down(err)
	case guardian == child || !slices.ContainsFunc(list, func(r match.Relation) bool { return r.Guardian == guardian }):
		return false, nil
	}
	p, err := s.ByCode(ctx, guardian)
	switch {
	case errors.Is(err, match.ErrNoPerson):
		return false, nil
	case err != nil:
		return false, Down(err)
	}
	grown := !p.Birth.IsZero() && full(p.Birth, now)
	return grown && !p.Deceased && !p.Restricted && p.Successor.IsZero(), nil
}

// Down is the refusal where the register does not answer.
func Down(cause error) error { return tunnus.Fail(tunnus.CodeRegiDown, cause) }

// Disagrees is the refusal where register and proof differ.
func Disagrees(cause error) error { return tunnus.Fail(tunnus.CodeRegiMismatch, cause) }

// Unfit tells why nobody can register as this person: nil if somebody can. gone is
// how the register failed to know them, nil if it did not.
func Unfit(p match.Person, gone error) error {
	switch {
	case gone != nil:
		return Disagrees(gone)
	case p.Deceased:
		return tunnus.Fail(tunnus.CodeRegiDeceased, errors.New("people: recorded as deceased"))
	case !p.Successor.IsZero():
		return Disagrees(errors.New("people: the personal code was replaced by another"))
	}
	return Admit(p)
}

// Consents tells who may consent for a child today.
type Consents struct {
	Source Source
	Full   Age
	Clock  tunnus.Clock
}

// Answers is [MayConsent] today.
func (c Consents) Answers(ctx context.Context, guardian, child tunnus.PersonCode) (bool, error) {
	return MayConsent(ctx, c.Source, c.Full, guardian, child, c.Clock.Now())
}
