package enrol

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// A Contacts knows where people are reached.
type Contacts interface {
	// Usable returns the contacts that codes for a registration may go to.
	Usable(ctx context.Context, p tunnus.PersonCode) ([]contact.Contact, error)

	// All returns the contacts that are told of what happens.
	All(ctx context.Context, p tunnus.PersonCode) ([]contact.Contact, error)
}

// A To says where a code is to go: to a contact as it is typed, or to one on file,
// by the name that [Flow.Choices] gave it.
type To struct{ Contact, Pick string }

// SendCode sends a one-time code. It fails as [otp.Codes.Send] does; otp-blocked
// ends the session. Where the rules want a contact on file, no other is taken: with
// contact-gone if there is none (any more), which ends the session too.
func (f *Flow) SendCode(ctx context.Context, ref Ref, to To) (otp.Sent, error) {
	s, p, err := f.step(ctx, ref, way.ContactConfirmed)
	if err != nil {
		return otp.Sent{}, err
	}
	onFile, wanted, err := f.onFile(ctx, &s, p)
	if err != nil {
		return otp.Sent{}, err
	}
	if wanted && len(onFile) == 0 {
		return otp.Sent{}, f.book.Refuse(ctx, &s, notOnFile(errors.New("enrol: no contact on file")))
	}
	person, err := p.Person()
	if err != nil {
		return otp.Sent{}, err
	}
	sent, err := f.codes.Send(ctx, otp.Order{
		Session: s.ID, Owner: s.Device, Contact: to.Contact, OnFile: onFile, Pick: to.Pick, Person: person, Purpose: string(s.Route.Purpose),
		Device: sitting.Clip(s.Claim.Model), Language: s.Claim.Language, Request: ref.Request,
	})
	if err != nil {
		return otp.Sent{}, f.blocked(ctx, &s, err)
	}
	p.Contact = sent.Contact
	return sent, f.book.Save(ctx, &s, p)
}

// notOnFile is the refusal where a contact on file is wanted.
func notOnFile(cause error) error { return tunnus.Fail(tunnus.CodeContactGone, cause) }

// onFile returns the contacts on file, if the rules want one of them. Where only the
// register can tell that the applicant is the person, it is asked first (R5): it fails
// with regi-down, or with why it does not agree, which ends the session as in
// [Flow.Register].
func (f *Flow) onFile(ctx context.Context, s *sitting.Session, p sitting.Payload) (list []string, wanted bool, err error) {
	person, err := p.Person()
	if err != nil {
		return nil, false, err
	}
	known := proved(*s, p)
	e, err := f.eligible(ctx, *s, p, known)
	if err == nil && !known && (e.Contact == scheme.OnFile || e.PriorOpen) {
		if _, err = f.registered(ctx, person, p); err == nil {
			e, err = f.eligible(ctx, *s, p, true)
		}
	}
	if err != nil {
		return nil, false, f.verdict(ctx, s, err)
	}
	if e.Contact != scheme.OnFile {
		return nil, false, nil
	}
	if s.Copyable { // it proves nobody's presence: as if none were on file (L1)
		return nil, true, nil
	}
	usable, err := f.cfg.Contacts.Usable(ctx, person)
	if err != nil {
		return nil, false, fmt.Errorf("enrol: contacts of a person: %w", err)
	}
	for _, c := range usable {
		list = append(list, c.Address)
	}
	return list, true, nil
}

// Choices shows the contacts on file, masked, where the rules want one of them: to
// whoever has proved to be the person, and nobody else (R5).
func (f *Flow) Choices(ctx context.Context, ref Ref) ([]otp.Choice, error) {
	s, p, err := f.step(ctx, ref, way.ContactConfirmed)
	if err != nil {
		return nil, err
	}
	onFile, _, err := f.onFile(ctx, &s, p)
	if err != nil {
		return nil, err
	}
	return f.codes.Offer(s.ID, onFile), nil
}

// ConfirmCode judges a one-time code as [otp.Codes.Confirm] does; otp-blocked
// ends the session.
func (f *Flow) ConfirmCode(ctx context.Context, ref Ref, code string) error {
	s, p, err := f.step(ctx, ref, way.ContactConfirmed)
	if err != nil {
		return err
	}
	proved, err := f.codes.Confirm(ctx, s.ID, ref.Request, code)
	if err != nil {
		return f.blocked(ctx, &s, err)
	}
	if proved != f.codes.ContactKey(p.Contact) { // the address was changed while the code was under way
		return tunnus.Conflict(errors.New("enrol: the code went to another address"))
	}
	at, err := address.Of(p.Contact)
	if err != nil {
		return fmt.Errorf("enrol: a contact: %w", err)
	}
	line := f.book.Add(&s, way.ContactConfirmed, map[string]string{"channel": string(at.Channel)})
	return f.book.Save(ctx, &s, p, line)
}

func (f *Flow) blocked(ctx context.Context, s *sitting.Session, err error) error {
	if tunnus.CodeOf(err) == tunnus.CodeOTPBlocked {
		return f.book.Refuse(ctx, s, err)
	}
	return err
}
