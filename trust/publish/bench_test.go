package publish_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/status"
)

type clockNow = tunnus.SystemClock

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// fetch gets a page without a network.
func fetch(t testing.TB, h http.Handler, path string) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d", path, w.Code)
	}
	return w.Body.Bytes()
}

// crowd is how many certificates are asked for in turn.
const crowd = 1000

// questions puts a crowd of certificates into the database, and asks for each.
// Nobody verifies their signatures, which are made by a quick key.
func (r *rig) questions(b *testing.B) (out [][]byte) {
	b.Helper()
	_, quick, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	parent := *r.Issuing
	parent.PublicKey = quick.Public()
	r.more = map[string]status.Standing{}
	for n := range int64(crowd) {
		t := *r.leaf
		t.SerialNumber, t.SignatureAlgorithm = big.NewInt(n+1), 0
		der, err := x509.CreateCertificate(rand.Reader, &t, &parent, r.leaf.PublicKey, quick)
		if err != nil {
			b.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			b.Fatal(err)
		}
		r.more[serialOf(cert.SerialNumber)] = status.Standing{Serial: serialOf(cert.SerialNumber), Certificate: der}
		q, err := ocsp.NewRequest(cert, r.Issuing, crypto.SHA1, nil)
		if err != nil {
			b.Fatal(err)
		}
		reply, err := r.responder.Answer(b.Context(), q)
		if err != nil || reply.Failure != 0 || reply.Keep == 0 {
			b.Fatalf("%+v, %v", reply, err)
		}
		out = append(out, q)
	}
	return out
}

// BenchmarkOCSP asks over HTTP, by all processors at once: for a crowd of
// certificates whose answers are signed already, and with a nonce, which always
// costs a signature. Wanted on two: 2,000 a second without a nonce, 1,000 with (issue 3).
func BenchmarkOCSP(b *testing.B) {
	for _, bb := range []struct {
		name  string
		nonce bool
	}{{"kept", false}, {"nonce", true}} {
		b.Run(bb.name, func(b *testing.B) {
			r := newRig(b)
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			kept, turn := r.questions(b), atomic.Int64{}
			b.SetParallelism(8)
			b.ResetTimer()
			start := time.Now()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					question := kept[turn.Add(1)%crowd]
					if bb.nonce {
						nonce := make([]byte, 32)
						_, _ = rand.Read(nonce) // never fails
						question = r.question(b, crypto.SHA1, nonce)
					}
					resp, err := client.Post(r.url+"/ocsp", "application/ocsp-request", bytes.NewReader(question))
					if err != nil {
						b.Error(err)
						return
					}
					if n, err := io.Copy(io.Discard, resp.Body); err != nil || n < 1000 {
						b.Errorf("%d bytes, %v", n, err)
					}
					_ = resp.Body.Close()
				}
			})
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "answers/s")
		})
	}
}

func BenchmarkStamp(b *testing.B) {
	h, err := theHouse()
	if err != nil {
		b.Fatal(err)
	}
	a := authorityOf(h)
	digest := make([]byte, 32)
	for b.Loop() {
		if _, err := a.Token(crypto.SHA256, digest); err != nil {
			b.Fatal(err)
		}
	}
}
