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
	"github.com/tunnus-id/tunnus/enrol/card"
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

// OldDevice asks an older account of the applicant to confirm that it makes place,
// and takes its answer. without says that its device is gone: then the newest one
// stays for some days beside the new one, and may freeze it (R4); but who has refused
// on it is heard. If the person has no older account, there is nothing to renew, and
// the sitting makes a new one. Where nobody knows yet who the applicant is, the
// account that answers is held against the card ([Elsewhere.Card]).
func (f *Elsewhere) OldDevice(ctx context.Context, ref sitting.Ref, without bool) error {
	if f.Book.Stands(ctx, ref, way.DeviceConfirms) {
		return nil
	}
	s, p, err := f.Step(ctx, ref, way.DeviceConfirms)
	if err != nil {
		return err
	}
	if s.Replaces == "" && named(p) {
		if done, err := f.findOlder(ctx, &s, p); done || err != nil {
			return err
		}
	}
	said, ok, err := f.reply(ctx, &s, statement.Replace)
	switch {
	case err != nil:
		return err
	case ok:
		s.Replaces = said.Account
		said.Detail["result"] = "confirmed"
		return f.take(ctx, &s, p, f.Book.Add(&s, way.DeviceConfirms, said.Detail))
	case without:
		return f.take(ctx, &s, p, f.Book.AddAs(&s, way.DeviceConfirms, way.Claimed, map[string]string{"result": "unavailable"}))
	}
	return nil
}

// findOlder names the account that is replaced: the newest one that has begun.
func (f *Elsewhere) findOlder(ctx context.Context, s *sitting.Session, p sitting.Payload) (none bool, err error) {
	person, err := p.Person()
	if err != nil {
		return false, err
	}
	if s.Replaces, err = f.older(ctx, *s, person); err != nil {
		return false, err
	}
	if s.Replaces == "" {
		s.Route.Purpose = way.New
	}
	return s.Replaces == "", f.Book.Save(ctx, s, p)
}

// older is the newest account of a person that has begun, "" if there is none.
func (f *Elsewhere) older(ctx context.Context, s sitting.Session, person tunnus.PersonCode) (string, error) {
	all, err := f.Accounts.ByPerson(ctx, person)
	if err != nil {
		return "", fmt.Errorf("elsewhere: accounts of a person: %w", err)
	}
	i := slices.IndexFunc(all, func(a account.Account) bool { return a.State.Begun() && a.Device != s.Device })
	if i < 0 {
		return "", nil
	}
	return all[i].ID, nil
}

// replaced names the account that makes place once the card has told who the
// applicant is: the one that has confirmed, which must be of the same person, or
// the newest one. It fails with ses-terminated if it is somebody else's.
func (f *Elsewhere) replaced(ctx context.Context, s *sitting.Session, person tunnus.PersonCode) error {
	if !s.Route.Purpose.Replaces() {
		return nil
	}
	if s.Replaces == "" {
		id, err := f.older(ctx, *s, person)
		s.Replaces = id
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
	p.Zone, p.Portrait = "", nil // both have had their judgement
	until := f.Book.Now().Add(f.Rules.Guardians.Deadline.Duration)
	return f.Book.Park(ctx, &s, p, tunnus.CodeGuardWait, until)
}

// Consented takes the guardian's consent of a parked sitting, which goes on then.
func (f *Elsewhere) Consented(ctx context.Context, s sitting.Session) error {
	said, ok, err := f.reply(ctx, &s, statement.Guardian)
	if err != nil || !ok {
		return err
	}
	p, err := f.Book.Unseal(s)
	if err != nil {
		return err
	}
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
	by, err := f.Accounts.Get(ctx, s.Facts[way.GuardianAgrees].Detail["confirmed_by"])
	if err != nil {
		return fmt.Errorf("elsewhere: reading an account: %w", err)
	}
	list, err := people.Consenting(ctx, f.Population, child, f.Book.Now())
	if err != nil {
		if tunnus.CodeOf(err).Decided() {
			return err
		}
		return people.Down(err)
	}
	if !people.MayConsent(list, by.Person) {
		return people.NoGuardian(errors.New("elsewhere: who signed does not answer for the child any more"))
	}
	return nil
}

// Link is the end of the link that the app shows while a question of its sitting
// waits to be answered on another device, "" if none does, or it is over.
func (f *Elsewhere) Link(ctx context.Context, ref sitting.Ref) (string, error) {
	s, err := f.Book.Load(ctx, ref)
	if err != nil {
		return "", err
	}
	about, ok := asks(s)
	if !ok || f.Confirm == nil {
		return "", nil
	}
	p, err := f.Book.Unseal(s)
	if err != nil {
		return "", err
	}
	o, err := f.question(s, p)
	if err != nil {
		return "", err
	}
	o.About = about
	link, err := f.Confirm.Ask(ctx, o)
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict { // the open step tells how it ended
		return "", nil
	}
	return link, err
}

// asks tells which question a sitting waits for.
func asks(s sitting.Session) (statement.About, bool) {
	if s.State == way.Parked && s.Why == tunnus.CodeGuardWait {
		return statement.Guardian, true
	}
	next, _ := way.Next(s.Route, s.Facts)
	switch {
	case s.State != way.Open:
	case next == way.AccountVouches:
		return statement.Vouch, true
	case next == way.DeviceConfirms && (s.Replaces != "" || s.Route.Way == way.IDCard):
		return statement.Replace, true
	}
	return "", false
}
