package rpapi_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// certify makes a certificate with a new P-256 key, by itself if parent is nil.
func certify(t *testing.T, tpl, parent *x509.Certificate, by any) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, by = tpl, k
	}
	return sign(t, tpl, parent, &k.PublicKey, by), k
}

func sign(t *testing.T, tpl, parent *x509.Certificate, pub, by any) *x509.Certificate {
	t.Helper()
	tpl.SerialNumber, tpl.NotBefore, tpl.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	tpl.BasicConstraintsValid = true
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, pub, by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// enrol gives the holder a key and a certificate, and returns root and issuing CA.
func (h *holder) enrol(t *testing.T, usage asn1.ObjectIdentifier, policy string) (root, issuing *x509.Certificate) {
	t.Helper()
	ca := func(name string) *x509.Certificate {
		return &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
	}
	root, rootKey := certify(t, ca("Root"), nil, nil)
	issuing, issuingKey := certify(t, ca("Issuing"), root, rootKey)
	var err error
	if h.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	oid, err := x509.ParseOID(policy)
	if err != nil {
		t.Fatal(err)
	}
	name, err := asn1.Marshal(pkix.Name{CommonName: number}.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	alt, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: name}})
	if err != nil {
		t.Fatal(err)
	}
	h.account.Certificate = sign(t, &x509.Certificate{
		Subject:  pkix.Name{Country: []string{"XX"}, CommonName: "SPECIMEN,ADA", SerialNumber: adaID},
		KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: []asn1.ObjectIdentifier{usage}, Policies: []x509.OID{oid},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: alt}},
	}, issuing, &h.key.PublicKey, issuingKey).Raw
	return root, issuing
}

// A relying party logs its user in over TLS, known by its certificate: our
// client on one side, our server on the other.
func TestLogInWithClient(t *testing.T) {
	rp, rpKey := certify(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Bank's server"}}, nil, nil)
	w := newWorld(t, login.FingerprintOf(rp.Raw))
	usage, policy := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, "2.25.1.1"
	root, issuing := w.holder.enrol(t, usage, policy)
	server := httptest.NewUnstartedServer(w.handler)
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	defer server.Close()
	cfg := client.Config{
		BaseURL: server.URL + "/v3/", UUID: bank, Name: "Bank", Scheme: "tunnus-demo", TLSRoots: []*x509.Certificate{server.Certificate()},
		Roots: []*x509.Certificate{root}, Issuing: []*x509.Certificate{issuing},
		Policies: map[tunnus.Level][]string{tunnus.Qualified: {policy}}, Usage: usage, Level: tunnus.Qualified,
	}
	code, err := tunnus.ParseSemanticsID(adaID)
	if err != nil {
		t.Fatal(err)
	}
	ask := client.Ask{Subject: client.Subject{Person: code}, Interactions: []acsp.Interaction{{Type: acsp.DisplayTextAndPIN, Text: "Log in"}}}

	stranger, err := client.New(cfg) // the same, without its certificate
	if err != nil {
		t.Fatal(err)
	}
	_, err = stranger.Authenticate(t.Context(), ask, func(string) {})
	if e, ok := errors.AsType[*client.HTTPError](err); !ok || e.Status != 401 || e.Code != tunnus.CodeUnknownRelyingParty {
		t.Errorf("without a certificate: %v", err)
	}

	cfg.Certificate = &tls.Certificate{Certificate: [][]byte{rp.Raw}, PrivateKey: rpKey}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	shown := ""
	signed := make(chan time.Time, 1)
	go w.approve(t, &shown, signed)
	id, err := c.Authenticate(t.Context(), ask, func(code string) { shown = code })
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(<-signed); id.Person != code || id.Number != number || took > 2*time.Second {
		t.Errorf("%+v, %v after the signature", id, took)
	}
}

// approve is the app: it waits for a request, compares the code, and signs.
func (w *world) approve(t *testing.T, shown *string, signed chan<- time.Time) {
	list, err := w.flow.Pending(t.Context(), "a", 10*time.Second)
	if err != nil || len(list) != 1 {
		t.Errorf("%d requests, %v", len(list), err)
		return
	}
	if list[0].Code != *shown || list[0].Service != "Bank" {
		t.Errorf("app shows %s of %s, service shows %s", list[0].Code, list[0].Service, *shown)
	}
	time.Sleep(100 * time.Millisecond)
	w.holder.sign(t)
	signed <- time.Now()
	if err := w.flow.Finish(t.Context(), "a", list[0].Transaction); err != nil {
		t.Error(err)
	}
}

// A server's general limits are shorter than a poll may be.
func TestPollOutlivesTheServersLimits(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, byPerson+adaID, body(t, nil))
	server := httptest.NewUnstartedServer(w.handler)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	server.Start()
	defer server.Close()
	began := time.Now()
	resp, err := server.Client().Get(server.URL + "/v3/session/" + id + "?timeoutMs=1200")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if took := time.Since(began); err != nil || string(answer) != `{"state":"RUNNING"}` || took < 1200*time.Millisecond {
		t.Errorf("%q, %v after %v; want RUNNING after 1.2 s", answer, err, took)
	}
}
