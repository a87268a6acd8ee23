package rp

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	files "github.com/tunnus-id/tunnus/scheme"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A scheme has policies of its own, and a service demands those and no others.
func TestPoliciesAreTheSchemes(t *testing.T) {
	const own = "2.25.170141183460469231731687303715884105727.7"
	path := filepath.Join(t.TempDir(), "own.json")
	file := strings.Replace(string(files.Nordic()), `"login_qualified": "`+pki.PolicyLoginQualified+`"`, `"login_qualified": "`+own+`"`, 1)
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for rules, want := range map[string]string{"": pki.PolicyLoginQualified, path: own} {
		p, err := (&Login{Scheme: "tunnus", Rules: rules}).profile(tunnus.Qualified)
		if err != nil || !slices.Contains(p.Policies, want) || want == own && slices.Contains(p.Policies, pki.PolicyLoginQualified) {
			t.Errorf("%q: policies %v, %v; want %s", rules, p.Policies, err, want)
		}
		a, err := (&Login{Scheme: "tunnus", Rules: rules}).profile(tunnus.Advanced)
		if err != nil || !slices.Contains(a.Policies, pki.PolicyLoginAdvanced) {
			t.Errorf("%q: policies of ADVANCED %v, %v", rules, a.Policies, err)
		}
	}
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Login{Rules: path}).profile(tunnus.Qualified); err == nil {
		t.Error("a file that is no scheme was taken")
	}
}
