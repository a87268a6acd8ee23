package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/staff"
)

// A Wish is what an officer asks an exception for. Zone is filled in for NoChip where
// no chip was read, Person where the document does not say it, and Paper where a paper
// was shown.
type Wish struct {
	Kind   Kind   `json:"kind"`
	Zone   string `json:"zone"`   // code line as printed: two or three lines
	Person Person `json:"person"` // country and personal code; names of a paper
	Paper  string `json:"paper"`  // its number
}

// Raise asks for an exception. The session waits until a second officer agrees.
func (d *Service) Raise(ctx context.Context, a staff.Actor, id string, w Wish) error {
	s, p, err := d.mine(ctx, a, id, Raise)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(s.Exceptions, func(e Exception) bool { return e.Kind == w.Kind }) {
		return tunnus.Conflict(errors.New("desk: asked for already"))
	}
	if err := d.fits(ctx, a, &s, &p, w); err != nil {
		return err
	}
	if s.State, err = s.State.After(Raise); err != nil {
		return err
	}
	s.Exceptions = append(slices.Clip(s.Exceptions), Exception{Kind: w.Kind, Raised: a.ID()})
	return d.save(ctx, &s, &p, a.Line(d.now(), "desk.raise", s.ID, s.ID, map[string]string{"exception": string(w.Kind)}))
}

// fits refuses an exception that nothing calls for, or that no exception may cover.
func (d *Service) fits(ctx context.Context, a staff.Actor, s *Session, p *payload, w Wish) error {
	unfit := func(why string) error { return tunnus.BadRequest("kind", errors.New("desk: "+why)) }
	switch w.Kind {
	case ExpiredLately:
		z, err := mrz.Parse(p.Zone)
		if err != nil || !s.Expired {
			return unfit("the document was not read, or has not expired")
		}
		if d.tooOld(z.Expiry) {
			return unfit("expired too long ago")
		}
	case NameChanged:
		if p.Zone == "" || w.Paper == "" || len(w.Paper) > 40 || w.Person.Surname == "" || len(w.Person.Surname)+len(w.Person.GivenNames) > 200 {
			return unfit("a name is changed by a paper, after the document was read")
		}
		p.Paper, p.Person.Surname, p.Person.GivenNames = w.Paper, w.Person.Surname, w.Person.GivenNames
	case NoChip:
		if s.Proved {
			return unfit("the chip has proved itself")
		}
		if p.Zone != "" { // read, but it could be a copy: what it says stands
			return nil
		}
		return d.printed(ctx, a, s, p, w)
	default:
		return unfit("no such exception")
	}
	return nil
}

// printed takes a document by its print. What holds for a chip holds for it: its state
// and kind must be served, it must not be locked, and it is not the officer's own.
func (d *Service) printed(ctx context.Context, a staff.Actor, s *Session, p *payload, w Wish) error {
	z, err := mrz.Parse(mrz.Clean(w.Zone))
	if err != nil {
		return err
	}
	if err := d.cfg.Scheme.Takes(z); err != nil {
		return err
	}
	if err := d.unlocked(ctx, z); err != nil {
		return err
	}
	person := d.shown(z)
	if person.Code == "" {
		person.Country, person.Code = w.Person.Country, w.Person.Code
	}
	if err := d.known(a, s, person); err != nil {
		return err
	}
	last, err := z.ExpiryDate()
	s.Expired = err != nil || !d.now().Before(last.AddDate(0, 0, 1))
	p.Zone, p.Issued, p.Person = z.String(), time.Time{}, person
	return nil
}

// tooOld reports whether a last day (YYMMDD, of a document that has expired and
// so lies in this century) is longer ago than exceptions reach.
func (d *Service) tooOld(expiry string) bool {
	last, err := time.Parse("20060102", "20"+expiry)
	return err != nil || d.now().Sub(last.AddDate(0, 0, 1)) > d.cfg.Rules.ExpiredBy
}

// Second agrees to the exception that waits, or refuses it, which ends the
// session. It is another officer than the one who asked, and not the applicant.
func (d *Service) Second(ctx context.Context, a staff.Actor, id string, agrees bool) error {
	if err := a.May(staff.Except); err != nil {
		return err
	}
	e := Agree
	if !agrees {
		e = Refuse
	}
	s, p, err := d.live(ctx, id, e)
	if err != nil {
		return err
	}
	if err := a.Second(s.Officer); err != nil {
		return err
	}
	if err := a.Other(s.Mark); err != nil {
		return err
	}
	if s.State, err = s.State.After(e); err != nil {
		return err
	}
	last := len(s.Exceptions) - 1
	s.Exceptions = slices.Clone(s.Exceptions)
	s.Exceptions[last].Agreed = a.ID()
	line := a.Line(d.now(), "desk."+string(e), s.ID, s.ID, map[string]string{"exception": string(s.Exceptions[last].Kind)})
	if !agrees {
		s.EndedAt, s.Exceptions[last].Agreed = d.now(), ""
		return d.save(ctx, &s, nil, line)
	}
	return d.save(ctx, &s, &p, line)
}

// A Statement is the evidence of a desk: what an officer signs. It names no person;
// Device is the thumbprint of hk.
type Statement struct {
	Tag        string            `json:"tag"` // "tunnus/desk/statement/v1"
	Case       string            `json:"case"`
	Sitting    string            `json:"sitting"`
	Device     string            `json:"device"`
	Officer    string            `json:"officer"`
	Subject    string            `json:"subject"` // mark of the applicant
	Chip       bool              `json:"chip"`    // proved itself over a challenge of this session
	Checks     map[string]string `json:"checks"`
	Exceptions []Exception       `json:"exceptions"`
	Ticks      []Tick            `json:"ticks"`
}

// Draft is the statement that the officer has to sign, as the server writes it of
// its own record: these bytes are to be the body of the request that [Service.Sign] gets.
func (d *Service) Draft(ctx context.Context, a staff.Actor, id string) ([]byte, error) {
	s, _, _, err := d.signable(ctx, a, id)
	if err != nil {
		return nil, err
	}
	return s.statement()
}

// signable loads a session that may be signed, or signed again.
func (d *Service) signable(ctx context.Context, a staff.Actor, id string) (s Session, p payload, again bool, err error) {
	if s, err = d.cfg.Store.Desk(ctx, id); err != nil {
		return s, p, false, err
	}
	e := Attest
	if again = s.State == Attested; again {
		e = Activate // what is open then
	}
	s, p, err = d.mine(ctx, a, id, e)
	return s, p, again, err
}

func (s Session) statement() ([]byte, error) {
	return json.Marshal(Statement{
		"tunnus/desk/statement/v1", s.ID, s.Sitting, s.Device, s.Officer, s.Mark, s.Proved, s.Checks, s.Exceptions, Ticks(),
	})
}

// complete refuses a statement with something missing: a document that did not
// prove itself, or has expired, and nobody has agreed to that.
func (s Session) complete() error {
	agreed := func(k Kind) bool {
		return slices.ContainsFunc(s.Exceptions, func(e Exception) bool { return e.Kind == k && e.Agreed != "" && e.Agreed != e.Raised })
	}
	switch {
	case s.Mark == "":
		return tunnus.Conflict(errors.New("desk: nobody knows who is served"))
	case !s.Proved && !agreed(NoChip):
		return tunnus.Conflict(errors.New("desk: the chip has not proved itself"))
	case s.Expired && !agreed(ExpiredLately):
		return tunnus.Conflict(errors.New("desk: the document has expired"))
	}
	return nil
}

// A Code is the activation code for the officer's screen.
type Code struct {
	Code  tunnus.Secret
	Until time.Time
}

// Sign takes the officer's signature over the statement (the body of the request
// that he signed, byte for byte what [Service.Draft] gave), and makes the
// activation code. Signing again makes a new code, and the old one is void.
func (d *Service) Sign(ctx context.Context, a staff.Actor, id string) (Code, error) {
	s, p, again, err := d.signable(ctx, a, id)
	if err != nil {
		return Code{}, err
	}
	if err := errors.Join(a.Other(s.Mark), s.complete()); err != nil {
		return Code{}, err
	}
	want, err := s.statement()
	if err != nil {
		return Code{}, err
	}
	if !bytes.Equal(want, a.Signed().Request.Body) {
		return Code{}, tunnus.BadRequest("statement", errors.New("desk: not the statement of this session"))
	}
	signed, err := json.Marshal(a.Signed())
	if err != nil {
		return Code{}, fmt.Errorf("desk: keeping a signature: %w", err)
	}
	code, now := staff.Letters(codeLetters), d.now()
	s.State, s.Statement, s.Signed = Attested, want, signed
	s.CodeMAC, s.CodeUntil, s.Tries = d.codeMAC(s, code), now.Add(d.cfg.Rules.CodeLife), 0
	line := a.Line(now, "desk.attest", s.ID, s.ID, map[string]string{"sitting": s.Sitting, "device": s.Device, "again": fmt.Sprint(again)})
	if err := d.save(ctx, &s, &p, line); err != nil {
		return Code{}, err
	}
	return Code{tunnus.NewSecret([]byte(code)), s.CodeUntil}, nil
}

// Stop gives a session up, at any time before its end. What the sitting was told
// already stays there until it ends itself.
func (d *Service) Stop(ctx context.Context, a staff.Actor, id string) error {
	s, _, err := d.mine(ctx, a, id, Stop)
	if err != nil {
		return err
	}
	return d.stop(ctx, s, a.Line(d.now(), "desk.stop", s.ID, s.ID, nil))
}

func (d *Service) stop(ctx context.Context, s Session, line tunnus.Event) error {
	to, err := s.State.After(Stop)
	if err != nil {
		return err
	}
	s.State, s.EndedAt, s.CodeMAC = to, d.now(), nil
	return d.save(ctx, &s, nil, line)
}
