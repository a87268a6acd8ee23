package keytest

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

func listedModuli(t *testing.T, fresh func(t *testing.T) check.Fixture[keyshare.Store]) {
	t.Run("lists keys in pages", func(t *testing.T) {
		f := fresh(t)
		for i := range 5 {
			k := aKey(fmt.Sprint("k", i))
			if i == 3 {
				k.Product, k.State = nil, keyshare.Ended
			}
			check.Must(t, "Create", f.Port().Keys.Create(t.Context(), k, nil))
		}
		page := func(ids ...string) (out []keyshare.Key) {
			for _, id := range ids {
				k := keyshare.Key{ID: id, Modulus: aKey(id).Modulus, Product: aKey(id).Product}
				if id == "k3" {
					k.Product = nil
				}
				out = append(out, k)
			}
			return out
		}
		got, err := f.Port().Moduli.OfKeys(t.Context(), "", 3)
		check.Same(t, "OfKeys, first", got, err, page("k0", "k1", "k2"))
		got, err = f.Port().Moduli.OfKeys(t.Context(), "k2", 3)
		check.Same(t, "OfKeys, second", got, err, page("k3", "k4"))
	})
	t.Run("lists the pool and discards from it", func(t *testing.T) {
		f := fresh(t)
		for i := range 3 {
			h := keyshare.Pooled{Modulus: []byte{byte(i), 0xff}, SealedHalf: []byte{1}, CreatedAt: check.At(-i)}
			check.Must(t, "Add", f.Port().Pool.Add(t.Context(), h))
		}
		got, err := f.Port().Moduli.OfPool(t.Context(), nil, 2)
		check.Same(t, "OfPool, first", got, err, [][]byte{{0, 0xff}, {1, 0xff}})
		check.Must(t, "Discard", f.Port().Moduli.Discard(t.Context(), []byte{1, 0xff}, check.Event("pool.factor", "pool")))
		check.Must(t, "Discard again", f.Port().Moduli.Discard(t.Context(), []byte{1, 0xff}, check.Event("pool.factor", "pool")))
		got, err = f.Port().Moduli.OfPool(t.Context(), []byte{0, 0xff}, 2)
		check.Same(t, "OfPool, second", got, err, [][]byte{{2, 0xff}})
		check.Events(t, f, "pool", "pool.factor")
	})
}

func restores(t *testing.T, fresh func(t *testing.T) check.Fixture[keyshare.Store]) {
	t.Run("the newest epoch counts, and the pool is emptied", func(t *testing.T) {
		f := fresh(t)
		got, err := f.Port().Restores.Epoch(t.Context())
		check.Same(t, "no epoch", got, err, keyshare.Epoch{})
		check.Must(t, "Add", f.Port().Pool.Add(t.Context(), keyshare.Pooled{Modulus: []byte{1}, SealedHalf: []byte{2}, CreatedAt: check.At(0)}))
		first, second := keyshare.Epoch{From: check.At(1), Until: check.At(90)}, keyshare.Epoch{From: check.At(5), Until: check.At(20)}
		check.Must(t, "Declare", f.Port().Restores.Declare(t.Context(), first, check.Event("restore.declare", "keyshare")))
		check.Must(t, "Declare", f.Port().Restores.Declare(t.Context(), second, check.Event("restore.declare", "keyshare")))
		f.Reopen()
		got, err = f.Port().Restores.Epoch(t.Context())
		check.Same(t, "Epoch", got, err, second)
		n, err := f.Port().Pool.Size(t.Context())
		check.Same(t, "Size", n, err, 0)
		used, err := f.Port().Pool.Used(t.Context(), []byte{1})
		check.Same(t, "a modulus of the old pool", used, err, true)
		check.Events(t, f, "keyshare", "restore.declare", "restore.declare")
	})
	t.Run("a merged key takes the place of the one that was restored", func(t *testing.T) { reapply(t, fresh(t)) })
	t.Run("a key that was lost is added", func(t *testing.T) {
		f := fresh(t)
		k := aKey("lost")
		k.Rev, k.State = 7, keyshare.Ended
		c := keyshare.Copy{Key: k, Tries: []keyshare.EvaluationRow{evaluation("lost", 1)}}
		check.Must(t, "Reapply", f.Port().Restores.Reapply(t.Context(), 0, c, check.Event("key.reapply", "lost")))
		got, err := f.Port().Keys.Key(t.Context(), "lost")
		check.Same(t, "Key", got, err, k)
		used, err := f.Port().Pool.Used(t.Context(), k.Modulus)
		check.Same(t, "its modulus", used, err, true)
		check.Code(t, "added twice", f.Port().Restores.Reapply(t.Context(), 0, c, nil), tunnus.CodeStateConflict)
	})
}

func reapply(t *testing.T, f check.Fixture[keyshare.Store]) {
	k := withKey(t, f)
	check.Must(t, "Reserve", f.Port().Evaluations.Reserve(t.Context(), k, evaluation("k", 1), nil))
	moved := evaluation("k", 1)
	moved.Seq = 3 // the same try, behind others
	first, second := evaluation("k", 1), evaluation("k", 2)
	first.Nonce, first.State, first.Answer = []byte("other"), keyshare.Answered, []byte(`{}`)
	k.Rev, k.Counter, k.LastSeq = 9, 77, 3
	c := keyshare.Copy{Key: k, Tries: []keyshare.EvaluationRow{first, second, moved}}
	check.Code(t, "another revision", f.Port().Restores.Reapply(t.Context(), 1, c, check.Event("key.reapply", "k")), tunnus.CodeStateConflict)
	check.Must(t, "Reapply", f.Port().Restores.Reapply(t.Context(), 2, c, check.Event("key.reapply", "k")))
	f.Reopen()
	got, err := f.Port().Keys.Key(t.Context(), "k")
	check.Same(t, "Key", got, err, k)
	tries, err := f.Port().Evaluations.Since(t.Context(), "k", 0)
	check.Same(t, "Since", tries, err, c.Tries)
	check.Events(t, f, "k", "key.reapply")
}
