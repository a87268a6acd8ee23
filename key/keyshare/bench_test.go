package keyshare

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/key/keyshare/gate"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// BenchmarkServerSign is the server's work from a received s1 to a released s:
// payload, encoding, checks, opening of the half, s2, combination, check, and
// the write (into memory). It reports its time over that of crypto/rsa signing
// with a 3072-bit key in the same run.
func BenchmarkServerSign(b *testing.B) {
	w := newWorld(b)
	t := w.offer()
	_, err := w.try(t)
	w.must(err)
	m := w.completeMessage(t)
	k, err := w.store.Key(w.ctx, w.id.Key)
	w.must(err)
	try, err := w.store.ByNonce(w.ctx, k.ID, m.Evaluation)
	w.must(err)
	q, err := gate.Read(w.signed(m), m)
	w.must(err)
	c := completion{key: k, try: try, txn: t, req: q}

	own, err := rsa.GenerateKey(rand.Reader, 3072)
	w.must(err)
	digest := make([]byte, 64)
	var ours, theirs time.Duration
	for b.Loop() {
		// One after the other, so that a busy machine slows both alike.
		start := time.Now()
		_, err := rsa.SignPSS(rand.Reader, own, crypto.SHA512, digest, &rsa.PSSOptions{SaltLength: 64})
		theirs += time.Since(start)
		w.must(err)

		w.store.keys[k.ID], w.store.txns[t.ID] = k, t
		start = time.Now()
		_, err = w.finish(w.ctx, c, *m)
		ours += time.Since(start)
		w.must(err)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x-of-rsa3072")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ns/sign")
	b.ReportMetric(0, "ns/op") // holds both
}

// BenchmarkComplete is the whole call, the device's signature included.
func BenchmarkComplete(b *testing.B) {
	w := newWorld(b)
	t := w.offer()
	_, err := w.try(t)
	w.must(err)
	r := w.signed(w.completeMessage(t))
	k, err := w.store.Key(w.ctx, w.id.Key)
	w.must(err)
	row := w.store.rows[0]
	for b.Loop() {
		w.store.keys[k.ID], w.store.txns[t.ID], w.store.rows[0] = k, t, row
		_, err := w.Complete(w.ctx, r)
		w.must(err)
	}
}

// BenchmarkEvaluate is the VOPRF evaluation with its proof and the check of it
// (K12: at most 0.3 ms).
func BenchmarkEvaluate(b *testing.B) {
	w := newWorld(b)
	k, err := w.store.Key(w.ctx, w.id.Key)
	w.must(err)
	x, err := w.openSecrets(k)
	w.must(err)
	_, blinded, err := splitkey.Blind(w.id, []byte("4711"))
	w.must(err)
	for b.Loop() {
		_, err := x.Evaluate(k.Public, blinded)
		w.must(err)
	}
}

// BenchmarkTry is the whole call, with both commits into memory.
func BenchmarkTry(b *testing.B) {
	w := newWorld(b)
	t := w.offer()
	r := w.signed(w.evaluateMessage(t))
	k, err := w.store.Key(w.ctx, w.id.Key)
	w.must(err)
	for b.Loop() {
		w.store.keys[k.ID], w.store.rows = k, nil
		_, err := w.Evaluate(w.ctx, r)
		w.must(err)
	}
	if len(w.store.rows) != 1 {
		b.Fatal(errors.New("not one try"))
	}
}
