package asic_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// A container decides what it says, not how long it takes to find that out.
func TestNothingInsideMakesCheckingLong(t *testing.T) {
	w := theWorld(t)
	whole := w.long(t)
	n := new(big.Int).Lsh(big.NewInt(1), 100_000)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "Issuing", Country: []string{"XX"}},
		IsCA: true, BasicConstraintsValid: true, NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, w.root, &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}, w.keys["Root"])
	if err != nil {
		t.Fatal(err)
	}
	huge, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	const first = "<ds:X509Data>"
	refuse(t, "a huge key beside the signer's", replace(t, whole, sigXML, first, first+"<ds:X509Certificate>"+encoded(huge)+"</ds:X509Certificate>"), w.trust(""), "key that is too large")
	const value = "<xades:CertificateValues>"
	refuse(t, "a huge key for later", replace(t, whole, sigXML, value, value+"<xades:EncapsulatedX509Certificate>"+encoded(huge)+"</xades:EncapsulatedX509Certificate>"), w.trust(""), "key that is too large")
	var names strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&names, ` xmlns:a%d="urn:x"`, i)
	}
	refuse(t, "thousands of names", replace(t, whole, sigXML, ` Id="S0"`, names.String()+` Id="S0"`), w.trust(""), "too many attributes")
}

// An answer that cannot be read is not taken for one about somebody else.
func TestEveryAnswerIsUnderstood(t *testing.T) {
	w := theWorld(t)
	whole := w.long(t)
	const list = "<xades:OCSPValues>"
	refuse(t, "an answer that is none", replace(t, whole, sigXML, list, list+"<xades:EncapsulatedOCSPValue>AAAA</xades:EncapsulatedOCSPValue>"), w.trust(""), "not a message of RFC 6960")
}
