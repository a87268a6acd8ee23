package elsewhere

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// A Code is what the app shows for the portal.
type Code = card.Code

// Places tells where addresses are.
type Places = card.Places

// A Cards is the portal's side of the ID-card way.
type Cards interface {
	// Code makes the code of a sitting, or returns the one that lives. It fails
	// with regcode-old once that has died.
	Code(ctx context.Context, p card.Phone) (card.Code, error)

	// Outcome returns what came of a sitting's code, for its device; ok is false
	// as long as the card has not signed. Once the sitting can have none any more
	// (it was said no, or two portals used its code), it fails with ses-terminated.
	Outcome(ctx context.Context, session, device string) (o card.Outcome, ok bool, err error)
}

// PINs notes that the phone has made its halves of both keys, sealed under the
// PINs. Nothing is given to them before the card has proved the person (K11).
func (f *Elsewhere) PINs(ctx context.Context, ref sitting.Ref, login, sign string) error {
	if s, err := f.Book.Load(ctx, ref); err == nil && s.State == way.Open && s.Facts.Has(way.PINsChosen) && s.LoginKey == login && s.SignKey == sign {
		return nil
	}
	s, p, err := f.Step(ctx, ref, way.PINsChosen)
	if err != nil {
		return err
	}
	if err := f.Binder.Check(ctx, s.Pair(login, sign)); err != nil {
		return err
	}
	s.LoginKey, s.SignKey = login, sign
	line := f.Book.Add(&s, way.PINsChosen, nil)
	return f.Book.Save(ctx, &s, p, line)
}

// Code makes the registration code, or returns the one that is shown, with the
// two digits that portal and app show beside it.
func (f *Elsewhere) Code(ctx context.Context, ref sitting.Ref) (c card.Code, counter string, err error) {
	s, err := f.Book.Load(ctx, ref)
	if err != nil {
		return card.Code{}, "", err
	}
	next, _ := way.Next(s.Route, s.Facts)
	if s.State != way.Open || next != way.CodeShown && next != way.CardLoggedIn {
		return card.Code{}, "", tunnus.Conflict(errors.New("elsewhere: no code is shown now"))
	}
	phone := card.Phone{
		Session: s.ID, Device: s.Device, Address: ref.Address, Model: sitting.Clip(s.Claim.Model), Counter: f.Counter(s.ID), Began: s.CreatedAt, Until: s.Due,
		Level: f.Rules.Level(way.IDCard, scheme.Software, ""), Keys: [2]string{thumb(s.LoginKey), thumb(s.SignKey)},
	}
	if c, err = f.Cards.Code(ctx, phone); err != nil || next != way.CodeShown {
		return c, phone.Counter, err
	}
	p, err := f.Book.Unseal(s)
	if err != nil {
		return card.Code{}, "", err
	}
	line := f.Book.Add(&s, way.CodeShown, nil)
	return c, phone.Counter, f.Book.Save(ctx, &s, p, line)
}

// thumb names a key by its id, which follows from n1 and the device key
// (doc/splitkey.md, "Encodings").
func thumb(keyID string) string {
	sum := sha256.Sum256([]byte(keyID))
	return hex.EncodeToString(sum[:])
}

// Card takes what the card has proved and signed in the portal. Until it has
// signed, the step stays open.
func (f *Elsewhere) Card(ctx context.Context, ref sitting.Ref) error {
	if f.Book.Stands(ctx, ref, way.CardSigned) {
		return nil
	}
	s, p, err := f.Step(ctx, ref, way.CardLoggedIn)
	if err != nil {
		return err
	}
	o, ok, err := f.Cards.Outcome(ctx, s.ID, s.Device)
	if code := tunnus.CodeOf(err); err != nil {
		if code.Decided() && code != tunnus.CodeStateConflict {
			return f.Book.Refuse(ctx, &s, err)
		}
		return fmt.Errorf("elsewhere: asking the portal: %w", err)
	}
	if !ok {
		return nil
	}
	if _, err := f.Rules.Person(o.Person.Country(), o.Person.Value()); err != nil {
		return f.Book.Refuse(ctx, &s, err)
	}
	p.Form = match.Form{Country: o.Person.Country(), PersonCode: o.Person.Value(), Surname: o.Surname, GivenNames: o.GivenNames}
	if err := f.replaced(ctx, &s, &p, o.Person); err != nil {
		if tunnus.CodeOf(err).Decided() {
			return f.Book.Refuse(ctx, &s, err)
		}
		return err
	}
	p.Contact, p.Hold = o.Contact, o.Hold
	lines := []tunnus.Event{
		f.Book.Add(&s, way.CardLoggedIn, o.Login),
		f.Book.Add(&s, way.QuestionsAnswered, o.Questions),
		f.Book.Add(&s, way.ContactConfirmed, map[string]string{"channel": o.Channel}),
		f.Book.Add(&s, way.CodeMatched, o.Code),
		f.Book.Add(&s, way.CardSigned, o.Signed),
	}
	return f.Book.Save(ctx, &s, p, lines...)
}

// Who is the applicant whom the portal named: the app asks "is this you?" (R7).
type Who struct {
	Name  string
	Birth string // a day, "1990-02-14"
}

// Who tells whom the app has to ask about.
func (f *Elsewhere) Who(ctx context.Context, ref sitting.Ref) (Who, error) {
	_, p, err := f.Step(ctx, ref, way.IdentityConfirmed)
	if err != nil {
		return Who{}, err
	}
	return Who{p.GivenNames + " " + p.Surname, p.Birth.Format("2006-01-02")}, nil
}

// IsMe takes the answer to "is this you?". Whoever says no ends the session: a
// code was typed into a stranger's portal. replaces is the number of the account that
// makes place, where several could be meant: bad-request if it is none of them.
func (f *Elsewhere) IsMe(ctx context.Context, ref sitting.Ref, yes bool, replaces string) error {
	if yes && f.Book.Stands(ctx, ref, way.IdentityConfirmed) {
		return nil
	}
	s, p, err := f.Step(ctx, ref, way.IdentityConfirmed)
	if err != nil {
		return err
	}
	if !yes {
		return f.Book.Refuse(ctx, &s, card.Terminated(errors.New("elsewhere: the applicant is somebody else")))
	}
	if err := f.choose(ctx, &s, &p, replaces); err != nil {
		return err
	}
	line := f.Book.Add(&s, way.IdentityConfirmed, nil)
	return f.Book.Save(ctx, &s, p, line)
}
