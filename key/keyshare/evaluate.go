package keyshare

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/gate"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/key/voprf"
)

// Evaluate is one try of the PIN, for one transaction (splitkey.Evaluate). The
// try is charged in a committed row before anything is evaluated; the answer is
// stored under the request's nonce, and the same request gets it again free of
// charge. What is refused before the charge costs nothing.
//
// It fails with [tunnus.CodeBadSignature] if the device did not sign; with
// [tunnus.CodeAccCloned] for a stale one-time value, and holds the key; with
// [tunnus.CodeTxnState] if the transaction is not live or its freshness token is
// another; with the code of the lock, with Until, if the key is locked; with
// [tunnus.CodePINWorn] after thirty tries that never led to a signature; with
// [tunnus.CodeStateConflict] while another try of this key is under way.
func (s *Service) Evaluate(ctx context.Context, r device.Signed) (splitkey.Evaluation, error) {
	return row.Settled(func(again bool) (splitkey.Evaluation, error) { return s.evaluate(ctx, r, again) })
}

func (s *Service) evaluate(ctx context.Context, r device.Signed, again bool) (splitkey.Evaluation, error) {
	var m splitkey.Evaluate
	q, k, err := s.gate.Admit(ctx, r, &m, again)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	unusable := k.Usable()
	if unusable != nil && k.State != Suspended { // may be lifted, and the phone needs the value that it was given
		return splitkey.Evaluation{}, unusable
	}
	x, err := s.openSecrets(k)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	// After a lost race the newest try may be a later one than this request's.
	if again || bytes.Equal(k.LastNonce, m.Nonce) {
		out, err := s.again(ctx, q, k, x, m)
		if tunnus.CodeOf(err) != tunnus.CodeNotFound {
			return out, err
		}
	}
	if unusable != nil {
		return splitkey.Evaluation{}, unusable
	}
	if err := s.gate.Present(ctx, q, &k, x); err != nil {
		return splitkey.Evaluation{}, err
	}
	t, err := s.open(ctx, k, m)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	if err := voprf.CheckElement(m.Blinded); err != nil {
		return splitkey.Evaluation{}, tunnus.BadRequest("blinded", err)
	}
	try, err := s.charge(ctx, &k, q, m, t)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	return s.answer(ctx, k, x, m, try)
}

// again serves a try's request once more: its stored answer, or, if a crash came
// before that, the answer that is due for the charge. It fails with
// [tunnus.CodeNotFound] if no such try was charged.
func (s *Service) again(ctx context.Context, q gate.Request, k Key, x sealed.Secrets, m splitkey.Evaluate) (splitkey.Evaluation, error) {
	try, err := s.Store.Evaluations.ByNonce(ctx, k.ID, m.Nonce)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	if !bytes.Equal(try.Body, q.Body) {
		return splitkey.Evaluation{}, tunnus.Conflict(errors.New("keyshare: this nonce was used for another request"))
	}
	if try.State == Reserved {
		if err := k.Usable(); err != nil {
			return splitkey.Evaluation{}, err
		}
		if try.Seq != k.LastSeq || try.Generation != k.Generation {
			return splitkey.Evaluation{}, tunnus.Conflict(errors.New("keyshare: another try was made since"))
		}
		return s.answer(ctx, k, x, m, try)
	}
	var out splitkey.Evaluation
	if err := json.Unmarshal(try.Answer, &out); err != nil {
		return splitkey.Evaluation{}, fmt.Errorf("keyshare: stored answer: %w", err)
	}
	return out, nil
}

// open finds the transaction, and sees that it is this key's, live, and the one
// that the phone has fetched.
func (s *Service) open(ctx context.Context, k Key, m splitkey.Evaluate) (Transaction, error) {
	t, err := s.ours(ctx, k, m.Transaction)
	switch {
	case err != nil:
		return t, err
	case t.Over(s.Clock.Now()):
		return t, row.RefuseTxn(errors.New("keyshare: the transaction is over"))
	case subtle.ConstantTimeCompare(t.Freshness, m.Freshness) != 1:
		return t, row.RefuseTxn(errors.New("keyshare: another freshness token"))
	}
	return t, nil
}

// charge is commit 1: it refuses a locked key, or reserves the try. k becomes
// the key as it is stored then.
func (s *Service) charge(ctx context.Context, k *Key, q gate.Request, m splitkey.Evaluate, t Transaction) (EvaluationRow, error) {
	rows, err := s.Store.Evaluations.Since(ctx, k.ID, k.ClearedSeq)
	if err != nil {
		return EvaluationRow{}, err
	}
	now := s.Clock.Now()
	charged, try, err := k.Charge(s.Ladder, rows, EvaluationRow{Transaction: t.ID, Nonce: m.Nonce, Body: q.Body, At: now},
		t.Kind == splitkey.ChangeKind)
	if errors.Is(err, row.ErrEnds) {
		if err := s.closer.End(ctx, *k, ReasonPIN, now); err != nil {
			return EvaluationRow{}, err
		}
		return EvaluationRow{}, row.Gone(row.ErrEnds)
	}
	if err != nil {
		return EvaluationRow{}, err
	}
	*k = charged
	details := []string{"seq", strconv.FormatInt(try.Seq, 10), "transaction", try.Transaction}
	events := []tunnus.Event{s.event("key.try", *k, "", details...)}
	if k.Unconfirmed == row.WarnAt {
		events = append(events, s.event("key.worn", *k, "", "unconfirmed", strconv.Itoa(k.Unconfirmed)))
	}
	if err := s.Store.Evaluations.Reserve(ctx, *k, try, events); err != nil {
		return EvaluationRow{}, row.Moved(err)
	}
	k.Rev++
	return try, nil
}

// answer evaluates a charged try and is commit 2: the answer is stored and the
// one-time value rotated.
func (s *Service) answer(ctx context.Context, k Key, x sealed.Secrets, m splitkey.Evaluate, try EvaluationRow) (splitkey.Evaluation, error) {
	evaluated, err := x.Evaluate(k.Public, m.Blinded)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	st, err := s.standing(ctx, k)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	k.Counter++
	k.RotatedAt = s.Clock.Now()
	out := splitkey.Evaluation{Evaluated: evaluated, OneTime: x.OneTime(k.Counter), Tries: k.Tries(s.Ladder, st, s.Clock.Now())}
	try.State = Answered
	try.Answer, err = json.Marshal(out)
	if err != nil {
		return splitkey.Evaluation{}, fmt.Errorf("keyshare: %w", err)
	}
	done := s.event("key.answer", k, "", "seq", strconv.FormatInt(try.Seq, 10))
	if err := s.Store.Evaluations.Update(ctx, k, try, []tunnus.Event{done}); err != nil {
		return splitkey.Evaluation{}, row.Moved(err)
	}
	return out, nil
}
