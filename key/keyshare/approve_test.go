package keyshare

import (
	"bytes"
	"crypto/rsa"
	"math/big"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// asked puts up a transaction in which nothing is signed.
func (w *world) asked() Transaction {
	w.Helper()
	t, err := w.Offer(w.ctx, OfferRequest{
		KeyID: w.id.Key, Kind: "echo", Record: []byte("recall"), Hash: splitkey.SHA256, Padding: splitkey.Internal,
		ExpiresAt: w.clock().Add(5 * time.Minute),
	})
	w.must(err)
	return t
}

// approveMessage completes a transaction by a proof with these extras; none means the right ones.
func (w *world) approveMessage(t Transaction, step splitkey.Step, extras ...[]byte) *splitkey.Complete {
	w.Helper()
	m := w.completeMessage(Transaction{ID: t.ID, Record: t.Record, Hash: t.Hash, Salt: make([]byte, t.Hash.Size())})
	if extras == nil {
		extras = [][]byte{[]byte(t.ID), w.nonce, m.Approval.Digest}
	}
	var err error
	m.Share, err = w.half.Prove(step, w.id, extras...)
	w.must(err)
	return m
}

// K8: a recalled PIN is proved by a half signature to which the server never
// adds its own, and clears the count like any right PIN.
func TestK8ApprovalSignsNothing(t *testing.T) {
	w := newWorld(t)
	w.wrong(2)
	txn := w.asked()
	_, err := w.try(txn)
	w.must(err)
	m := w.approveMessage(txn, splitkey.StepApprove)
	out, err := w.Complete(w.ctx, w.signed(m))
	w.must(err)
	if out.State != Signed || !bytes.Equal(out.Signature, m.Share) || out.Approval.Service != "Shop" {
		t.Errorf("outcome %+v", out)
	}
	if w.left() != 3 {
		t.Errorf("%d tries left after the right PIN; want 3", w.left())
	}
	if new(big.Int).SetBytes(out.Signature).BitLen() > splitkey.HalfBits ||
		rsa.VerifyPSS(out.PublicKey, txn.Hash.Crypto(), txn.Hash.Sum(out.Payload), out.Signature, nil) == nil {
		t.Error("something was signed with the whole key")
	}
	again, err := w.Complete(w.ctx, w.signed(m))
	w.must(err)
	if !bytes.Equal(again.Signature, out.Signature) {
		t.Error("the same request got another answer")
	}
}

func TestApprovalIsOfThisTransactionTryAndText(t *testing.T) {
	for name, message := range map[string]func(w *world, t Transaction) *splitkey.Complete{
		"of another step":        func(w *world, t Transaction) *splitkey.Complete { return w.approveMessage(t, splitkey.StepChange) },
		"of another transaction": func(w *world, t Transaction) *splitkey.Complete { return w.with(t, []byte("other"), w.nonce, nil) },
		"of another try":         func(w *world, t Transaction) *splitkey.Complete { return w.with(t, []byte(t.ID), draw(16), nil) },
		"of another text":        func(w *world, t Transaction) *splitkey.Complete { return w.with(t, []byte(t.ID), w.nonce, draw(32)) },
		"a share of a signature": func(w *world, t Transaction) *splitkey.Complete {
			m := w.completeMessage(Transaction{ID: t.ID, Record: t.Record, Hash: t.Hash, Salt: t.Salt})
			return m
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			txn := w.asked()
			_, err := w.try(txn)
			w.must(err)
			_, err = w.Complete(w.ctx, w.signed(message(w, txn)))
			w.want(err, tunnus.CodeShareWrong)
			if w.left() != 2 {
				t.Errorf("%d tries left; the try was not used up", w.left())
			}
			_, err = w.Complete(w.ctx, w.signed(w.approveMessage(txn, splitkey.StepApprove)))
			w.want(err, tunnus.CodeShareWrong) // a try is judged once
		})
	}
}

// A proof that was kept back from an earlier try of the same transaction is none for
// a later one: it would take back the charge of each wrong PIN that was typed since.
func TestProofOfAnEarlierTryIsNone(t *testing.T) {
	w := newWorld(t)
	txn := w.asked()
	_, err := w.try(txn)
	w.must(err)
	first := w.nonce
	_, err = w.try(txn)
	w.must(err)
	_, err = w.Complete(w.ctx, w.signed(w.with(txn, []byte(txn.ID), first, nil)))
	w.want(err, tunnus.CodeShareWrong)
	if w.left() != 1 {
		t.Errorf("%d tries left; want 1", w.left())
	}
}

// with is an approval with these extras; nil stands for the right digest.
func (w *world) with(t Transaction, id, nonce, digest []byte) *splitkey.Complete {
	w.Helper()
	if digest == nil {
		payload, err := echo{}.Payload(t.Record, []byte("challenge"))
		w.must(err)
		digest = t.Hash.Sum(payload)
	}
	return w.approveMessage(t, splitkey.StepApprove, id, nonce, digest)
}

// A proof must not pass where a signature is asked for.
func TestApprovalIsNoSignature(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	_, err := w.try(txn)
	w.must(err)
	payload, err := echo{}.Payload(txn.Record, []byte("challenge"))
	w.must(err)
	m := w.completeMessage(txn)
	m.Share, err = w.half.Prove(splitkey.StepApprove, w.id, []byte(txn.ID), w.nonce, txn.Hash.Sum(payload))
	w.must(err)
	_, err = w.Complete(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeShareWrong)
}
