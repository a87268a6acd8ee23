package authority

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/inputs"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/sandbox"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A registry is an authority over a real store, published on a real address.
type registry struct {
	*testing.T
	*Authority
	in    inputs.Inputs
	fails error // of the log
	asked int
}

// Await implements Book.
func (r *registry) Await(context.Context, string, []byte) error { r.asked++; return r.fails }

// key is a public key of a holder, for all tests: of four primes, as theirs are.
var key = sync.OnceValues(func() (*rsa.PublicKey, error) {
	for {
		one, err := rsa.GenerateKey(rand.Reader, 3072)
		if err != nil {
			return nil, err
		}
		two, err := rsa.GenerateKey(rand.Reader, 3072)
		if err != nil {
			return nil, err
		}
		if n := new(big.Int).Mul(one.N, two.N); n.BitLen() == 6144 {
			return &rsa.PublicKey{N: n, E: one.E}, nil
		}
	}
})

func sure[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newRegistry(t *testing.T, change ...func(*Config)) *registry {
	t.Helper()
	w := sure(sandbox.Open(filepath.Join(t.TempDir(), "world"), tunnus.SystemClock{}))(t)
	r := &registry{T: t}
	c := config.AuthorityConfig{
		Folder: w.Path("authority"), IssuingKey: hsm.SignerRef{File: w.Path("authority", "issuing.key")}, StampKey: hsm.SignerRef{File: w.Path("authority", "stamp.key")},
	}
	r.in.Issuer = sure(inputs.Issuer(c))(t)
	r.in.Stamper = sure(inputs.Stamper(c))(t)
	r.in.Root = sure(inputs.Root(c))(t)
	db := sure(store.Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db")))(t)
	t.Cleanup(func() { _ = db.Close() })
	var pages http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { pages.ServeHTTP(w, q) }))
	t.Cleanup(srv.Close)
	made := Config{
		Scheme: "tunnus-demo", Issuer: r.in.Issuer, Root: r.in.Root, Stamper: r.in.Stamper, PublicURL: srv.URL, Book: r,
		Store: db.Certificates(), Holds: db.Certificates(), Source: db.Statuses(), Shelf: db.Statuses(),
		Clock: tunnus.SystemClock{}, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	for _, c := range change {
		c(&made)
	}
	r.Authority = sure(New(made))(t)
	pages = r.Pages
	return r
}

// issue makes a certificate for a holder of account a.
func (r *registry) issue() (*x509.Certificate, error) {
	r.Helper()
	code := sure(tunnus.ParsePersonCode("XX", "199002140017"))(r.T)
	c, err := r.CA.Issue(r.Context(), issue.Request{
		ID: "r1", Account: "a", Document: "PNOXX-199002140017-7K3Q-Q", Level: tunnus.Qualified, Purpose: pki.Login, Device: "device",
		Subject:   pki.Subject{Code: code, Surname: "EXAMPLE", GivenNames: "ADA", Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC)},
		PublicKey: sure(key())(r.T),
	})
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(c.DER)
}

func (r *registry) fetch(method, at, media string, body []byte) []byte {
	r.Helper()
	req := sure(http.NewRequestWithContext(r.Context(), method, at, bytes.NewReader(body)))(r.T)
	req.Header.Set("Content-Type", media)
	resp := sure(http.DefaultClient.Do(req))(r.T)
	defer resp.Body.Close()
	b := sure(io.ReadAll(resp.Body))(r.T)
	if resp.StatusCode != http.StatusOK {
		r.Fatalf("%s answers %d: %s", at, resp.StatusCode, b)
	}
	return b
}

// status asks at the address that the certificate itself names.
func (r *registry) status(c *x509.Certificate) ocsp.Result {
	r.Helper()
	q := sure(ocsp.NewRequest(c, r.in.Issuer.Certificate, crypto.SHA256, nil))(r.T)
	der := r.fetch(http.MethodPost, c.OCSPServer[0], "application/ocsp-request", q)
	a, err := ocsp.Verify(der, c, r.in.Issuer.Certificate, []*x509.Certificate{r.in.Root}, time.Now())
	if err != nil {
		r.Fatal(err)
	}
	return a
}

// What a certificate points to is there, and says how it stands: good, on hold,
// good again, revoked for ever.
func TestPublishedStatusFollows(t *testing.T) {
	r := newRegistry(t)
	cert := sure(r.issue())(t)
	ca := sure(x509.ParseCertificate(r.fetch(http.MethodGet, cert.IssuingCertificateURL[0], "", nil)))(t)
	if !ca.Equal(r.in.Issuer.Certificate) {
		t.Error("another CA certificate is published")
	}
	want := func(s ocsp.Status, why pki.Reason) {
		t.Helper()
		if a := r.status(cert); a.Status != s || s == ocsp.Revoked && a.Reason != why {
			t.Errorf("status %v (%v); want %v (%v)", a.Status, a.Reason, s, why)
		}
	}
	want(ocsp.Good, "")
	must(t, r.CA.SuspendAccount(t.Context(), "a"))
	want(ocsp.Revoked, pki.Hold)
	must(t, r.Ready(t.Context()))
	list := sure(x509.ParseRevocationList(r.fetch(http.MethodGet, cert.CRLDistributionPoints[0], "", nil)))(t)
	if err := list.CheckSignatureFrom(ca); err != nil || len(list.RevokedCertificateEntries) != 1 || list.RevokedCertificateEntries[0].SerialNumber.Cmp(cert.SerialNumber) != 0 {
		t.Errorf("the list: %+v, %v", list.RevokedCertificateEntries, err)
	}
	must(t, r.CA.ResumeAccount(t.Context(), "a"))
	want(ocsp.Good, "")
	must(t, r.CA.RevokeAccount(t.Context(), "a", issue.KeyCompromise))
	want(ocsp.Revoked, pki.KeyCompromise)
}

// Nobody hears of a certificate before it is logged (R10); afterwards the same
// request finds it.
func TestCertificateIsLoggedFirst(t *testing.T) {
	r := newRegistry(t)
	r.fails = errors.New("the log is away")
	if _, err := r.issue(); tunnus.CodeOf(err) != tunnus.CodeServiceDown || r.asked != 1 {
		t.Fatalf("error = %v after %d questions; want service-down", err, r.asked)
	}
	r.fails = nil
	one := sure(r.issue())(t)
	if list := sure(r.CA.Certificates(t.Context(), "a"))(t); len(list) != 1 || !bytes.Equal(list[0].DER, one.Raw) {
		t.Errorf("%d certificates", len(list))
	}
}

// A responder's key that comes from a ceremony is the one that answers.
func TestResponderOfACeremony(t *testing.T) {
	own := sure(rsa.GenerateKey(rand.Reader, dutyBits))(t)
	var given *x509.Certificate
	r := newRegistry(t, func(c *Config) {
		given = sure(pki.NewResponder(pki.Sandbox(), c.Issuer.Certificate, c.Issuer.Key, &own.PublicKey, time.Now(), issue.Lint))(t)
		c.Responder = &issue.Issuer{Certificate: given, Key: own}
	})
	if got := r.status(sure(r.issue())(t)); !given.Equal(got.Responder) {
		t.Errorf("the answer is signed by %v", got.Responder)
	}
}

// A key of time-stamps belongs to its certificate, or the process does not start.
func TestStampKeyMustFit(t *testing.T) {
	w := sure(sandbox.Open(filepath.Join(t.TempDir(), "world"), tunnus.SystemClock{}))(t)
	c := config.AuthorityConfig{Folder: w.Path("authority"), StampKey: hsm.SignerRef{File: w.Path("authority", "issuing.key")}}
	if _, err := inputs.Stamper(c); err == nil || !strings.Contains(err.Error(), "stamp.pem") {
		t.Errorf("error = %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Whoever asks about a certificate that was just issued waits for no signature.
func TestNewCertificateIsAnsweredAhead(t *testing.T) {
	signed := 0
	r := newRegistry(t)
	cert := sure(r.issue())(t)
	sure(r.signer(t.Context()))(t)
	r.duty.signer.Key = counting{r.duty.signer.Key, &signed}
	if err := r.Ahead(t.Context()); err != nil || signed != 2 {
		t.Fatalf("%d signatures ahead, %v", signed, err)
	}
	if got := r.status(cert); got.Status != ocsp.Good || signed != 2 {
		t.Errorf("%s, after %d signatures", got.Status, signed)
	}
}

// counting is a key that tells how often it has signed.
type counting struct {
	crypto.Signer
	n *int
}

func (c counting) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	*c.n++
	return c.Signer.Sign(r, digest, o)
}

// A responder's certificate that a clock made which was ahead answers nobody for as long
// as that lies in the future: there is a new one once the clock is right.
func TestResponderAfterAClockThatWasAhead(t *testing.T) {
	ahead := 30 * 24 * time.Hour
	r := newRegistry(t, func(c *Config) { c.Clock = tunnus.ClockFunc(func() time.Time { return time.Now().Add(ahead) }) })
	sure(r.signer(t.Context()))(t)
	ahead = 0
	if s := sure(r.signer(t.Context()))(t); s.Certificate.NotBefore.After(time.Now()) {
		t.Errorf("a certificate that is valid from %s", s.Certificate.NotBefore)
	}
	ahead = time.Hour
	first := sure(r.signer(t.Context()))(t)
	ahead = time.Hour - time.Second
	if again := sure(r.signer(t.Context()))(t); again.Certificate != first.Certificate {
		t.Error("a clock that steps by a second costs a new key")
	}
}
