package confirm

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// An Answer is what a sitting gets.
type Answer struct {
	Account string            // id of the account that confirms; keyed hash of the person, if an ID-card did
	By      tunnus.PersonCode // whose account or card that is
	Person  tunnus.PersonCode // whose account is to be made, or is confirmed
	Level   tunnus.Level      // that was shown, of the account that is made
	Detail  map[string]string // for the evidence: digests of what was proved and signed
}

// Answer returns what was answered for a sitting; ok is false as long as nobody
// has, or nothing was asked. It fails with confirm-no if the holder refused, two accounts followed
// the link, or nobody answered in time; for a guardian, the last is guard-late.
func (s *Service) Answer(ctx context.Context, session string, about statement.About) (a Answer, ok bool, err error) {
	q, err := s.cfg.Store.Question(ctx, s.id(session, about))
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return Answer{}, false, nil
	}
	if err != nil {
		return Answer{}, false, fmt.Errorf("confirm: reading a question: %w", err)
	}
	switch q.State {
	case Answered, Refused, Disputed, Lapsed:
		return Answer{}, false, unanswered(q)
	case Claimed:
		if a, ok, err = s.answered(ctx, &q); ok || err != nil {
			return a, ok, err
		}
	}
	if !s.now().Before(q.Due) {
		return Answer{}, false, s.move(ctx, &q, Lapse, unanswered(q))
	}
	return Answer{}, false, nil
}

// answered looks whether every PIN that is asked for has done its part.
func (s *Service) answered(ctx context.Context, q *Question) (Answer, bool, error) {
	if q.Sign == "" || q.Login == "" && q.About != statement.Guardian {
		return Answer{}, false, nil // not even put up yet
	}
	a, err := s.unseal(*q)
	if err != nil {
		return Answer{}, false, err
	}
	person, err := tunnus.ParseSemanticsID(a.Statement.Person)
	if err != nil {
		return Answer{}, false, err
	}
	by, err := tunnus.ParseSemanticsID(a.By)
	if err != nil {
		return Answer{}, false, err
	}
	out := Answer{Account: q.Account, By: by, Person: person, Level: tunnus.Level(a.Statement.Level), Detail: map[string]string{"confirmed_by": q.Account}}
	if q.byCard() {
		maps.Copy(out.Detail, a.Detail)
		return out, true, nil
	}
	for name, t := range map[string]string{"pin1": q.Login, "pin2": q.Sign} {
		if t == "" {
			continue
		}
		signed, ok, err := s.cfg.Signatures.Outcome(ctx, t)
		if err != nil {
			return Answer{}, false, fmt.Errorf("confirm: asking for an answer: %w", err)
		}
		if !ok {
			return Answer{}, false, nil
		}
		sum := sha256.Sum256(signed.Signature)
		out.Detail[name] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return out, true, nil
}

// unanswered is why a question that is over, or out of time, has no answer.
func unanswered(q Question) error {
	cause := fmt.Errorf("confirm: %s: the question is %q", q.About, q.State)
	if q.About == statement.Guardian && (q.State == Lapsed || !q.State.Over()) {
		return tunnus.Fail(tunnus.CodeGuardLate, cause)
	}
	return tunnus.Fail(tunnus.CodeConfirmNo, cause)
}

// abouts are what is asked.
var abouts = []statement.About{statement.Vouch, statement.Replace, statement.Guardian}

// End ends what a sitting has asked, once it has taken the answer, or has ended
// itself: what was sealed goes, and nobody can answer any more. It may be repeated;
// what it leaves undone, [Service.Sweep] does.
func (s *Service) End(ctx context.Context, session string) error {
	var errs []error
	for _, about := range abouts {
		errs = append(errs, s.end(ctx, s.id(session, about)))
	}
	return errors.Join(errs...)
}

func (s *Service) end(ctx context.Context, id string) error {
	q, err := s.cfg.Store.Question(ctx, id)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound || err == nil && q.State.Over() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("confirm: reading a question: %w", err)
	}
	event := Lapse
	if q.State == Claimed {
		_, done, err := s.answered(ctx, &q)
		if err != nil {
			return err
		}
		if done {
			event = Take
			if err := s.prove(ctx, &q); err != nil {
				return err
			}
		}
	}
	return s.move(ctx, &q, event, nil)
}

// A Record is the evidence of one answer by PIN2 of an account. That of an ID-card is
// package card's.
type Record struct {
	Account   string        `json:"account"`
	Payload   []byte        `json:"payload"` // canonical bytes of the statement
	Signature []byte        `json:"signature"`
	Hash      splitkey.Hash `json:"hash"`
}

// prove keeps what an account has signed, for longer than keyshare does.
func (s *Service) prove(ctx context.Context, q *Question) error {
	if q.byCard() {
		return nil
	}
	signed, ok, err := s.cfg.Signatures.Outcome(ctx, q.Sign)
	if err == nil && !ok {
		err = errors.New("it is gone")
	}
	if err != nil {
		return fmt.Errorf("confirm: asking for a signature: %w", err)
	}
	plain, err := json.Marshal(Record{q.Account, signed.Payload, signed.Signature, signed.Hash})
	if err == nil {
		q.Record, err = s.cfg.Sealer.Seal(plain, q.recordPlace())
	}
	if err != nil {
		return fmt.Errorf("confirm: sealing the evidence: %w", err)
	}
	return nil
}

// A sweep looks at so many questions, so long after their time: a sitting takes
// what was answered in time before.
const (
	sweepBatch = 100
	sweepAfter = 2 * time.Minute
)

// Sweep ends questions whose time is over, so that nothing of a person stays in
// them, and returns how many. It may run on several nodes.
func (s *Service) Sweep(ctx context.Context) (n int, err error) {
	ids, err := s.cfg.Store.Unheard(ctx, s.now().Add(-sweepAfter), sweepBatch)
	if err != nil {
		return 0, fmt.Errorf("confirm: looking for questions: %w", err)
	}
	var errs []error
	for _, id := range ids {
		if err := s.end(ctx, id); err == nil {
			n++
		} else if tunnus.CodeOf(err) != tunnus.CodeStateConflict { // else another node was faster
			errs = append(errs, err)
		}
	}
	return n, errors.Join(errs...)
}
