package enrol

import (
	"context"
	"errors"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// purpose is what the mail says that its code is for.
const purpose = "a new account"

// SendCode sends a one-time code to an e-mail address. It fails as
// [otp.Codes.Send] does, or with bad-request for what is no address; otp-blocked
// ends the session.
func (f *Flow) SendCode(ctx context.Context, ref Ref, email string) (otp.Sent, error) {
	s, p, err := f.step(ctx, ref, ContactConfirmed)
	if err != nil {
		return otp.Sent{}, err
	}
	email = strings.TrimSpace(email)
	person, err := p.person()
	if err != nil {
		return otp.Sent{}, err
	}
	sent, err := f.codes.Send(ctx, otp.Order{
		Session: s.ID, Owner: s.Device, Contact: email, Person: person, Purpose: purpose, Device: clip(s.Claim.Model),
	})
	if err != nil {
		return otp.Sent{}, f.blocked(ctx, &s, err)
	}
	p.Contact = email
	return sent, f.save(ctx, &s, p)
}

// ConfirmCode judges a one-time code as [otp.Codes.Confirm] does; otp-blocked
// ends the session.
func (f *Flow) ConfirmCode(ctx context.Context, ref Ref, code string) error {
	s, p, err := f.step(ctx, ref, ContactConfirmed)
	if err != nil {
		return err
	}
	proved, err := f.codes.Confirm(ctx, s.ID, code)
	if err != nil {
		return f.blocked(ctx, &s, err)
	}
	if proved != f.codes.ContactKey(p.Contact) { // the address was changed while the code was under way
		return tunnus.Conflict(errors.New("enrol: the code went to another address"))
	}
	line := f.add(&s, ContactConfirmed, map[string]string{"channel": "email"})
	return f.save(ctx, &s, p, line)
}

func (f *Flow) blocked(ctx context.Context, s *Session, err error) error {
	if tunnus.CodeOf(err) == tunnus.CodeOTPBlocked {
		return f.refuse(ctx, s, err)
	}
	return err
}

// ErrNoPerson is returned by a [Population] that does not know a person.
var ErrNoPerson = errors.New("enrol: the register does not know this person")

// Register asks the population register. It fails with regi-down, which leaves
// the session as it is, or with regi-mismatch or regi-deceased, which end it.
// Nothing is counted.
func (f *Flow) Register(ctx context.Context, ref Ref) error {
	if f.stands(ctx, ref, RegisterAgrees) {
		return nil
	}
	s, p, err := f.step(ctx, ref, RegisterAgrees)
	if err != nil {
		return err
	}
	code, err := p.person()
	if err != nil {
		return err
	}
	person, err := f.cfg.Population.ByCode(ctx, code)
	if err != nil && !errors.Is(err, ErrNoPerson) {
		return tunnus.Fail(tunnus.CodeRegiDown, err)
	}
	if person.Deceased {
		return f.refuse(ctx, &s, tunnus.Fail(tunnus.CodeRegiDeceased, errors.New("enrol: recorded as deceased")))
	}
	if err == nil {
		var z mrz.Zone
		if z, err = p.zone(); err != nil {
			return err
		}
		err = match.Register(person, code, z)
	}
	if err != nil {
		return f.refuse(ctx, &s, tunnus.Fail(tunnus.CodeRegiMismatch, err))
	}
	p.Surname, p.GivenNames, p.Birth = person.Surname, person.GivenNames, person.Birth
	line := f.add(&s, RegisterAgrees, nil)
	return f.save(ctx, &s, p, line)
}
