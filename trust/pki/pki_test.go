package pki_test

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

var (
	noon      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	authority = sync.OnceValues(func() (pki.Authority, error) { return pki.NewAuthority(pki.Sandbox(), noon) })
)

func newAuthority(t testing.TB) pki.Authority {
	t.Helper()
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// modulus returns a leaf key; its private half does not exist any more.
func modulus(t testing.TB) *rsa.PublicKey {
	t.Helper()
	f, err := os.Open("testdata/moduli.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	for sc.Scan() && strings.HasPrefix(sc.Text(), "#") {
	}
	b, err := base64.StdEncoding.DecodeString(sc.Text())
	if err != nil {
		t.Fatal(err)
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(b), E: 65537}
}

// A spoiler changes what is about to be signed.
type spoiler func(template *x509.Certificate)

// leaf signs a certificate for Ada, spoilt if wished, by the issuing CA.
func leaf(t testing.TB, s pki.Scheme, purpose pki.Purpose, level tunnus.Level, spoil spoiler) *x509.Certificate {
	t.Helper()
	ca := newAuthority(t)
	profiles, err := s.Profiles()
	if err != nil {
		t.Fatal(err)
	}
	p, err := pki.Pick(profiles, purpose, level)
	if err != nil {
		t.Fatal(err)
	}
	template, err := s.Template(p, order(t, p))
	if err != nil {
		t.Fatal(err)
	}
	if spoil != nil {
		spoil(template)
	}
	return sign(t, template, ca.Issuing, ca.IssuingKey)
}

func sign(t testing.TB, template, parent *x509.Certificate, key *rsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, template.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func order(t testing.TB, p pki.Profile) pki.Order {
	t.Helper()
	code, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	birth, _ := code.BirthDate()
	serial, err := pki.NewSerial()
	if err != nil {
		t.Fatal(err)
	}
	o := pki.Order{
		Subject:   pki.Subject{Code: code, Surname: "LOVELACE", GivenNames: "ADA", Birth: birth},
		Document:  "PNOXX-199002140017-7K3Q-Q",
		PublicKey: modulus(t), Serial: serial,
	}
	if p.Level == tunnus.Advanced {
		o.Document = "PNOXX-199002140017-7K3Q-NQ"
	}
	o.From, o.To = p.Validity(noon)
	return o
}

func judge(t testing.TB, s pki.Scheme, c *x509.Certificate, at time.Time) (pki.Holder, error) {
	t.Helper()
	ca := newAuthority(t)
	return s.Verify(c, []*x509.Certificate{ca.Issuing}, []*x509.Certificate{ca.Root}, at)
}
