package keytest

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

// signed fills in what a released signature adds.
func signed(v keyshare.Transaction) keyshare.Transaction {
	v.State, v.Signature, v.SignedAt = keyshare.Signed, []byte{6, 0}, check.At(50)
	v.Completion, v.Answer, v.Approval = []byte{7}, []byte{8}, []byte{9}
	return v
}

func transactions(t *testing.T, fresh func(t *testing.T) check.Fixture[keyshare.Store]) {
	t.Run("keeps a transaction whole", func(t *testing.T) {
		f := fresh(t)
		v := transaction("t", 0)
		check.Must(t, "Put", f.Port().Transactions.Put(t.Context(), v, check.Event("txn.put", "t")))
		check.Code(t, "Put again", f.Port().Transactions.Put(t.Context(), v, check.Event("txn.put", "t")), tunnus.CodeStateConflict)
		v = signed(v)
		v.Rev = 1
		check.Must(t, "Save", f.Port().Transactions.SaveTransaction(t.Context(), v, check.Event("txn.saved", "t")))
		v.Rev = 2
		f.Reopen()
		got, err := f.Port().Transactions.Transaction(t.Context(), "t")
		check.Whole(t, "Transaction", got, err, v)
		check.Events(t, f, "t", "txn.put", "txn.saved")
		_, err = f.Port().Transactions.Transaction(t.Context(), "other")
		check.Code(t, "another", err, tunnus.CodeNotFound)
	})
	t.Run("save needs the revision", func(t *testing.T) {
		f := fresh(t)
		v := transaction("t", 0)
		check.Must(t, "Put", f.Port().Transactions.Put(t.Context(), v, nil))
		v.Rev, v.State = 1, keyshare.Cancelled
		check.One(t, "Save", func(int) error {
			return f.Port().Transactions.SaveTransaction(t.Context(), v, check.Event("txn.cancelled", "t"))
		})
		check.Events(t, f, "t", "txn.cancelled")
	})
	t.Run("no signature without the state, and the other way round", func(t *testing.T) {
		f := fresh(t)
		v := transaction("t", 0)
		check.Must(t, "Put", f.Port().Transactions.Put(t.Context(), v, nil))
		check.Refused(t, f, "UPDATE keyshare_transaction SET state = 'signed'", "UPDATE keyshare_transaction SET state = 'asleep'")
	})
	t.Run("lists the live ones of a key", func(t *testing.T) {
		f := fresh(t)
		for i, state := range []string{keyshare.Live, keyshare.Cancelled, keyshare.Live, keyshare.Live} {
			v := transaction(fmt.Sprint(i), 10*i)
			v.State = state
			check.Must(t, "Put", f.Port().Transactions.Put(t.Context(), v, nil))
		}
		stranger := transaction("stranger", 15)
		stranger.Key = "other"
		check.Must(t, "Put", f.Port().Transactions.Put(t.Context(), stranger, nil))
		ids := func(second, limit int) (ids []string, err error) {
			list, err := f.Port().Transactions.LiveOf(t.Context(), "k", check.At(second), limit)
			for _, v := range list {
				ids = append(ids, v.ID)
			}
			return ids, err
		}
		got, err := ids(40, 10)
		check.Same(t, "all live", got, err, []string{"0", "2", "3"})
		got, err = ids(100, 10)
		check.Same(t, "at the end of the first", got, err, []string{"2", "3"})
		got, err = ids(100, 1)
		check.Same(t, "one", got, err, []string{"2"})
	})
}

func finish(t *testing.T, fresh func(t *testing.T) check.Fixture[keyshare.Store]) {
	// ready makes a key with one answered try for one transaction.
	ready := func(t *testing.T) (check.Fixture[keyshare.Store], keyshare.Key, keyshare.EvaluationRow, keyshare.Transaction) {
		f := fresh(t)
		k, e, v := withKey(t, f), evaluation("k", 1), transaction("t", 0)
		check.Must(t, "Put", f.Port().Transactions.Put(t.Context(), v, nil))
		e.State, e.Answer = keyshare.Answered, []byte(`{}`)
		check.Must(t, "Reserve", f.Port().Evaluations.Reserve(t.Context(), k, e, nil))
		k.Rev, v.Rev = 2, 1
		return f, k, e, v
	}
	t.Run("writes all three", func(t *testing.T) {
		f, k, e, v := ready(t)
		done := e
		done.State, done.Answer = keyshare.Confirmed, []byte("not written")
		check.Must(t, "Finish", f.Port().Transactions.Finish(t.Context(), k, done, signed(v), check.Event("key.signed", "t")))
		f.Reopen()
		k.Rev, v.Rev, e.State = 3, 2, keyshare.Confirmed
		gotKey, err := f.Port().Keys.Key(t.Context(), "k")
		check.Same(t, "Key", gotKey, err, k)
		gotTry, err := f.Port().Evaluations.ByNonce(t.Context(), "k", e.Nonce)
		check.Whole(t, "evaluation", gotTry, err, e)
		got, err := f.Port().Transactions.Transaction(t.Context(), "t")
		check.Same(t, "Transaction", got, err, signed(v))
		check.Events(t, f, "t", "key.signed")
	})
	t.Run("one of many releases", func(t *testing.T) {
		f, k, e, v := ready(t)
		check.One(t, "Finish", func(int) error {
			return f.Port().Transactions.Finish(t.Context(), k, e, signed(v), check.Event("key.signed", "t"))
		})
		check.Events(t, f, "t", "key.signed")
	})
	t.Run("nothing is released after a hold or a cancellation", func(t *testing.T) {
		for _, between := range []string{"hold", "cancellation"} {
			f, k, e, v := ready(t)
			if between == "hold" {
				held := k
				held.State = keyshare.Held
				check.Must(t, between, f.Port().Keys.Save(t.Context(), held, nil))
			} else {
				gone := v
				gone.State = keyshare.Cancelled
				check.Must(t, between, f.Port().Transactions.SaveTransaction(t.Context(), gone, nil))
			}
			e.State = keyshare.Confirmed
			err := f.Port().Transactions.Finish(t.Context(), k, e, signed(v), check.Event("key.signed", "t"))
			check.Code(t, "Finish after "+between, err, tunnus.CodeStateConflict)
			got, err := f.Port().Transactions.Transaction(t.Context(), "t")
			if err != nil || got.State == keyshare.Signed || len(got.Signature) != 0 {
				t.Errorf("after %s: %q with %d bytes, %v", between, got.State, len(got.Signature), err)
			}
			gotTry, err := f.Port().Evaluations.ByNonce(t.Context(), "k", e.Nonce)
			if err != nil || gotTry.State != keyshare.Answered {
				t.Errorf("after %s: the try is %q, %v", between, gotTry.State, err)
			}
			check.Events(t, f, "t")
		}
	})
}
