package pki

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"
)

// A tier is made for a CA's key only, under a root only, and only of what was judged.
func TestTiers(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	good := func(*x509.Certificate) error { return nil }
	small, err1 := rsa.GenerateKey(rand.Reader, 3072)
	key, err2 := rsa.GenerateKey(rand.Reader, authorityBits)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	root, err := NewRoot(Sandbox(), key, now, good)
	if err != nil {
		t.Fatal(err)
	}
	issuing, err := NewIssuing(Sandbox(), root, key, &key.PublicKey, now, good)
	if err != nil || !issuing.IsCA || !issuing.MaxPathLenZero || issuing.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
		t.Fatalf("NewIssuing: %v", err)
	}
	if len(issuing.IssuingCertificateURL)+len(issuing.CRLDistributionPoints)+len(issuing.OCSPServer) > 0 {
		t.Errorf("it points to services that nobody named")
	}
	named := Sandbox()
	named.IssuerURL, named.CRLURL, named.RootURL, named.RootCRLURL = "http://x/issuing.cer", "http://x/issuing.crl", "http://x/root.cer", "http://x/root.crl"
	pointing, err := NewIssuing(named, root, key, &key.PublicKey, now, good)
	if err != nil || !slices.Equal(pointing.IssuingCertificateURL, []string{named.RootURL}) || !slices.Equal(pointing.CRLDistributionPoints, []string{named.RootCRLURL}) {
		t.Errorf("an issuing CA points to what its root publishes: %+v, %v", pointing, err)
	}
	refusal := errors.New("refused")
	bad := func(*x509.Certificate) error { return refusal }
	for name, make := range map[string]func() (*x509.Certificate, error){
		"a root of 3072 bits":       func() (*x509.Certificate, error) { return NewRoot(Sandbox(), small, now, good) },
		"a root that is judged bad": func() (*x509.Certificate, error) { return NewRoot(Sandbox(), key, now, bad) },
		"a root that nobody judged": func() (*x509.Certificate, error) { return NewRoot(Sandbox(), key, now, nil) },
		"a root of no scheme":       func() (*x509.Certificate, error) { return NewRoot(Scheme{}, key, now, good) },
		"an issuing CA of 3072 bits": func() (*x509.Certificate, error) {
			return NewIssuing(Sandbox(), root, key, &small.PublicKey, now, good)
		},
		"an issuing CA under no root": func() (*x509.Certificate, error) {
			return NewIssuing(Sandbox(), issuing, key, &key.PublicKey, now, good)
		},
		"signed by another key": func() (*x509.Certificate, error) {
			return NewIssuing(Sandbox(), root, small, &key.PublicKey, now, good)
		},
		"an issuing CA judged bad": func() (*x509.Certificate, error) { return NewIssuing(Sandbox(), root, key, &key.PublicKey, now, bad) },
	} {
		if c, err := make(); err == nil || c != nil {
			t.Errorf("%s: made, %v", name, err)
		}
	}
}
