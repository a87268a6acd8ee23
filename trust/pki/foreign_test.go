package pki_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/trust/pki"
)

// A certificate from outside must not decide how long its checking takes: a
// signature by a key of 400,000 bits takes two seconds, and one of a million twelve.
func TestParseForeign(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		bits  uint
		name  string
		words string
	}{
		"usual":          {4096, "a", ""},
		"the largest":    {8192, "a", ""},
		"a larger key":   {8193, "a", "key that is too large"},
		"far larger":     {400_000, "a", "too large"},
		"much text":      {2048, strings.Repeat("a", 33<<10), "a certificate that is too large"},
		"no certificate": {0, "", "cannot be read"},
	} {
		var der []byte
		if tt.bits > 0 {
			template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: tt.name}}
			n := new(big.Int).Lsh(big.NewInt(1), tt.bits-1)
			if der, err = x509.CreateCertificate(rand.Reader, template, template, &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}, key); err != nil {
				t.Fatal(err)
			}
		}
		c, err := pki.ParseForeign(der)
		if tt.words == "" && (err != nil || c == nil) || tt.words != "" && (err == nil || !strings.Contains(err.Error(), tt.words)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
