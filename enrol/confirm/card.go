package confirm

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/statement"
)

// A Consent is a question about a child, as its guardian sees it at the portal.
type Consent struct {
	ID        string
	Statement statement.Statement
	Text      string // what the card signs
	Due       time.Time
	Mine      bool            // this guardian's card has claimed it
	Busy      bool            // another guardian is answering
	Signed    bool            // and is not taken by the sitting yet
	Request   *idcard.Request // what the card is to sign, while its claim lives
}

// cardholder begins what stands in the place of an account's id where an ID-card
// answers: behind it a keyed hash of the person.
const cardholder = "card/"

func (s *Service) holder(p tunnus.PersonCode) string {
	return cardholder + s.mac("holder", p.SemanticsID())
}

// byHolder reports whether an ID-card has claimed a question, byCard whether it has
// signed.
func (q Question) byHolder() bool { return strings.HasPrefix(q.Account, cardholder) }
func (q Question) byCard() bool   { return q.byHolder() && q.Sign != "" }

// offers are the transactions that were put up for a question.
func (q Question) offers() (list []string) {
	if q.byHolder() {
		return nil
	}
	for _, t := range []string{q.Login, q.Sign} {
		if t != "" {
			list = append(list, t)
		}
	}
	return list
}

// most is how many questions about one child are shown: each is a sitting that has
// proved the child.
const most = 20

// About returns the questions about a child that a guardian can answer by an ID-card,
// those first whose time is over first. It is empty for whoever is no guardian now,
// as [Guardians] has it, and fails with regi-down if the register does not answer; it is
// asked only if something waits.
func (s *Service) About(ctx context.Context, child, guardian tunnus.PersonCode) (list []Consent, err error) {
	all, err := s.cfg.Store.OfChild(ctx, s.mac("child", child.SemanticsID()), most)
	if err != nil {
		return nil, fmt.Errorf("confirm: questions about a child: %w", err)
	}
	all = slices.DeleteFunc(all, func(q Question) bool { return !s.now().Before(q.Due) })
	if len(all) == 0 {
		return nil, nil
	}
	if is, err := s.cfg.Guardians.Answers(ctx, guardian, child); err != nil || !is {
		return nil, err
	}
	for _, q := range all {
		c, _, err := s.shown(q, guardian)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func (s *Service) shown(q Question, guardian tunnus.PersonCode) (Consent, asked, error) {
	a, err := s.unseal(q)
	if err != nil {
		return Consent{}, a, err
	}
	text, err := a.Statement.CardText()
	c := Consent{
		ID: q.ID, Statement: a.Statement, Text: text, Due: q.Due, Mine: q.Account == s.holder(guardian),
		Busy: q.another(a, s.holder(guardian), guardian), Signed: q.byCard(),
	}
	if c.Mine && s.now().Before(a.Until) {
		c.Request = a.Request
	}
	return c, a, err
}

// consent returns a question that a guardian may answer by an ID-card. It fails with
// not-found for any other, and for whoever is no guardian now; as [Service.Claim] if
// its time is over.
func (s *Service) consent(ctx context.Context, id string, guardian tunnus.PersonCode) (Question, Consent, asked, error) {
	q, err := s.find(ctx, id+"."+s.mac("link", id))
	if err != nil {
		return q, Consent{}, asked{}, err
	}
	if q.State.Over() || q.About != statement.Guardian {
		return q, Consent{}, asked{}, tunnus.NotFound(fmt.Errorf("confirm: the question is %q", q.State))
	}
	c, a, err := s.shown(q, guardian)
	if err == nil {
		err = s.guardian(ctx, a, guardian, tunnus.Qualified) // what a card proves is of the highest level
	}
	return q, c, a, err
}

// Consent returns one question of [Service.About], or fails with not-found.
func (s *Service) Consent(ctx context.Context, id string, guardian tunnus.PersonCode) (Consent, error) {
	_, c, _, err := s.consent(ctx, id, guardian)
	if err != nil { // what was read before the register was asked is for nobody else
		return Consent{}, err
	}
	return c, nil
}

// Hold makes a question that of a guardian's ID-card, which is to sign a request over
// the text, for the time that PINs have too. Repeated, the last request counts. If
// another guardian has claimed it, the question ends for both, as with a link.
func (s *Service) Hold(ctx context.Context, id string, guardian tunnus.PersonCode, request idcard.Request) error {
	q, c, a, err := s.consent(ctx, id, guardian)
	switch {
	case err != nil:
		return err
	case c.Busy:
		return s.second(ctx, &q)
	case c.Signed:
		return tunnus.Conflict(errors.New("confirm: signed already"))
	case q.State == Claimed && !q.byHolder(): // by an account of the same person
		if _, done, err := s.answered(ctx, &q); done || err != nil {
			return errors.Join(err, tunnus.Conflict(errors.New("confirm: answered on a phone already")))
		}
	}
	a.Request = &request
	return s.hold(ctx, &q, &a, s.holder(guardian), guardian)
}

// Sign takes what the card of [Service.Hold] has signed: the evidence, and what is told
// of it, with its digest as "record". The caller has verified the signature, over the
// request. It fails with [tunnus.CodeStateConflict] if the question is not that card's,
// another request has come meanwhile, or its time for the PIN is over; then it is
// claimed anew.
func (s *Service) Sign(ctx context.Context, id string, guardian tunnus.PersonCode, over idcard.Request, record []byte, detail map[string]string) (err error) {
	q, c, a, err := s.consent(ctx, id, guardian)
	if err != nil {
		return err
	}
	if !c.Mine || c.Signed || c.Request == nil || !bytes.Equal(c.Request.Hash, over.Hash) || detail["record"] == "" {
		return tunnus.Conflict(errors.New("confirm: the card was not asked for this"))
	}
	if q.Record, err = s.cfg.Sealer.Seal(record, q.recordPlace()); err != nil {
		return fmt.Errorf("confirm: sealing the evidence: %w", err)
	}
	a.Request, a.Detail, q.Sign = nil, detail, detail["record"]
	return s.save(ctx, &q, &a, "confirm.card", "")
}

// recordPlace binds the seal of the evidence to the question.
func (q Question) recordPlace() []byte { return []byte("enrol/confirm/record/" + q.ID) }

// Evidence opens what was signed in answer to a question, or fails with not-found: of an
// account a [Record], of an ID-card what [Service.Sign] was given.
func (s *Service) Evidence(ctx context.Context, id string) ([]byte, error) {
	q, err := s.cfg.Store.Question(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("confirm: reading a question: %w", err)
	}
	if len(q.Record) == 0 {
		return nil, tunnus.NotFound(errors.New("confirm: nothing was signed"))
	}
	return s.cfg.Sealer.Open(q.Record, q.recordPlace())
}

// Kept opens what was signed, for whoever only reads.
type Kept struct {
	Store  Store
	Sealer otp.Sealer
	Secret tunnus.Secret // as in [Config]
}

// Of is [Service.Evidence] of what a sitting has asked.
func (k Kept) Of(ctx context.Context, session string, about statement.About) ([]byte, error) {
	s := &Service{Config{Store: k.Store, Sealer: k.Sealer, Secret: k.Secret}}
	return s.Evidence(ctx, s.id(session, about))
}

// Secret is the one for [Config], derived from the server's own.
func Secret(own tunnus.Secret) (tunnus.Secret, error) {
	b, err := hkdf.Key(sha256.New, own.Reveal(), nil, "tunnus/enrol/confirm/v1", 32)
	if err != nil {
		return tunnus.Secret{}, fmt.Errorf("confirm: deriving a secret: %w", err)
	}
	return tunnus.NewSecret(b), nil
}

// Decline ends a question by the word of a guardian who has logged in with an ID-card.
func (s *Service) Decline(ctx context.Context, id string, guardian tunnus.PersonCode) error {
	q, c, _, err := s.consent(ctx, id, guardian)
	if err != nil {
		return err
	}
	if c.Busy || c.Signed {
		return tunnus.Conflict(errors.New("confirm: another guardian answers, or it is signed"))
	}
	before := q
	q.Account = s.holder(guardian)
	if err := s.move(ctx, &q, Refuse, nil); err != nil {
		return err
	}
	return s.cancel(context.WithoutCancel(ctx), before)
}
