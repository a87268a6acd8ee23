package publish_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/publish"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

// A held key tells when it is used, and signs when it is let go.
type held struct {
	crypto.Signer
	begun, free chan struct{}
}

func (h held) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	h.begun <- struct{}{}
	<-h.free
	return h.Signer.Sign(rand, digest, opts)
}

// Anybody may ask for time-stamps, and nobody may have all processors for them.
func TestStrangersGetHalfOfTheProcessors(t *testing.T) {
	r := newRig(t)
	most := max(1, runtime.GOMAXPROCS(0)/2)
	key := held{r.stamperKey, make(chan struct{}, most+1), make(chan struct{})}
	a := authorityOf(r.house)
	a.Key = key
	pages, err := publish.New(publish.Config{
		Responder: r.responder, Lists: r, Authorities: []*x509.Certificate{r.Issuing}, Stamps: &a,
		Clock: tunnus.SystemClock{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	q, err := stamp.Request{Hash: crypto.SHA256, Digest: make([]byte, 32)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	ask := func() *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/tsa", bytes.NewReader(q))
		req.Header.Set("Content-Type", "application/timestamp-query")
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, req)
		return w
	}
	answers := make(chan *httptest.ResponseRecorder, most+1)
	for range most + 1 {
		go func() { answers <- ask() }()
	}
	for range most {
		<-key.begun
	}
	if w := <-answers; w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("one too many: %d %v", w.Code, w.Header())
	}
	close(key.free)
	for range most {
		if w := <-answers; w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("in its turn: %d", w.Code)
		}
	}
	if w := ask(); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d", w.Code)
	}
}
