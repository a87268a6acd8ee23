package publish_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/publish"
	"github.com/tunnus-id/tunnus/trust/status"
)

// A shell runs OpenSSL in a folder that has root.pem, issuing.pem and leaf.pem.
type shell struct {
	*testing.T
	dir, path string
}

func newShell(t *testing.T, r *rig) shell {
	t.Helper()
	path := need.Tool(t, "openssl")
	s := shell{t, t.TempDir(), path}
	for name, certs := range map[string][]*x509.Certificate{"root.pem": {r.Root}, "issuing.pem": {r.Issuing}, "leaf.pem": {r.leaf}} {
		s.write(name, pki.EncodeCertificates(certs...))
	}
	return s
}

func (s shell) write(name string, content []byte) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
		s.Fatal(err)
	}
}

// openssl runs it, and wants success or not, and words in what it says.
func (s shell) openssl(ok bool, args string, want ...string) {
	s.Helper()
	cmd := exec.CommandContext(s.Context(), s.path, strings.Fields(args)...)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	if (err == nil) != ok {
		s.Errorf("openssl %s: %v\n%s", args, err, out)
	}
	for _, w := range want {
		if !strings.Contains(string(out), w) {
			s.Errorf("openssl %s: no %q in\n%s", args, w, out)
		}
	}
}

func TestOpensslTakesTheAnswers(t *testing.T) {
	r := newRig(t)
	s := newShell(t, r)
	ask := "ocsp -issuer issuing.pem -cert leaf.pem -url " + r.url + "/ocsp -CAfile root.pem -resp_text "
	good := []string{"Response verify OK", "leaf.pem: good", "Signature Algorithm: sha256WithRSAEncryption", "Archive Cutoff"}
	s.openssl(true, ask, append(good, "OCSP Nonce")...)
	s.openssl(true, ask+"-no_nonce", good...)
	s.openssl(true, "ocsp -sha256 -issuer issuing.pem -cert leaf.pem -url "+r.url+"/ocsp -CAfile root.pem -validity_period 60 -status_age 300", "leaf.pem: good")
	s.openssl(true, "ocsp -issuer issuing.pem -serial 4711 -url "+r.url+"/ocsp -CAfile root.pem", "4711: unknown")
	s.openssl(true, "ocsp -issuer issuing.pem -cert leaf.pem -serial 4711 -url "+r.url+"/ocsp -CAfile root.pem", "leaf.pem: good", "4711: unknown")
	s.openssl(false, "ocsp -issuer root.pem -cert issuing.pem -url "+r.url+"/ocsp -CAfile root.pem", "unauthorized")
	r.set(revoke)
	s.openssl(true, ask, "Response verify OK", "leaf.pem: revoked", "Reason: keyCompromise")
	s.openssl(true, ask+"-no_nonce", "Response verify OK", "leaf.pem: revoked")
	r.set(func(st *status.Standing) {
		st.Revoked, st.Reason, st.Held = time.Time{}, "", time.Now().Add(-time.Minute)
	})
	s.openssl(true, ask, "leaf.pem: revoked", "Reason: certificateHold")
}

// Asked in the name of a requestor and signed: answered all the same.
func TestOpensslSignedQuestionIsAnswered(t *testing.T) {
	r := newRig(t)
	s := newShell(t, r)
	key, err := pki.EncodeKey(r.stamperKey)
	if err != nil {
		t.Fatal(err)
	}
	s.write("asker.key", key.Reveal())
	s.write("asker.pem", pki.EncodeCertificates(r.stamper))
	s.openssl(true, "ocsp -issuer issuing.pem -cert leaf.pem -signer asker.pem -signkey asker.key -url "+r.url+"/ocsp -CAfile root.pem", "Response verify OK", "leaf.pem: good")
}

// writeList makes a list if one is due, and writes what is served to list.crl.
func (r *rig) writeList(s shell) {
	s.Helper()
	if _, err := r.lister.Tick(s.Context()); err != nil {
		s.Fatal(err)
	}
	fresh, err := publish.New(publish.Config{Responder: r.responder, Lists: r, Authorities: []*x509.Certificate{r.Issuing}, Clock: clockNow{}, Log: quiet()})
	if err != nil {
		s.Fatal(err)
	}
	s.write("list.crl", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: fetch(s.T, fresh, publish.URLs("", r.Issuing).CRL)}))
}

func TestOpensslTakesTheList(t *testing.T) {
	r := newRig(t)
	s := newShell(t, r)
	r.writeList(s)
	s.openssl(true, "crl -in list.crl -CAfile issuing.pem -noout -text", "verify OK", "X509v3 CRL Number", "No Revoked Certificates")
	s.openssl(true, "verify -crl_check -CAfile root.pem -untrusted issuing.pem -CRLfile list.crl leaf.pem", "leaf.pem: OK")
	r.set(revoke)
	r.writeList(s)
	s.openssl(true, "crl -in list.crl -CAfile issuing.pem -noout -text", "verify OK", "Key Compromise")
	s.openssl(false, "verify -crl_check -CAfile root.pem -untrusted issuing.pem -CRLfile list.crl leaf.pem", "certificate revoked")
}

func TestOpensslTakesTheTimeStamp(t *testing.T) {
	r := newRig(t)
	s := newShell(t, r)
	s.write("data", []byte("hello"))
	s.openssl(true, "ts -query -data data -sha512 -cert -out q")
	q, err := os.ReadFile(filepath.Join(s.dir, "q"))
	if err != nil {
		t.Fatal(err)
	}
	_, body := r.post(t, "/tsa", "application/timestamp-query", q)
	s.write("r", body)
	s.openssl(true, "ts -verify -queryfile q -in r -CAfile root.pem", "Verification: OK")
	s.openssl(true, "ts -reply -in r -text", "Status: Granted")
	s.write("stamper.pem", pki.EncodeCertificates(r.stamper))
	s.openssl(true, "verify -purpose timestampsign -x509_strict -CAfile root.pem -untrusted issuing.pem stamper.pem", "stamper.pem: OK")
	s.write("responder.pem", pki.EncodeCertificates(r.house.responder))
	s.openssl(true, "verify -purpose ocsphelper -x509_strict -CAfile root.pem -untrusted issuing.pem responder.pem", "responder.pem: OK")
	s.openssl(true, "ocsp -issuer issuing.pem -cert stamper.pem -url "+r.url+"/ocsp -CAfile root.pem", "stamper.pem: good")
}
