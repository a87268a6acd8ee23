package issue_test

import (
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// suspending is a rig that keeps suspensions, with one certificate.
func suspending(t *testing.T) (r *rig, serial string, changed *[]string) {
	t.Helper()
	changed = &[]string{}
	r = newRig(t, nil)
	r.cfg.Holds, r.cfg.Changed = r.store, func(s string) { *changed = append(*changed, s) }
	var err error
	if r.Service, err = issue.New(r.cfg); err != nil {
		t.Fatal(err)
	}
	c, err := r.Issue(t.Context(), ask(t))
	if err != nil {
		t.Fatal(err)
	}
	return r, c.Serial, changed
}

func (r *rig) only(t *testing.T) issue.Certificate {
	t.Helper()
	all, err := r.Certificates(t.Context(), "acc-1")
	if err != nil || len(all) != 1 {
		t.Fatalf("%d certificates, %v", len(all), err)
	}
	return all[0]
}

func TestSuspensionCanBeLifted(t *testing.T) {
	r, serial, changed := suspending(t)
	for range 2 {
		if err := r.Suspend(t.Context(), "acc-1", serial); err != nil {
			t.Fatal(err)
		}
	}
	if c := r.only(t); !c.Held.Equal(noon) || !c.Revoked.IsZero() {
		t.Errorf("suspended: %+v", c)
	}
	for range 2 {
		if err := r.Resume(t.Context(), "acc-1", serial); err != nil {
			t.Fatal(err)
		}
	}
	if c := r.only(t); !c.Held.IsZero() {
		t.Errorf("resumed: %+v", c)
	}
	var kinds []string
	for _, e := range r.store.events {
		kinds = append(kinds, e.Kind)
	}
	if want := []string{"cert.intent", "cert.issued", "cert.suspended", "cert.resumed"}; !slices.Equal(kinds, want) {
		t.Errorf("events %v", kinds)
	}
	if len(*changed) != 4 || (*changed)[0] != serial {
		t.Errorf("told of changes to %v", *changed)
	}
}

// I11: revoked never returns to good, by no way of the interface.
func TestNothingLiftsARevocation(t *testing.T) {
	r, serial, changed := suspending(t)
	if err := r.SuspendAccount(t.Context(), "acc-1"); err != nil {
		t.Fatal(err)
	}
	if err := r.Revoke(t.Context(), "acc-1", serial, issue.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"resume":  func() error { return r.Resume(t.Context(), "acc-1", serial) },
		"suspend": func() error { return r.Suspend(t.Context(), "acc-1", serial) },
	} {
		if err := do(); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := r.ResumeAccount(t.Context(), "acc-1"); err != nil {
		t.Errorf("an account with nothing to resume: %v", err)
	}
	if c := r.only(t); !c.Revoked.Equal(noon) || c.Reason != issue.KeyCompromise || !c.Held.Equal(noon) {
		t.Errorf("%+v", c)
	}
	if len(*changed) != 2 {
		t.Errorf("told of %d changes, want 2", len(*changed))
	}
}

func TestSuspensionNeedsAPlace(t *testing.T) {
	r := newRig(t, nil) // no Holds
	if r.Suspend(t.Context(), "acc-1", "00") == nil || r.Resume(t.Context(), "acc-1", "00") == nil {
		t.Error("a suspension was lost without a word")
	}
}
