package keyshare

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A copied phone is found at the first request of whichever copy comes second;
// the key is held at once and ends after 72 hours (K4, K14).
func TestCopyIsFound(t *testing.T) {
	tests := []struct {
		name   string
		second func(w *world, stale []byte) error
	}{
		{"by a try", func(w *world, stale []byte) error {
			m := w.evaluateMessage(w.offer())
			m.OneTime = stale
			_, err := w.Evaluate(w.ctx, w.signed(m))
			return err
		}},
		{"by a poll", func(w *world, stale []byte) error {
			w.pass(pollGrace)
			_, err := w.Status(w.ctx, w.signed(&splitkey.Status{Key: w.id.Key, Generation: 1, OneTime: stale}))
			return err
		}},
		{"by a share", func(w *world, stale []byte) error {
			txn := w.offer()
			_, err := w.try(txn)
			w.must(err)
			m := w.completeMessage(txn)
			m.OneTime = stale
			_, err = w.Complete(w.ctx, w.signed(m))
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			stale := slices.Clone(w.oneTime)
			_, err := w.sign(w.offer())
			w.must(err)
			w.want(tt.second(w, stale), tunnus.CodeAccCloned)

			_, err = w.Offer(w.ctx, OfferRequest{KeyID: w.id.Key, Kind: "echo", Hash: splitkey.SHA256, ExpiresAt: w.clock().Add(time.Minute)})
			w.want(err, tunnus.CodeAccCloned)
			w.want(w.Resume(w.ctx, w.id.Key), tunnus.CodeStateConflict)
			w.want(w.Suspend(w.ctx, w.id.Key, "x"), tunnus.CodeStateConflict)
			w.notices(Notice{State: Held, Reason: ReasonCopy})
			w.pass(71 * time.Hour)
			w.notices()
			w.pass(time.Hour)
			w.notices(Notice{State: Ended, Reason: ReasonCopy})
		})
	}
}

// c-1 with the last nonce is a lost answer, not a copy: also after the lock has
// come, the right answer is there, free of charge.
func TestLostAnswerIsNoCopy(t *testing.T) {
	w := newWorld(t)
	w.wrong(2)
	m := w.evaluateMessage(w.offer())
	first, err := w.Evaluate(w.ctx, w.signed(m))
	w.must(err)
	again, err := w.Evaluate(w.ctx, w.signed(m))
	w.must(err)
	if !bytes.Equal(first.OneTime, again.OneTime) || w.charges() != 3 || w.store.kinds("key.copy") != 0 {
		t.Errorf("%d charges, %d alarms; want 3, 0", w.charges(), w.store.kinds("key.copy"))
	}
}

// A stored request that is resent from a copy, two tries late, is one.
func TestOldRequestAgainIsACopy(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	old := w.signed(w.evaluateMessage(txn))
	e, err := w.Evaluate(w.ctx, old)
	w.must(err)
	w.oneTime = e.OneTime
	_, err = w.try(txn)
	w.must(err)
	_, err = w.Evaluate(w.ctx, old)
	w.want(err, tunnus.CodeAccCloned)
}

// A poll that crosses an evaluation on its way is told to ask again.
func TestPollThatCrossesATry(t *testing.T) {
	w := newWorld(t)
	stale := slices.Clone(w.oneTime)
	_, err := w.try(w.offer())
	w.must(err)
	_, err = w.Status(w.ctx, w.signed(&splitkey.Status{Key: w.id.Key, Generation: 1, OneTime: stale}))
	w.want(err, tunnus.CodeStateConflict)
	if w.store.kinds("key.copy") != 0 {
		t.Error("an alarm")
	}
}

// A value that we made and do not know is our loss: refused, no alarm (K1).
func TestValueFromTheFuture(t *testing.T) {
	w := newWorld(t)
	before, err := w.store.Key(w.ctx, w.id.Key)
	w.must(err)
	_, err = w.try(w.offer())
	w.must(err)
	k, err := w.store.Key(w.ctx, w.id.Key)
	w.must(err)
	k.Counter = before.Counter // as after a restore
	k.LastNonce = nil
	w.must(w.store.Save(w.ctx, k, nil))
	_, err = w.try(w.offer())
	w.want(err, tunnus.CodeTxnState)
	if w.store.kinds("key.copy") != 0 {
		t.Error("an alarm")
	}
}

// Thirty unconfirmed tries wear a PIN out, sixty a key; success lowers neither (K6).
func TestCaps(t *testing.T) {
	for _, tt := range []struct {
		name             string
		generation, life int
		code             tunnus.Code
	}{
		{"under both", 29, 59, ""},
		{"generation", 30, 30, tunnus.CodePINWorn},
		{"life", 0, 60, tunnus.CodePINLockPerm},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			txn := w.offer()
			k, err := w.store.Key(w.ctx, w.id.Key)
			w.must(err)
			k.Unconfirmed, k.LifeCount = tt.generation, tt.life
			w.must(w.store.Save(w.ctx, k, nil))
			_, err = w.sign(txn)
			w.want(err, tt.code)
			if tt.code == "" && w.charges() != 29 {
				t.Errorf("%d unconfirmed after a success; want 29", w.charges())
			}
		})
	}
}

func TestWarningAtTen(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.wrong(2)
		_, err := w.sign(w.offer())
		w.must(err)
	}
	if w.store.kinds("key.worn") == 0 || w.charges() != 10 {
		t.Errorf("%d unconfirmed, %d warnings", w.charges(), w.store.kinds("key.worn"))
	}
}

// A right share clears earlier tries, not those that came after its own (K5).
func TestSuccessClearsOnlyEarlierTries(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	w.wrong(1)
	_, err := w.try(txn)
	w.must(err)
	mine := w.nonce
	w.wrong(1)
	m := w.completeMessage(txn)
	m.Evaluation = mine
	_, err = w.Complete(w.ctx, w.signed(m))
	w.must(err)
	if w.left() != 2 {
		t.Errorf("%d tries left; want 2", w.left())
	}
}

// A lock that came after a right try stops its signature, and the try is confirmed (K9).
func TestLaterLockStopsTheRelease(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	_, err := w.try(txn)
	w.must(err)
	mine := w.nonce
	w.Ladder = tunnus.Ladder{{Failures: 2, Lock: time.Hour}}
	w.store.rows = append(w.store.rows, // as if made on another node under the old ladder
		EvaluationRow{Key: w.id.Key, Seq: 2, Generation: 1, Nonce: draw(16), State: Answered, At: w.clock()},
		EvaluationRow{Key: w.id.Key, Seq: 3, Generation: 1, Nonce: draw(16), State: Answered, At: w.clock()})
	m := w.completeMessage(txn)
	m.Evaluation = mine
	out, err := w.Complete(w.ctx, w.signed(m))
	w.want(err, tunnus.CodePINLock1)
	if out.Signature != nil || w.charges() != 0 {
		t.Errorf("%d bytes of signature, %d charges of its own", len(out.Signature), w.charges())
	}
}

// A share is judged for the try it names: not another transaction's.
func TestShareOfAnotherTry(t *testing.T) {
	w := newWorld(t)
	a, b := w.offer(), w.offer()
	_, err := w.try(a)
	w.must(err)
	_, err = w.Complete(w.ctx, w.signed(w.completeMessage(b)))
	w.want(err, tunnus.CodeTxnState)
	m := w.completeMessage(a)
	m.Evaluation = draw(16)
	_, err = w.Complete(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeTxnState)
}
