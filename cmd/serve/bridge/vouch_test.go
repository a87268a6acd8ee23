package bridge

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

// stamper is a time-stamp authority below a root.
func stamper(t *testing.T) (stamp.Authority, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	root := &x509.Certificate{Subject: pkix.Name{CommonName: "Root"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Time"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}
	var made []*x509.Certificate
	for i, c := range []*x509.Certificate{root, leaf} {
		c.SerialNumber, c.NotBefore, c.NotAfter, c.BasicConstraintsValid = big.NewInt(int64(i+1)), now.Add(-time.Hour), now.Add(time.Hour), true
		der, err := x509.CreateCertificate(rand.Reader, c, root, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, parsed)
	}
	return stamp.Authority{Certificate: made[1], Key: key, Clock: tunnus.SystemClock{}}, made[0]
}

// A front without the role issue has time-stamps and answers from the published pages.
func TestVouchOverHTTP(t *testing.T) {
	a, root := stamper(t)
	var asked ocsp.Request
	mux := http.NewServeMux()
	mux.HandleFunc("POST /tsa", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		answer, err := a.Answer(b)
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
			t.Errorf("%v, %s", err, r.Header)
		}
		_, _ = w.Write(answer)
	})
	mux.HandleFunc("POST /ocsp", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var err error
		if asked, err = ocsp.ParseRequest(b); err != nil {
			t.Error(err)
		}
		_, _ = w.Write([]byte("answer"))
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	v := Vouch{URL: srv.URL, Client: srv.Client()}
	digest := sha512.Sum512([]byte("signature"))
	token, err := v.Stamp(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stamp.Verify(token, digest[:], []*x509.Certificate{root}, time.Time{}); err != nil {
		t.Error(err)
	}
	answer, err := v.Answer(t.Context(), a.Certificate, root)
	if err != nil || !bytes.Equal(answer, []byte("answer")) || len(asked.Nonce) != nonceSize || asked.IDs[0].Serial.Cmp(a.Certificate.SerialNumber) != 0 {
		t.Errorf("%q, %v; asked %+v", answer, err, asked)
	}
	v.URL = srv.URL + "/elsewhere"
	if _, err := v.Stamp(t.Context(), digest[:]); err == nil {
		t.Error("a page that is not there")
	}
	if _, err := (Vouch{}).Stamp(t.Context(), digest[:]); err == nil {
		t.Error("nobody to ask")
	}
}
