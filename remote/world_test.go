package remote

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// now is when the tests happen.
func now() time.Time { return time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC) }

// A maker is a CA of the tests.
type maker struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newMaker(t testing.TB) maker {
	t.Helper()
	m := maker{t: t}
	c := m.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	m.cert, m.key = c.Leaf, c.PrivateKey.(*ecdsa.PrivateKey)
	return m
}

// issue signs a template: by the CA, or by itself if there is none yet.
func (m maker) issue(template *x509.Certificate) tls.Certificate {
	m.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = now().Add(-time.Hour), now().Add(time.Hour)
	}
	parent, signer := m.cert, m.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		m.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		m.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// both are the uses of a certificate for both sides of TLS.
func both() []x509.ExtKeyUsage {
	return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
}

func (m maker) process(name string) tls.Certificate {
	m.t.Helper()
	return m.issue(&x509.Certificate{DNSNames: []string{name}, ExtKeyUsage: both()})
}

func (m maker) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(m.cert)
	return p
}

func identity(c tls.Certificate) Identity {
	return Identity{Certificate: c, Clock: tunnus.ClockFunc(now)}
}

func pin(c tls.Certificate) Peer {
	sum := sha256.Sum256(c.Certificate[0])
	return Peer{SHA256: sum[:]}
}

// A shop is a process that others call.
type shop struct {
	t      testing.TB
	url    string
	cert   tls.Certificate
	mu     sync.Mutex
	calls  []string // of the methods that were served
	answer func(w http.ResponseWriter, n int) bool
	log    *bytes.Buffer
}

type order struct {
	What string `json:"what"`
	N    int    `json:"n,omitempty"`
}

// open opens a shop for some callers. Its methods: "echo", "refuse", "fail".
func open(t testing.TB, cert tls.Certificate, callers ...Peer) *shop {
	t.Helper()
	config, err := identity(cert).ServerTLS(callers...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, url: "https://" + l.Addr().String(), cert: cert, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	srv := &httptest.Server{Listener: tls.NewListener(l, config), Config: &http.Server{
		Handler: s.before(Handler("shop", s.methods(), log)), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	}}
	srv.Start()
	t.Cleanup(srv.Close)
	return s
}

func (s *shop) note(method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, method)
}

func (s *shop) served() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.calls) }

var errSecret = errors.New("what only the log may know")

func (s *shop) methods() map[string]Method {
	return map[string]Method{
		"echo": Serve(func(_ context.Context, in order) (order, error) { s.note("echo"); return in, nil }),
		"refuse": Do(func(context.Context, order) error {
			s.note("refuse")
			return tunnus.Fail(tunnus.CodePINLock1, errSecret).WithLeft(2).WithUntil(now()).WithField("what")
		}),
		"fail": Do(func(context.Context, order) error { s.note("fail"); return errSecret }),
	}
}

// before lets a test answer the n-th request in the shop's place, behind its back.
func (s *shop) before(next http.Handler) http.Handler {
	n := 0
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		n++
		answer, turn := s.answer, n
		s.mu.Unlock()
		if answer != nil && answer(w, turn) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

func dial(t *testing.T, as tls.Certificate, at string, p Peer) *Client {
	t.Helper()
	c, err := identity(as).Dial(at, "shop", p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
