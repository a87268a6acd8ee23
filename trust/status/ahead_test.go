package status_test

import (
	"crypto"
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/status"
)

// renew does one round, and returns how much it signed.
func (r *rig) renew(t *testing.T) int {
	t.Helper()
	n, err := r.Renew(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Whoever asks for a certificate that somebody asked for lately, or that was just
// issued, waits for no signature.
func TestAnswersAreSignedAhead(t *testing.T) {
	r := newRig(t)
	r.ask(t, r.leaves[0], crypto.SHA1, nil)
	if n := r.renew(t); n != 0 {
		t.Errorf("%d young answers were signed again", n)
	}
	r.now = noon.Add(210 * time.Second)
	if n := r.renew(t); n != 1 {
		t.Errorf("%d answers signed; want the one that grows old", n)
	}
	r.Issued(r.leaves[1].Raw)
	select {
	case <-r.Due():
	default:
		t.Error("nobody says that it is time")
	}
	if n := r.renew(t); n != 2 {
		t.Errorf("%d answers signed for a new certificate; want those by SHA-1 and SHA-256", n)
	}
	r.now, r.signed = r.now.Add(30*time.Second), 0 // the first answer is too old by now
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		r.ask(t, r.leaves[1], h, nil)
	}
	if got := r.ask(t, r.leaves[0], crypto.SHA1, nil); r.signed != 0 || !got.ThisUpdate.Equal(noon.Add(210*time.Second)) {
		t.Errorf("%d signatures at the question; this update %s", r.signed, got.ThisUpdate)
	}
}

// What nobody asks for any more is forgotten, not signed for ever.
func TestOnlyWhatWasAskedForLatelyIsRenewed(t *testing.T) {
	r := newRig(t)
	r.ask(t, r.leaves[0], crypto.SHA1, nil)
	signed := 0
	for range 100 {
		r.now = r.now.Add(30 * time.Second)
		signed += r.renew(t)
	}
	if signed != 1 {
		t.Errorf("%d signatures for one question", signed)
	}
}

// A round tells the truth of its own time, and signs nothing for what is not there.
func TestRenewedAnswersAreReadAgain(t *testing.T) {
	r := newRig(t)
	r.ask(t, r.leaves[0], crypto.SHA1, nil)
	r.ask(t, r.leaves[1], crypto.SHA1, nil)
	r.set(r.leaves[0], revoked(noon))
	delete(r.rows, serialOf(r.leaves[1]))
	r.now = noon.Add(210 * time.Second)
	if n := r.renew(t); n != 1 {
		t.Errorf("%d signed", n)
	}
	r.err, r.now = errors.New("gone"), r.now.Add(5*time.Second)
	for i, want := range []ocsp.Status{ocsp.Revoked, ocsp.Good} {
		reply, _ := r.Answer(t.Context(), r.question(t, r.leaves[i], crypto.SHA1, nil))
		if i == 1 { // nothing true is known of it
			if reply.Failure != ocsp.TryLater {
				t.Errorf("what is not there: %+v", reply)
			}
			continue
		}
		if got := r.read(t, r.leaves[i], reply.DER); got.Status != want {
			t.Errorf("leaf %d: %s", i, got.Status)
		}
	}
}

// A revocation while a round signs is not covered up.
func TestRevocationDuringARoundIsNotLost(t *testing.T) {
	r := newRig(t)
	leaf := r.leaves[0]
	r.ask(t, leaf, crypto.SHA1, nil)
	r.now = noon.Add(210 * time.Second)
	r.readBy = func() {
		r.readBy = nil
		r.set(leaf, revoked(noon))
		r.Changed(serialOf(leaf))
	}
	r.renew(t)
	if got := r.ask(t, leaf, crypto.SHA1, nil); got.Status != ocsp.Revoked {
		t.Errorf("the next answer is %s", got.Status)
	}
}

// What is signed ahead has no more room than the rest, and new certificates do not
// pile up where no round comes.
func TestSigningAheadIsBounded(t *testing.T) {
	r := newRig(t, func(c *status.Config) { c.Kept = 2 })
	for _, leaf := range r.leaves {
		r.Issued(leaf.Raw)
	}
	if n := r.renew(t); n != 6 {
		t.Errorf("%d signed for three certificates", n)
	}
	r.signed = 0
	for _, leaf := range []int{2, 1, 0} {
		r.ask(t, r.leaves[leaf], crypto.SHA1, nil)
	}
	if r.signed != 1 {
		t.Errorf("%d signatures; two certificates' answers are kept", r.signed)
	}
	r.keyErr, r.now = errors.New("gone"), r.now.Add(210*time.Second)
	if n, err := r.Renew(t.Context()); n != 0 || err == nil {
		t.Errorf("without a key: %d, %v", n, err)
	}
	for range 1000 { // while nobody takes them
		r.Issued([]byte("rubbish"))
	}
}
