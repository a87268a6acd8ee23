package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// What is taken for a document number is written back as the same bytes.
func FuzzReadDocument(f *testing.F) {
	for _, n := range []string{"PNOXX-199002140017-7K3Q-Q", "Ž", "a@b"} {
		e, err := documentExtension(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(e.Value)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		n, err := readDocument(der)
		if err != nil {
			return
		}
		e, err := documentExtension(n)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := readDocument(e.Value); err != nil || again != n {
			t.Errorf("%q was read back as %q, %v", n, again, err)
		}
	})
}

// A date that is read is written back as the same date.
func FuzzReadBirth(f *testing.F) {
	e, err := birthExtension(time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(e.Value)
	f.Fuzz(func(t *testing.T, der []byte) {
		d, err := readBirth(der)
		if err != nil {
			return
		}
		e, err := birthExtension(d)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := readBirth(e.Value); err != nil || !again.Equal(d) {
			t.Errorf("%s was read back as %s, %v", d, again, err)
		}
	})
}

// RFC 3739 §3.2.2 with the time of day that the RP API shows: noon, UTC.
func TestBirthIsNoonUTC(t *testing.T) {
	east := time.FixedZone("east", 14*3600)
	e, err := birthExtension(time.Date(1990, 2, 14, 1, 0, 0, 0, east))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(e.Value, []byte("19900214120000Z")) {
		t.Errorf("birth is written as %q", e.Value)
	}
}

func TestPEMRoundTrip(t *testing.T) {
	s, err := NewServer(Sandbox(), []string{"localhost"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeCertificates(EncodeCertificates(s.Certificate, s.CA))
	if err != nil || len(got) != 2 || !got[0].Equal(s.Certificate) || !got[1].Equal(s.CA) {
		t.Errorf("certificates: %d, %v", len(got), err)
	}
	text, err := EncodeKey(s.Key)
	if err != nil {
		t.Fatal(err)
	}
	key, err := DecodeKey(text)
	if err != nil || !s.Key.Equal(key) {
		t.Errorf("key: %v", err)
	}
	if _, err := DecodeCertificates(text.Reveal()); err == nil {
		t.Error("a key was taken for a certificate")
	}
	if _, err := DecodeKey(tunnus.NewSecret(EncodeCertificates(s.CA))); err == nil {
		t.Error("a certificate was taken for a key")
	}
	if _, err := DecodeCertificates(nil); err == nil {
		t.Error("no certificates were taken for some")
	}
}

func TestRootSignsOneTierOnly(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	a, err := NewAuthority(Sandbox(), now)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*x509.Certificate{"root": a.Root, "issuing": a.Issuing} {
		if !c.IsCA || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || c.SignatureAlgorithm != Signing {
			t.Errorf("%s: CA %v, usage %b, %s", name, c.IsCA, c.KeyUsage, c.SignatureAlgorithm)
		}
		if k := c.PublicKey.(interface{ Size() int }).Size(); k != 512 {
			t.Errorf("%s: key of %d bytes, want 512", name, k)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	below := *a.Issuing
	below.Subject.CommonName, below.Subject.ExtraNames, below.RawSubject, below.AuthorityKeyId = "one CA too many", nil, nil, nil
	below.SubjectKeyId = []byte{1}
	third, err := createAndRead(&below, a.Issuing, key.Public(), a.IssuingKey)
	if err != nil {
		t.Fatal(err)
	}
	leafTemplate := &x509.Certificate{SerialNumber: a.Root.SerialNumber, NotBefore: now, NotAfter: now.AddDate(1, 0, 0)}
	leaf, err := createAndRead(leafTemplate, third, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifyChain(leaf, []*x509.Certificate{a.Issuing, third}, []*x509.Certificate{a.Root}, now); err == nil || !strings.Contains(err.Error(), "too many intermediates") {
		t.Errorf("a CA below the issuing CA: %v", err)
	}
}
