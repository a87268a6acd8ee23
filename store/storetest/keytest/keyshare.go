// Package keytest holds what every implementation of the ports of key/keyshare
// must do, as storetest does for the others.
package keytest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

// aKey makes a key with a value in every field.
func aKey(id string) keyshare.Key {
	return keyshare.Key{
		ID: id, Purpose: splitkey.Purpose("login"), Device: "device", Account: "account", State: keyshare.Ready, Reason: "why",
		Generation: 1, CreatedAt: check.At(0), Modulus: []byte("n1" + id), Public: []byte{2, 0}, SealedVOPRF: []byte{3}, Begin: []byte{4},
		Hardenings: 5, Counter: 6, RotatedAt: check.At(7), Product: []byte{8}, Inverse: []byte{9}, SealedHalf: []byte{10},
		LastSeq: 11, LastNonce: []byte{12}, ClearedSeq: 13, Unconfirmed: 14, LifeCount: 15, DueAt: check.At(16), EndsAt: check.At(17),
		Next: row.Next{
			Change: "change", Public: []byte{18, 0}, SealedVOPRF: []byte{19}, Since: check.At(20), Hardenings: 21, Hardened: []byte{22},
		},
		ChangedBy: "before", Changed: []byte{23},
	}
}

func evaluation(key string, seq int64) keyshare.EvaluationRow {
	return keyshare.EvaluationRow{
		Key: key, Seq: seq, Generation: 1, Transaction: "t", Nonce: fmt.Append(nil, "nonce", seq), Body: []byte{1},
		State: keyshare.Reserved, At: check.At(int(seq)),
	}
}

func transaction(id string, second int) keyshare.Transaction {
	return keyshare.Transaction{
		ID: id, Key: "k", Kind: "acsp", Record: []byte(`{}`), Hash: splitkey.Hash("SHA-512"), Padding: splitkey.PKCS1,
		Salt: []byte{1}, Freshness: []byte{2},
		State: keyshare.Live, CreatedAt: check.At(second), ExpiresAt: check.At(second + 100),
	}
}

// withKey makes a fixture that has the key "k", and returns the key as it is stored.
func withKey(t *testing.T, f check.Fixture[keyshare.Store]) keyshare.Key {
	t.Helper()
	k := aKey("k")
	check.Must(t, "Create", f.Port().Keys.Create(t.Context(), k, nil))
	k.Rev = 1
	return k
}

// Keyshare tests an implementation of the ports in [keyshare.Store].
func Keyshare(t *testing.T, fresh func(t *testing.T) check.Fixture[keyshare.Store]) {
	t.Run("keys", func(t *testing.T) { keys(t, fresh) })
	t.Run("evaluations", func(t *testing.T) { evaluations(t, fresh) })
	t.Run("transactions", func(t *testing.T) { transactions(t, fresh) })
	t.Run("finish", func(t *testing.T) { finish(t, fresh) })
	t.Run("pool", func(t *testing.T) { pool(t, fresh) })
	t.Run("moduli", func(t *testing.T) { listedModuli(t, fresh) })
	t.Run("restores", func(t *testing.T) { restores(t, fresh) })
}

func keys(t *testing.T, fresh func(t *testing.T) check.Fixture[keyshare.Store]) {
	t.Run("keeps a key whole", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Create", f.Port().Keys.Create(t.Context(), aKey("k"), check.Event("key.begun", "k")))
		v := keyshare.Key{ID: "k", Rev: 1, State: keyshare.Begun, Counter: 1 << 62, CreatedAt: check.At(0)}
		check.Must(t, "Save", f.Port().Keys.Save(t.Context(), v, check.Event("key.saved", "k")))
		v.Rev = 2
		got, err := f.Port().Keys.Key(t.Context(), "k")
		check.Same(t, "Key, mostly empty", got, err, v)
		v = aKey("k")
		v.Rev = 2
		check.Must(t, "Save", f.Port().Keys.Save(t.Context(), v, nil))
		v.Rev = 3
		f.Reopen()
		got, err = f.Port().Keys.Key(t.Context(), "k")
		check.Whole(t, "Key, full", got, err, v)
		check.Events(t, f, "k", "key.begun", "key.saved")
		_, err = f.Port().Keys.Key(t.Context(), "other")
		check.Code(t, "another key", err, tunnus.CodeNotFound)
	})
	t.Run("save needs the revision", func(t *testing.T) {
		f := fresh(t)
		k := withKey(t, f)
		check.One(t, "Save", func(i int) error { return f.Port().Keys.Save(t.Context(), k, check.Event("key.saved", "k")) })
		check.Events(t, f, "k", "key.saved")
	})
	t.Run("an id is taken once", func(t *testing.T) { keyIDOnce(t, fresh(t)) })
	t.Run("a key that has ended stays so", func(t *testing.T) {
		f := fresh(t)
		k := withKey(t, f)
		k.State = keyshare.Ended
		check.Must(t, "Save", f.Port().Keys.Save(t.Context(), k, nil))
		check.Refused(t, f, "UPDATE keyshare_key SET state = 'ready'", "UPDATE keyshare_key SET state = 'asleep'")
	})
	t.Run("takes every state", func(t *testing.T) {
		f := fresh(t)
		for i, s := range []keyshare.State{
			keyshare.Begun, keyshare.Sealed, keyshare.Ready, keyshare.Suspended, keyshare.Held, keyshare.Ended,
		} {
			k := aKey(fmt.Sprint(i))
			k.State = s
			check.Must(t, string(s), f.Port().Keys.Create(t.Context(), k, nil))
		}
	})
	t.Run("lists what is due", func(t *testing.T) { dueKeys(t, fresh(t)) })
}

func evaluations(t *testing.T, fresh func(t *testing.T) check.Fixture[keyshare.Store]) {
	t.Run("keeps an evaluation whole", func(t *testing.T) {
		f := fresh(t)
		k := withKey(t, f)
		v := evaluation("k", 1)
		check.Must(t, "Reserve", f.Port().Evaluations.Reserve(t.Context(), k, v, check.Event("key.try", "k")))
		f.Reopen()
		got, err := f.Port().Evaluations.ByNonce(t.Context(), "k", v.Nonce)
		check.Same(t, "ByNonce, charged", got, err, v)
		k.Rev, v.State, v.Answer = 2, keyshare.Answered, []byte(`{}`)
		check.Must(t, "Update", f.Port().Evaluations.Update(t.Context(), k, v, check.Event("key.answer", "k")))
		k.Rev = 3
		second := evaluation("k", 2)
		check.Must(t, "Reserve", f.Port().Evaluations.Reserve(t.Context(), k, second, nil))
		list, err := f.Port().Evaluations.Since(t.Context(), "k", 0)
		check.Same(t, "Since 0", list, err, []keyshare.EvaluationRow{v, second})
		list, err = f.Port().Evaluations.Since(t.Context(), "k", 1)
		check.Same(t, "Since 1", list, err, []keyshare.EvaluationRow{second})
		_, err = f.Port().Evaluations.ByNonce(t.Context(), "other", v.Nonce)
		check.Code(t, "another key", err, tunnus.CodeNotFound)
		check.Events(t, f, "k", "key.try", "key.answer")
	})
	t.Run("one try of many is reserved", func(t *testing.T) {
		f := fresh(t)
		k := withKey(t, f)
		check.One(t, "Reserve", func(i int) error {
			v := evaluation("k", int64(i+1)) // each with its own place and nonce
			return f.Port().Evaluations.Reserve(t.Context(), k, v, check.Event("key.try", "k"))
		})
		check.Events(t, f, "k", "key.try")
		list, err := f.Port().Evaluations.Since(t.Context(), "k", 0)
		if len(list) != 1 || err != nil {
			t.Errorf("%d tries, %v; want 1", len(list), err)
		}
	})
	t.Run("a place and a nonce are used once", func(t *testing.T) {
		f := fresh(t)
		k := withKey(t, f)
		check.Must(t, "Reserve", f.Port().Evaluations.Reserve(t.Context(), k, evaluation("k", 1), nil))
		k.Rev = 2
		nonce := evaluation("k", 2)
		nonce.Nonce = evaluation("k", 1).Nonce
		for _, v := range []keyshare.EvaluationRow{evaluation("k", 1), nonce} {
			err := f.Port().Evaluations.Reserve(t.Context(), k, v, check.Event("key.try", "k"))
			check.Code(t, "Reserve", err, tunnus.CodeStateConflict)
		}
		got, err := f.Port().Keys.Key(t.Context(), "k")
		check.Same(t, "Key", got, err, k)
		check.Events(t, f, "k")
	})
	t.Run("update needs the revision and the row", func(t *testing.T) {
		f := fresh(t)
		k := withKey(t, f)
		if err := f.Port().Evaluations.Update(t.Context(), k, evaluation("k", 1), nil); err == nil {
			t.Error("updated a try that was never charged")
		}
		check.Must(t, "Reserve", f.Port().Evaluations.Reserve(t.Context(), k, evaluation("k", 1), nil))
		check.Code(t, "Update", f.Port().Evaluations.Update(t.Context(), k, evaluation("k", 1), nil), tunnus.CodeStateConflict)
	})
}

// half is one that waits in the pool.
func half(second int) keyshare.Pooled {
	return keyshare.Pooled{Modulus: fmt.Append(nil, "n2-", second), SealedHalf: []byte{1, 0}, CreatedAt: check.At(second)}
}

func pool(t *testing.T, fresh func(t *testing.T) check.Fixture[keyshare.Store]) {
	t.Run("gives the oldest", func(t *testing.T) {
		f := fresh(t)
		_, err := f.Port().Pool.Oldest(t.Context())
		check.Code(t, "an empty pool", err, tunnus.CodeNotFound)
		for _, second := range []int{5, 3, 4} {
			check.Must(t, "Add", f.Port().Pool.Add(t.Context(), half(second)))
		}
		f.Reopen()
		got, err := f.Port().Pool.Oldest(t.Context())
		check.Same(t, "Oldest", got, err, half(3))
		n, err := f.Port().Pool.Size(t.Context())
		check.Same(t, "Size", n, err, 3)
	})
	t.Run("a half goes to one key", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Add", f.Port().Pool.Add(t.Context(), half(1)))
		for i := range 50 {
			k := aKey(fmt.Sprint(i))
			k.Product = nil
			check.Must(t, "Create", f.Port().Keys.Create(t.Context(), k, nil))
		}
		check.One(t, "Assign", func(i int) error {
			k := aKey(fmt.Sprint(i))
			k.Rev, k.SealedHalf = 1, half(1).SealedHalf
			return f.Port().Keys.Assign(t.Context(), k, half(1).Modulus, check.Event("key.assigned", "pool"))
		})
		check.Events(t, f, "pool", "key.assigned")
		n, err := f.Port().Pool.Size(t.Context())
		check.Same(t, "Size", n, err, 0)
	})
	t.Run("a half that was sealed anew goes to nobody who read it before", func(t *testing.T) {
		f := fresh(t)
		k := withKey(t, f)
		check.Must(t, "Add", f.Port().Pool.Add(t.Context(), half(1)))
		k.SealedHalf = []byte("as it was sealed before")
		check.Code(t, "Assign", f.Port().Keys.Assign(t.Context(), k, half(1).Modulus, check.Event("key.assigned", "pool")), tunnus.CodeStateConflict)
		check.Events(t, f, "pool")
	})
	t.Run("a modulus is used once, ever", func(t *testing.T) { modulusOnce(t, fresh(t)) })
}

// modulusOnce gives one modulus to several.
func modulusOnce(t *testing.T, f check.Fixture[keyshare.Store]) {
	k := withKey(t, f)
	check.Must(t, "Add", f.Port().Pool.Add(t.Context(), half(1)))
	k.Product, k.SealedHalf = []byte{1}, half(1).SealedHalf
	check.Must(t, "Assign", f.Port().Keys.Assign(t.Context(), k, half(1).Modulus, nil))
	other := aKey("other")
	other.Modulus = half(1).Modulus
	for what, err := range map[string]error{
		"Add what was assigned": f.Port().Pool.Add(t.Context(), half(1)),
		"Add a phone's":         f.Port().Pool.Add(t.Context(), keyshare.Pooled{Modulus: k.Modulus}),
		"Create with a pooled":  f.Port().Keys.Create(t.Context(), other, check.Event("key.begun", "other")),
	} {
		if !errors.Is(err, keyshare.ErrModulusUsed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, m := range [][]byte{k.Modulus, half(1).Modulus, []byte("new")} {
		used, err := f.Port().Pool.Used(t.Context(), m)
		check.Same(t, "Used", used, err, string(m) != "new")
	}
	check.Events(t, f, "other")
	check.Refused(t, f, "DELETE FROM keyshare_modulus", "UPDATE keyshare_modulus SET hash = 'x'")
}

func keyIDOnce(t *testing.T, f check.Fixture[keyshare.Store]) {
	check.One(t, "Create", func(i int) error {
		k := aKey("k")
		k.Modulus = fmt.Append(nil, i)
		return f.Port().Keys.Create(t.Context(), k, check.Event("key.begun", "k"))
	})
	check.Events(t, f, "k", "key.begun")
	loser := aKey("other")
	loser.Modulus = fmt.Append(nil, 0)
	again := aKey("again")
	again.Modulus = fmt.Append(nil, 1)
	err1 := f.Port().Keys.Create(t.Context(), loser, nil)
	err2 := f.Port().Keys.Create(t.Context(), again, nil)
	if err1 != nil && err2 != nil {
		t.Errorf("the moduli of losers were remembered: %v, %v", err1, err2)
	}
}

func dueKeys(t *testing.T, f check.Fixture[keyshare.Store]) {
	for i, due := range []int{30, 10, 20, 40} {
		k := aKey(fmt.Sprint("k", i))
		k.DueAt = check.At(due)
		check.Must(t, "Create", f.Port().Keys.Create(t.Context(), k, nil))
	}
	never := keyshare.Key{ID: "never", State: keyshare.Begun}
	check.Must(t, "Create", f.Port().Keys.Create(t.Context(), never, nil))
	got, err := f.Port().Keys.Due(t.Context(), check.At(30), 10)
	check.Same(t, "Due", got, err, []string{"k1", "k2", "k0"})
	got, err = f.Port().Keys.Due(t.Context(), check.At(30), 1)
	check.Same(t, "Due, one", got, err, []string{"k1"})
}
