package status_test

import (
	"bytes"
	"crypto"
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/status"
)

func TestUsualQuestionsCostOneSignature(t *testing.T) {
	r := newRig(t)
	for i := range 100 {
		r.now = noon.Add(time.Duration(i) * time.Second)
		r.ask(t, r.leaves[0], crypto.SHA1, nil)
	}
	if r.signed != 1 || r.reads != 10 {
		t.Errorf("100 questions in 100 s: %d signatures, %d readings; want 1 and 10", r.signed, r.reads)
	}
	r.ask(t, r.leaves[0], crypto.SHA256, nil)
	r.ask(t, r.leaves[0], crypto.SHA1, []byte("fresh"))
	if r.signed != 3 {
		t.Errorf("%d signatures; other questions want their own", r.signed)
	}
}

func TestThisUpdateIsNeverOlderThanClientsTake(t *testing.T) {
	r := newRig(t)
	for i := range 700 {
		r.now = noon.Add(time.Duration(i) * time.Second)
		if got := r.ask(t, r.leaves[0], crypto.SHA1, nil); r.now.Sub(got.ThisUpdate) >= 300*time.Second || !got.NextUpdate.After(r.now) {
			t.Fatalf("after %d s: this update %s, next %s", i, got.ThisUpdate, got.NextUpdate)
		}
	}
}

// A status that this node changed is answered at once.
func TestChangeIsAnsweredAtOnce(t *testing.T) {
	r := newRig(t)
	leaf := r.leaves[0]
	for _, step := range []struct {
		change func(*status.Standing)
		want   ocsp.Status
	}{
		{func(*status.Standing) {}, ocsp.Good},
		{func(s *status.Standing) { s.Held = noon }, ocsp.Revoked},
		{func(s *status.Standing) { s.Held = time.Time{} }, ocsp.Good},
		{revoked(noon), ocsp.Revoked},
	} {
		for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
			r.ask(t, leaf, h, nil) // both are kept when the change comes
		}
		r.set(leaf, step.change)
		r.Changed(serialOf(leaf))
		for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
			if got := r.ask(t, leaf, h, nil); got.Status != step.want {
				t.Errorf("%s; want %s", got.Status, step.want)
			}
		}
	}
}

// A status that another node changed is answered within 60 seconds.
func TestChangeOfAnotherNodeIsAnsweredInTime(t *testing.T) {
	r := newRig(t)
	r.ask(t, r.leaves[0], crypto.SHA1, nil)
	r.set(r.leaves[0], revoked(noon)) // and nobody calls Changed
	r.now = noon.Add(59 * time.Second)
	if got := r.ask(t, r.leaves[0], crypto.SHA1, nil); got.Status != ocsp.Revoked {
		t.Errorf("after 59 s the answer is %s", got.Status)
	}
	if got := r.ask(t, r.leaves[1], crypto.SHA1, []byte("once")); got.Status != ocsp.Good {
		t.Errorf("another certificate is %s", got.Status)
	}
}

// A revocation that is committed between reading and keeping is not covered
// up by the older reading.
func TestRevocationDuringAnAnswerIsNotLost(t *testing.T) {
	r := newRig(t)
	leaf := r.leaves[0]
	r.readBy = func() { // the row was read as good; now it is revoked
		r.set(leaf, revoked(noon))
		r.Changed(serialOf(leaf))
		r.readBy = nil
	}
	if got := r.ask(t, leaf, crypto.SHA1, nil); got.Status != ocsp.Good {
		t.Errorf("what was read is %s", got.Status)
	}
	if got := r.ask(t, leaf, crypto.SHA1, nil); got.Status != ocsp.Revoked {
		t.Errorf("the next answer is %s", got.Status)
	}
}

// While the key is away the last answer goes out as long as it is true and in
// time; then there is none (F18).
func TestLastAnswerOutlivesTheKey(t *testing.T) {
	r := newRig(t)
	first, err := r.Answer(t.Context(), r.question(t, r.leaves[0], crypto.SHA1, nil))
	if err != nil {
		t.Fatal(err)
	}
	r.keyErr = errors.New("gone")
	ask := func(after time.Duration) status.Reply {
		t.Helper()
		r.now = noon.Add(after)
		reply, _ := r.Answer(t.Context(), r.question(t, r.leaves[0], crypto.SHA1, nil))
		return reply
	}
	if got := ask(9 * time.Minute); !bytes.Equal(got.DER, first.DER) || got.Keep != 0 {
		t.Errorf("after 9 minutes: %+v", got)
	}
	if got := ask(10 * time.Minute); got.Failure != ocsp.TryLater {
		t.Errorf("after 10 minutes: %+v", got)
	}
	r.set(r.leaves[0], revoked(noon))
	if got := ask(9 * time.Minute); got.Failure != ocsp.TryLater {
		t.Errorf("revoked, and the key is away: %+v", got)
	}
}

// While the database is away the last answer goes out for less than a minute.
func TestLastAnswerOutlivesTheDatabaseBriefly(t *testing.T) {
	r := newRig(t)
	r.ask(t, r.leaves[0], crypto.SHA1, nil)
	r.err = errors.New("gone")
	for after, want := range map[time.Duration]ocsp.Failure{44 * time.Second: 0, 45 * time.Second: ocsp.TryLater, -time.Second: ocsp.TryLater} {
		r.now = noon.Add(after)
		reply, err := r.Answer(t.Context(), r.question(t, r.leaves[0], crypto.SHA1, nil))
		if err == nil || reply.Failure != want {
			t.Errorf("after %s: %+v, %v", after, reply, err)
		}
	}
}

func TestKeptAnswersAreBounded(t *testing.T) {
	r := newRig(t, func(c *status.Config) { c.Kept = 2 })
	for range 3 {
		for _, leaf := range r.leaves {
			r.ask(t, leaf, crypto.SHA1, nil)
		}
	}
	if r.signed != 9 {
		t.Errorf("%d signatures for three certificates in turn, two kept; want 9", r.signed)
	}
	r.signed = 0
	for range 3 {
		r.ask(t, r.leaves[1], crypto.SHA1, nil)
		r.ask(t, r.leaves[2], crypto.SHA1, nil)
	}
	if r.signed > 1 {
		t.Errorf("%d signatures for two that are kept", r.signed)
	}
}

// Questions about nothing push out nothing.
func TestUnknownIsNotKept(t *testing.T) {
	r := newRig(t, func(c *status.Config) { c.Kept = 1 })
	r.ask(t, r.leaves[0], crypto.SHA1, nil)
	delete(r.rows, serialOf(r.leaves[1]))
	if got := r.ask(t, r.leaves[1], crypto.SHA1, nil); got.Status != ocsp.Unknown || got.Reason != pki.Reason("") {
		t.Errorf("%+v", got)
	}
	r.signed = 0
	r.ask(t, r.leaves[0], crypto.SHA1, nil)
	if r.signed != 0 {
		t.Error("the answer about a certificate was pushed out by one about nothing")
	}
}
