package keyshare

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// PKCS #1 draws nothing, so the share of a record is right whenever that record is
// put up. If it could be put up again, whoever has an old share and the phone had
// as many guesses of the PIN as he likes: each would be confirmed by that share.
func TestOldShareConfirmsNoGuess(t *testing.T) {
	w := newWorld(t)
	k := w.row()
	k.Purpose = splitkey.Signature
	w.must(w.store.Save(w.ctx, k, nil))
	offer := func() (Transaction, error) {
		return w.Offer(w.ctx, OfferRequest{
			KeyID: w.id.Key, Kind: "echo", Record: []byte("contract"), Hash: splitkey.SHA512, Padding: splitkey.PKCS1,
			ExpiresAt: w.clock().Add(time.Minute),
		})
	}
	first, err := offer()
	w.must(err)
	_, err = w.sign(first)
	w.must(err)
	share := w.completeMessage(first).Share
	guesses := 0
	for range 5 {
		w.pass(time.Second)
		txn, err := offer()
		if err != nil {
			continue
		}
		if _, err := w.try(txn); err != nil {
			continue
		}
		guesses++
		m := w.completeMessage(txn)
		m.Share = share
		_, _ = w.Complete(w.ctx, w.signed(m))
	}
	if guesses > 0 {
		t.Errorf("%d guesses, %d of them charged", guesses, w.charges())
	}
}

// The answer to a try was lost, and the key suspended meanwhile. The phone must
// have that answer all the same: with the value before, it would look like a copy
// once the key is resumed.
func TestSuspensionHidesNoAnswer(t *testing.T) {
	w := newWorld(t)
	m := w.evaluateMessage(w.offer())
	first, err := w.Evaluate(w.ctx, w.signed(m))
	w.must(err)
	w.must(w.Suspend(w.ctx, w.id.Key, "asked"))
	again, err := w.Evaluate(w.ctx, w.signed(m))
	w.must(err)
	if !bytes.Equal(again.OneTime, first.OneTime) {
		t.Error("another answer")
	}
	w.oneTime = again.OneTime
	next := w.evaluateMessage(Transaction{ID: m.Transaction, Freshness: m.Freshness})
	_, err = w.Evaluate(w.ctx, w.signed(next))
	w.want(err, tunnus.CodeKeyUnusable)
	w.must(w.Resume(w.ctx, w.id.Key))
	w.pass(time.Hour)
	w.status()
	if w.store.kinds("key.copy") != 0 {
		t.Error("a copy was seen")
	}
}

// A try that was charged and not answered is not answered while the key is suspended.
func TestSuspensionStopsATryUnderWay(t *testing.T) {
	w := newWorld(t)
	m := w.evaluateMessage(w.offer())
	w.store.fail["Update"] = errors.New("the disk is full")
	if _, err := w.Evaluate(w.ctx, w.signed(m)); err == nil {
		t.Fatal("answered")
	}
	w.must(w.Suspend(w.ctx, w.id.Key, "asked"))
	_, err := w.Evaluate(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeKeyUnusable)
}
