package scheme

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/way"
	files "github.com/tunnus-id/tunnus/scheme"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// same checks that the canonical form reads as the same rules, and is a fixed point.
func same(t *testing.T, r Rules) {
	t.Helper()
	b, err := r.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("canonical", b)
	if err != nil {
		t.Fatalf("the canonical form is refused: %v", err)
	}
	r.spelt = again.spelt // the same meaning, spelt out
	if !reflect.DeepEqual(r, again) {
		t.Fatalf("read back as other rules:\n%+v\n%+v", r, again)
	}
	if c, err := again.Canonical(); err != nil || string(b) != string(c) {
		t.Fatalf("the canonical form has another one: %v", err)
	}
}

func TestCanonicalFormIsTheSameRules(t *testing.T) {
	for _, r := range []Rules{Nordic(), Baltic(), Nordic().AsSandbox(), Baltic().AsSandbox()} {
		same(t, r)
	}
}

// The ladder is the one of product.md §3, and nothing of a sandbox is shipped.
func TestWhatIsShipped(t *testing.T) {
	for name, r := range map[string]Rules{"nordic": Nordic(), "baltic": Baltic()} {
		var s tunnus.Standing
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for i, lock := range []time.Duration{0, 0, 24 * time.Hour, 0, 72 * time.Hour, 0, -1} {
			s = r.Judgement.Ladder.Fail(s, at)
			if want := lock == -1; s.Permanent != want {
				t.Errorf("%s: failure %d: permanent %v", name, i+1, s.Permanent)
			}
			if lock > 0 && !s.LockedUntil.Equal(at.Add(lock)) {
				t.Errorf("%s: failure %d: locked until %v", name, i+1, s.LockedUntil)
			}
			at = at.AddDate(0, 0, 4)
		}
		if r.Name != name || r.File.Sandbox || r.Unattended || len(r.Open()) != 0 || r.Rests() {
			t.Errorf("%s: %s, %v, %v: %v", name, r.Name, r.File.Sandbox, r.Unattended, r.Open())
		}
		for _, d := range []Device{Software, Browser, "", "fridge"} {
			if got := r.Level(way.Passport, d, ""); got != tunnus.Advanced {
				t.Errorf("%s: level on %q: %s", name, d, got)
			}
		}
		if s := r.AsSandbox(); !s.Unattended || s.Level(way.Passport, Software, "") != tunnus.Qualified || !s.File.Sandbox || len(s.Open()) == 0 {
			t.Errorf("%s: the sandbox's switches are off", name)
		}
		if !reflect.DeepEqual(r.OTP, otp.Defaults()) {
			t.Errorf("%s: rules of codes: %+v", name, r.OTP)
		}
		if r.Devices[Software] != tunnus.Advanced {
			t.Errorf("%s: its sandbox has changed it", name)
		}
		if claims := r.Issuance.Claims(); claims != (pki.Compliance{}) {
			t.Errorf("%s: claims %v", name, claims)
		}
		if !slices.Equal(r.Codes.NoSMS, []string{"US", "CA", "BE"}) {
			t.Errorf("%s: %v", name, r.Codes.NoSMS)
		}
	}
}

// Any change of meaning is another revision, and no other change is one.
func TestRevision(t *testing.T) {
	r := Nordic()
	if !strings.HasPrefix(r.Revision(), "nordic/2026-11-22.3+") || len(r.Revision()) != len("nordic/2026-11-22.3+")+12 {
		t.Errorf("revision %q", r.Revision())
	}
	spaced, err := Parse("x", []byte(strings.ReplaceAll(strings.ReplaceAll(string(files.Nordic()), ":", " :\n"), `"72h"`, `"3d"`)))
	if err != nil || spaced.Revision() != r.Revision() {
		t.Errorf("written otherwise: %q, %v", spaced.Revision(), err)
	}
	seen := map[string]string{r.Revision(): "nordic", r.AsSandbox().Revision(): "sandbox"}
	for _, change := range [][2]string{
		{"otp.tries", "2"},
		{"ways.desk.on", "false"},
		{"eligibility[0].min_age", "14"},
		{"versions.app", `"0.2.0"`},
		{"ledger.judgement.grace", `"15d"`},
		{"retention.evidence_years", "11"},
		{"version", `"2"`},
		{"languages", `["da", "en"]`},
	} {
		c, err := Parse("x", with(t, change[0], change[1]))
		if err != nil {
			t.Fatal(err)
		}
		if seen[c.Revision()] != "" {
			t.Errorf("%s: the revision of %s", change[0], seen[c.Revision()])
		}
		seen[c.Revision()] = change[0]
	}
	if len(seen) != 10 {
		t.Errorf("%d revisions", len(seen))
	}
}

// A basis that is named gives leave to state conformity (A4), and own policies
// take the place of ours.
func TestCertificates(t *testing.T) {
	r, err := Parse("x", with(t, "certificates", `{"login_qualified": "2.25.170141183460469231731687303715884105727.7",
		"compliance": {"basis": "certificate", "named": "TSP No 1 of Lab", "disclosure_url": "https://id.example/pds"}}`))
	if err != nil {
		t.Fatal(err)
	}
	s := pki.Sandbox()
	s.Compliance, s.Policies = r.Issuance.Claims(), r.Issuance.Policies()
	all, err := s.Profiles()
	if err != nil || s.Compliance.Basis != "certificate: TSP No 1 of Lab" {
		t.Fatal(s.Compliance, err)
	}
	for _, p := range all {
		want := map[string]string{
			"login-qualified": "2.25.170141183460469231731687303715884105727.7", "login-advanced": pki.PolicyLoginAdvanced,
			"signature-qualified": pki.PolicySignatureQualified, "signature-advanced": pki.PolicySignatureAdvanced,
		}[p.Name]
		if p.Policies[0] != want || len(p.Policies) != 2 {
			t.Errorf("%s: %v", p.Name, p.Policies)
		}
	}
	usual := Nordic().Issuance
	if usual.LoginQualified != pki.PolicyLoginQualified || usual.SignatureQualified != pki.PolicySignatureQualified ||
		usual.LoginAdvanced != pki.PolicyLoginAdvanced || usual.SignatureAdvanced != pki.PolicySignatureAdvanced {
		t.Errorf("the defaults are not ours: %+v", usual)
	}
}

func TestShippedNamesOnlyWhatIsThere(t *testing.T) {
	for _, name := range []string{"", "alpine", "../nordic"} {
		if _, err := Shipped(name); err == nil {
			t.Errorf("%q", name)
		}
	}
}
