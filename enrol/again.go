package enrol

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// bare drops what a document has told, before a sitting waits for days. Of one that a
// desk has read, the name of its ledger stays, as it does in the row of others.
func (f *Flow) bare(p *sitting.Payload) {
	if z, err := p.CodeLine(); err == nil {
		p.Ledger = f.tab.Documents.Of(f.cfg.Rules.Issuers[z.Issuer], z)
	}
	p.Zone, p.Portrait = "", nil
}

// again asks the register, the rules and the document's ledger once more about a sitting
// that goes on after days, in which the applicant may have died and the document may
// have been reported stolen. It ends the sitting as [Flow.Register] does, and with
// doc-lock-perm; a register that is down leaves it waiting.
func (f *Flow) again(ctx context.Context, s *sitting.Session, p sitting.Payload) error {
	if err := f.Locked(ctx, s, p); err != nil {
		return err
	}
	if err := f.unchanged(ctx, p); err != nil {
		return f.verdict(ctx, s, err)
	}
	if _, err := f.eligible(ctx, *s, p, true); err != nil {
		return f.verdict(ctx, s, err)
	}
	return nil
}

// unchanged fails if the register does not say of somebody what it has said before. The
// chip's code line is gone by now, but its number is that of the form ([match.Judge]),
// and names and birth were compared with it.
func (f *Flow) unchanged(ctx context.Context, p sitting.Payload) error {
	code, err := p.Person()
	if err != nil {
		return err
	}
	person, err := f.cfg.Population.ByCode(ctx, code)
	if err != nil && !errors.Is(err, match.ErrNoPerson) {
		return people.Down(err)
	}
	if err := people.Unfit(person, err); err != nil {
		return err
	}
	if err := people.Usable(person, p.Form.Document); err != nil {
		return err
	}
	if person.Code != code || person.Surname != p.Surname || person.GivenNames != p.GivenNames || !person.Birth.Equal(p.Birth) {
		return people.Disagrees(errors.New("enrol: the register names the applicant otherwise by now"))
	}
	return nil
}

// forNew judges a sitting that was begun to replace an account, and finds that there is
// none: by the rules for a new one. It fails with elig-no-prior where this way makes
// none, with contact-gone if the contact had to be one on file, and as
// [scheme.Rules.Eligible] does.
func (f *Flow) forNew(ctx context.Context, s sitting.Session, p sitting.Payload) (minor bool, err error) {
	s.Route.Purpose = way.New
	e, err := f.eligible(ctx, s, p, true)
	if tunnus.CodeOf(err) == tunnus.CodeBadRequest {
		err = scheme.NoPrior(err)
	}
	if err != nil || !s.Facts.Has(way.ContactConfirmed) {
		return e.Minor, err
	}
	list, wanted, err := f.onFile(ctx, &s, p)
	if err == nil && wanted && !slices.ContainsFunc(list, func(c string) bool { return strings.EqualFold(c, p.Contact) }) {
		err = notOnFile(errors.New("enrol: the contact is none on file"))
	}
	return e.Minor, err
}
