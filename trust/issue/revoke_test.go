package issue_test

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

func TestRevokedCertificateStaysRevoked(t *testing.T) {
	r := newRig(t, nil)
	c, err := r.Issue(t.Context(), ask(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, why := range []issue.Reason{issue.KeyCompromise, issue.Superseded} {
		if err := r.Revoke(t.Context(), "acc-1", c.Serial, why); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.Certificates(t.Context(), "acc-1")
	if err != nil || len(got) != 1 || got[0].Reason != issue.KeyCompromise || !got[0].Revoked.Equal(noon) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := r.Issue(t.Context(), ask(t)); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("the same request again: %v, want state-conflict", err)
	}
	last := r.store.events[len(r.store.events)-1]
	if last.Kind != "cert.revoked" || last.Detail["reason"] != "keyCompromise" || len(r.store.events) != 3 {
		t.Errorf("%d events, the last %+v", len(r.store.events), last)
	}
}

// An account is closed while its certificate is only intended: nobody signs it any more.
func TestRevokedIntentIsNeverSigned(t *testing.T) {
	r := newRig(t, nil)
	r.store.lost["Issued"] = true
	if _, err := r.Issue(t.Context(), ask(t)); err == nil {
		t.Fatal("the store's error is lost")
	}
	r.store.lost["Issued"] = false
	if err := r.RevokeAccount(t.Context(), "acc-1", issue.CessationOfOperation); err != nil {
		t.Fatal(err)
	}
	before := r.key.signed
	if _, err := r.Issue(t.Context(), ask(t)); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("got %v, want state-conflict", err)
	}
	if r.key.signed != before {
		t.Error("a revoked intent was signed")
	}
	if got, err := r.Certificates(t.Context(), "acc-1"); err != nil || len(got) != 0 {
		t.Errorf("certificates: %v, %v", got, err)
	}
}

func TestRevokeAccountTakesBoth(t *testing.T) {
	r := newRig(t, nil)
	signature := ask(t)
	signature.ID, signature.Purpose, signature.PublicKey = "session-1/signature", pki.Signature, moduli(t)[1]
	for _, req := range []issue.Request{ask(t), signature} {
		if _, err := r.Issue(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.RevokeAccount(t.Context(), "acc-1", issue.CessationOfOperation); err != nil {
		t.Fatal(err)
	}
	got, err := r.Certificates(t.Context(), "acc-1")
	if err != nil || len(got) != 2 {
		t.Fatalf("%d certificates, %v", len(got), err)
	}
	for _, c := range got {
		if c.Revoked.IsZero() {
			t.Errorf("%s is not revoked", c.Purpose)
		}
	}
}

func TestRevokeRefuses(t *testing.T) {
	r := newRig(t, nil)
	if err := r.Revoke(t.Context(), "acc-1", "00", issue.KeyCompromise); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("unknown serial: %v", err)
	}
	if err := r.Revoke(t.Context(), "acc-1", "00", "certificateHold"); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
		t.Errorf("a reason that can be taken back: %v", err)
	}
}

func TestIssuingCAMustOutliveTheLeaf(t *testing.T) {
	late := tunnus.ClockFunc(func() time.Time { return noon.AddDate(8, 0, 0) })
	r := newRig(t, func(c *issue.Config) { c.Clock = late })
	if _, err := r.Issue(t.Context(), ask(t)); err == nil || r.key.signed != 0 {
		t.Errorf("got %v, %d signed", err, r.key.signed)
	}
}

func BenchmarkIssue(b *testing.B) {
	r := newRig(b, nil)
	req := ask(b)
	for b.Loop() {
		r.store.rows, r.store.events = nil, nil
		if _, err := r.Issue(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}
