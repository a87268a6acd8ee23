package keyshare

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// backup is all that the store has of the phone's key.
func (w *world) backup() Copy {
	w.Helper()
	rows, err := w.store.Since(w.ctx, w.id.Key, 0)
	w.must(err)
	return Copy{Key: w.row(), Tries: rows}
}

// lose puts the store back to a backup, as a restore does.
func (w *world) lose(c Copy) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.keys[c.Key.ID], w.store.rows = c.Key, slices.Clone(c.Tries)
}

// A one-time value newer than ours is our loss: it is followed in a declared
// restore epoch, and refused at any other time; it is never an alarm (K1).
func TestRestoreEpoch(t *testing.T) {
	w := newWorld(t)
	before := w.backup()
	stale := w.oneTime
	for range 3 {
		_, err := w.sign(w.offer())
		w.must(err)
	}
	w.lose(before)
	txn := w.offer()
	_, err := w.try(txn)
	w.want(err, tunnus.CodeTxnState)
	w.must(w.DeclareRestore(w.ctx, w.clock().Add(24*time.Hour)))
	w.pass(24 * time.Hour)
	_, err = w.try(w.offer())
	w.want(err, tunnus.CodeTxnState) // the epoch is over
	w.must(w.DeclareRestore(w.ctx, w.clock().Add(24*time.Hour)))
	_, err = w.sign(w.offer())
	w.must(err)
	if w.store.kinds("key.jump") != 1 || w.store.kinds("key.copy") != 0 {
		t.Errorf("%d jumps, %d alarms; want 1, 0", w.store.kinds("key.jump"), w.store.kinds("key.copy"))
	}
	// Within the epoch a copy is found as ever.
	m := w.evaluateMessage(w.offer())
	m.OneTime = stale
	_, err = w.Evaluate(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeAccCloned)
}

// The epoch does not make a value good that is not ours.
func TestForgedValueInAnEpoch(t *testing.T) {
	w := newWorld(t)
	w.must(w.DeclareRestore(w.ctx, w.clock().Add(time.Hour)))
	m := w.evaluateMessage(w.offer())
	m.OneTime = slices.Clone(m.OneTime)
	m.OneTime[7] += 5 // says that it is newer
	_, err := w.Evaluate(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeBadRequest)
	if w.store.kinds("key.jump") != 0 {
		t.Error("followed a forged value")
	}
}

// Each message that shows a value follows it: a poll, a share, a PIN change.
func TestEachMessageFollowsARestore(t *testing.T) {
	for name, ask := range map[string]func(w *world) error{
		"status": func(w *world) error {
			_, err := w.Status(w.ctx, w.signed(&splitkey.Status{Key: w.id.Key, Generation: 1, OneTime: w.oneTime}))
			return err
		},
		"change": func(w *world) error {
			_, err := w.BeginChange(w.ctx, w.signed(w.changeMessage()))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.backup()
			w.wrong(2)
			w.lose(before)
			w.want(ask(w), tunnus.CodeTxnState)
			w.must(w.DeclareRestore(w.ctx, w.clock().Add(time.Hour)))
			w.must(ask(w))
			_, err := w.sign(w.offer())
			w.must(err)
		})
	}
}

func TestDeclareRestore(t *testing.T) {
	w := newWorld(t)
	for _, until := range []time.Duration{0, -time.Hour, 91 * 24 * time.Hour} {
		if w.DeclareRestore(w.ctx, w.clock().Add(until)) == nil {
			t.Errorf("declared for %s", until)
		}
	}
	w.must(w.FillPool(w.ctx, 1))
	w.must(w.DeclareRestore(w.ctx, w.clock().Add(time.Hour)))
	if len(w.store.pool) != 0 {
		t.Error("the pool is still there: its halves may have been given away since the backup")
	}
}

// What the second place has is merged before the doors open: locks, tries and the
// generation are as they were, and a lost answer is still there.
func TestReapply(t *testing.T) {
	w := newWorld(t)
	before := w.backup()
	w.wrong(2)
	m := w.evaluateMessage(w.offer())
	request := w.signed(m)
	answer, err := w.Evaluate(w.ctx, request)
	w.must(err)
	second := w.backup()
	second = restore.CopyOf(second.Key, second.Tries...)
	w.lose(before)
	w.must(w.Reapply(w.ctx, second))
	w.must(w.Reapply(w.ctx, second))
	again, err := w.Evaluate(w.ctx, request)
	w.must(err)
	if string(again.OneTime) != string(answer.OneTime) {
		t.Error("another answer")
	}
	_, err = w.Offer(w.ctx, OfferRequest{KeyID: w.id.Key, Kind: "echo", Hash: "SHA-256", ExpiresAt: w.clock().Add(time.Minute)})
	w.want(err, tunnus.CodePINLock1)
	w.pass(4 * time.Hour)
	w.oneTime = answer.OneTime
	_, err = w.sign(w.offer())
	w.must(err)
	if w.store.kinds("key.copy") != 0 {
		t.Error("a copy's alarm because of our own loss")
	}
}

// A PIN change that the backup does not know of comes back with its own VOPRF key;
// the old generation stays dead.
func TestReapplyOfAChange(t *testing.T) {
	w := newWorld(t)
	before, old, stale := w.backup(), w.id, w.oneTime
	w.change()
	second := w.backup()
	w.lose(before)
	w.must(w.Reapply(w.ctx, restore.CopyOf(second.Key, second.Tries...)))
	_, err := w.sign(w.offer())
	w.must(err)
	w.id, w.oneTime = old, stale
	_, err = w.try(w.offer())
	w.want(err, tunnus.CodeAccCloned)
}

// What ended after the backup has ended after the restore; what was made after it
// has no server half any more.
func TestReapplyOfWhatEnded(t *testing.T) {
	w := newWorld(t)
	before := w.backup()
	w.must(w.Revoke(w.ctx, w.id.Key, "closed"))
	second := w.backup()
	w.lose(before)
	w.must(w.Reapply(w.ctx, restore.CopyOf(second.Key)))
	if k := w.row(); k.State != Ended || k.Reason != "closed" || k.SealedVOPRF != nil || k.SealedHalf != nil {
		t.Errorf("%s (%s), secrets of %d bytes", k.State, k.Reason, len(k.SealedVOPRF)+len(k.SealedHalf))
	}
	w.notices(Notice{State: Ended, Reason: "closed"})

	w = newWorld(t)
	second = w.backup()
	delete(w.store.keys, w.id.Key)
	w.must(w.Reapply(w.ctx, restore.CopyOf(second.Key)))
	w.notices(Notice{State: Ended, Reason: ReasonLost})
}

// The loser of a race never alarms: a request that was good when it came is told to
// come again, or gets its stored answer, whatever happened meanwhile (K14).
func TestLoserNeverAlarms(t *testing.T) {
	w := newWorld(t)
	a, b := w.offer(), w.offer()
	first := w.evaluateMessage(a)
	request := w.signed(first)
	w.store.conflict = func(method string) {
		if method != "Reserve" {
			return
		}
		w.store.conflict = nil
		// On another node the same request is served, and the phone goes on.
		e, err := w.Evaluate(w.ctx, request)
		w.must(err)
		w.oneTime, w.nonce = e.OneTime, first.Nonce
		_, err = w.Complete(w.ctx, w.signed(w.completeMessage(a)))
		w.must(err)
		_, err = w.sign(b)
		w.must(err)
	}
	e, err := w.Evaluate(w.ctx, request)
	w.must(err)
	row, err := w.store.ByNonce(w.ctx, w.id.Key, first.Nonce)
	if err != nil || e.OneTime == nil || w.store.kinds("key.copy") != 0 || w.store.kinds("key.try") != 2 {
		t.Errorf("%s, %v: %d alarms, %d tries; want 0, 2", row.State, err, w.store.kinds("key.copy"), w.store.kinds("key.try"))
	}
	_, err = w.sign(w.offer())
	w.must(err)
}

// The same for a share, a poll and a new generation that lose.
func TestLoserOfAnotherMessage(t *testing.T) {
	w := newWorld(t)
	a, b := w.offer(), w.offer()
	_, err := w.try(a)
	w.must(err)
	share := w.signed(w.completeMessage(a))
	w.store.conflict = func(method string) {
		if method == "Finish" {
			w.store.conflict = nil
			_, err := w.try(b)
			w.must(err)
		}
	}
	_, err = w.Complete(w.ctx, share)
	w.want(err, tunnus.CodeStateConflict)

	txn, next := w.proved()
	harden := w.signed(w.hardenMessage(txn, next))
	w.store.conflict = func(method string) {
		if method == "Save" {
			w.store.conflict = nil
			_, err := w.try(b)
			w.must(err)
		}
	}
	_, err = w.HardenChange(w.ctx, harden)
	w.want(err, tunnus.CodeStateConflict)
	if w.store.kinds("key.copy") != 0 {
		t.Error("an alarm")
	}
}

// A crash after each commit of a PIN change: the same message goes on from there.
func TestCrashesInAChange(t *testing.T) {
	for _, method := range []string{"SaveTransaction", "Reserve", "Update", "Finish", "Save"} {
		w := newWorld(t)
		again := func(step func() error) {
			t.Helper()
			w.store.fail[method] = errors.New("killed")
			err := step()
			if err != nil {
				w.want(err, tunnus.CodeInternal)
				err = step()
			}
			delete(w.store.fail, method)
			w.must(err)
		}
		ask := w.signed(w.changeMessage())
		var c splitkey.Changing
		again(func() (err error) { c, err = w.BeginChange(w.ctx, ask); return err })
		txn, err := w.store.Transaction(w.ctx, c.Transaction)
		w.must(err)
		m := w.evaluateMessage(txn)
		again(func() error {
			e, err := w.Evaluate(w.ctx, w.signed(m))
			w.oneTime, w.nonce = e.OneTime, m.Nonce
			return err
		})
		prove := w.signed(w.proveMessage(txn))
		next := w.id
		again(func() error {
			p, err := w.ProveChange(w.ctx, prove)
			next.Generation, next.Public = p.Generation, p.Public
			return err
		})
		harden := w.signed(w.hardenMessage(txn, next))
		again(func() error { _, err := w.HardenChange(w.ctx, harden); return err })
		confirm := w.signed(w.changedMessage(txn, next))
		again(func() error {
			d, err := w.ConfirmChange(w.ctx, confirm)
			w.id, w.oneTime = next, d.OneTime
			return err
		})
		_, err = w.sign(w.offer())
		w.must(err)
		if w.charges() != 0 || w.row().LifeCount != 0 || w.row().Generation != 2 {
			t.Errorf("%s: %d charges, %d for life, generation %d", method, w.charges(), w.row().LifeCount, w.row().Generation)
		}
	}
}
