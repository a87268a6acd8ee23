package keyshare

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// The whole of it, with a blob and a PIN: enrol, try a wrong PIN, sign with the
// right one; crypto/rsa verifies the signature under n.
func TestProtocol(t *testing.T) {
	w := emptyWorld(t)
	w.begin()
	b, blinded, err := splitkey.Blind(w.id, []byte("4711"))
	w.must(err)
	h, err := w.Harden(w.ctx, w.signed(&splitkey.Harden{Key: w.id.Key, Generation: 1, Nonce: draw(16), Blinded: blinded}))
	w.must(err)
	hardened, err := b.Finish(h)
	w.must(err)
	blob, err := splitkey.Seal(w.id, w.half, hardened)
	w.must(err)
	w.must(w.Confirm(w.ctx, w.signed(w.confirmMessage())))
	n, err := w.AssignModulus(w.ctx, w.id.Key)
	w.must(err)
	w.must(splitkey.CheckProduct(n, w.id.Modulus))

	status := w.status()
	if len(status.Transactions) != 0 || !bytes.Equal(status.Modulus, n) {
		t.Fatalf("status before any offer: %+v", status)
	}
	txn := w.offer()
	if got := w.status().Transactions; len(got) != 1 || got[0].Transaction != txn.ID || !bytes.Equal(got[0].Salt, txn.Salt) {
		t.Fatalf("status after the offer: %+v", got)
	}
	if _, err := w.unlock(blob, txn, "4712"); tunnus.CodeOf(err) != tunnus.CodePINWrong {
		t.Fatalf("wrong PIN: %v", err)
	}
	if w.left() != 2 {
		t.Errorf("%d tries left after a wrong PIN; want 2", w.left())
	}
	w.half, err = w.unlock(blob, txn, "4711")
	w.must(err)
	out, err := w.Complete(w.ctx, w.signed(w.completeMessage(txn)))
	w.must(err)
	if out.PublicKey.N.BitLen() != 6144 || out.State != Signed || out.Approval.Service != "Shop" {
		t.Errorf("outcome %+v", out)
	}
	digest := txn.Hash.Sum(out.Payload)
	if err := rsa.VerifyPSS(out.PublicKey, txn.Hash.Crypto(), digest, out.Signature, &rsa.PSSOptions{SaltLength: 64}); err != nil {
		t.Error(err)
	}
	if w.left() != 3 {
		t.Errorf("%d tries left after the right PIN; want 3", w.left())
	}
}

func (w *world) status() splitkey.Standing {
	w.Helper()
	out, err := w.Status(w.ctx, w.signed(&splitkey.Status{Key: w.id.Key, Generation: w.id.Generation, OneTime: w.oneTime}))
	w.must(err)
	return out
}

// unlock is the phone's way from a typed PIN to its half.
func (w *world) unlock(blob splitkey.Blob, t Transaction, pin string) (*splitkey.Half, error) {
	w.Helper()
	w.must(blob.Intact())
	b, blinded, err := splitkey.Blind(w.id, []byte(pin))
	w.must(err)
	m := w.evaluateMessage(t)
	m.Blinded = blinded
	e, err := w.Evaluate(w.ctx, w.signed(m))
	w.must(err)
	w.oneTime, w.nonce = e.OneTime, m.Nonce
	hardened, err := b.Finish(e.Evaluated)
	w.must(err)
	return blob.Open(hardened)
}

// The evidence of an approval is the request itself, under the device's signature (K13).
func TestApprovalIsKeptAsSigned(t *testing.T) {
	w := newWorld(t)
	out, err := w.sign(w.offer())
	w.must(err)
	var r device.Signed
	if err := json.Unmarshal(out.Evidence, &r); err != nil || r.Verify() != nil {
		t.Errorf("the stored request: %v, %v", err, r.Verify())
	}
	if out.Approval.CodeShown != "1234" || len(out.Approval.TextHash) != 32 {
		t.Errorf("approval %+v", out.Approval)
	}
}

func TestCompleteAgain(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	_, err := w.try(txn)
	w.must(err)
	m := w.completeMessage(txn)
	first, err := w.Complete(w.ctx, w.signed(m))
	w.must(err)
	again, err := w.Complete(w.ctx, w.signed(m))
	w.must(err)
	if !bytes.Equal(first.Signature, again.Signature) || w.store.kinds("key.signed") != 1 {
		t.Error("the same request got another signature")
	}
	m.Answer = []byte("other")
	_, err = w.Complete(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeTxnState)
}

func TestCompleteRefusesShares(t *testing.T) {
	n, _ := testHalves()
	add := func(d byte) []byte {
		b := n.Modulus()
		b[len(b)-1] += d // n is odd, so -1 and +2 below do not carry far
		return b
	}
	small := func(x byte) []byte { return append(make([]byte, splitkey.HalfSize-1), x) }
	tests := []struct {
		name string
		give func(w *world, m *splitkey.Complete)
	}{
		{"zero", func(_ *world, m *splitkey.Complete) { m.Share = small(0) }},
		{"one", func(_ *world, m *splitkey.Complete) { m.Share = small(1) }},
		{"n1-1", func(_ *world, m *splitkey.Complete) {
			m.Share = add(255)
			m.Share[splitkey.HalfSize-1] = n.Modulus()[splitkey.HalfSize-1] - 1
		}},
		{"n1", func(_ *world, m *splitkey.Complete) { m.Share = n.Modulus() }},
		{"not reduced", func(_ *world, m *splitkey.Complete) { m.Share = bytes.Repeat([]byte{255}, splitkey.HalfSize) }},
		{"of another transaction", func(w *world, m *splitkey.Complete) { m.Share = w.completeMessage(w.offer()).Share }},
		{"for another digest", func(w *world, m *splitkey.Complete) { m.Share = w.shareOf(w.half, m.Transaction, "other") }},
		{"of another key", func(w *world, m *splitkey.Complete) {
			_, other := testHalves()
			m.Share = w.shareOf(other, m.Transaction, "challenge")
		}},
		{"an internal proof", func(w *world, m *splitkey.Complete) {
			proof, err := w.half.Prove(splitkey.StepChange, w.id, []byte(m.Transaction), m.Evaluation)
			w.must(err)
			m.Share = proof
		}},
		{"approved another digest", func(_ *world, m *splitkey.Complete) { m.Approval.Digest[0] ^= 1 }},
		{"another answer", func(_ *world, m *splitkey.Complete) { m.Answer = []byte("x") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			txn := w.offer()
			_, err := w.try(txn)
			w.must(err)
			m := w.completeMessage(txn)
			good := *m
			tt.give(w, m)
			out, err := w.Complete(w.ctx, w.signed(m))
			w.want(err, tunnus.CodeShareWrong)
			if out.Signature != nil || w.charges() != 1 {
				t.Errorf("signature of %d bytes, %d charges; want 0, 1", len(out.Signature), w.charges())
			}
			_, err = w.Complete(w.ctx, w.signed(&good)) // one share a try
			w.want(err, tunnus.CodeShareWrong)
		})
	}
}

func TestCompleteRefusesAnswerOfTheFormat(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	_, err := w.try(txn)
	w.must(err)
	m := w.completeMessage(txn)
	m.Answer = []byte("not allowed")
	_, err = w.Complete(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeBadRequest)
}

// The evidence of an approval says what the holder saw: one that tells of another
// screen is refused before anything is released, and its try stays charged (K13).
func TestCompleteRefusesOtherScreens(t *testing.T) {
	for name, give := range map[string]func(a *splitkey.Approval){
		"another text":    func(a *splitkey.Approval) { a.TextHash = hash([]byte("Pay 1000")) },
		"no text":         func(a *splitkey.Approval) { a.TextHash = nil },
		"another service": func(a *splitkey.Approval) { a.Service = "Sh0p" },
		"another code":    func(a *splitkey.Approval) { a.CodeShown = "1235" },
		"no code":         func(a *splitkey.Approval) { a.CodeShown = "" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			txn := w.offer()
			_, err := w.try(txn)
			w.must(err)
			m := w.completeMessage(txn)
			give(&m.Approval)
			out, err := w.Complete(w.ctx, w.signed(m))
			w.want(err, tunnus.CodeBadRequest)
			if o, err := w.Outcome(w.ctx, txn.ID); err != nil || o.State != Live || out.Signature != nil || w.charges() != 1 {
				t.Errorf("outcome %+v, %v, %d charges", o, err, w.charges())
			}
		})
	}
}

// One right share that was kept back, whose transaction has ended since, takes
// one charge back, whichever of the tries it is shown for (K5, K6).
func TestWithheldShareConfirmsOneTry(t *testing.T) {
	for name, order := range map[string][]int{"upwards": {0, 1, 2}, "downwards": {2, 1, 0}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Ladder = tunnus.Ladder{{Failures: 9, Lock: time.Hour}}
			txn := w.offer()
			var nonces [][]byte
			for range order {
				_, err := w.try(txn)
				w.must(err)
				nonces = append(nonces, w.nonce)
			}
			w.must(w.Cancel(w.ctx, txn.ID))
			m := w.completeMessage(txn)
			for _, i := range order {
				m.Evaluation = nonces[i]
				_, err := w.Complete(w.ctx, w.signed(m))
				w.want(err, tunnus.CodeTxnState)
			}
			if k, _ := w.store.Key(w.ctx, w.id.Key); k.Unconfirmed != 2 || k.LifeCount != 2 || w.store.kinds("key.confirmed") != 1 {
				t.Errorf("%d and %d charges stand; want 2", k.Unconfirmed, k.LifeCount)
			}
		})
	}
}

// A try that a newer right share has forgiven is not confirmed by another
// transaction's share that was kept back.
func TestForgivenTryIsNotConfirmed(t *testing.T) {
	w := newWorld(t)
	a := w.offer()
	_, err := w.try(a)
	w.must(err)
	kept := w.completeMessage(a)
	_, err = w.sign(w.offer())
	w.must(err)
	w.must(w.Cancel(w.ctx, a.ID))
	kept.OneTime = w.oneTime
	_, err = w.Complete(w.ctx, w.signed(kept))
	w.want(err, tunnus.CodeTxnState)
	if w.charges() != 1 {
		t.Errorf("%d charges; want 1", w.charges())
	}
}

// A right PIN whose transaction has ended is confirmed for ten minutes, and
// nothing is signed (K5).
func TestRightPINAfterTheEnd(t *testing.T) {
	tests := []struct {
		name    string
		end     func(w *world, t Transaction)
		charges int
	}{
		{"cancelled", func(w *world, t Transaction) { w.must(w.Cancel(w.ctx, t.ID)) }, 0},
		{"expired", func(w *world, _ Transaction) { w.pass(6 * time.Minute) }, 0},
		{"too late", func(w *world, _ Transaction) { w.pass(11 * time.Minute) }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			txn := w.offer()
			_, err := w.try(txn)
			w.must(err)
			tt.end(w, txn)
			out, err := w.Complete(w.ctx, w.signed(w.completeMessage(txn)))
			w.want(err, tunnus.CodeTxnState)
			if out.Signature != nil || w.charges() != tt.charges {
				t.Errorf("signature of %d bytes, %d charges; want 0, %d", len(out.Signature), w.charges(), tt.charges)
			}
		})
	}
}

// A wrong share does not take its charge back by coming after the end.
func TestWrongShareAfterTheEnd(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	_, err := w.try(txn)
	w.must(err)
	w.must(w.Cancel(w.ctx, txn.ID))
	m := w.completeMessage(txn)
	m.Share[9] ^= 1
	_, err = w.Complete(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeShareWrong)
	if w.charges() != 1 || w.left() != 2 {
		t.Errorf("%d charges, %d left; want 1, 2", w.charges(), w.left())
	}
}

// What comes between judgement and release stops the release (K9).
func TestNothingIsReleasedAfterAStop(t *testing.T) {
	tests := []struct {
		name string
		stop func(w *world, t Transaction) error
		code tunnus.Code
	}{
		{"cancelled", func(w *world, t Transaction) error { return w.Cancel(w.ctx, t.ID) }, tunnus.CodeTxnState},
		{"suspended", func(w *world, _ Transaction) error { return w.Suspend(w.ctx, w.id.Key, "lost") }, tunnus.CodeKeyUnusable},
		{"revoked", func(w *world, _ Transaction) error { return w.Revoke(w.ctx, w.id.Key, "closed") }, tunnus.CodeKeyUnusable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			txn := w.offer()
			_, err := w.try(txn)
			w.must(err)
			w.store.conflict = func(method string) {
				if method == "Finish" {
					w.store.conflict = nil
					w.must(tt.stop(w, txn))
				}
			}
			out, err := w.Complete(w.ctx, w.signed(w.completeMessage(txn)))
			w.want(err, tt.code)
			if o, err := w.Outcome(w.ctx, txn.ID); err != nil || o.State == Signed || out.Signature != nil {
				t.Errorf("released after a stop: %+v, %v", o, err)
			}
		})
	}
}

func TestCancelAfterSigning(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	_, err := w.sign(txn)
	w.must(err)
	w.want(w.Cancel(w.ctx, txn.ID), tunnus.CodeStateConflict)
	other := w.offer()
	w.must(w.Cancel(w.ctx, other.ID))
	w.must(w.Cancel(w.ctx, other.ID))
}
