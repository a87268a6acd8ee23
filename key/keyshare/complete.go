package keyshare

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
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
	return settled(func() (Outcome, error) { return s.complete(ctx, r) })
}

func (s *Service) complete(ctx context.Context, r device.Signed) (Outcome, error) {
	var m splitkey.Complete
	k, err := s.admit(ctx, r, &m)
	if err != nil {
		return Outcome{}, err
	}
	t, err := s.ours(ctx, k, m.Transaction)
	if err != nil {
		return Outcome{}, err
	}
	if t.State == Signed {
		if !bytes.Equal(t.Completion, hash(r.Request.Body)) {
			return Outcome{}, refuseTxn(errors.New("keyshare: the transaction is signed already"))
		}
		return s.Outcome(ctx, t.ID)
	}
	if err := usable(k); err != nil {
		return Outcome{}, err
	}
	x, err := s.openSecrets(k)
	if err != nil {
		return Outcome{}, err
	}
	if err := s.present(ctx, k, x, m.OneTime); err != nil {
		return Outcome{}, err
	}
	row, err := s.tried(ctx, k, t, m)
	if err != nil {
		return Outcome{}, err
	}
	return s.finish(ctx, completion{k, row, t, m, r})
}

// A completion is a request with the rows that it is about.
type completion struct {
	key Key
	row EvaluationRow
	txn Transaction
	msg splitkey.Complete
	req device.Signed
}

// tried finds the try that the share is from: this transaction's, answered, and
// not used up. After the transaction's end it is good for ten minutes.
func (s *Service) tried(ctx context.Context, k Key, t Transaction, m splitkey.Complete) (EvaluationRow, error) {
	row, err := s.Store.Evaluations.ByNonce(ctx, k.ID, m.Evaluation)
	now := s.Clock.Now()
	switch {
	case tunnus.CodeOf(err) == tunnus.CodeNotFound:
		return row, refuseTxn(errors.New("keyshare: no such try"))
	case err != nil:
		return row, err
	case row.Transaction != t.ID || row.Generation != k.Generation:
		return row, refuseTxn(errors.New("keyshare: the try was for another transaction"))
	case row.State == Misused:
		return row, refuseShare(errors.New("keyshare: the try was used up by a wrong share"))
	case row.State != Answered:
		return row, refuseTxn(fmt.Errorf("keyshare: the try is %s", row.State))
	case t.over(now) && now.Sub(row.At) > confirmTime:
		return row, refuseTxn(errors.New("keyshare: the transaction is over"))
	}
	return row, nil
}

// finish judges the share. Whatever it decides is one write.
func (s *Service) finish(ctx context.Context, c completion) (Outcome, error) {
	payload, err := s.payload(c.txn, c.msg.Answer)
	if err != nil {
		return Outcome{}, tunnus.BadRequest("answer", err)
	}
	if err := s.approved(c); err != nil {
		return Outcome{}, tunnus.BadRequest("approval", err)
	}
	digest := c.txn.Hash.Sum(payload)
	em, err := splitkey.EncodePSS(c.txn.Hash, digest, c.txn.Salt)
	if err != nil {
		return Outcome{}, err
	}
	if !bytes.Equal(digest, c.msg.Approval.Digest) {
		return Outcome{}, s.misused(ctx, c, errors.New("keyshare: the holder approved another digest"))
	}
	k, refusal, err := s.forgive(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	if refusal != nil {
		return Outcome{}, s.confirmOnly(ctx, c, k, em, refusal)
	}
	half, err := s.openHalf(c.key)
	if err != nil {
		return Outcome{}, err
	}
	defer half.Wipe()
	product := splitkey.Product{Modulus: c.key.Product, Inverse: c.key.Inverse}
	signature, err := half.Sign(product, c.key.Modulus, em, c.msg.Share)
	if errors.Is(err, splitkey.ErrShare) {
		return Outcome{}, s.misused(ctx, c, err)
	}
	if err != nil {
		return Outcome{}, err
	}
	return s.release(ctx, c, k, signature)
}

// approved demands that the approval tells what an honest phone showed for this
// record and answer (K13): only then is it evidence of what the holder saw.
// Whether its digest is the payload's is judged with the share.
func (s *Service) approved(c completion) error {
	text, service, code, err := s.Formats[c.txn.Kind].Shown(c.txn.Record, c.msg.Answer)
	if err != nil {
		return err
	}
	a := c.msg.Approval
	if !bytes.Equal(a.TextHash, hash([]byte(text))) || a.Service != service || a.CodeShown != code {
		return errors.New("keyshare: the approval is of another screen")
	}
	return nil
}

// forgive works out the key as it is once this try is confirmed, and why nothing
// may be signed nevertheless, nil if it may.
func (s *Service) forgive(ctx context.Context, c completion) (k Key, refusal, err error) {
	k = c.key
	k.Unconfirmed--
	k.LifeCount--
	k.ClearedSeq = max(k.ClearedSeq, c.row.Seq)
	later, err := s.standing(ctx, k)
	if err != nil {
		return Key{}, nil, err
	}
	if !later.Permanent {
		k.DueAt = time.Time{}
	}
	if c.txn.over(s.Clock.Now()) {
		return k, refuseTxn(errors.New("keyshare: the PIN was right, but the transaction is over")), nil
	}
	return k, s.locked(later), nil
}

// confirmOnly takes the charge of a right PIN back and signs nothing. The
// share of one transaction does so for one try, and for none before the newest
// that was forgiven: kept back, it must not wash away a row of wrong PINs (K5, K6).
func (s *Service) confirmOnly(ctx context.Context, c completion, k Key, em []byte, refusal error) error {
	if len(c.txn.Completion) > 0 || c.row.Seq <= c.key.ClearedSeq {
		return refuseTxn(errors.New("keyshare: this share has confirmed its try already"))
	}
	if err := splitkey.CheckShare(k.Modulus, em, c.msg.Share); err != nil {
		return s.misused(ctx, c, err)
	}
	c.row.State, c.txn.Completion = Confirmed, hash(c.req.Request.Body)
	e := s.event("key.confirmed", k, tunnus.CodeOf(refusal), c.details()...)
	if err := s.Store.Transactions.Finish(ctx, k, c.row, c.txn, []tunnus.Event{e}); err != nil {
		return moved(err)
	}
	return refusal
}

// misused uses the try up: it stays charged, and no further share is judged for it.
func (s *Service) misused(ctx context.Context, c completion, cause error) error {
	c.row.State = Misused
	e := s.event("key.share", c.key, tunnus.CodeShareWrong, c.details()...)
	if err := s.Store.Evaluations.Update(ctx, c.key, c.row, []tunnus.Event{e}); err != nil {
		return moved(err)
	}
	return refuseShare(cause)
}

// release is the write that gives a signature out, conditional on key and
// transaction being as they were when they were judged.
func (s *Service) release(ctx context.Context, c completion, k Key, signature []byte) (Outcome, error) {
	evidence, err := json.Marshal(c.req)
	if err != nil {
		return Outcome{}, fmt.Errorf("keyshare: %w", err)
	}
	c.row.State = Confirmed
	t := c.txn
	t.State, t.Completion, t.SignedAt = Signed, hash(c.req.Request.Body), s.Clock.Now()
	t.Answer, t.Approval, t.Signature = c.msg.Answer, evidence, signature
	e := s.event("key.signed", k, "", append(c.details(), "kind", t.Kind)...)
	if err := s.Store.Transactions.Finish(ctx, k, c.row, t, []tunnus.Event{e}); err != nil {
		return Outcome{}, moved(err)
	}
	return s.Outcome(ctx, t.ID)
}

func (c completion) details() []string {
	return []string{"seq", strconv.FormatInt(c.row.Seq, 10), "transaction", c.txn.ID}
}

// approvalOf reads the approval out of a stored request.
func approvalOf(evidence []byte) (splitkey.Approval, error) {
	var r device.Signed
	err := json.Unmarshal(evidence, &r)
	var m splitkey.Complete
	if err := errors.Join(err, splitkey.Decode(r.Request.Body, &m)); err != nil {
		return splitkey.Approval{}, fmt.Errorf("keyshare: stored approval: %w", err)
	}
	return m.Approval, nil
}
