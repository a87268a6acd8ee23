package card

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// A Question is one that the portal asks before anything is bound.
type Question struct {
	ID      string
	Answers []string // words, in the order in which they are shown
	safe    string
}

// questions are asked of everybody, in this order. They change nothing for whoever
// lies; they stop those who are being deceived and do not know it yet.
var questions = []Question{
	{"own-phone", []string{"yes", "no"}, "yes"}, // did you start this yourself, on your own phone?
	{"guided", []string{"no", "yes"}, "no"},     // is anybody telling you what to do?
	{"terms", []string{"yes", "no"}, "yes"},     // the level and the terms are known
}

// Questions lists the questions.
func Questions() []Question { return slices.Clone(questions) }

// Answer takes the answers, one a question. One that speaks of coercion or deceit
// ends the visit, with ses-terminated. It fails with bad-request, naming the
// question, if an answer is missing.
func (s *Service) Answer(ctx context.Context, visit string, answers map[string]string) error {
	v, p, err := s.step(ctx, visit, Answer)
	if err != nil {
		return err
	}
	p.Questions = map[string]string{}
	stop := ""
	for _, q := range questions {
		got := answers[q.ID]
		if !slices.Contains(q.Answers, got) {
			return tunnus.BadRequest(q.ID, errors.New("card: a question without an answer"))
		}
		if p.Questions[q.ID] = got; got != q.safe {
			stop = q.ID
		}
	}
	if stop != "" {
		return s.end(ctx, &v, Terminated(fmt.Errorf("card: an answer to %q speaks of deceit", stop)))
	}
	return s.save(ctx, &v, p, nil, tunnus.Event{At: s.now(), Kind: "card.answered", Subject: v.ID, Detail: p.Questions})
}

// A To says where a one-time code is to go: to a contact as it is typed, or to one
// on file, by the name that [Service.Choices] gave it.
type To struct{ Contact, Pick string }

// purpose is what the message says that its code is for, and browser from where.
const (
	purpose = "a new account"
	browser = "the portal, with your ID-card"
)

// Choices shows the contacts on file, masked, where the rules want one of them;
// wanted tells whether they do. It is for a visit in which the card has proved the
// person, and no other (R5).
func (s *Service) Choices(ctx context.Context, visit string) (list []otp.Choice, wanted bool, err error) {
	v, p, err := s.load(ctx, visit)
	if err != nil {
		return nil, false, err
	}
	if v.State != Answered {
		return nil, false, tunnus.Conflict(errors.New("card: no contact is asked for now"))
	}
	onFile, wanted, err := s.onFile(ctx, p)
	return s.otp.Offer(v.ID, onFile), wanted, err
}

func (s *Service) onFile(ctx context.Context, p payload) (list []string, wanted bool, err error) {
	person, err := p.person()
	if err != nil {
		return nil, false, err
	}
	if wanted, err = s.cfg.OnFile(ctx, person); err != nil || !wanted {
		return nil, false, err
	}
	usable, err := s.cfg.Contacts.Usable(ctx, person)
	if err != nil {
		return nil, false, fmt.Errorf("card: contacts of a person: %w", err)
	}
	for _, c := range usable {
		list = append(list, c.Address)
	}
	return list, true, nil
}

// SendCode sends a one-time code, as [otp.Codes.Send] does; otp-blocked ends the
// visit. Where the rules want a contact on file, no other is taken, and without any
// there is nothing to pick: bad-request.
func (s *Service) SendCode(ctx context.Context, visit string, to To) (otp.Sent, error) {
	v, p, err := s.load(ctx, visit)
	if err != nil {
		return otp.Sent{}, err
	}
	if _, err := v.State.After(Confirm); err != nil {
		return otp.Sent{}, err
	}
	onFile, wanted, err := s.onFile(ctx, p)
	if err != nil {
		return otp.Sent{}, err
	}
	if wanted && len(onFile) == 0 {
		return otp.Sent{}, tunnus.BadRequest("contact", errors.New("card: no contact on file"))
	}
	person, err := p.person()
	if err != nil {
		return otp.Sent{}, err
	}
	sent, err := s.otp.Send(ctx, otp.Order{
		Session: v.ID, Owner: v.Person, Contact: to.Contact, OnFile: onFile, Pick: to.Pick, Person: person,
		Purpose: purpose, Device: browser, Language: p.Language,
		Request: strconv.FormatInt(v.Rev, 10), // as long as it is not written where the code went
	})
	if err != nil {
		return otp.Sent{}, s.blocked(ctx, &v, err)
	}
	p.Contact = sent.Contact
	return sent, s.save(ctx, &v, p, nil)
}

// ConfirmCode judges a one-time code as [otp.Codes.Confirm] does; otp-blocked ends
// the visit.
func (s *Service) ConfirmCode(ctx context.Context, visit, typed string) error {
	v, p, err := s.step(ctx, visit, Confirm)
	if err != nil {
		return err
	}
	// As long as the visit is not written, typed again is the same request, as in SendCode.
	proved, err := s.otp.Confirm(ctx, v.ID, strconv.FormatInt(v.Rev, 10), typed)
	if err != nil {
		v, _, lerr := s.load(ctx, visit)
		if lerr != nil {
			return lerr
		}
		return s.blocked(ctx, &v, err)
	}
	if proved != s.otp.ContactKey(p.Contact) { // the address was changed while the code was under way
		return tunnus.Conflict(errors.New("card: the code went to another address"))
	}
	at, err := address.Of(p.Contact)
	if err != nil {
		return fmt.Errorf("card: a contact: %w", err)
	}
	p.Channel = string(at.Channel)
	return s.save(ctx, &v, p, nil, tunnus.Event{At: s.now(), Kind: "card.contact", Subject: v.ID, Detail: map[string]string{"channel": p.Channel}})
}

func (s *Service) blocked(ctx context.Context, v *Visit, err error) error {
	if tunnus.CodeOf(err) == tunnus.CodeOTPBlocked {
		return s.end(ctx, v, err)
	}
	return err
}

// mask shows a contact so that its owner knows it again.
func mask(kept string) string {
	a, err := address.Of(kept)
	if err != nil {
		return ""
	}
	return a.Mask()
}
