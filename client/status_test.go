package client

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A responder answers as it is told.
type responder struct {
	draft   func(*ocsp.Draft)
	replace func([]byte) []byte
	status  int
	asked   int
}

// asking makes the world's client demand a status, and starts the responder.
func (w *world) asking(t *testing.T, r *responder) (url string) {
	t.Helper()
	cert := w.issuing.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "OCSP"}, NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(0, 0, 90),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
	}, &key(t).PublicKey)
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		r.asked++
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		q, err := ocsp.ParseRequest(body)
		if err != nil {
			t.Error(err)
			return
		}
		d := ocsp.Draft{Nonce: q.Nonce, Produced: w.now, Answers: []ocsp.Answer{{ID: q.IDs[0], Status: ocsp.Good, ThisUpdate: w.now, NextUpdate: w.now.Add(time.Minute)}}}
		if r.draft != nil {
			r.draft(&d)
		}
		der, err := ocsp.Sign(d, ocsp.Signer{Certificate: cert, Key: key(t)})
		if err != nil {
			t.Error(err)
			return
		}
		if r.replace != nil {
			der = r.replace(der)
		}
		if r.status != 0 {
			rw.WriteHeader(r.status)
		}
		_, _ = rw.Write(der)
	}))
	t.Cleanup(s.Close)
	cfg := w.config()
	cfg.CheckStatus = true
	var err error
	if w.client, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return s.URL
}

func TestStatusIsAskedForAndBelieved(t *testing.T) {
	good := func(*ocsp.Draft) {}
	for _, tt := range []struct {
		name string
		r    responder
		want Reason // "" is a log-in
	}{
		{"good", responder{draft: good}, ""},
		{"revoked", responder{draft: func(d *ocsp.Draft) {
			a := &d.Answers[0]
			a.Status, a.Revoked, a.Reason = ocsp.Revoked, now, pki.KeyCompromise
		}}, Revoked},
		{"suspended", responder{draft: func(d *ocsp.Draft) { a := &d.Answers[0]; a.Status, a.Revoked, a.Reason = ocsp.Revoked, now, pki.Hold }}, Revoked},
		{"unknown", responder{draft: func(d *ocsp.Draft) { d.Answers[0].Status = ocsp.Unknown }}, NoStatus},
		{"without the nonce", responder{draft: func(d *ocsp.Draft) { d.Nonce = nil }}, NoStatus},
		{"with another nonce", responder{draft: func(d *ocsp.Draft) { d.Nonce = make([]byte, 32) }}, NoStatus},
		{"an old one", responder{draft: func(d *ocsp.Draft) { d.Answers[0].NextUpdate = now.Add(-time.Hour) }}, NoStatus},
		{"try later", responder{replace: func([]byte) []byte { return ocsp.TryLater.Encode() }}, NoStatus},
		{"endless", responder{replace: func([]byte) []byte { return make([]byte, maxStatus+1) }}, NoStatus},
		{"not found", responder{status: http.StatusNotFound}, NoStatus},
	} {
		w := newWorld(t)
		url := w.asking(t, &tt.r)
		q := w.prepare(t, nil)
		_, err := w.client.Verify(q, w.answer(t, q, func(f *forgery) { f.cert.OCSPServer = []string{url} }))
		refusal, _ := errors.AsType[*Refusal](err)
		if (err == nil) != (tt.want == "") || err != nil && refusal.Reason != tt.want || tt.r.asked != 1 {
			t.Errorf("%s: %v, asked %d times; want %q", tt.name, err, tt.r.asked, tt.want)
		}
	}
}

func TestNoStatusNoLogIn(t *testing.T) {
	w := newWorld(t)
	w.asking(t, &responder{})
	for name, urls := range map[string][]string{"names no responder": nil, "names one that is not there": {"http://127.0.0.1:1/"}, "names nonsense": {"::"}} {
		q := w.prepare(t, nil)
		_, err := w.client.Verify(q, w.answer(t, q, func(f *forgery) { f.cert.OCSPServer = urls }))
		if refusal, ok := errors.AsType[*Refusal](err); !ok || refusal.Reason != NoStatus || strings.Contains(err.Error(), "1990") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStatusIsNotAskedUnlessDemanded(t *testing.T) {
	w := newWorld(t)
	r := &responder{}
	url := w.asking(t, r)
	var err error
	if w.client, err = New(w.config()); err != nil {
		t.Fatal(err)
	}
	q := w.prepare(t, nil)
	if _, err := w.client.Verify(q, w.answer(t, q, func(f *forgery) { f.cert.OCSPServer = []string{url} })); err != nil || r.asked != 0 {
		t.Errorf("%v, asked %d times", err, r.asked)
	}
}
