package keyshare

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// product multiplies two numbers to the size given.
func product(a, b *big.Int, size int) []byte {
	return new(big.Int).Mul(a, b).FillBytes(make([]byte, size))
}

// The nightly search ends keys whose moduli share a factor, tells why, and throws
// halves of the pool away; it leaves the others alone (K10).
func TestAuditModuli(t *testing.T) {
	w := newWorld(t)
	w.must(w.FillPool(w.ctx, 1))
	seen, hits, err := w.AuditModuli(w.ctx)
	if seen != 3 || hits != 0 || err != nil {
		t.Fatalf("%d seen, %d hits, %v; want 3, 0", seen, hits, err)
	}

	// Somebody's n1 has a prime of the phone's.
	prime := new(big.Int).SetBytes(w.half.Marshal()[:splitkey.HalfSize/2])
	other := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 1500), big.NewInt(3))
	bad := Key{ID: "bad", State: Ready, Device: "d", Modulus: product(prime, other, splitkey.HalfSize), SealedVOPRF: []byte{1}}
	w.must(w.store.Create(w.ctx, bad, nil))
	// A half of the pool has it too.
	pooled := product(prime, new(big.Int).Sub(other, big.NewInt(2)), splitkey.HalfSize)
	w.must(w.store.Add(w.ctx, Pooled{Modulus: pooled}))

	seen, hits, err = w.AuditModuli(w.ctx)
	if seen != 5 || hits != 3 || err != nil {
		t.Errorf("%d seen, %d hits, %v; want 5, 3", seen, hits, err)
	}
	for _, id := range []string{"bad", w.id.Key} {
		k, err := w.store.Key(w.ctx, id)
		w.must(err)
		if k.State != Ended || k.Reason != ReasonFactor || k.SealedVOPRF != nil || k.DueAt.IsZero() {
			t.Errorf("%s: %s (%s)", id, k.State, k.Reason)
		}
	}
	if len(w.store.pool) != 1 || w.store.kinds("key.end") != 2 || w.store.kinds("pool.factor") != 1 {
		t.Errorf("%d in the pool, events %d, %d", len(w.store.pool), w.store.kinds("key.end"), w.store.kinds("pool.factor"))
	}
	_, err = w.Offer(w.ctx, OfferRequest{KeyID: w.id.Key, Kind: "echo", Hash: "SHA-256", ExpiresAt: w.clock().Add(1e9)})
	w.want(err, tunnus.CodeKeyUnusable)
}

// A half that a key has is no hit for the key, and never stays in the pool: n2 is
// used once.
func TestAuditOfAPoolThatGaveAHalf(t *testing.T) {
	w := newWorld(t)
	_, server := testHalves()
	w.store.pool = append(w.store.pool, Pooled{Modulus: server.Modulus()}) // as after a restore
	seen, hits, err := w.AuditModuli(w.ctx)
	if seen != 2 || hits != 0 || err != nil || len(w.store.pool) != 0 || w.row().State != Ready {
		t.Errorf("%d seen, %d hits, %v, %d in the pool, key %s", seen, hits, err, len(w.store.pool), w.row().State)
	}
}

// Lists longer than a page are read whole, and a row that cannot be read does not
// stop the search.
func TestAuditReadsAllPages(t *testing.T) {
	w := emptyWorld(t)
	w.store.pool = nil
	prime := big.NewInt(0).SetBytes(w.half.Marshal()[:splitkey.HalfSize/2])
	for i := range 2500 {
		m := product(prime, big.NewInt(int64(2*i+1)), splitkey.HalfSize)
		if i%1249 != 0 {
			m = []byte{1}
		}
		w.must(w.store.Create(w.ctx, Key{ID: fmt.Sprintf("%05d", i), State: Begun, Modulus: m}, nil))
		delete(w.store.used, string(m))
	}
	broken := w.store.keys["00003"]
	broken.Product = []byte{1, 2, 3}
	w.store.keys["00003"] = broken
	seen, hits, err := w.AuditModuli(w.ctx)
	if seen != 2500 || hits != 3 || err == nil {
		t.Errorf("%d seen, %d hits, %v; want 2500, 3 and what was wrong", seen, hits, err)
	}
}

// A drained pool is no error for anybody: a stranger has no half made, and a
// holder waits for one (K11).
func TestDrainedPool(t *testing.T) {
	w := emptyWorld(t)
	w.store.pool = nil
	w.begin()
	_, err := w.AssignModulus(w.ctx, w.id.Key)
	w.want(err, tunnus.CodeStateConflict)
	w.must(w.Confirm(w.ctx, w.signed(w.confirmMessage())))
	if w.status().Modulus != nil || len(w.store.pool) != 0 {
		t.Error("a half was made for somebody without identity")
	}
	n, err := w.AssignModulus(w.ctx, w.id.Key)
	w.must(err)
	if len(n) != splitkey.ProductSize || len(w.store.pool) != 0 {
		t.Errorf("n of %d bytes, %d left in the pool", len(n), len(w.store.pool))
	}
}
