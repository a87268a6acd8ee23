package keyshare

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

func (w *world) row() Key {
	w.Helper()
	k, err := w.store.Key(w.ctx, w.id.Key)
	w.must(err)
	return k
}

func (w *world) changeMessage() *splitkey.Change {
	return &splitkey.Change{Key: w.id.Key, Generation: w.id.Generation, OneTime: w.oneTime, Nonce: draw(splitkey.NonceSize)}
}

// beginChange asks for a PIN change, and returns its transaction.
func (w *world) beginChange() Transaction {
	w.Helper()
	c, err := w.BeginChange(w.ctx, w.signed(w.changeMessage()))
	w.must(err)
	t, err := w.store.Transaction(w.ctx, c.Transaction)
	w.must(err)
	return t
}

// proveMessage proves the old PIN for the newest try.
func (w *world) proveMessage(t Transaction) *splitkey.ChangeProve {
	w.Helper()
	proof, err := w.half.Prove(splitkey.StepChange, w.id, []byte(t.ID), w.nonce)
	w.must(err)
	return &splitkey.ChangeProve{
		Key: w.id.Key, Generation: w.id.Generation, Transaction: t.ID, Evaluation: w.nonce, OneTime: w.oneTime, Proof: proof,
	}
}

// proved is a change up to the proof of the old PIN; next is the identity to come.
func (w *world) proved() (t Transaction, next splitkey.Identity) {
	w.Helper()
	t = w.beginChange()
	_, err := w.try(t)
	w.must(err)
	p, err := w.ProveChange(w.ctx, w.signed(w.proveMessage(t)))
	w.must(err)
	next = w.id
	next.Generation, next.Public = p.Generation, p.Public
	return t, next
}

func (w *world) hardenMessage(t Transaction, next splitkey.Identity) *splitkey.ChangeHarden {
	w.Helper()
	_, blinded, err := splitkey.Blind(next, []byte("0815"))
	w.must(err)
	return &splitkey.ChangeHarden{Key: next.Key, Generation: next.Generation, Transaction: t.ID, OneTime: w.oneTime, Blinded: blinded}
}

func (w *world) changedMessage(t Transaction, next splitkey.Identity) *splitkey.ChangeConfirm {
	w.Helper()
	nonce := draw(splitkey.NonceSize)
	proof, err := w.half.Prove(splitkey.StepChanged, next, []byte(t.ID), next.Public, nonce)
	w.must(err)
	return &splitkey.ChangeConfirm{
		Key: next.Key, Generation: next.Generation, Transaction: t.ID, OneTime: w.oneTime, Nonce: nonce, Proof: proof,
	}
}

// change is the whole of it; the phone goes on with the new generation.
func (w *world) change() {
	w.Helper()
	t, next := w.proved()
	_, err := w.HardenChange(w.ctx, w.signed(w.hardenMessage(t, next)))
	w.must(err)
	c, err := w.ConfirmChange(w.ctx, w.signed(w.changedMessage(t, next)))
	w.must(err)
	w.id, w.oneTime = next, c.OneTime
}

// The whole change with the real mathematics: the new PIN signs, and the old blob
// is dead with whatever PIN, for its VOPRF key is gone (K8).
func TestChangePIN(t *testing.T) {
	w := newWorld(t)
	old := w.row()
	txn, next := w.proved()
	b, blinded, err := splitkey.Blind(next, []byte("0815"))
	w.must(err)
	m := w.hardenMessage(txn, next)
	m.Blinded = blinded
	e, err := w.HardenChange(w.ctx, w.signed(m))
	w.must(err)
	hardened, err := b.Finish(e)
	w.must(err)
	blob, err := splitkey.Seal(next, w.half, hardened)
	w.must(err)
	before := w.oneTime
	c, err := w.ConfirmChange(w.ctx, w.signed(w.changedMessage(txn, next)))
	w.must(err)
	w.id, w.oneTime = next, c.OneTime

	half, err := w.unlock(blob, w.offer(), "0815")
	w.must(err)
	if !half.Equal(w.half) {
		t.Error("another half")
	}
	k := w.row()
	if k.Generation != 2 || bytes.Equal(k.Public, old.Public) || bytes.Equal(k.SealedVOPRF, old.SealedVOPRF) || !reflect.DeepEqual(k.Next, row.Next{}) {
		t.Errorf("generation %d, or secrets of the old one are left", k.Generation)
	}
	if _, err := sealed.Open(w.SealVOPRF, sealed.Owner{Key: k.ID, Generation: 1}, k.SealedVOPRF); err == nil {
		t.Error("the old generation's secrets are still there")
	}
	// The old copy of the phone comes with its old blob.
	_, blinded, err = splitkey.Blind(splitkey.Identity{Key: k.ID, Purpose: k.Purpose, Generation: 1, Modulus: k.Modulus, Public: old.Public}, []byte("4711"))
	w.must(err)
	o := w.evaluateMessage(w.offer())
	o.Generation, o.Blinded, o.OneTime = 1, blinded, before
	_, err = w.Evaluate(w.ctx, w.signed(o))
	w.want(err, tunnus.CodeAccCloned)
}

// Each step again, as it is, gets the same answer, and nothing is charged twice.
func TestChangeStepsAgain(t *testing.T) {
	w := newWorld(t)
	ask := w.signed(w.changeMessage())
	c1, err1 := w.BeginChange(w.ctx, ask)
	c2, err2 := w.BeginChange(w.ctx, ask)
	w.must(errors.Join(err1, err2))
	if c1.Transaction != c2.Transaction || !bytes.Equal(c1.Freshness, c2.Freshness) {
		t.Error("another change")
	}
	txn, err := w.store.Transaction(w.ctx, c1.Transaction)
	w.must(err)
	_, err = w.try(txn)
	w.must(err)
	prove := w.signed(w.proveMessage(txn))
	p1, err1 := w.ProveChange(w.ctx, prove)
	p2, err2 := w.ProveChange(w.ctx, prove)
	w.must(errors.Join(err1, err2))
	if !bytes.Equal(p1.Public, p2.Public) || p1.Generation != 2 {
		t.Error("another key to come")
	}
	next := w.id
	next.Generation, next.Public = p1.Generation, p1.Public
	harden := w.signed(w.hardenMessage(txn, next))
	e1, err1 := w.HardenChange(w.ctx, harden)
	e2, err2 := w.HardenChange(w.ctx, harden)
	w.must(errors.Join(err1, err2))
	if !bytes.Equal(e1.Element, e2.Element) || w.row().Next.Hardenings != 1 || w.row().LifeCount != 1 {
		t.Errorf("%d hardenings, %d for life; want 1, 1", w.row().Next.Hardenings, w.row().LifeCount)
	}
	confirm := w.signed(w.changedMessage(txn, next))
	d1, err1 := w.ConfirmChange(w.ctx, confirm)
	d2, err2 := w.ConfirmChange(w.ctx, confirm)
	w.must(errors.Join(err1, err2))
	if !bytes.Equal(d1.OneTime, d2.OneTime) || w.row().LifeCount != 0 || w.charges() != 0 || w.store.kinds("key.copy") != 0 {
		t.Errorf("%d for life, %d charges, %d alarms; want none", w.row().LifeCount, w.charges(), w.store.kinds("key.copy"))
	}
}

// A wrong old PIN is charged like any, and nothing is made; another's proof does
// not serve.
func TestChangeRefusesForgedProof(t *testing.T) {
	_, other := testHalves()
	for name, give := range map[string]func(w *world, m *splitkey.ChangeProve){
		"forged":          func(_ *world, m *splitkey.ChangeProve) { m.Proof = draw(splitkey.HalfSize) },
		"of another half": func(w *world, m *splitkey.ChangeProve) { m.Proof = w.prove(other, splitkey.StepChange, m) },
		"of another step": func(w *world, m *splitkey.ChangeProve) { m.Proof = w.prove(w.half, splitkey.StepChanged, m) },
		"of a making":     func(w *world, m *splitkey.ChangeProve) { m.Proof = w.confirmMessage().Proof },
		"of another try":  func(w *world, m *splitkey.ChangeProve) { m.Proof[9] ^= 1 },
		"a share that signed": func(w *world, m *splitkey.ChangeProve) {
			m.Proof = w.completeMessage(Transaction{Hash: "SHA-256", Salt: make([]byte, 32)}).Share
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			txn := w.beginChange()
			_, err := w.try(txn)
			w.must(err)
			m := w.proveMessage(txn)
			good := *m
			good.Proof = bytes.Clone(m.Proof)
			give(w, m)
			_, err = w.ProveChange(w.ctx, w.signed(m))
			w.want(err, tunnus.CodeShareWrong)
			if w.charges() != 1 || w.row().Next.Public != nil {
				t.Errorf("%d charges, a key to come of %d bytes", w.charges(), len(w.row().Next.Public))
			}
			_, err = w.ProveChange(w.ctx, w.signed(&good)) // one proof a try
			w.want(err, tunnus.CodeShareWrong)
		})
	}
}

func (w *world) prove(h *splitkey.Half, step splitkey.Step, m *splitkey.ChangeProve) []byte {
	w.Helper()
	id := w.id
	id.Modulus = h.Modulus()
	proof, err := h.Prove(step, id, []byte(m.Transaction), m.Evaluation)
	w.must(err)
	return proof
}

// The confirmation is of just this change, generation and key.
func TestChangeRefusesForgedConfirmation(t *testing.T) {
	w := newWorld(t)
	old := w.id
	txn, next := w.proved()
	_, err := w.ConfirmChange(w.ctx, w.signed(w.changedMessage(txn, next)))
	w.want(err, tunnus.CodeTxnState) // nothing is sealed yet
	_, err = w.HardenChange(w.ctx, w.signed(w.hardenMessage(txn, next)))
	w.must(err)
	forged := w.changedMessage(txn, next)
	forged.Nonce = draw(splitkey.NonceSize)
	_, err = w.ConfirmChange(w.ctx, w.signed(forged))
	w.want(err, tunnus.CodeShareWrong)
	wrongKey := next
	wrongKey.Public = old.Public
	_, err = w.ConfirmChange(w.ctx, w.signed(w.changedMessage(txn, wrongKey)))
	w.want(err, tunnus.CodeShareWrong)
	_, err = w.ConfirmChange(w.ctx, w.signed(w.changedMessage(Transaction{ID: "other"}, next)))
	w.want(err, tunnus.CodeTxnState)
	if w.row().Generation != 1 {
		t.Fatal("the generation changed")
	}
	_, err = w.sign(w.offer()) // the old PIN lives on
	w.must(err)
}

// A change that comes to nothing harms nothing, and another takes its place.
func TestAbandonedChange(t *testing.T) {
	w := newWorld(t)
	first, next := w.proved()
	_, err := w.HardenChange(w.ctx, w.signed(w.hardenMessage(first, next)))
	w.must(err)
	_, err = w.sign(w.offer())
	w.must(err)
	w.change()
	_, err = w.sign(w.offer())
	w.must(err)
	if w.row().Generation != 2 || w.row().LifeCount != 1 {
		t.Errorf("generation %d, %d for life; want 2, 1: the hardening that led to nothing", w.row().Generation, w.row().LifeCount)
	}
	late := w.changedMessage(first, next)
	_, err = w.ConfirmChange(w.ctx, w.signed(late))
	w.want(err, tunnus.CodeBadRequest) // its one-time value would have to be of generation 1
}

// Hardenings of a change are few, charged to the key's life, and end in time: a
// thief in the middle of a change guesses nothing for nothing.
func TestChangeHardeningsAreCharged(t *testing.T) {
	w := newWorld(t)
	txn, next := w.proved()
	for range row.MaxHardenings {
		_, err := w.HardenChange(w.ctx, w.signed(w.hardenMessage(txn, next)))
		w.must(err)
	}
	_, err := w.HardenChange(w.ctx, w.signed(w.hardenMessage(txn, next)))
	w.want(err, tunnus.CodeTxnState)
	if w.row().LifeCount != row.MaxHardenings {
		t.Errorf("%d for life; want %d", w.row().LifeCount, row.MaxHardenings)
	}
	_, err = w.ConfirmChange(w.ctx, w.signed(w.changedMessage(txn, next)))
	w.must(err)
	if k := w.row(); k.LifeCount != row.MaxHardenings-1 || k.Unconfirmed != row.MaxHardenings-1 {
		t.Errorf("%d for life, %d of the generation; want all but one", k.LifeCount, k.Unconfirmed)
	}

	w = newWorld(t)
	txn, next = w.proved()
	w.pass(row.HardenTime)
	_, err = w.HardenChange(w.ctx, w.signed(w.hardenMessage(txn, next)))
	w.want(err, tunnus.CodeTxnState)
}

// At thirty unconfirmed tries only a PIN change is served; it begins the count of
// the new generation, and not that of the key's life (K6).
func TestOnlyAChangeAfterThirty(t *testing.T) {
	w := newWorld(t)
	k := w.row()
	k.Unconfirmed, k.LifeCount = row.MaxGeneration, row.MaxGeneration+7
	w.must(w.store.Save(w.ctx, k, nil))
	_, err := w.try(w.offer())
	w.want(err, tunnus.CodePINWorn)
	w.change()
	_, err = w.sign(w.offer())
	w.must(err)
	if k := w.row(); k.Unconfirmed != 0 || k.LifeCount != row.MaxGeneration+7 {
		t.Errorf("%d of the generation, %d for life; want 0, %d", k.Unconfirmed, k.LifeCount, row.MaxGeneration+7)
	}
}

// Sixty unconfirmed tries end the account: also if nobody tries again (K6).
func TestSixtyEndTheKey(t *testing.T) {
	w := newWorld(t)
	k := w.row()
	k.Unconfirmed, k.LifeCount = 3, row.MaxLife-1
	w.must(w.store.Save(w.ctx, k, nil))
	_, err := w.sign(w.offer()) // a right one is not counted
	w.must(err)
	w.pass(row.ConfirmTime)
	w.notices()
	w.wrong(1)
	w.pass(row.ConfirmTime)
	w.notices(Notice{State: Ended, Reason: ReasonPIN})
}

// The ladder is not the generation's: wrong tries of the old PIN stay charged.
func TestChangeForgivesNothingLater(t *testing.T) {
	w := newWorld(t)
	txn, next := w.proved()
	w.wrong(2)
	_, err := w.HardenChange(w.ctx, w.signed(w.hardenMessage(txn, next)))
	w.must(err)
	_, err = w.ConfirmChange(w.ctx, w.signed(w.changedMessage(txn, next)))
	w.must(err)
	if w.left() != 1 {
		t.Errorf("%d left; want 1", w.left())
	}
}

// The phone that lost the answer to its confirmation asks which generation lives,
// and is no copy; whoever does not know of the change is one (K8).
func TestStatusTellsWhichLives(t *testing.T) {
	w := newWorld(t)
	txn, next := w.proved()
	ask := func(change string) (splitkey.Standing, error) {
		return w.Status(w.ctx, w.signed(&splitkey.Status{Key: w.id.Key, Generation: 1, OneTime: w.oneTime, Change: change}))
	}
	st, err := ask(txn.ID)
	w.must(err)
	if st.Generation != 1 || st.Change != txn.ID || len(st.Transactions) != 0 {
		t.Errorf("before: %+v", st)
	}
	_, err = w.HardenChange(w.ctx, w.signed(w.hardenMessage(txn, next)))
	w.must(err)
	confirm := w.signed(w.changedMessage(txn, next))
	_, err = w.ConfirmChange(w.ctx, confirm) // its answer is lost
	w.must(err)
	w.pass(2 * time.Minute)
	st, err = ask(txn.ID)
	w.must(err)
	if st.Generation != 2 || st.Change != "" || !bytes.Equal(st.Public, next.Public) {
		t.Errorf("after: %+v", st)
	}
	_, err = w.ConfirmChange(w.ctx, confirm)
	w.must(err)
	_, err = ask("")
	w.want(err, tunnus.CodeAccCloned)
}

// A right old PIN whose change was cancelled or is too late is confirmed, and
// nothing comes of it (K5).
func TestRightPINForAnEndedChange(t *testing.T) {
	w := newWorld(t)
	txn := w.beginChange()
	_, err := w.try(txn)
	w.must(err)
	w.must(w.Cancel(w.ctx, txn.ID))
	_, err = w.ProveChange(w.ctx, w.signed(w.proveMessage(txn)))
	w.want(err, tunnus.CodeTxnState)
	if w.charges() != 0 || w.row().Next.Public != nil {
		t.Errorf("%d charges, a key to come: %v", w.charges(), w.row().Next.Public != nil)
	}
}

// A PIN change is not signed, whatever is sent for it, and has no outcome.
func TestChangeIsNeverSigned(t *testing.T) {
	w := newWorld(t)
	txn := w.beginChange()
	_, err := w.try(txn)
	w.must(err)
	m := w.proveMessage(txn)
	_, err = w.Complete(w.ctx, w.signed(&splitkey.Complete{
		Key: w.id.Key, Generation: 1, Transaction: txn.ID, Evaluation: w.nonce, OneTime: w.oneTime, Share: m.Proof,
	}))
	w.want(err, tunnus.CodeTxnState)
	_, err = w.Outcome(w.ctx, txn.ID)
	w.want(err, tunnus.CodeNotFound)
	_, err = w.Offer(w.ctx, OfferRequest{KeyID: w.id.Key, Kind: splitkey.ChangeKind, Hash: "SHA-256", ExpiresAt: w.clock().Add(time.Minute)})
	if err == nil {
		t.Error("somebody else put up a PIN change")
	}
	plain := w.offer()
	_, err = w.try(plain)
	w.must(err)
	_, err = w.ProveChange(w.ctx, w.signed(w.proveMessage(plain)))
	w.want(err, tunnus.CodeTxnState)
}
