package elsewhere

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Counter is the two digits that a sitting shows beside every code and link:
// whoever swaps the phone shows other ones in 99 of 100 cases (R1).
func (f *Elsewhere) Counter(session string) string {
	h := hmac.New(sha256.New, f.Secret.Reveal())
	h.Write([]byte("counter\x00" + session))
	return fmt.Sprintf("%02d", binary.BigEndian.Uint32(h.Sum(nil))%100)
}

// Unask ends what a sitting has asked on other devices: it has taken the answer, or
// has ended. What fails here, [confirm.Service.Sweep] does later.
func (f *Elsewhere) Unask(ctx context.Context, session string) {
	if f.Confirm != nil {
		_ = f.Confirm.End(context.WithoutCancel(ctx), session)
	}
}

// named reports whether it is known by now who the applicant is.
func named(p sitting.Payload) bool { return p.Form.PersonCode != "" }

// question is what is asked for a sitting on another device.
func (f *Elsewhere) question(s sitting.Session, p sitting.Payload) (confirm.Order, error) {
	o := confirm.Order{
		Session: s.ID, Device: s.Device, Name: p.GivenNames + " " + p.Surname, Level: f.Rules.Level(s.Route.Way, scheme.Software, tunnus.Qualified),
		Model: sitting.Clip(s.Claim.Model), Code: f.Counter(s.ID), Age: f.Rules.Vouching.Age.Duration, Until: s.Due,
	}
	if s.Replaces != "" || !named(p) { // else it names none of the person's, and any may answer
		o.Number = p.Replaces
	}
	if !named(p) { // whose account answers tells it
		o.Name = ""
		return o, nil
	}
	var err error
	o.Person, err = p.Person()
	return o, err
}

// Vouch asks another account of the applicant to confirm with both PINs, and takes
// its answer: who the applicant is. Until there is one, the step stays open. It
// ends the session as [confirm.Service.Answer] and [scheme.Rules.Eligible] fail, and
// with src-account-no if the account may not vouch any more.
func (f *Elsewhere) Vouch(ctx context.Context, ref sitting.Ref) error {
	if f.Book.Stands(ctx, ref, way.AccountVouches) {
		return nil
	}
	s, p, err := f.Step(ctx, ref, way.AccountVouches)
	if err != nil {
		return err
	}
	said, ok, err := f.reply(ctx, &s, statement.Vouch)
	if err != nil || !ok {
		return err
	}
	by, err := f.Accounts.Get(ctx, said.Account)
	if err != nil {
		return fmt.Errorf("elsewhere: reading an account: %w", err)
	}
	person, err := f.Population.ByCode(ctx, said.Person)
	if err != nil && !errors.Is(err, match.ErrNoPerson) {
		return people.Down(err)
	}
	refusal := people.Unfit(person, err)
	if refusal == nil && !by.MayVouch(said.Level, f.Book.Now()) {
		refusal = confirm.NotVouching(errors.New("elsewhere: the account may not vouch any more"))
	}
	if refusal == nil {
		_, refusal = f.Rules.Eligible(scheme.Question{
			Way: s.Route.Way, Purpose: s.Route.Purpose, Country: said.Person.Country(), Birth: person.Birth, Prior: scheme.PriorFound,
		}, f.Book.Now())
	}
	if refusal != nil {
		defer f.Unask(ctx, s.ID)
		return f.Book.Refuse(ctx, &s, refusal)
	}
	s.Vouched = by.ID
	p.Form = match.Form{Country: said.Person.Country(), PersonCode: said.Person.Value(), Surname: by.Surname, GivenNames: by.GivenNames}
	p.Surname, p.GivenNames, p.Birth, p.Level = by.Surname, by.GivenNames, person.Birth, said.Level
	return f.take(ctx, &s, p, f.Book.Add(&s, way.AccountVouches, said.Detail))
}

// take commits the fact that an answer is, and only then ends its question.
func (f *Elsewhere) take(ctx context.Context, s *sitting.Session, p sitting.Payload, line tunnus.Event) error {
	err := f.Book.Save(ctx, s, p, line)
	if err == nil {
		f.Unask(ctx, s.ID)
	}
	return err
}

// reply takes the answer to a question of a sitting; a refusal ends the sitting.
func (f *Elsewhere) reply(ctx context.Context, s *sitting.Session, about statement.About) (confirm.Answer, bool, error) {
	said, ok, err := f.Confirm.Answer(ctx, s.ID, about)
	if code := tunnus.CodeOf(err); err != nil && code.Decided() && code != tunnus.CodeStateConflict {
		err = f.Book.Refuse(ctx, s, err)
	}
	return said, ok, err
}

// Guardian asks those who answer for a child, and parks the sitting until one of
// them has signed. It fails with guard-none if the register names nobody, and
// leaves the step open then.
func (f *Elsewhere) Guardian(ctx context.Context, ref sitting.Ref) error {
	s, p, err := f.Step(ctx, ref, way.GuardianAgrees)
	if err != nil {
		return err
	}
	child, err := p.Person()
	if err != nil {
		return err
	}
	if _, err := people.Consenting(ctx, f.Population, child, f.Book.Now()); err != nil {
		if tunnus.CodeOf(err).Decided() {
			return err
		}
		return people.Down(err)
	}
	f.Bare(&p) // it has had its judgement
	until := f.Book.Now().Add(f.Rules.Guardians.Deadline.Duration)
	return f.Book.Park(ctx, &s, p, tunnus.CodeGuardWait, until)
}

// Consented takes the guardian's consent of a parked sitting, which goes on then, or
// ends if what stood before has changed while it waited ([Elsewhere].Again).
func (f *Elsewhere) Consented(ctx context.Context, s sitting.Session) error {
	said, ok, err := f.reply(ctx, &s, statement.Guardian)
	if err != nil || !ok {
		return err
	}
	p, err := f.Book.Unseal(s)
	if err != nil {
		return err
	}
	if err := f.Again(ctx, &s, p); err != nil {
		if !s.State.Holds() {
			f.Unask(ctx, s.ID)
		}
		return err
	}
	p.Guardian = said.By.SemanticsID()
	line := f.Book.Add(&s, way.GuardianAgrees, said.Detail)
	if err := f.Book.Resume(ctx, &s, p, f.Rules.SessionLife, line); err != nil {
		return err
	}
	f.Unask(ctx, s.ID)
	return nil
}

// StillGuardian checks again, when the account is made active, that whoever signed
// for a child answers for it (R9).
func (f *Elsewhere) StillGuardian(ctx context.Context, s sitting.Session, p sitting.Payload) error {
	if !s.Route.Minor {
		return nil
	}
	child, err := p.Person()
	if err != nil {
		return err
	}
	by, err := tunnus.ParseSemanticsID(p.Guardian)
	if err != nil {
		return people.NoGuardian(errors.New("elsewhere: nobody has signed for the child"))
	}
	is, err := people.MayConsent(ctx, f.Population, f.Rules.FullAge, by, child, f.Book.Now())
	if err == nil && !is {
		err = people.NoGuardian(errors.New("elsewhere: who signed does not answer for the child any more"))
	}
	return err
}

// StillVouches reads the account that has vouched again (R3): nil if none has. What is
// made by its word is written only as long as it stands so ([sitting.Change.Voucher]),
// for whoever ends or holds it looks for what it vouched for, once. It fails with
// src-account-no if it may not vouch any more.
func (f *Elsewhere) StillVouches(ctx context.Context, s sitting.Session, p sitting.Payload) (*account.Account, error) {
	if s.Vouched == "" {
		return nil, nil
	}
	by, err := f.Accounts.Get(ctx, s.Vouched)
	if err != nil {
		return nil, fmt.Errorf("elsewhere: reading an account: %w", err)
	}
	if !by.MayVouch(p.Level, f.Book.Now()) {
		return nil, confirm.NotVouching(errors.New("elsewhere: who vouched may not vouch any more"))
	}
	return &by, nil
}

// OtherGuardians are those who answer for a child beside the one who has consented:
// they are told (R9).
func (f *Elsewhere) OtherGuardians(ctx context.Context, s sitting.Session, p sitting.Payload) (out []tunnus.PersonCode, err error) {
	if !s.Route.Minor {
		return nil, nil
	}
	child, err := p.Person()
	if err != nil {
		return nil, err
	}
	list, err := people.Consenting(ctx, f.Population, child, f.Book.Now())
	if err != nil {
		return nil, people.Down(err)
	}
	for _, r := range list {
		if r.Guardian.SemanticsID() != p.Guardian && !slices.Contains(out, r.Guardian) {
			out = append(out, r.Guardian)
		}
	}
	return out, nil
}

// Link is the end of the link that the app shows while a question of its sitting
// waits to be answered on another device, "" if none does, or it is over.
func (f *Elsewhere) Link(ctx context.Context, ref sitting.Ref) (string, error) {
	s, err := f.Book.Load(ctx, ref)
	if err != nil {
		return "", err
	}
	if !s.State.Holds() || f.Confirm == nil {
		return "", nil
	}
	p, err := f.Book.Unseal(s)
	if err != nil {
		return "", err
	}
	about, ok := asks(s, p)
	if !ok {
		return "", nil
	}
	o, err := f.question(s, p)
	if err != nil {
		return "", err
	}
	o.About = about
	if f.Places != nil {
		o.Place = f.Places.Place(ref.Address)
	}
	link, err := f.Confirm.Ask(ctx, o)
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict { // the open step tells how it ended
		return "", nil
	}
	return link, err
}

// asks tells which question a sitting waits for.
func asks(s sitting.Session, p sitting.Payload) (statement.About, bool) {
	if s.State == way.Parked && s.Why == tunnus.CodeGuardWait {
		return statement.Guardian, true
	}
	next, _ := way.Next(s.Route, s.Facts)
	switch {
	case s.State != way.Open:
	case next == way.AccountVouches:
		return statement.Vouch, true
	case next == way.DeviceConfirms && (s.Replaces != "" || p.Several || s.Route.Way == way.IDCard):
		return statement.Replace, true
	}
	return "", false
}
