package issue_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

func TestServicesOfTheCAPassTheLinter(t *testing.T) {
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		t.Fatal(err)
	}
	named := pki.Sandbox()
	named.IssuerURL, named.OCSPURL, named.CRLURL = "http://pki.example/ca/1.cer", "http://pki.example/ocsp", "http://pki.example/crl/1.crl"
	for name, s := range map[string]pki.Scheme{"bare": pki.Sandbox(), "with addresses": named} {
		responder, err := pki.NewResponder(s, ca.Issuing, ca.IssuingKey, &key.PublicKey, noon, issue.Lint)
		if err != nil {
			t.Errorf("%s: responder: %v", name, err)
		}
		stamper, err := pki.NewStamper(s, ca.Issuing, ca.IssuingKey, &key.PublicKey, noon, issue.Lint)
		if err != nil {
			t.Errorf("%s: stamper: %v", name, err)
		}
		for _, c := range []*x509.Certificate{responder, stamper, ca.Root, ca.Issuing} {
			if err := issue.Lint(c); err != nil {
				t.Errorf("%s: %s: %v", name, c.Subject, err)
			}
		}
	}
}

func TestLintNamesTheRule(t *testing.T) {
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	bad := &x509.Certificate{SerialNumber: big.NewInt(1), KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, bad, ca.Issuing, &ca.IssuingKey.PublicKey, ca.IssuingKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := issue.Lint(c); err == nil {
		t.Error("a leaf that may sign certificates passes")
	}
}

// The intent is on record before the CA's key signs, here too.
func TestServiceCertificatesLeaveIntentAndIssue(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(*rig) (*x509.Certificate, error){
		"responder": func(r *rig) (*x509.Certificate, error) { return r.Responder(t.Context(), &key.PublicKey) },
		"stamper":   func(r *rig) (*x509.Certificate, error) { return r.Stamper(t.Context(), &key.PublicKey) },
	} {
		r := newRig(t, nil)
		c, err := make(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckSignatureFrom(r.ca.Issuing); err != nil || r.key.signed != 1 {
			t.Errorf("%s: %v, %d signed", name, err, r.key.signed)
		}
		if e := r.store.events; len(e) != 2 || e[0].Kind != "cert.intent" || e[1].Kind != "cert.issued" || e[0].Detail["serial"] != e[1].Detail["serial"] || e[0].Detail["profile"] != name {
			t.Errorf("%s: events %+v", name, e)
		}
		r = newRig(t, nil)
		r.store.lost["Record"] = true
		if _, err := make(r); !errors.Is(err, errLost) || r.key.signed != 0 {
			t.Errorf("%s without an intent: %v, %d signed", name, err, r.key.signed)
		}
	}
}

// dividedBelow reports whether an odd number below the bound divides n.
func dividedBelow(n *big.Int, bound int64) bool {
	for p := int64(3); p < bound; p += 2 {
		if new(big.Int).Mod(n, big.NewInt(p)).Sign() == 0 {
			return true
		}
	}
	return false
}

// What is refused of a phone's half (K10) is refused of the whole as well.
func TestModuliWithSmallFactorsAreRefused(t *testing.T) {
	for name, factor := range map[string]int64{"three": 3, "the largest below 2^20": 1048573} {
		r, req := newRig(t, nil), ask(t)
		n := new(big.Int).Sub(req.PublicKey.N, new(big.Int).Mod(req.PublicKey.N, big.NewInt(factor)))
		for n.Bit(0) == 0 || factor > 1000 && dividedBelow(n, 1000) { // it is the only small one
			n.Sub(n, big.NewInt(factor))
		}
		req.PublicKey = &rsa.PublicKey{N: n, E: 65537}
		if _, err := r.Issue(t.Context(), req); tunnus.CodeOf(err) != tunnus.CodeBadRequest || r.key.signed != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, req := newRig(t, nil), ask(t)
	root := new(big.Int).Sqrt(req.PublicKey.N)
	root.SetBit(root, 0, 1)
	req.PublicKey = &rsa.PublicKey{N: root.Mul(root, root), E: 65537}
	if _, err := r.Issue(t.Context(), req); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
		t.Errorf("a square: %v", err)
	}
}

// A scheme with policies of its own issues certificates that have them, and takes
// no others for its own.
func TestOwnPoliciesAreIssued(t *testing.T) {
	s := pki.Sandbox()
	const arc = "2.25.170141183460469231731687303715884105727"
	s.Policies = pki.Policies{LoginQualified: arc + ".7.1", SignatureQualified: arc + ".7.2", LoginAdvanced: arc + ".7.3", SignatureAdvanced: arc + ".7.4"}
	profiles, err := s.Profiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range profiles {
		r := newRig(t, func(c *issue.Config) { c.Scheme, c.Profiles = s, profiles })
		req := ask(t)
		req.Purpose, req.Level = p.Purpose, p.Level
		if p.Level == tunnus.Advanced {
			req.Document = "PNOXX-199002140017-7K3Q-NQ"
		}
		made, err := r.Issue(t.Context(), req)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		cert, err := x509.ParseCertificate(made.DER)
		if err != nil || !strings.HasPrefix(cert.Policies[0].String(), arc+".7.") {
			t.Errorf("%s: policies %v, %v", p.Name, cert.Policies, err)
		}
		if h, err := s.Read(cert); err != nil || h.Level != p.Level || h.Purpose != p.Purpose {
			t.Errorf("%s: read back as %s, %s, %v", p.Name, h.Level, h.Purpose, err)
		}
		if _, err := pki.Sandbox().Read(cert); !errors.Is(err, pki.ErrProfile) {
			t.Errorf("%s: taken for one of ours: %v", p.Name, err)
		}
	}
}

// The scheme that unmodified clients accept goes the same way: linted, and read back.
func TestCompatibleProfilesAreIssued(t *testing.T) {
	s := pki.Sandbox()
	s.Compatible = true
	profiles, err := s.Profiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range profiles {
		r := newRig(t, func(c *issue.Config) { c.Scheme, c.Profiles = s, profiles })
		req := ask(t)
		req.Purpose, req.Level = p.Purpose, p.Level
		if p.Level == tunnus.Advanced {
			req.Document = "PNOXX-199002140017-7K3Q-NQ"
		}
		if _, err := r.Issue(t.Context(), req); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
