package confirm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A Claim is what the other device is to answer: transactions of its own keys.
type Claim struct {
	About statement.About
	Login string // PIN1; "" if only PIN2 is asked for
	Sign  string // PIN2
	Until time.Time
}

// Claim lets an account follow a link, and puts the statement up for its keys. The
// same account may claim again, and gets what is put up, or, if the time for that is
// over, the same statement anew. It fails with not-found for a link that leads
// nowhere or that this account has no say in, with src-account-no if the account may
// not vouch, and as [Guardians] does; with guard-late or confirm-no if time is over;
// and if another account has claimed it, the question ends for both.
func (s *Service) Claim(ctx context.Context, link string, by account.Account) (Claim, error) {
	q, err := s.find(ctx, link)
	if err != nil {
		return Claim{}, err
	}
	if q.State.Over() || q.Device == by.Device {
		return Claim{}, tunnus.Conflict(fmt.Errorf("confirm: the question is %q", q.State))
	}
	a, err := s.unseal(q)
	if err != nil {
		return Claim{}, err
	}
	if q.another(a, by.ID, by.Person) {
		return Claim{}, s.second(ctx, &q)
	}
	if q.byCard() {
		return Claim{}, tunnus.Conflict(errors.New("confirm: an ID-card has signed already"))
	}
	if q.State == Claimed {
		if _, done, err := s.answered(ctx, &q); done || err != nil {
			return claim(q, a), err
		}
	}
	if q.Account != by.ID || !s.now().Before(a.Until) {
		if err := s.bind(ctx, &q, &a, by); err != nil {
			return Claim{}, err
		}
	}
	return s.offer(ctx, q, a, by)
}

func claim(q Question, a asked) Claim { return Claim{q.About, q.Login, q.Sign, a.Until} }

// another reports whether a question is somebody else's already. Two accounts are,
// even of one person; an ID-card is its holder, whose account may have come before or
// comes after (doc/adr/0009).
func (q Question) another(a asked, id string, person tunnus.PersonCode) bool {
	card := strings.HasPrefix(id, cardholder) || q.byHolder()
	return q.State == Claimed && q.Account != id && (!card || a.By != person.SemanticsID())
}

// second ends a question that two have claimed.
func (s *Service) second(ctx context.Context, q *Question) error {
	return s.move(ctx, q, Dispute, tunnus.Conflict(errors.New("confirm: a second one has claimed the question")))
}

// bind makes a question that of an account, for a time in which its PINs answer.
// That is durable before anything is put up: a repeat puts up the same.
func (s *Service) bind(ctx context.Context, q *Question, a *asked, by account.Account) error {
	if err := s.entitled(ctx, *q, a, by); err != nil {
		return err
	}
	a.Request = nil
	return s.hold(ctx, q, a, by.ID, by.Person)
}

// hold writes whose a question is from now on. What was put up for it before is
// cancelled, and worth nothing.
func (s *Service) hold(ctx context.Context, q *Question, a *asked, id string, person tunnus.PersonCode) error {
	to, err := q.State.After(Follow)
	if err != nil {
		return err
	}
	before := *q
	a.Round++
	a.Until = s.now().Add(answerWithin)
	if a.Until.After(q.Due) {
		a.Until = q.Due
	}
	a.By = person.SemanticsID()
	q.State, q.Account, q.Login, q.Sign = to, id, "", ""
	if err := s.save(ctx, q, a, "confirm.claim", ""); err != nil {
		return err
	}
	return s.cancel(context.WithoutCancel(ctx), before)
}

// entitled judges whether an account may answer a question, and completes what it
// then signs.
func (s *Service) entitled(ctx context.Context, q Question, a *asked, by account.Account) error {
	if !by.Usable(s.now()) {
		return tunnus.NotFound(errors.New("confirm: the account cannot be used"))
	}
	if a.Number != "" && by.Document != a.Number {
		return tunnus.NotFound(errors.New("confirm: another account of the person is asked"))
	}
	switch q.About {
	case statement.Vouch:
		level := a.Level
		if by.Level.Valid() && !by.Level.AtLeast(level) {
			level = by.Level // a new account is worth no more than the one that vouches
		}
		if !by.MayVouch(level, s.now()) || s.now().Before(by.ActiveAt.Add(a.Age)) {
			return NotVouching(errors.New("confirm: this account may not vouch"))
		}
		a.Statement.Level = string(level)
		a.name(by)
		return nil
	case statement.Replace:
		if a.Statement.Person == "" { // the card tells later who it is
			a.name(by)
		}
		if by.Person.SemanticsID() != a.Statement.Person {
			return tunnus.NotFound(errors.New("confirm: an account of somebody else"))
		}
		return nil
	case statement.Guardian:
		return s.guardian(ctx, *a, by.Person, by.Level)
	}
	return fmt.Errorf("confirm: nobody is asked to %s", q.About)
}

// NotVouching is the refusal of an account that may not vouch (R3).
func NotVouching(cause error) error { return tunnus.Fail(tunnus.CodeSrcAccountNo, cause) }

func (a *asked) name(by account.Account) {
	a.Statement.Person, a.Statement.Name = by.Person.SemanticsID(), by.GivenNames+" "+by.Surname
}

// guardian judges whether somebody answers for a child (R9), by an account of a
// level or by an ID-card.
func (s *Service) guardian(ctx context.Context, a asked, person tunnus.PersonCode, level tunnus.Level) error {
	child, err := tunnus.ParseSemanticsID(a.Child)
	if err != nil {
		return err
	}
	is, err := s.cfg.Guardians.Answers(ctx, person, child)
	if err != nil {
		return err
	}
	if !is || !level.AtLeast(a.Level) {
		return tunnus.NotFound(errors.New("confirm: not a guardian of this child, or by an account of a lower level"))
	}
	return nil
}

// offer puts the statement up for the keys of the account that has claimed it.
func (s *Service) offer(ctx context.Context, q Question, a asked, by account.Account) (Claim, error) {
	record, err := a.Statement.Canonical()
	if err != nil {
		return Claim{}, err
	}
	before := q
	put := func(key string, how splitkey.Padding) (string, error) {
		return s.cfg.Signatures.Offer(ctx, binding.Offer{
			ID: fmt.Sprintf("confirm/%s/%s/%d", q.ID, key, a.Round), KeyID: key, Kind: statement.Kind, Record: record, Hash: statement.Hash,
			Padding: how, Expires: a.Until,
		})
	}
	if q.About != statement.Guardian {
		if q.Login, err = put(by.LoginKey, splitkey.Internal); err != nil {
			return Claim{}, fmt.Errorf("confirm: asking for PIN1: %w", err)
		}
	}
	if q.Sign, err = put(by.SignKey, splitkey.PSS); err != nil {
		return Claim{}, fmt.Errorf("confirm: asking for PIN2: %w", err)
	}
	if q.Login == before.Login && q.Sign == before.Sign {
		return claim(q, a), nil
	}
	if err := s.save(ctx, &q, &a, "confirm.offer", ""); err != nil {
		return Claim{}, s.overtaken(context.WithoutCancel(ctx), q, err)
	}
	return claim(q, a), nil
}

// overtaken looks whether a question ended while it was put up: then what came too
// late for that end is cancelled too. It returns why putting up failed.
func (s *Service) overtaken(ctx context.Context, q Question, why error) error {
	now, err := s.cfg.Store.Question(ctx, q.ID)
	if err == nil && now.State.Over() {
		err = s.cancel(ctx, q)
	}
	return errors.Join(why, err)
}

// Refuse ends a question by the word of an account that may follow its link.
func (s *Service) Refuse(ctx context.Context, link string, by account.Account) error {
	q, err := s.find(ctx, link)
	if err != nil {
		return err
	}
	if q.State == Refused && q.Account == by.ID {
		return nil
	}
	if q.State == Claimed && q.Account != by.ID || q.Device == by.Device {
		return tunnus.NotFound(errors.New("confirm: another account answers"))
	}
	q.Account = by.ID
	return s.move(ctx, &q, Refuse, nil)
}
