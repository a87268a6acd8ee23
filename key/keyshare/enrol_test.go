package keyshare

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

func TestBeginAgain(t *testing.T) {
	w := emptyWorld(t)
	m := w.beginMessage()
	first, err := w.Begin(w.ctx, w.signed(m))
	w.must(err)
	again, err := w.Begin(w.ctx, w.signed(m))
	w.must(err)
	if first.Key != again.Key || !bytes.Equal(first.Public, again.Public) || !bytes.Equal(first.OneTime, again.OneTime) {
		t.Error("the same request made another key")
	}
	m.Purpose = splitkey.Signature
	_, err = w.Begin(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeStateConflict)
}

// Two of the same request at once make one key.
func TestBeginTwiceAtOnce(t *testing.T) {
	w := emptyWorld(t)
	r := w.signed(w.beginMessage())
	keys := make([]string, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			b, err := w.Begin(w.ctx, r)
			if err != nil {
				t.Error(err)
			}
			keys[i] = b.Key
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] {
			t.Errorf("keys %q", keys)
		}
	}
}

func TestBeginRefuses(t *testing.T) {
	_, other := testHalves()
	tests := []struct {
		name string
		give func(w *world, m *splitkey.Begin)
	}{
		{"proof of another half", func(w *world, m *splitkey.Begin) {
			proof, err := other.Prove(splitkey.StepBegin, splitkey.Identity{Purpose: m.Purpose, Generation: 1, Modulus: m.Modulus}, []byte("x"), m.Nonce)
			w.must(err)
			m.Proof = proof
		}},
		{"modulus of another", func(_ *world, m *splitkey.Begin) { m.Modulus = other.Modulus() }},
		{"proof for another nonce", func(_ *world, m *splitkey.Begin) { m.Nonce = draw(16) }},
		{"proof for another purpose", func(_ *world, m *splitkey.Begin) { m.Purpose = splitkey.Signature }},
		{"small modulus", func(_ *world, m *splitkey.Begin) { m.Modulus = big.NewInt(15).FillBytes(m.Modulus) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := emptyWorld(t)
			m := w.beginMessage()
			tt.give(w, m)
			_, err := w.Begin(w.ctx, w.signed(m))
			w.want(err, tunnus.CodeKeyRefused)
		})
	}
}

// weakFactor is a prime below 2^20.
const weakFactor = 1048573

// weakHalf is a half whose p is weakFactor times a prime, with exponents that work.
func weakHalf(t *testing.T) *splitkey.Half {
	t.Helper()
	one, e := big.NewInt(1), big.NewInt(splitkey.Exponent)
	draw := func(bits int) *big.Int {
		p, err := rand.Prime(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	// The factor is the largest prime that is looked for: with a small one, the
	// half's own proofs would often share it and not come out.
	factor := big.NewInt(weakFactor)
	p, q, r := new(big.Int), new(big.Int), new(big.Int)
	for n := new(big.Int); n.Mul(n, n).BitLen() != 2*splitkey.HalfBits; {
		q, r = draw(1536), draw(1516)
		p.Mul(r, factor)
		n.Mul(p, q)
	}
	minus := func(x *big.Int) *big.Int { return new(big.Int).Sub(x, one) }
	phi := new(big.Int).Mul(minus(factor), minus(r))
	var b []byte
	for _, x := range []*big.Int{p, q, new(big.Int).ModInverse(e, phi), new(big.Int).ModInverse(e, minus(q)), new(big.Int).ModInverse(q, p)} {
		b = append(b, x.FillBytes(make([]byte, 192))...)
	}
	h, err := splitkey.UnmarshalHalf(b)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Whoever can prove possession of a bad modulus is refused it all the same.
func TestBeginRefusesWeakModulus(t *testing.T) {
	w := emptyWorld(t)
	w.half = weakHalf(t)
	_, err := w.Begin(w.ctx, w.signed(w.beginMessage()))
	w.want(err, tunnus.CodeKeyRefused)
	if !strings.Contains(err.Error(), fmt.Sprint("factor ", weakFactor)) {
		t.Errorf("refused for another reason: %v", err)
	}
}

// A modulus is used once, by whomever, the pool included (K10).
func TestModulusIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	_, err := w.Begin(w.ctx, w.signed(w.beginMessage()))
	w.want(err, tunnus.CodeKeyRefused)

	w = emptyWorld(t)
	_, w.half = testHalves() // the one in the pool
	_, err = w.Begin(w.ctx, w.signed(w.beginMessage()))
	w.want(err, tunnus.CodeKeyRefused)
}

// A used modulus is refused before its proof is looked at: it costs no arithmetic.
func TestUsedModulusIsRefusedFirst(t *testing.T) {
	w := newWorld(t)
	m := w.beginMessage()
	m.Proof = draw(splitkey.HalfSize)
	_, err := w.Begin(w.ctx, w.signed(m))
	w.want(err, tunnus.CodeKeyRefused)
	if !errors.Is(err, ErrModulusUsed) {
		t.Errorf("refused for another reason: %v", err)
	}
}

// Begin is bound to the device: another one cannot use the same proof.
func TestBeginOfAnotherDevice(t *testing.T) {
	w := emptyWorld(t)
	r := w.signed(w.beginMessage())
	thief, err := device.GenerateKey()
	w.must(err)
	stolen, err := device.Sign(thief, r.Request)
	w.must(err)
	_, err = w.Begin(w.ctx, stolen)
	w.want(err, tunnus.CodeKeyRefused)
}

// Hardening is served a few times before the blob exists, and never after: each
// would be a free try.
func TestHardenEnds(t *testing.T) {
	w := emptyWorld(t)
	w.begin()
	_, blinded, err := splitkey.Blind(w.id, []byte("4711"))
	w.must(err)
	r := w.signed(&splitkey.Harden{Key: w.id.Key, Generation: 1, Nonce: draw(16), Blinded: blinded})
	for range row.MaxHardenings {
		_, err := w.Harden(w.ctx, r)
		w.must(err)
	}
	_, err = w.Harden(w.ctx, r)
	w.want(err, tunnus.CodeStateConflict)

	w = newWorld(t)
	r = w.signed(&splitkey.Harden{Key: w.id.Key, Generation: 1, Nonce: draw(16), Blinded: blinded})
	_, err = w.Harden(w.ctx, r)
	w.want(err, tunnus.CodeStateConflict)
}

// A hardening that fails after its charge stays charged.
func TestHardenIsChargedFirst(t *testing.T) {
	w := emptyWorld(t)
	w.begin()
	_, blinded, err := splitkey.Blind(w.id, []byte("4711"))
	w.must(err)
	r := w.signed(&splitkey.Harden{Key: w.id.Key, Generation: 1, Nonce: draw(16), Blinded: blinded})
	w.store.fail["Save"] = errors.New("disk full")
	_, err = w.Harden(w.ctx, r)
	w.want(err, tunnus.CodeInternal)
	_, err = w.Harden(w.ctx, r)
	w.must(err)
	if k, _ := w.store.Key(w.ctx, w.id.Key); k.Hardenings != 1 {
		t.Errorf("%d hardenings; want 1", k.Hardenings)
	}
}

func TestConfirm(t *testing.T) {
	w := emptyWorld(t)
	w.begin()
	m := w.confirmMessage()
	forged := *m
	forged.Nonce = draw(16)
	w.want(w.Confirm(w.ctx, w.signed(&forged)), tunnus.CodeKeyRefused)
	_, err := w.AssignModulus(w.ctx, w.id.Key) // no n2 for a key that is not confirmed
	w.want(err, tunnus.CodeStateConflict)
	w.must(w.Confirm(w.ctx, w.signed(m)))
	w.must(w.Confirm(w.ctx, w.signed(m)))
	_, err = w.Offer(w.ctx, OfferRequest{KeyID: w.id.Key, Kind: "echo", Hash: splitkey.SHA256, ExpiresAt: w.clock().Add(time.Minute)})
	w.want(err, tunnus.CodeStateConflict)
}

func TestAssignModulus(t *testing.T) {
	w := newWorld(t)
	n, err := w.AssignModulus(w.ctx, w.id.Key)
	w.must(err)
	if new(big.Int).SetBytes(n).BitLen() != splitkey.ProductBits || len(w.store.pool) != 0 {
		t.Errorf("n of %d bytes, %d left in the pool", len(n), len(w.store.pool))
	}
	_, err = w.AssignModulus(w.ctx, "nobody")
	w.want(err, tunnus.CodeNotFound)
}

// An empty pool only costs time; FillPool fills it.
func TestFillPool(t *testing.T) {
	w := emptyWorld(t)
	w.store.pool = nil
	w.begin()
	w.must(w.Confirm(w.ctx, w.signed(w.confirmMessage())))
	_, err := w.AssignModulus(w.ctx, w.id.Key)
	w.must(err)
	w.must(w.FillPool(w.ctx, 1))
	w.must(w.FillPool(w.ctx, 1))
	if len(w.store.pool) != 1 {
		t.Errorf("%d in the pool; want 1", len(w.store.pool))
	}
	if _, err := w.sign(w.offer()); err != nil {
		t.Error(err)
	}
}

func TestBind(t *testing.T) {
	w := newWorld(t)
	w.must(w.Bind(w.ctx, w.id.Key, "a"))
	w.must(w.Bind(w.ctx, w.id.Key, "a"))
	w.want(w.Bind(w.ctx, w.id.Key, "b"), tunnus.CodeStateConflict)
}

func TestSuspendAndResume(t *testing.T) {
	w := newWorld(t)
	w.must(w.Suspend(w.ctx, w.id.Key, "lost"))
	w.must(w.Suspend(w.ctx, w.id.Key, "lost"))
	_, err := w.Offer(w.ctx, OfferRequest{KeyID: w.id.Key, Kind: "echo", Hash: splitkey.SHA256, ExpiresAt: w.clock().Add(time.Minute)})
	w.want(err, tunnus.CodeKeyUnusable)
	w.must(w.Resume(w.ctx, w.id.Key))
	_, err = w.sign(w.offer())
	w.must(err)
	w.must(w.Revoke(w.ctx, w.id.Key, "closed"))
	w.must(w.Revoke(w.ctx, w.id.Key, "closed"))
	w.want(w.Resume(w.ctx, w.id.Key), tunnus.CodeStateConflict)
}

func TestOfferRefuses(t *testing.T) {
	w := newWorld(t)
	good := OfferRequest{KeyID: w.id.Key, Kind: "echo", Hash: splitkey.SHA256, ExpiresAt: w.clock().Add(time.Minute)}
	for name, give := range map[string]func(*OfferRequest){
		"kind":     func(o *OfferRequest) { o.Kind = "other" },
		"hash":     func(o *OfferRequest) { o.Hash = "MD5" },
		"past":     func(o *OfferRequest) { o.ExpiresAt = w.clock() },
		"too long": func(o *OfferRequest) { o.ExpiresAt = w.clock().Add(time.Hour) },
		"record":   func(o *OfferRequest) { o.Record = make([]byte, maxRecord+1) },
		"key":      func(o *OfferRequest) { o.KeyID = "nobody" },
	} {
		o := good
		give(&o)
		if _, err := w.Offer(w.ctx, o); err == nil {
			t.Errorf("an offer with a wrong %s was made", name)
		}
	}
}

// What is sealed for one key does not open for another.
func TestSealedRecordsAreBound(t *testing.T) {
	w := newWorld(t)
	k, err := w.store.Key(w.ctx, w.id.Key)
	w.must(err)
	moved := k
	moved.ID = "other"
	if _, err := w.openSecrets(moved); err == nil {
		t.Error("the VOPRF key opens under another key's id")
	}
	moved = k
	moved.Generation = 2
	if _, err := w.openSecrets(moved); err == nil {
		t.Error("the VOPRF key opens under another generation")
	}
	swapped := k
	swapped.SealedVOPRF, swapped.SealedHalf = k.SealedHalf, k.SealedVOPRF
	if _, err := w.openHalf(swapped); err == nil {
		t.Error("a VOPRF key opens as a half")
	}
}
