package pki_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/trust/pki"
)

// odd is a public key of a size; nobody has its private half.
func odd(bits int) *rsa.PublicKey {
	n := new(big.Int).SetBit(big.NewInt(1), bits-1, 1)
	return &rsa.PublicKey{N: n, E: 65537}
}

func pass(*x509.Certificate) error { return nil }

// withURLs is a sandbox that names its services.
func withURLs() pki.Scheme {
	s := pki.Sandbox()
	s.IssuerURL, s.OCSPURL, s.CRLURL = "http://pki.example/ca/1.cer", "http://pki.example/ocsp", "http://pki.example/crl/1.crl"
	return s
}

func extensionOf(c *x509.Certificate, id string) *pkix.Extension {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.String() == id })
	if i < 0 {
		return nil
	}
	return &c.Extensions[i]
}

func TestResponderCertificate(t *testing.T) {
	ca := newAuthority(t)
	c, err := pki.NewResponder(withURLs(), ca.Issuing, ca.IssuingKey, odd(2048), noon, pass)
	if err != nil {
		t.Fatal(err)
	}
	if c.CheckSignatureFrom(ca.Issuing) != nil || c.IsCA || c.KeyUsage != x509.KeyUsageDigitalSignature ||
		!slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}) || c.NotAfter.After(noon.AddDate(0, 0, 90)) {
		t.Errorf("%+v", c)
	}
	if e := extensionOf(c, "1.3.6.1.5.5.7.48.1.5"); e == nil || e.Critical || !bytes.Equal(e.Value, asn1.NullBytes) {
		t.Errorf("no-check: %+v", e)
	}
	if len(c.OCSPServer)+len(c.CRLDistributionPoints) != 0 || len(c.IssuingCertificateURL) != 1 {
		t.Error("its own status is not to be asked for")
	}
}

func TestStamperCertificate(t *testing.T) {
	ca := newAuthority(t)
	c, err := pki.NewStamper(withURLs(), ca.Issuing, ca.IssuingKey, odd(3072), noon, pass)
	if err != nil {
		t.Fatal(err)
	}
	if e := extensionOf(c, "2.5.29.37"); e == nil || !e.Critical || c.IsCA || c.KeyUsage != x509.KeyUsageDigitalSignature ||
		!slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) || len(c.UnknownExtKeyUsage) != 0 {
		t.Errorf("usage: %+v", c)
	}
	if len(c.OCSPServer) != 1 || len(c.CRLDistributionPoints) != 1 || len(c.IssuingCertificateURL) != 1 {
		t.Error("where its status is found is missing")
	}
	pool, middle := x509.NewCertPool(), x509.NewCertPool()
	pool.AddCert(ca.Root)
	middle.AddCert(ca.Issuing)
	if _, err := c.Verify(x509.VerifyOptions{Roots: pool, Intermediates: middle, CurrentTime: noon, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}); err != nil {
		t.Error(err)
	}
}

func TestServicesEndWithTheirCA(t *testing.T) {
	ca := newAuthority(t)
	late := ca.Issuing.NotAfter.AddDate(0, -1, 0)
	c, err := pki.NewStamper(pki.Sandbox(), ca.Issuing, ca.IssuingKey, odd(3072), late, pass)
	if err != nil || !c.NotAfter.Equal(ca.Issuing.NotAfter) {
		t.Errorf("%v, %v", c, err)
	}
	if _, err := pki.NewStamper(pki.Sandbox(), ca.Issuing, ca.IssuingKey, odd(3072), ca.Issuing.NotAfter.AddDate(1, 0, 0), pass); err == nil {
		t.Error("an ended CA signed")
	}
}

func TestServicesAreJudgedBeforeTheyAreSigned(t *testing.T) {
	ca := newAuthority(t)
	refusal := errors.New("no")
	var draft *x509.Certificate
	if _, err := pki.NewResponder(pki.Sandbox(), ca.Issuing, nil, odd(2048), noon, func(c *x509.Certificate) error { draft = c; return refusal }); !errors.Is(err, refusal) {
		t.Errorf("refused by the judge: %v", err)
	}
	if draft == nil || draft.CheckSignatureFrom(ca.Issuing) == nil {
		t.Error("the draft bears the CA's signature")
	}
	if _, err := pki.NewResponder(pki.Sandbox(), ca.Issuing, ca.IssuingKey, odd(2048), noon, nil); err == nil {
		t.Error("signed without a judge")
	}
	for bits, do := range map[int]func(pki.Scheme, *x509.Certificate, *rsa.PublicKey) error{
		2047: func(s pki.Scheme, c *x509.Certificate, k *rsa.PublicKey) error {
			_, err := pki.NewResponder(s, c, ca.IssuingKey, k, noon, pass)
			return err
		},
		3071: func(s pki.Scheme, c *x509.Certificate, k *rsa.PublicKey) error {
			_, err := pki.NewStamper(s, c, ca.IssuingKey, k, noon, pass)
			return err
		},
	} {
		if do(pki.Sandbox(), ca.Issuing, odd(bits)) == nil {
			t.Errorf("a key of %d bits was certified", bits)
		}
	}
}

// A request for a service's certificate gives its key and nothing else: one
// that asks to be a CA is refused.
func TestRequestThatAsksForACAIsRefused(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := asn1.Marshal(struct{ CA bool }{true})
	if err != nil {
		t.Fatal(err)
	}
	request := func(change func(*x509.CertificateRequest)) []byte {
		r := &x509.CertificateRequest{Subject: pkix.Name{CommonName: "whatever it likes"}}
		change(r)
		der, err := x509.CreateCertificateRequest(rand.Reader, r, key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	plain := request(func(*x509.CertificateRequest) {})
	got, err := pki.RequestedKey(plain)
	if err != nil || !got.Equal(&key.PublicKey) {
		t.Fatalf("a plain request: %v, %v", got, err)
	}
	forged := bytes.Clone(plain)
	forged[len(forged)-1] ^= 1
	for name, der := range map[string][]byte{
		"asks for a CA": request(func(r *x509.CertificateRequest) {
			r.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: ca}}
		}),
		"asks for a name": request(func(r *x509.CertificateRequest) { r.DNSNames = []string{"example.com"} }),
		"no signature":    forged,
		"nothing":         nil,
		"behind it":       append(bytes.Clone(plain), 0),
		"huge":            make([]byte, 1<<20),
	} {
		if _, err := pki.RequestedKey(der); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Whatever is done to a request, the key that comes out has signed it: with a
// part of it exchanged, it is the same key or none.
func FuzzRequestedKey(f *testing.F) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	good, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{0x30, 0}, uint16(7), uint16(1), []byte{0x13})
	f.Fuzz(func(t *testing.T, der []byte, at, drop uint16, with []byte) {
		_, _ = pki.RequestedKey(der) // a worker has another key than whoever made der, so only a panic counts
		from := int(at) % len(good)
		spliced := slices.Concat(good[:from], with, good[min(from+int(drop), len(good)):])
		if k, err := pki.RequestedKey(spliced); err == nil && !k.Equal(&key.PublicKey) {
			t.Errorf("a key that signed nothing: %v", k)
		}
	})
}
