package keyshare

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// 3 wrong → 3 h, 3 more → 24 h, 3 more → the end.
func TestWrongPINLadder(t *testing.T) {
	w := newWorld(t)
	for _, rung := range []struct {
		code tunnus.Code
		lock time.Duration
	}{{tunnus.CodePINLock1, 3 * time.Hour}, {tunnus.CodePINLock2, 24 * time.Hour}} {
		txn := w.offer()
		w.wrong(2)
		third, err := w.try(txn)
		w.must(err)
		if third.Tries.LockedUntil == nil || !third.Tries.LockedUntil.Equal(w.clock().Add(rung.lock)) || third.Tries.Left != 0 {
			t.Errorf("after the third wrong PIN: %+v", third.Tries)
		}
		w.pass(4 * time.Minute)
		_, err = w.try(txn)
		w.want(err, rung.code)
		if e, ok := errors.AsType[*tunnus.Error](err); !ok || e.Until == nil || !e.Until.Equal(*third.Tries.LockedUntil) {
			t.Errorf("Until is not told: %+v", e)
		}
		w.pass(rung.lock)
	}
	txn := w.offer()
	w.wrong(2)
	ninth, err := w.try(txn)
	w.must(err)
	if !ninth.Tries.Permanent {
		t.Errorf("after the ninth wrong PIN: %+v", ninth.Tries)
	}
	_, err = w.try(txn)
	w.want(err, tunnus.CodePINLockPerm)
	v, err := w.Key(w.ctx, w.id.Key)
	w.must(err)
	if v.State != Ended || v.Reason != ReasonPIN || w.store.kinds("key.end") != 1 {
		t.Errorf("the key is %s (%s)", v.State, v.Reason)
	}
	w.want(w.Resume(w.ctx, w.id.Key), tunnus.CodeStateConflict)
	_, err = w.try(txn)
	w.want(err, tunnus.CodePINLockPerm)
	if k, _ := w.store.Key(w.ctx, w.id.Key); k.SealedHalf != nil || k.SealedVOPRF != nil {
		t.Error("the secrets of an ended key are still there")
	}
}

// The last try before a lock, and the last of all, is as good as any other.
func TestRightPINAtTheLastTry(t *testing.T) {
	for _, wrong := range []int{2, 5, 8} {
		w := newWorld(t)
		for i := range wrong {
			w.wrong(1)
			if i%3 == 2 {
				w.pass(25 * time.Hour)
			}
		}
		_, err := w.sign(w.offer())
		w.must(err)
		if w.left() != 3 || w.charges() != wrong {
			t.Errorf("after %d wrong and a right one: %d left, %d unconfirmed", wrong, w.left(), w.charges())
		}
		w.pass(time.Hour)
		if ended := w.settle(); len(ended) != 0 {
			t.Errorf("Settle = %v", ended)
		}
	}
}

// The ninth wrong PIN ends the key after ten minutes, also if nobody tries again.
func TestSettleEndsAfterTheNinth(t *testing.T) {
	w := newWorld(t)
	w.must(w.Bind(w.ctx, w.id.Key, "account"))
	w.locked9()
	w.pass(row.ConfirmTime - time.Second)
	w.notices()
	w.pass(time.Second)
	w.notices(Notice{State: Ended, Reason: ReasonPIN})
	w.pass(time.Hour)
	w.notices()
}

// Nobody uses up tries from outside: without the device's signature nothing is counted.
func TestTryWithoutDeviceSignature(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	good := w.signed(w.evaluateMessage(txn))
	stranger, err := device.GenerateKey()
	w.must(err)
	foreign, err := device.Sign(stranger, good.Request)
	w.must(err)
	broken, swapped := good, good
	broken.Signature = nil
	swapped.Key = foreign.Key
	changed := good
	changed.Request.Body = append(bytes.Clone(good.Request.Body), ' ')
	for name, tt := range map[string]struct {
		give device.Signed
		code tunnus.Code
	}{
		"no signature":         {broken, tunnus.CodeBadSignature},
		"another key's name":   {swapped, tunnus.CodeBadSignature},
		"changed body":         {changed, tunnus.CodeBadSignature},
		"signed by a stranger": {foreign, tunnus.CodeNotFound},
	} {
		if _, err := w.Evaluate(w.ctx, tt.give); tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v; want %s", name, err, tt.code)
		}
	}
	if w.charges() != 0 || w.left() != 3 {
		t.Errorf("%d charges, %d left; want 0, 3", w.charges(), w.left())
	}
	_, err = w.Evaluate(w.ctx, good)
	w.must(err)
}

// The same request again: the same answer, one charge; for ever, until the next try.
func TestSameRequestAgain(t *testing.T) {
	w := newWorld(t)
	r := w.signed(w.evaluateMessage(w.offer()))
	first, err := w.Evaluate(w.ctx, r)
	w.must(err)
	w.pass(time.Hour)
	again, err := w.Evaluate(w.ctx, r)
	w.must(err)
	if !bytes.Equal(first.Element, again.Element) || !bytes.Equal(first.Proof, again.Proof) || !bytes.Equal(first.OneTime, again.OneTime) {
		t.Error("another answer to the same request")
	}
	if w.charges() != 1 || w.store.kinds("key.try") != 1 {
		t.Errorf("%d charges; want 1", w.charges())
	}
}

func TestSameNonceAnotherBody(t *testing.T) {
	w := newWorld(t)
	m := w.evaluateMessage(w.offer())
	_, err := w.Evaluate(w.ctx, w.signed(m))
	w.must(err)
	other := w.evaluateMessage(w.offer())
	m.Blinded = other.Blinded
	_, err = w.Evaluate(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeStateConflict)
	if w.charges() != 1 {
		t.Errorf("%d charges; want 1", w.charges())
	}
}

func TestEvaluateRefusesUncharged(t *testing.T) {
	tests := []struct {
		name string
		give func(w *world, m *splitkey.Evaluate)
		code tunnus.Code
	}{
		{"another freshness token", func(_ *world, m *splitkey.Evaluate) { m.Freshness = draw(16) }, tunnus.CodeTxnState},
		{"cancelled", func(w *world, m *splitkey.Evaluate) { w.must(w.Cancel(w.ctx, m.Transaction)) }, tunnus.CodeTxnState},
		{"expired", func(w *world, _ *splitkey.Evaluate) { w.pass(5 * time.Minute) }, tunnus.CodeTxnState},
		{"no such transaction", func(_ *world, m *splitkey.Evaluate) { m.Transaction = "x" }, tunnus.CodeNotFound},
		{"another generation", func(_ *world, m *splitkey.Evaluate) { m.Generation = 2 }, tunnus.CodeTxnState},
		{"forged one-time value", func(_ *world, m *splitkey.Evaluate) { m.OneTime = draw(40) }, tunnus.CodeBadRequest},
		{"identity", func(_ *world, m *splitkey.Evaluate) { m.Blinded = make([]byte, 33) }, tunnus.CodeBadRequest},
		{"not on the curve", func(_ *world, m *splitkey.Evaluate) { m.Blinded = append([]byte{2}, bytes.Repeat([]byte{255}, 32)...) }, tunnus.CodeBadRequest},
		{"suspended", func(w *world, _ *splitkey.Evaluate) { w.must(w.Suspend(w.ctx, w.id.Key, "lost")) }, tunnus.CodeKeyUnusable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			m := w.evaluateMessage(w.offer())
			tt.give(w, m)
			_, err := w.Evaluate(w.ctx, w.signed(m))
			w.want(err, tt.code)
			if w.charges() != 0 {
				t.Errorf("%d charges; want 0", w.charges())
			}
		})
	}
}

// A message that is not one, or one meant for another call, is refused.
func TestBodiesAreReadStrictly(t *testing.T) {
	w := newWorld(t)
	good := string(w.signed(w.evaluateMessage(w.offer())).Request.Body)
	confirm := string(w.signed(w.confirmMessage()).Request.Body)
	for name, body := range map[string]string{
		"not JSON": "{", "empty": "", "two values": good + good, "another message": confirm,
		"unknown field": `{"admin":true,` + good[1:], "too large": good + string(bytes.Repeat([]byte{' '}, 20000)),
	} {
		r, err := device.Sign(w.hk, device.Request{Body: []byte(body)})
		w.must(err)
		if _, err := w.Evaluate(w.ctx, r); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Fifty tries at once: the limit holds, whoever wins.
func TestConcurrentTriesNeverExceedLimit(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	var requests []device.Signed
	for range 50 {
		requests = append(requests, w.signed(w.evaluateMessage(txn)))
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	served := 0
	for _, r := range requests {
		wg.Go(func() {
			if _, err := w.Evaluate(w.ctx, r); err == nil {
				mu.Lock()
				served++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if served > 3 || served != w.store.kinds("key.try") {
		t.Errorf("%d answers for %d charges; at most 3", served, w.store.kinds("key.try"))
	}
}

// Fifty times the same request at once, as from several nodes: one charge, one
// answer, no alarm (K14).
func TestConcurrentRepeatsAreOneTry(t *testing.T) {
	w := newWorld(t)
	r := w.signed(w.evaluateMessage(w.offer()))
	var wg sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for range 50 {
		wg.Go(func() {
			e, err := w.Evaluate(w.ctx, r)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				answers[string(e.Proof)]++
			} else if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
				t.Errorf("a repeat failed: %v", err)
			}
		})
	}
	wg.Wait()
	if len(answers) != 1 || w.charges() != 1 || w.store.kinds("key.copy") != 0 {
		t.Errorf("%d answers, %d charges, %d alarms; want 1, 1, 0", len(answers), w.charges(), w.store.kinds("key.copy"))
	}
}

// A crash between charge and answer: the charge stands, the same request is
// answered for it, another one waits.
func TestCrashBetweenTheCommits(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	r, other := w.signed(w.evaluateMessage(txn)), w.signed(w.evaluateMessage(txn))
	w.store.fail["Update"] = errors.New("killed")
	_, err := w.Evaluate(w.ctx, r)
	w.want(err, tunnus.CodeInternal)
	if w.charges() != 1 || w.left() != 2 {
		t.Errorf("after the crash: %d charges, %d left; want 1, 2", w.charges(), w.left())
	}
	_, err = w.Evaluate(w.ctx, other)
	w.want(err, tunnus.CodeStateConflict)
	_, err = w.Evaluate(w.ctx, r)
	w.must(err)
	if w.charges() != 1 {
		t.Errorf("%d charges after the repeat; want 1", w.charges())
	}
}

// An abandoned try does not lock others out for long, and stays charged.
func TestAbandonedTryStaysCharged(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	w.store.fail["Update"] = errors.New("killed")
	_, err := w.try(txn)
	w.want(err, tunnus.CodeInternal)
	w.pass(row.FlightTime)
	_, err = w.try(txn)
	w.must(err)
	if w.charges() != 2 {
		t.Errorf("%d charges; want 2", w.charges())
	}
}

// A commit 1 that failed charges nothing and answers nothing.
func TestFailedReservation(t *testing.T) {
	w := newWorld(t)
	txn := w.offer()
	w.store.fail["Reserve"] = errors.New("disk full")
	_, err := w.try(txn)
	w.want(err, tunnus.CodeInternal)
	if w.charges() != 0 || w.store.kinds("key.answer") != 0 {
		t.Errorf("%d charges", w.charges())
	}
}
