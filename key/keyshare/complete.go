package keyshare

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/gate"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// Complete takes the phone's half signature (splitkey.Complete), and releases
// the whole one if everything still stands: the payload is rebuilt from the
// server's record, the share must be the one for it, and neither lock nor
// suspension, revocation or cancellation may have come (K9). A right share takes
// its own charge back, and forgives earlier ones (K5); a wrong one
// ([tunnus.CodeShareWrong]) does not, and uses its try up. The same request
// again gets the same signature.
func (s *Service) Complete(ctx context.Context, r device.Signed) (Outcome, error) {
	return row.Settled(func(again bool) (Outcome, error) {
		var m splitkey.Complete
		q, k, err := s.gate.Admit(ctx, r, &m, again)
		if err != nil {
			return Outcome{}, err
		}
		c, done, err := s.completion(ctx, q, k, m.Transaction, m.Evaluation)
		switch {
		case err != nil:
			return Outcome{}, err
		case c.txn.Kind == splitkey.ChangeKind:
			return Outcome{}, row.RefuseTxn(errors.New("keyshare: a PIN change is not signed"))
		case done:
			return s.Outcome(ctx, c.txn.ID)
		}
		return s.finish(ctx, c, m)
	})
}

// A completion is a request that follows a try, with the rows that it is about.
type completion struct {
	req gate.Request
	key Key
	try EvaluationRow
	txn Transaction
}

// completion finds what a request is about: a transaction of the key, and a try
// for it whose share was not judged yet. done says that this very request was
// served before.
func (s *Service) completion(ctx context.Context, q gate.Request, k Key, txn string, nonce []byte) (c completion, done bool, err error) {
	t, err := s.ours(ctx, k, txn)
	if err != nil {
		return c, false, err
	}
	unusable := k.Usable()
	if unusable == nil {
		x, err := s.openSecrets(k)
		if err != nil {
			return c, false, err
		}
		if err := s.gate.Present(ctx, q, &k, x); err != nil {
			return c, false, err
		}
	}
	c = completion{req: q, key: k, txn: t}
	if t.State == Signed {
		if !bytes.Equal(t.Completion, q.Body) {
			return c, false, row.RefuseTxn(errors.New("keyshare: the transaction is signed already"))
		}
		return c, true, nil
	}
	if unusable != nil {
		return c, false, unusable
	}
	c.try, err = s.tried(ctx, k, t, nonce)
	return c, false, err
}

// tried finds the try that a share is from ([row.Evaluation.Good]).
func (s *Service) tried(ctx context.Context, k Key, t Transaction, nonce []byte) (EvaluationRow, error) {
	try, err := s.Store.Evaluations.ByNonce(ctx, k.ID, nonce)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return try, row.RefuseTxn(errors.New("keyshare: no such try"))
	}
	if err != nil {
		return try, err
	}
	cause, used := try.Good(k, t, s.Clock.Now())
	switch {
	case used:
		return try, refuseShare(cause)
	case cause != nil:
		return try, row.RefuseTxn(cause)
	}
	return try, nil
}

// finish judges the share. Whatever it decides is one write.
func (s *Service) finish(ctx context.Context, c completion, m splitkey.Complete) (Outcome, error) {
	payload, err := s.payload(c.txn, m.Answer)
	if err != nil {
		return Outcome{}, tunnus.BadRequest("answer", err)
	}
	if err := s.approved(c.txn, m); err != nil {
		return Outcome{}, tunnus.BadRequest("approval", err)
	}
	digest := c.txn.Hash.Sum(payload)
	if !bytes.Equal(digest, m.Approval.Digest) {
		return Outcome{}, s.misused(ctx, c, errors.New("keyshare: the holder approved another digest"))
	}
	if c.txn.Padding == splitkey.Internal {
		return s.approve(ctx, c, m, digest)
	}
	em, err := c.txn.Padding.Encode(c.txn.Hash, digest, c.txn.Salt)
	if err != nil {
		return Outcome{}, err
	}
	k, refusal, err := s.forgive(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	if refusal != nil {
		return Outcome{}, s.confirmOnly(ctx, c, k, splitkey.CheckShare(k.Modulus, em, m.Share), refusal)
	}
	half, err := s.openHalf(c.key)
	if err != nil {
		return Outcome{}, err
	}
	defer half.Wipe()
	product := splitkey.Product{Modulus: c.key.Product, Inverse: c.key.Inverse}
	signature, err := half.Sign(product, c.key.Modulus, em, m.Share)
	if errors.Is(err, splitkey.ErrShare) {
		return Outcome{}, s.misused(ctx, c, err)
	}
	if err != nil {
		return Outcome{}, err
	}
	c.txn.Answer, c.txn.Signature = m.Answer, signature
	if err := s.release(ctx, c, k, "key.signed"); err != nil {
		return Outcome{}, err
	}
	return s.Outcome(ctx, c.txn.ID)
}

// approve accepts a PIN for what was shown, with nothing signed ([splitkey.Internal]):
// the share is a proof of this transaction, this try and this payload.
func (s *Service) approve(ctx context.Context, c completion, m splitkey.Complete, digest []byte) (Outcome, error) {
	wrong := splitkey.CheckProof(m.Share, splitkey.StepApprove, c.key.Identity(), []byte(c.txn.ID), m.Evaluation, digest)
	k, err := s.accept(ctx, c, wrong)
	if err != nil {
		return Outcome{}, err
	}
	c.txn.Answer, c.txn.Signature = m.Answer, m.Share
	if err := s.release(ctx, c, k, "pin.approved"); err != nil {
		return Outcome{}, err
	}
	return s.Outcome(ctx, c.txn.ID)
}

// accept judges a proof in which nothing is signed, and returns the key as it is
// once its try is confirmed; wrong is what is wrong with the proof.
func (s *Service) accept(ctx context.Context, c completion, wrong error) (Key, error) {
	k, refusal, err := s.forgive(ctx, c)
	switch {
	case err != nil:
		return Key{}, err
	case refusal != nil:
		return Key{}, s.confirmOnly(ctx, c, k, wrong, refusal)
	case wrong != nil:
		return Key{}, s.misused(ctx, c, wrong)
	}
	return k, nil
}

// approved demands that the approval tells what an honest phone showed for this
// record and answer (K13): only then is it evidence of what the holder saw.
// Whether its digest is the payload's is judged with the share.
func (s *Service) approved(t Transaction, m splitkey.Complete) error {
	text, service, code, err := s.Formats[t.Kind].Shown(t.Record, m.Answer)
	if err != nil {
		return err
	}
	a := m.Approval
	if !bytes.Equal(a.TextHash, hash([]byte(text))) || a.Service != service || a.CodeShown != code {
		return errors.New("keyshare: the approval is of another screen")
	}
	return nil
}

// forgive works out the key as it is once this try is confirmed, and why nothing
// may come of it nevertheless, nil if it may.
func (s *Service) forgive(ctx context.Context, c completion) (k Key, refusal, err error) {
	k = c.key.Forgive(c.try.Seq)
	later, err := s.standing(ctx, k)
	if err != nil {
		return Key{}, nil, err
	}
	now := s.Clock.Now()
	k = k.Undue(later)
	if c.txn.Over(now) {
		return k, row.RefuseTxn(errors.New("keyshare: the PIN was right, but the transaction is over")), nil
	}
	return k, row.Locked(later, now), nil
}

// confirmOnly takes the charge of a right PIN back and signs nothing; wrong is
// what is wrong with the share, nil if it is right. The share of one transaction
// does so for one try, and for none before the newest that was forgiven: kept
// back, it must not wash away a row of wrong PINs (K5, K6).
func (s *Service) confirmOnly(ctx context.Context, c completion, k Key, wrong, refusal error) error {
	if len(c.txn.Completion) > 0 || c.try.Seq <= c.key.ClearedSeq {
		return row.RefuseTxn(errors.New("keyshare: this share has confirmed its try already"))
	}
	if wrong != nil {
		return s.misused(ctx, c, wrong)
	}
	c.try.State, c.txn.Completion = Confirmed, c.req.Body
	e := s.event("key.confirmed", k, tunnus.CodeOf(refusal), c.details()...)
	if err := s.Store.Transactions.Finish(ctx, k, c.try, c.txn, []tunnus.Event{e}); err != nil {
		return row.Moved(err)
	}
	return refusal
}

// misused uses the try up: it stays charged, and no further share is judged for it.
func (s *Service) misused(ctx context.Context, c completion, cause error) error {
	c.try.State = Misused
	e := s.event("key.share", c.key, tunnus.CodeShareWrong, c.details()...)
	if err := s.Store.Evaluations.Update(ctx, c.key, c.try, []tunnus.Event{e}); err != nil {
		return row.Moved(err)
	}
	return refuseShare(cause)
}

// release is the write that gives a signature out, or accepts the proof of a PIN,
// conditional on key and transaction being as they were when they were judged.
// The whole request is kept: it is the evidence.
func (s *Service) release(ctx context.Context, c completion, k Key, kind string) error {
	evidence, err := json.Marshal(c.req.Signed)
	if err != nil {
		return fmt.Errorf("keyshare: %w", err)
	}
	c.try.State = Confirmed
	t := c.txn
	t.State, t.Completion, t.SignedAt, t.Approval = Signed, c.req.Body, s.Clock.Now(), evidence
	e := s.event(kind, k, "", append(c.details(), "kind", t.Kind)...)
	return row.Moved(s.Store.Transactions.Finish(ctx, k, c.try, t, []tunnus.Event{e}))
}

func (c completion) details() []string {
	return []string{"seq", strconv.FormatInt(c.try.Seq, 10), "transaction", c.txn.ID}
}
