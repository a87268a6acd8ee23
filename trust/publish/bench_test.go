package publish_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
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

// BenchmarkOCSP asks over HTTP, by all processors at once. Wanted on two:
// 2,000 a second without a nonce, 1,000 with (issue 3).
func BenchmarkOCSP(b *testing.B) {
	for _, bb := range []struct {
		name  string
		nonce bool
	}{{"kept", false}, {"nonce", true}} {
		b.Run(bb.name, func(b *testing.B) {
			r := newRig(b)
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			b.SetParallelism(8)
			b.ResetTimer()
			start := time.Now()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					var nonce []byte
					if bb.nonce {
						nonce = make([]byte, 32)
						if _, err := rand.Read(nonce); err != nil {
							b.Error(err)
							return
						}
					}
					resp, err := client.Post(r.url+"/ocsp", "application/ocsp-request", bytes.NewReader(r.question(b, crypto.SHA1, nonce)))
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
