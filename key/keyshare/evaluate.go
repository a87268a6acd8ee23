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
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
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
	return settled(func() (splitkey.Evaluation, error) { return s.evaluate(ctx, r) })
}

func (s *Service) evaluate(ctx context.Context, r device.Signed) (splitkey.Evaluation, error) {
	var m splitkey.Evaluate
	k, err := s.admit(ctx, r, &m)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	if err := usable(k); err != nil {
		return splitkey.Evaluation{}, err
	}
	x, err := s.openSecrets(k)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	body := hash(r.Request.Body)
	if len(k.LastNonce) > 0 && bytes.Equal(k.LastNonce, m.Nonce) {
		return s.again(ctx, k, x, m, body)
	}
	if err := s.present(ctx, k, x, m.OneTime); err != nil {
		return splitkey.Evaluation{}, err
	}
	if err := s.open(ctx, k, m); err != nil {
		return splitkey.Evaluation{}, err
	}
	if err := splitkey.CheckBlinded(m.Blinded); err != nil {
		return splitkey.Evaluation{}, tunnus.BadRequest("blinded", err)
	}
	row, err := s.charge(ctx, &k, m, body)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	return s.answer(ctx, k, x, m, row)
}

// again serves the newest try's request once more: its stored answer, or, if a
// crash came before that, the answer that is due for the charge.
func (s *Service) again(ctx context.Context, k Key, x sealed.Secrets, m splitkey.Evaluate, body []byte) (splitkey.Evaluation, error) {
	row, err := s.Store.Evaluations.ByNonce(ctx, k.ID, m.Nonce)
	if err != nil {
		return splitkey.Evaluation{}, err
	}
	if !bytes.Equal(row.Body, body) {
		return splitkey.Evaluation{}, tunnus.Conflict(errors.New("keyshare: this nonce was used for another request"))
	}
	if row.State == Reserved {
		return s.answer(ctx, k, x, m, row)
	}
	var out splitkey.Evaluation
	if err := json.Unmarshal(row.Answer, &out); err != nil {
		return splitkey.Evaluation{}, fmt.Errorf("keyshare: stored answer: %w", err)
	}
	return out, nil
}

// open sees that the transaction is this key's, live, and the one that the phone
// has fetched.
func (s *Service) open(ctx context.Context, k Key, m splitkey.Evaluate) error {
	t, err := s.ours(ctx, k, m.Transaction)
	switch {
	case err != nil:
		return err
	case t.over(s.Clock.Now()):
		return refuseTxn(errors.New("keyshare: the transaction is over"))
	case subtle.ConstantTimeCompare(t.Freshness, m.Freshness) != 1:
		return refuseTxn(errors.New("keyshare: another freshness token"))
	}
	return nil
}

// charge is commit 1: it refuses a locked key, or reserves the try. k becomes
// the key as it is stored then.
func (s *Service) charge(ctx context.Context, k *Key, m splitkey.Evaluate, body []byte) (EvaluationRow, error) {
	now := s.Clock.Now()
	rows, err := s.Store.Evaluations.Since(ctx, k.ID, k.ClearedSeq)
	if err != nil {
		return EvaluationRow{}, err
	}
	st := s.fold(rows)
	if st.Permanent || k.LifeCount >= maxLife {
		if err := s.end(ctx, *k, ReasonPIN, now); err != nil {
			return EvaluationRow{}, err
		}
		return EvaluationRow{}, gone(errors.New("keyshare: wrong PIN too often, the key has ended"))
	}
	if err := s.locked(st); err != nil {
		return EvaluationRow{}, err
	}
	if k.Unconfirmed >= maxGeneration {
		cause := fmt.Errorf("keyshare: %d tries of this generation were never confirmed", k.Unconfirmed)
		return EvaluationRow{}, tunnus.Fail(tunnus.CodePINWorn, cause)
	}
	if n := len(rows); n > 0 && rows[n-1].State == Reserved && now.Sub(rows[n-1].At) < flightTime {
		return EvaluationRow{}, tunnus.Conflict(errors.New("keyshare: another try is under way"))
	}

	k.LastSeq++
	k.LastNonce = m.Nonce
	k.Unconfirmed++
	k.LifeCount++
	if s.Ladder.Fail(st, now).Permanent {
		k.DueAt = now.Add(confirmTime) // unless its right share comes
	}
	row := EvaluationRow{
		Key: k.ID, Seq: k.LastSeq, Generation: k.Generation, Transaction: m.Transaction,
		Nonce: m.Nonce, Body: body, State: Reserved, At: now,
	}
	details := []string{"seq", strconv.FormatInt(row.Seq, 10), "transaction", row.Transaction}
	events := []tunnus.Event{s.event("key.try", *k, "", details...)}
	if k.Unconfirmed == warnAt {
		events = append(events, s.event("key.worn", *k, "", "unconfirmed", strconv.Itoa(k.Unconfirmed)))
	}
	if err := s.Store.Evaluations.Reserve(ctx, *k, row, events); err != nil {
		return EvaluationRow{}, moved(err)
	}
	k.Rev++
	return row, nil
}

// answer evaluates a charged try and is commit 2: the answer is stored and the
// one-time value rotated.
func (s *Service) answer(ctx context.Context, k Key, x sealed.Secrets, m splitkey.Evaluate, row EvaluationRow) (splitkey.Evaluation, error) {
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
	out := splitkey.Evaluation{Evaluated: evaluated, OneTime: x.OneTime(k.Counter), Tries: s.tries(k, st)}
	row.State = Answered
	row.Answer, err = json.Marshal(out)
	if err != nil {
		return splitkey.Evaluation{}, fmt.Errorf("keyshare: %w", err)
	}
	done := s.event("key.answer", k, "", "seq", strconv.FormatInt(row.Seq, 10))
	if err := s.Store.Evaluations.Update(ctx, k, row, []tunnus.Event{done}); err != nil {
		return splitkey.Evaluation{}, moved(err)
	}
	return out, nil
}
