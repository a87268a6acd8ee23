package pki_test

import (
	"crypto/x509/pkix"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// likeSmartID is the sandbox that unmodified clients accept.
func likeSmartID() pki.Scheme {
	s := pki.Sandbox()
	s.Compatible = true
	return s
}

func TestForeignIdentifiersStayInTheSandbox(t *testing.T) {
	for name, change := range map[string]func(*pki.Scheme){
		"a real country":         func(s *pki.Scheme) { s.Country = "EE" },
		"a name that is no demo": func(s *pki.Scheme) { s.Name = "tunnus" },
		"a basis of compliance": func(s *pki.Scheme) {
			s.Compliance = pki.Compliance{Basis: "report 1", DisclosureURL: "https://ca.example/pds_en.pdf"}
		},
	} {
		s := likeSmartID()
		change(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "compatible") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.Profiles(); err == nil {
			t.Errorf("%s: profiles were made", name)
		}
	}
	if err := likeSmartID().Validate(); err != nil {
		t.Error(err)
	}
}

// What the clients demand (facts §9), and nothing of ours, which some would read first.
func TestCompatibleCertificatesAreWhatClientsDemand(t *testing.T) {
	tests := []struct {
		purpose    pki.Purpose
		level      tunnus.Level
		policies   string
		usage      string
		statements bool
	}{
		{pki.Login, tunnus.Qualified, "1.3.6.1.4.1.10015.17.2 0.4.0.2042.1.2", "1.3.6.1.4.1.62306.5.7.0", false},
		{pki.Signature, tunnus.Qualified, "1.3.6.1.4.1.10015.17.2 0.4.0.194112.1.2", "", true},
		{pki.Login, tunnus.Advanced, "1.3.6.1.4.1.10015.17.1 0.4.0.2042.1.1", "1.3.6.1.4.1.62306.5.7.0", false},
		{pki.Signature, tunnus.Advanced, "1.3.6.1.4.1.10015.17.1 0.4.0.2042.1.1", "", false},
	}
	for _, tt := range tests {
		c := leaf(t, likeSmartID(), tt.purpose, tt.level, nil)
		var policies, usages []string
		for _, p := range c.Policies {
			policies = append(policies, p.String())
		}
		for _, u := range c.UnknownExtKeyUsage {
			usages = append(usages, u.String())
		}
		statements := slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "1.3.6.1.5.5.7.1.3" && !e.Critical })
		if strings.Join(policies, " ") != tt.policies || strings.Join(usages, " ") != tt.usage || statements != tt.statements {
			t.Errorf("%s %s: policies %s, usages %s, statements %v", tt.purpose, tt.level, policies, usages, statements)
		}
		h, err := judge(t, likeSmartID(), c, noon)
		if err != nil || h.Purpose != tt.purpose || h.Level != tt.level {
			t.Errorf("%s %s: read back as %s %s, %v", tt.purpose, tt.level, h.Purpose, h.Level, err)
		}
		if _, err := judge(t, pki.Sandbox(), c, noon); err == nil {
			t.Errorf("%s %s: a scheme with identifiers of its own takes it too", tt.purpose, tt.level)
		}
	}
}
