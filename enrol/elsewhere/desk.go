package elsewhere

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// A Desk is where officers register people face to face.
type Desk interface {
	// Report returns what an officer has found for a sitting and its device; it
	// fails with [tunnus.CodeStateConflict] before the officer has signed, and with
	// not-found for a sitting that was at no desk.
	Report(ctx context.Context, session, device string) (desk.Report, error)

	// Activate judges the officer's code, as typed in the app.
	Activate(ctx context.Context, session, device, typed string) (reference string, err error)

	// Counter is the two digits that officer and app both see.
	Counter(session string) string
}

// Officer takes what an officer has found and signed. It fails as [Desk] does as
// long as there is nothing, and ends the sitting as [scheme.Rules.Serves] fails: which
// documents serve follows from who registers for what, which desks do not know.
func (f *Elsewhere) Officer(ctx context.Context, ref sitting.Ref) error {
	if f.Book.Stands(ctx, ref, way.OfficerAttests) {
		return nil
	}
	s, p, err := f.Step(ctx, ref, way.ChipProved)
	if err != nil {
		return err
	}
	r, err := f.Desk.Report(ctx, s.ID, s.Device)
	if err != nil {
		return err
	}
	p.Form = match.Form{
		Country: r.Person.Country, PersonCode: r.Person.Code, Surname: r.Person.Surname, GivenNames: r.Person.GivenNames, Document: r.Person.Document,
	}
	p.Zone = r.Zone
	if err := f.serves(s, p, r.Issued); err != nil {
		return f.Book.Refuse(ctx, &s, err)
	}
	mark := way.Attested
	if r.Proved {
		mark = way.Proved
	}
	chip := f.Book.AddAs(&s, way.ChipProved, mark, r.Chip)
	return f.Book.Save(ctx, &s, p, chip, f.Book.Add(&s, way.OfficerAttests, r.Attest))
}

// serves judges the document that an officer has seen by the row of the rules.
func (f *Elsewhere) serves(s sitting.Session, p sitting.Payload, issued time.Time) error {
	if p.Zone == "" {
		return nil
	}
	z, err := p.CodeLine()
	if err != nil {
		return err
	}
	q := scheme.Question{Way: s.Route.Way, Purpose: s.Route.Purpose, Country: p.Form.Country}
	return f.Rules.Serves(q, z, issued, f.Book.Now())
}

// Activate takes the officer's code, which works for this device only.
func (f *Elsewhere) Activate(ctx context.Context, ref sitting.Ref, typed string) error {
	if f.Book.Stands(ctx, ref, way.CodeTyped) {
		return nil
	}
	s, p, err := f.Step(ctx, ref, way.CodeTyped)
	if err != nil {
		return err
	}
	reference, err := f.Desk.Activate(ctx, s.ID, s.Device, typed)
	if err != nil {
		return err
	}
	line := f.Book.Add(&s, way.CodeTyped, map[string]string{"reference": reference})
	return f.Book.Save(ctx, &s, p, line)
}

// Ticket is what an officer scans while a sitting waits for a desk, and the two
// digits that both then see.
func (f *Elsewhere) Ticket(s sitting.Session) (ticket, counter string) {
	if next, _ := way.Next(s.Route, s.Facts); s.Route.Way != way.Desk || s.State != way.Open || next != way.ChipProved {
		return "", ""
	}
	return desk.Ticket{Sitting: s.ID, Device: s.Device}.String(), f.Desk.Counter(s.ID)
}
