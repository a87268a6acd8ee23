package keyshare

import (
	"crypto/rsa"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// shareOf makes a half signature for a transaction, as if its answer was this one.
func (w *world) shareOf(h *splitkey.Half, txn, answer string) []byte {
	w.Helper()
	t, err := w.store.Transaction(w.ctx, txn)
	w.must(err)
	payload, err := echo{}.Payload(t.Record, []byte(answer))
	w.must(err)
	em, err := t.Padding.Encode(t.Hash, t.Hash.Sum(payload), t.Salt)
	w.must(err)
	share, err := h.Share(em)
	w.must(err)
	return share
}

// Fifty tries at once, each of its own, go to two nodes on one store, again and
// again with whatever value is current: no more than three are served before the
// lock, three before the next, and three before the end.
func TestTwoNodesNeverExceedTheLadder(t *testing.T) {
	w := newWorld(t)
	other, err := New(w.Config)
	w.must(err)
	nodes := [2]*Service{w.Service, other}
	for _, want := range []int{3, 6, 9} {
		for round := 0; round < 20; round++ {
			txn, err := other.Offer(w.ctx, OfferRequest{KeyID: w.id.Key, Kind: "echo", Hash: "SHA-256", ExpiresAt: w.clock().Add(time.Minute)})
			if err != nil {
				break
			}
			w.flood(nodes, txn)
		}
		if n := w.store.kinds("key.try"); n != want {
			t.Errorf("%d tries were served; want %d", n, want)
		}
		w.pass(25 * time.Hour)
	}
	w.notices(Notice{State: Ended, Reason: ReasonPIN})
}

// flood sends fifty tries at once. One that came after the value was rotated is
// taken for a copy's; the thief of this test is let go on.
func (w *world) flood(nodes [2]*Service, t Transaction) {
	w.Helper()
	var requests []device.Signed
	for range 50 {
		requests = append(requests, w.signed(w.evaluateMessage(t)))
	}
	var wg sync.WaitGroup
	for i, r := range requests {
		wg.Go(func() { _, _ = nodes[i%2].Evaluate(w.ctx, r) })
	}
	wg.Wait()
	k := w.row()
	switch k.State {
	case Ended: // by a try after the ninth
		return
	case Held:
		k.State, k.Reason, k.DueAt, k.EndsAt = Ready, "", time.Time{}, time.Time{}
		if k.LastSeq == 9 {
			k.DueAt = w.clock().Add(time.Minute)
		}
		w.must(w.store.Save(w.ctx, k, nil))
	}
	x, err := w.openSecrets(k)
	w.must(err)
	w.oneTime = x.OneTime(k.Counter)
}

// Fifty signings of one transaction at once, on two nodes: one signature, no alarm.
func TestTwoNodesReleaseOnce(t *testing.T) {
	w := newWorld(t)
	other, err := New(w.Config)
	w.must(err)
	txn := w.offer()
	_, err = w.try(txn)
	w.must(err)
	r := w.signed(w.completeMessage(txn))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			s := [2]*Service{w.Service, other}[i%2]
			if out, err := s.Complete(w.ctx, r); err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict || err == nil && out.State != Signed {
				t.Errorf("%s, %v", out.State, err)
			}
		})
	}
	wg.Wait()
	if w.store.kinds("key.signed") != 1 || w.store.kinds("key.copy") != 0 || w.charges() != 0 {
		t.Errorf("%d signatures, %d alarms, %d charges", w.store.kinds("key.signed"), w.store.kinds("key.copy"), w.charges())
	}
}

// A signature with the older padding verifies by the standard library; a log-in
// key does not make one (P7).
func TestPadding(t *testing.T) {
	w := newWorld(t)
	o := OfferRequest{
		KeyID: w.id.Key, Kind: "echo", Record: []byte("contract"), Hash: splitkey.SHA512, Padding: splitkey.PKCS1,
		ExpiresAt: w.clock().Add(time.Minute),
	}
	if _, err := w.Offer(w.ctx, o); err == nil {
		t.Error("a log-in key was offered the older padding")
	}
	k := w.row()
	k.Purpose = splitkey.Signature
	w.must(w.store.Save(w.ctx, k, nil))
	txn, err := w.Offer(w.ctx, o)
	w.must(err)
	if f := w.status().Transactions; len(f) != 1 || f[0].Padding != splitkey.PKCS1 {
		t.Errorf("the phone is told %+v", f)
	}
	out, err := w.sign(txn)
	w.must(err)
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(k.Product), E: splitkey.Exponent}
	if err := rsa.VerifyPKCS1v15(pub, out.Hash.Crypto(), out.Hash.Sum(out.Payload), out.Signature); err != nil || out.Padding != splitkey.PKCS1 {
		t.Errorf("%q: %v", out.Padding, err)
	}
	o.Padding = "none"
	if _, err := w.Offer(w.ctx, o); err == nil {
		t.Error("a padding that there is not")
	}
}

// contracts is a kind that signature keys sign, in the older padding.
type contracts struct{ echo }

func (contracts) Signs(p splitkey.Purpose, how splitkey.Padding) bool {
	return p == splitkey.Signature && how == splitkey.PKCS1
}

// Which key signs a kind, and in which padding, is the kind's to say: no caller
// gets a signature of another key or padding by asking for it (K7).
func TestKindHasItsKeyAndPadding(t *testing.T) {
	w := newWorld(t)
	w.Formats["contract"] = contracts{}
	for i, tt := range []struct {
		purpose splitkey.Purpose
		padding splitkey.Padding
		ok      bool
	}{
		{splitkey.Signature, splitkey.PKCS1, true},
		{splitkey.Signature, splitkey.PSS, false},
		{splitkey.Signature, "", false},
		{splitkey.Login, splitkey.PSS, false},
		{splitkey.Login, "", false},
		{splitkey.Login, splitkey.PKCS1, false},
	} {
		k := w.row()
		k.Purpose = tt.purpose
		w.must(w.store.Save(w.ctx, k, nil))
		_, err := w.Offer(w.ctx, OfferRequest{
			KeyID: w.id.Key, Kind: "contract", Record: fmt.Append(nil, i), Hash: splitkey.SHA512, Padding: tt.padding, ExpiresAt: w.clock().Add(time.Minute),
		})
		if (err == nil) != tt.ok {
			t.Errorf("%s key, padding %q: %v", tt.purpose, tt.padding, err)
		}
	}
}
