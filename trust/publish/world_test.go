package publish_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/publish"
	"github.com/tunnus-id/tunnus/trust/stamp"
	"github.com/tunnus-id/tunnus/trust/status"
)

// A house is a CA as it is made in earnest, with its services and one leaf.
// OpenSSL's ocsp reads the machine's clock, so all of this is of today.
type house struct {
	pki.Authority
	leaf, responder, stamper *x509.Certificate
	responderKey, stamperKey *rsa.PrivateKey
}

var theHouse = sync.OnceValues(makeHouse)

func makeHouse() (h house, err error) {
	now := time.Now()
	if h.Authority, err = pki.NewAuthority(pki.Sandbox(), now); err != nil {
		return h, err
	}
	if h.responderKey, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return h, err
	}
	if h.stamperKey, err = rsa.GenerateKey(rand.Reader, 3072); err != nil {
		return h, err
	}
	if h.responder, err = pki.NewResponder(pki.Sandbox(), h.Issuing, h.IssuingKey, &h.responderKey.PublicKey, now, issue.Lint); err != nil {
		return h, err
	}
	if h.stamper, err = pki.NewStamper(pki.Sandbox(), h.Issuing, h.IssuingKey, &h.stamperKey.PublicKey, now, issue.Lint); err != nil {
		return h, err
	}
	serial, err := pki.NewSerial()
	if err != nil {
		return h, err
	}
	leaf := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "leaf"}, NotBefore: now.Add(-time.Minute), NotAfter: now.AddDate(3, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, h.Issuing, h.stamperKey.Public(), h.IssuingKey)
	if err != nil {
		return h, err
	}
	h.leaf, err = x509.ParseCertificate(der)
	return h, err
}

// A rig is the pages over a database in memory, served.
type rig struct {
	house
	responder *status.Responder
	lister    *status.Lister
	url       string
	handler   http.Handler
	pages     http.Handler
	mu        sync.Mutex
	row       status.Standing
	more      map[string]status.Standing // beside the leaf; not changed while asked for
	list      status.List
	gone      bool
}

func newRig(t testing.TB) *rig {
	t.Helper()
	h, err := theHouse()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{house: h, row: status.Standing{Serial: serialOf(h.leaf.SerialNumber), Certificate: h.leaf.Raw}}
	clock := tunnus.SystemClock{}
	if r.responder, err = status.NewResponder(status.Config{
		Issuer: h.Issuing, Source: r, Clock: clock, Own: []*x509.Certificate{h.stamper},
		Signer: func(context.Context) (ocsp.Signer, error) {
			return ocsp.Signer{Certificate: h.responder, Key: h.responderKey}, nil
		},
	}); err != nil {
		t.Fatal(err)
	}
	r.lister = &status.Lister{Shelf: r, Clock: clock, Issuer: func(context.Context) (status.Authority, error) {
		return status.Authority{Certificate: h.Issuing, Key: h.IssuingKey}, nil
	}}
	pages, err := publish.New(publish.Config{
		Responder: r.responder, Lists: r, Authorities: []*x509.Certificate{h.Issuing, h.Root}, Clock: clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Stamps: new(authorityOf(h)),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.pages = pages
	mux := http.NewServeMux() // as the whole mounts it
	for _, p := range []string{"/ocsp", "/ocsp/", "/crl/", "/ca/", "/tsa"} {
		mux.Handle(p, pages)
	}
	r.handler = mux
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

func serialOf(n *big.Int) string { return fmt.Sprintf("%032x", n) }

// set changes the leaf's standing.
func (r *rig) set(change func(*status.Standing)) {
	r.mu.Lock()
	change(&r.row)
	r.mu.Unlock()
	r.responder.Changed(r.row.Serial)
}

func revoke(s *status.Standing) {
	s.Revoked, s.Reason = time.Now().Add(-time.Minute), pki.KeyCompromise
}

// Standing implements [status.Source].
func (r *rig) Standing(_ context.Context, serial string) (status.Standing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.gone:
		return status.Standing{}, errors.New("gone")
	case r.more[serial].Serial != "":
		return r.more[serial], nil
	case serial != r.row.Serial:
		return status.Standing{}, tunnus.NotFound(errors.New("no row"))
	}
	return r.row, nil
}

// Mark implements [status.Shelf].
func (r *rig) Mark(context.Context) (status.Mark, error) {
	return status.Mark{Newest: r.row.Revoked}, nil
}

// Bad implements [status.Shelf].
func (r *rig) Bad(context.Context, time.Time, string, int) ([]status.Standing, error) {
	if r.row.Revoked.IsZero() {
		return nil, nil
	}
	return []status.Standing{r.row}, nil
}

// Latest implements [status.Shelf].
func (r *rig) Latest(_ context.Context, issuer string) (status.List, error) {
	if issuer != r.list.Issuer {
		return status.List{}, nil
	}
	return r.list, nil
}

// Publish implements [status.Shelf].
func (r *rig) Publish(_ context.Context, l status.List, _ []tunnus.Event) error {
	r.list = l
	return nil
}

// question asks about the leaf.
func (r *rig) question(t testing.TB, h crypto.Hash, nonce []byte) []byte {
	t.Helper()
	q, err := ocsp.NewRequest(r.leaf, r.Issuing, h, nonce)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// do sends a request and reads the whole answer.
func (r *rig) do(t testing.TB, req *http.Request) (*http.Response, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func authorityOf(h house) stamp.Authority {
	return stamp.Authority{Certificate: h.stamper, Chain: []*x509.Certificate{h.Issuing}, Key: h.stamperKey, Clock: tunnus.SystemClock{}}
}
