package storetest

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
)

// signed fills in what a released signature adds.
func signed(v keyshare.Transaction) keyshare.Transaction {
	v.State, v.Signature, v.SignedAt = keyshare.Signed, []byte{6, 0}, at(50)
	v.Completion, v.Answer, v.Approval = []byte{7}, []byte{8}, []byte{9}
	return v
}

func transactions(t *testing.T, fresh func(t *testing.T) Fixture[keyshare.Store]) {
	t.Run("keeps a transaction whole", func(t *testing.T) {
		f := fresh(t)
		v := transaction("t", 0)
		must(t, "Put", f.Port().Transactions.Put(t.Context(), v, event("txn.put", "t")))
		wantCode(t, "Put again", f.Port().Transactions.Put(t.Context(), v, event("txn.put", "t")), tunnus.CodeStateConflict)
		v = signed(v)
		v.Rev = 1
		must(t, "Save", f.Port().Transactions.SaveTransaction(t.Context(), v, event("txn.saved", "t")))
		v.Rev = 2
		f.Reopen()
		got, err := f.Port().Transactions.Transaction(t.Context(), "t")
		whole(t, "Transaction", got, err, v)
		wantEvents(t, f, "t", "txn.put", "txn.saved")
		_, err = f.Port().Transactions.Transaction(t.Context(), "other")
		wantCode(t, "another", err, tunnus.CodeNotFound)
	})
	t.Run("save needs the revision", func(t *testing.T) {
		f := fresh(t)
		v := transaction("t", 0)
		must(t, "Put", f.Port().Transactions.Put(t.Context(), v, nil))
		v.Rev, v.State = 1, keyshare.Cancelled
		wantOne(t, "Save", func(int) error {
			return f.Port().Transactions.SaveTransaction(t.Context(), v, event("txn.cancelled", "t"))
		})
		wantEvents(t, f, "t", "txn.cancelled")
	})
	t.Run("no signature without the state, and the other way round", func(t *testing.T) {
		f := fresh(t)
		v := transaction("t", 0)
		must(t, "Put", f.Port().Transactions.Put(t.Context(), v, nil))
		refused(t, f, "UPDATE keyshare_transaction SET state = 'signed'", "UPDATE keyshare_transaction SET state = 'asleep'")
	})
	t.Run("lists the live ones of a key", func(t *testing.T) {
		f := fresh(t)
		for i, state := range []string{keyshare.Live, keyshare.Cancelled, keyshare.Live, keyshare.Live} {
			v := transaction(fmt.Sprint(i), 10*i)
			v.State = state
			must(t, "Put", f.Port().Transactions.Put(t.Context(), v, nil))
		}
		stranger := transaction("stranger", 15)
		stranger.Key = "other"
		must(t, "Put", f.Port().Transactions.Put(t.Context(), stranger, nil))
		ids := func(second, limit int) (ids []string, err error) {
			list, err := f.Port().Transactions.LiveOf(t.Context(), "k", at(second), limit)
			for _, v := range list {
				ids = append(ids, v.ID)
			}
			return ids, err
		}
		got, err := ids(40, 10)
		same(t, "all live", got, err, []string{"0", "2", "3"})
		got, err = ids(100, 10)
		same(t, "at the end of the first", got, err, []string{"2", "3"})
		got, err = ids(100, 1)
		same(t, "one", got, err, []string{"2"})
	})
}

func finish(t *testing.T, fresh func(t *testing.T) Fixture[keyshare.Store]) {
	// ready makes a key with one answered try for one transaction.
	ready := func(t *testing.T) (Fixture[keyshare.Store], keyshare.Key, keyshare.EvaluationRow, keyshare.Transaction) {
		f := fresh(t)
		k, e, v := withKey(t, f), evaluation("k", 1), transaction("t", 0)
		must(t, "Put", f.Port().Transactions.Put(t.Context(), v, nil))
		e.State, e.Answer = keyshare.Answered, []byte(`{}`)
		must(t, "Reserve", f.Port().Evaluations.Reserve(t.Context(), k, e, nil))
		k.Rev, v.Rev = 2, 1
		return f, k, e, v
	}
	t.Run("writes all three", func(t *testing.T) {
		f, k, e, v := ready(t)
		row := keyshare.EvaluationRow{Key: "k", Seq: 1, State: keyshare.Confirmed}
		must(t, "Finish", f.Port().Transactions.Finish(t.Context(), k, row, signed(v), event("key.signed", "t")))
		f.Reopen()
		k.Rev, v.Rev, e.State = 3, 2, keyshare.Confirmed
		gotKey, err := f.Port().Keys.Key(t.Context(), "k")
		same(t, "Key", gotKey, err, k)
		gotTry, err := f.Port().Evaluations.ByNonce(t.Context(), "k", e.Nonce)
		whole(t, "evaluation", gotTry, err, e)
		got, err := f.Port().Transactions.Transaction(t.Context(), "t")
		same(t, "Transaction", got, err, signed(v))
		wantEvents(t, f, "t", "key.signed")
	})
	t.Run("one of many releases", func(t *testing.T) {
		f, k, e, v := ready(t)
		wantOne(t, "Finish", func(int) error {
			return f.Port().Transactions.Finish(t.Context(), k, e, signed(v), event("key.signed", "t"))
		})
		wantEvents(t, f, "t", "key.signed")
	})
	t.Run("nothing is released after a hold or a cancellation", func(t *testing.T) {
		for _, between := range []string{"hold", "cancellation"} {
			f, k, e, v := ready(t)
			if between == "hold" {
				held := k
				held.State = keyshare.Held
				must(t, between, f.Port().Keys.Save(t.Context(), held, nil))
			} else {
				gone := v
				gone.State = keyshare.Cancelled
				must(t, between, f.Port().Transactions.SaveTransaction(t.Context(), gone, nil))
			}
			e.State = keyshare.Confirmed
			err := f.Port().Transactions.Finish(t.Context(), k, e, signed(v), event("key.signed", "t"))
			wantCode(t, "Finish after "+between, err, tunnus.CodeStateConflict)
			got, err := f.Port().Transactions.Transaction(t.Context(), "t")
			if err != nil || got.State == keyshare.Signed || len(got.Signature) != 0 {
				t.Errorf("after %s: %q with %d bytes, %v", between, got.State, len(got.Signature), err)
			}
			gotTry, err := f.Port().Evaluations.ByNonce(t.Context(), "k", e.Nonce)
			if err != nil || gotTry.State != keyshare.Answered {
				t.Errorf("after %s: the try is %q, %v", between, gotTry.State, err)
			}
			wantEvents(t, f, "t")
		}
	})
}
