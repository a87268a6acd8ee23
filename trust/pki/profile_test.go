package pki_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// claiming is a scheme with the leave to claim, and with all services.
func claiming() pki.Scheme {
	s := pki.Sandbox()
	s.IssuerURL, s.OCSPURL, s.CRLURL = "http://ca.example/issuing.cer", "http://ocsp.example/", "http://ca.example/issuing.crl"
	s.Compliance = pki.Compliance{Basis: "report 1 of an invented laboratory", DisclosureURL: "https://ca.example/pds_en.pdf"}
	return s
}

// Rule A4: statements of EU compliance only if the scheme names what they rest on.
func TestNothingIsClaimedWithoutABasis(t *testing.T) {
	etsi, err := asn1.Marshal(asn1.ObjectIdentifier{0, 4, 0}) // itu-t(0) identified-organization(4) etsi(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []pki.Purpose{pki.Login, pki.Signature} {
		for _, l := range []tunnus.Level{tunnus.Qualified, tunnus.Advanced} {
			c := leaf(t, pki.Sandbox(), p, l, nil)
			for _, e := range c.Extensions {
				if bytes.Contains(e.Value, etsi[2:]) && e.Id.String() != "2.5.29.14" && e.Id.String() != "2.5.29.35" {
					t.Errorf("%s %s: extension %s names an identifier of ETSI", p, l, e.Id)
				}
				if e.Id.String() == "1.3.6.1.5.5.7.1.3" {
					t.Errorf("%s %s: qcStatements", p, l)
				}
			}
		}
	}
	loose := claiming()
	loose.Compliance.Basis = ""
	if _, err := loose.Profiles(); err == nil {
		t.Error("a disclosure statement without a basis was taken")
	}
}

func TestClaimsOfAScheme(t *testing.T) {
	tests := []struct {
		purpose  pki.Purpose
		level    tunnus.Level
		policies string
		qc       bool
	}{
		{pki.Login, tunnus.Qualified, pki.PolicyLoginQualified + " 0.4.0.2042.1.2", false},
		{pki.Login, tunnus.Advanced, pki.PolicyLoginAdvanced + " 0.4.0.2042.1.1", false},
		{pki.Signature, tunnus.Qualified, pki.PolicySignatureQualified + " 0.4.0.194112.1.2", true},
		{pki.Signature, tunnus.Advanced, pki.PolicySignatureAdvanced + " 0.4.0.2042.1.1", false},
	}
	for _, tt := range tests {
		c := leaf(t, claiming(), tt.purpose, tt.level, nil)
		var got []string
		for _, p := range c.Policies {
			got = append(got, p.String())
		}
		if s := strings.Join(got, " "); s != tt.policies {
			t.Errorf("%s %s: policies %s, want %s", tt.purpose, tt.level, s, tt.policies)
		}
		has := slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "1.3.6.1.5.5.7.1.3" && !e.Critical })
		if has != tt.qc {
			t.Errorf("%s %s: qcStatements %v, want %v", tt.purpose, tt.level, has, tt.qc)
		}
	}
}

func TestSubjectIsWrittenAsRelyingPartiesReadIt(t *testing.T) {
	c := leaf(t, pki.Sandbox(), pki.Login, tunnus.Qualified, nil)
	var got []string
	for _, a := range c.Subject.Names {
		got = append(got, a.Type.String()+"="+a.Value.(string))
	}
	want := "2.5.4.6=XX 2.5.4.3=LOVELACE,ADA 2.5.4.4=LOVELACE 2.5.4.42=ADA 2.5.4.5=PNOXX-199002140017"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("subject %s\nwant    %s", s, want)
	}
	for _, e := range c.Extensions {
		critical := e.Id.String() == "2.5.29.15" || e.Id.String() == "2.5.29.19" // keyUsage, basicConstraints
		if e.Critical != critical {
			t.Errorf("extension %s: critical %v", e.Id, e.Critical)
		}
	}
	if len(c.OCSPServer)+len(c.CRLDistributionPoints)+len(c.IssuingCertificateURL) != 0 {
		t.Error("the certificate points to services that do not exist")
	}
	if from, to := c.NotBefore, c.NotAfter; !from.Equal(noon.Add(-5*time.Minute)) || !to.Equal(from.AddDate(3, 0, 0).Add(-time.Second)) {
		t.Errorf("valid from %s to %s", from, to)
	}
}

// A second implementation takes the chain, and finds our policies in it.
func TestOpensslVerifiesTheChain(t *testing.T) {
	openssl := need.Tool(t, "openssl")
	ca, dir := newAuthority(t), t.TempDir()
	write := func(name string, certs ...*x509.Certificate) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, pki.EncodeCertificates(certs...), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	root, issuing := write("root.pem", ca.Root), write("issuing.pem", ca.Issuing)
	for _, s := range []pki.Scheme{pki.Sandbox(), claiming()} {
		for purpose, policy := range map[pki.Purpose]string{pki.Login: pki.PolicyLoginQualified, pki.Signature: pki.PolicySignatureQualified} {
			at := leaf(t, s, purpose, tunnus.Qualified, nil)
			out, err := exec.CommandContext(t.Context(), openssl, "verify", "-x509_strict", "-attime", strconv.FormatInt(noon.Unix(), 10), "-policy_check", "-explicit_policy",
				"-policy", policy, "-CAfile", root, "-untrusted", issuing, write("leaf.pem", at)).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %s", purpose, out)
			}
		}
	}
}

func TestServerCertificateServesOverTLS(t *testing.T) {
	srv, err := pki.NewServer(pki.Sandbox(), []string{"localhost", "127.0.0.1"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	h.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{srv.Certificate.Raw}, PrivateKey: srv.Key}}}
	h.Config.ErrorLog = log.New(io.Discard, "", 0) // the refusal below is meant
	h.StartTLS()
	defer h.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.CA)
	for name, ok := range map[string]bool{"127.0.0.1": true, "localhost": true, "example.com": false} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
			RootCAs: roots, ServerName: name, Time: func() time.Time { return noon },
		}}}
		resp, err := client.Get(h.URL)
		if (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
	}
}
