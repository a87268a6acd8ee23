package status_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	zx509 "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
	xocsp "golang.org/x/crypto/ocsp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/status"
)

func (r *rig) lister() *status.Lister {
	return &status.Lister{
		Shelf: r, Clock: tunnus.ClockFunc(func() time.Time { return r.now }),
		Issuer: func(context.Context) (status.Authority, error) {
			return status.Authority{Certificate: r.issuing, Key: r.key}, r.keyErr
		},
	}
}

// tick runs the lister and reads the newest list.
func (r *rig) tick(t *testing.T, want bool) *x509.RevocationList {
	t.Helper()
	made, err := r.lister().Tick(t.Context())
	if err != nil || made != want {
		t.Fatalf("made %v, %v; want %v", made, err, want)
	}
	l, err := x509.ParseRevocationList(r.lists[len(r.lists)-1].DER)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.CheckSignatureFrom(r.issuing); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestListTellsAllThatIsBad(t *testing.T) {
	r := newRig(t)
	r.set(r.leaves[0], revoked(noon.Add(-time.Hour)))
	r.set(r.leaves[1], func(s *status.Standing) { s.Held = noon.Add(-time.Minute) })
	l := r.tick(t, true)
	if l.Number.Int64() != 1 || !l.ThisUpdate.Equal(noon) || !l.NextUpdate.Equal(noon.Add(24*time.Hour)) || len(l.RevokedCertificateEntries) != 2 {
		t.Fatalf("%+v", l)
	}
	for i, want := range []struct {
		since  time.Duration
		reason pki.Reason
	}{{-time.Hour, pki.KeyCompromise}, {-time.Minute, pki.Hold}} {
		e := l.RevokedCertificateEntries[i]
		if e.SerialNumber.Cmp(r.leaves[i].SerialNumber) != 0 || !e.RevocationTime.Equal(noon.Add(want.since)) || e.ReasonCode != want.reason.Code() {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	if len(r.events) != 1 || r.events[0].Kind != "crl.made" || r.events[0].Detail["number"] != "1" {
		t.Errorf("events %+v", r.events)
	}
}

// The linter that judges certificates knows lists and answers too.
func TestListsAndAnswersPassTheLinter(t *testing.T) {
	r := newRig(t)
	for range 2 {
		r.tick(t, true)
		list, err := zx509.ParseRevocationList(r.lists[len(r.lists)-1].DER)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := r.Answer(t.Context(), r.question(t, r.leaves[0], crypto.SHA1, nil))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := xocsp.ParseResponse(reply.DER, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range []*zlint.ResultSet{zlint.LintRevocationList(list), zlint.LintOcspResponse(answer)} {
			for name, res := range set.Results {
				if res.Status >= lint.Warn && !strings.Contains(name, "cab") {
					t.Errorf("%s: %s %s", name, res.Status, res.Details)
				}
			}
			if len(set.Results) == 0 {
				t.Error("no rule was asked")
			}
		}
		r.set(r.leaves[0], revoked(noon))
		r.Changed(serialOf(r.leaves[0]))
	}
}

func TestListIsMadeWhenItIsDue(t *testing.T) {
	r := newRig(t)
	if l := r.tick(t, true); l.Number.Int64() != 1 || len(l.RevokedCertificateEntries) != 0 {
		t.Errorf("the first: %+v", l)
	}
	r.now = noon.Add(59 * time.Minute)
	r.tick(t, false)
	r.now = noon.Add(time.Hour)
	if l := r.tick(t, true); l.Number.Int64() != 2 {
		t.Errorf("an hour later: %s", l.Number)
	}
	r.set(r.leaves[0], revoked(r.now))
	if l := r.tick(t, true); l.Number.Int64() != 3 || len(l.RevokedCertificateEntries) != 1 {
		t.Errorf("after a revocation: %+v", l)
	}
	r.tick(t, false)
}

// What is revoked while a list is made stands on the next one.
func TestRevocationDuringAListIsNotLost(t *testing.T) {
	r := newRig(t)
	r.readBy = func() { r.set(r.leaves[0], revoked(noon)); r.readBy = nil }
	if l := r.tick(t, true); len(l.RevokedCertificateEntries) != 0 {
		t.Fatalf("%+v", l)
	}
	if l := r.tick(t, true); len(l.RevokedCertificateEntries) != 1 {
		t.Errorf("%+v", l)
	}
}

func TestSlowerNodeKeepsStill(t *testing.T) {
	r := newRig(t)
	r.readBy = func() { r.readBy = nil; r.tick(t, true) } // another node, in the middle of ours
	if made, err := r.lister().Tick(t.Context()); made || err != nil {
		t.Errorf("made %v, %v", made, err)
	}
	if len(r.lists) != 1 {
		t.Errorf("%d lists", len(r.lists))
	}
}

func TestListOfAnotherCAIsNotMixedIn(t *testing.T) {
	r := newRig(t)
	r.set(r.leaves[0], revoked(noon))
	template := *r.leaves[1]
	template.AuthorityKeyId = nil
	foreign, err := x509.CreateCertificate(nil, &template, r.other, r.leaves[1].PublicKey, r.key)
	if err != nil {
		t.Fatal(err)
	}
	r.set(r.leaves[1], func(s *status.Standing) { s.Certificate = foreign; revoked(noon)(s) })
	if l := r.tick(t, true); len(l.RevokedCertificateEntries) != 1 || l.RevokedCertificateEntries[0].SerialNumber.Cmp(r.leaves[0].SerialNumber) != 0 {
		t.Errorf("%+v", l.RevokedCertificateEntries)
	}
}

func TestListFailsAloud(t *testing.T) {
	for name, spoil := range map[string]func(*rig){
		"the database is gone": func(r *rig) { r.err = errors.New("gone") },
		"the key is gone":      func(r *rig) { r.keyErr = errors.New("gone") },
	} {
		r := newRig(t)
		spoil(r)
		if made, err := r.lister().Tick(t.Context()); made || err == nil || len(r.lists) != 0 {
			t.Errorf("%s: made %v, %v", name, made, err)
		}
	}
}
