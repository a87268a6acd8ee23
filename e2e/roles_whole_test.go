package e2e

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A PIN change goes the same way through three processes: the old PIN is a wrong
// one afterwards, and the new one logs in.
func TestRolesChangePIN(t *testing.T) {
	s := startSplit(t)
	h, a, who := s.register()
	h.typed["new-pin1"], h.typed["new-pin1-again"] = []string{"6285"}, []string{"6285"}
	if err := a.ChangePIN(t.Context(), pin.PIN1); err != nil {
		t.Fatalf("%s; asked %v; log %s", app.Explain(err), h.asked, s.log)
	}
	before := s.rows("keyshare", evaluations)
	h.typed["pin1"] = []string{"4719", "6285"}
	s.logIn(a, who)
	if n := s.rows("keyshare", evaluations) - before; n != 2 {
		t.Errorf("%d tries; want the old PIN, wrong now, and the new one", n)
	}
	if n := s.rows("keyshare", "SELECT max(generation) FROM keyshare_key"); n != 2 {
		t.Errorf("generation %d", n)
	}
}

// What the process with the CA publishes reaches the holder through the front: the
// proof that each certificate is logged; and whoever follows the addresses in a
// certificate gets its status.
func TestRolesCertificatesAreLoggedAndAnswered(t *testing.T) {
	s := startSplit(t)
	_, a, _ := s.register()
	list, err := a.Logged(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		if one.Err != nil {
			t.Errorf("%s: %v", one.Purpose, one.Err)
		}
	}
	accounts, err := a.Accounts(t.Context())
	if err != nil || len(accounts) != 1 {
		t.Fatalf("%d accounts, %v", len(accounts), err)
	}
	read := func(name string) *x509.Certificate {
		t.Helper()
		b, err := os.ReadFile(s.world.Path("authority", name))
		if err != nil {
			t.Fatal(err)
		}
		certs, err := pki.DecodeCertificates(b)
		if err != nil {
			t.Fatal(err)
		}
		return certs[0]
	}
	issuing, root := read("issuing.pem"), read("root.pem")
	for _, k := range accounts[0].Keys {
		cert, err := x509.ParseCertificate(k.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		q, err := ocsp.NewRequest(cert, issuing, crypto.SHA256, nil)
		if err != nil || len(cert.OCSPServer) != 1 || len(cert.CRLDistributionPoints) != 1 || len(cert.IssuingCertificateURL) != 1 {
			t.Fatalf("addresses in the certificate: %v %v %v, %v", cert.OCSPServer, cert.CRLDistributionPoints, cert.IssuingCertificateURL, err)
		}
		resp, err := http.Post(cert.OCSPServer[0], "application/ocsp-request", bytes.NewReader(q))
		if err != nil {
			t.Fatal(err)
		}
		der, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if r, err := ocsp.Verify(der, cert, issuing, []*x509.Certificate{root}, time.Now()); err != nil || r.Status != ocsp.Good {
			t.Errorf("%s: %v, %v", k.Purpose, r.Status, err)
		}
	}
	until(t, "the signed application has time-stamp and answers", func() bool {
		c, err := a.Container(t.Context())
		return err == nil && c.Level == "LT"
	})
}
