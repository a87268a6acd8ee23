package issue_test

import (
	"crypto/x509"
	"testing"

	"github.com/tunnus-id/tunnus/trust/pki"
)

// verify reads a certificate as a relying party does.
func verify(t *testing.T, ca pki.Authority, der []byte) pki.Holder {
	t.Helper()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	h, err := pki.Sandbox().Verify(cert, []*x509.Certificate{ca.Issuing}, []*x509.Certificate{ca.Root}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
