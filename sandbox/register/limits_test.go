package register_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/enrol/people"
)

// hostile is a register over TLS that answers as it likes; it tells how often the
// client came, and what was asked.
func hostile(t *testing.T, s *setting, answer http.HandlerFunc, change func(*httptest.Server)) (came *atomic.Int32, ask func() error) {
	t.Helper()
	came = new(atomic.Int32)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came.Add(1)
		w.Header().Set("Content-Type", "application/json")
		answer(w, r)
	}))
	if change != nil {
		change(server)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	config := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.MinVersion = tls.VersionTLS10 // whoever configures it cannot ask for less than 1.2
	c := s.dial(t, server.URL, config)
	return came, func() error {
		began := time.Now()
		_, err := c.ByCode(t.Context(), s.ada)
		if took := time.Since(began); took > 3*time.Second { // it has 300 ms
			t.Errorf("it took %s", took)
		}
		return err
	}
}

// Whom a redirect names gets neither the question nor the token.
func TestRedirectsAreNotFollowed(t *testing.T) {
	s := fresh(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		thief, _ := hostile(t, s, func(http.ResponseWriter, *http.Request) {}, nil)
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { thief.Add(1) }))
		defer other.Close()
		came, ask := hostile(t, s, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) }, nil)
		if err := ask(); !errors.Is(err, people.ErrDown) || came.Load() != 1 || thief.Load() != 0 {
			t.Errorf("%d: %v; %d came, %d went on", status, err, came.Load(), thief.Load())
		}
	}
}

// Answers that do not end, in size or in time, are cut off.
func TestEndlessAnswersAreCutOff(t *testing.T) {
	s, sent := fresh(t), new(atomic.Int64)
	for what, tt := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"size": {func(w http.ResponseWriter, _ *http.Request) {
			for {
				n, err := w.Write(bytes.Repeat([]byte(" "), 1<<16))
				if sent.Add(int64(n)); err != nil {
					return
				}
			}
		}, people.ErrAnswer},
		"time": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}, people.ErrDown},
		"header": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
			w.WriteHeader(http.StatusOK)
		}, people.ErrDown},
	} {
		if _, ask := hostile(t, s, tt.answer, nil); !errors.Is(ask(), tt.want) {
			t.Errorf("%s: want %v", what, tt.want)
		}
	}
	if n := sent.Load(); n > 64<<20 { // what the buffers of both kernels hold; without an end it is hundreds
		t.Errorf("%d bytes were sent", n)
	}
}

// Nothing is unpacked: a small answer does not become a large one.
func TestNothingIsUnpacked(t *testing.T) {
	s := fresh(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(bytes.Repeat([]byte(" "), 100<<20)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 1)
	_, ask := hostile(t, s, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}, nil)
	if err := ask(); !errors.Is(err, people.ErrAnswer) {
		t.Errorf("a packed answer: %v", err)
	}
	if took := <-asked; took != "" {
		t.Errorf("the client takes %q", took)
	}
}

// A service with an old protocol is not asked, and whoever wants a certificate of
// the client gets the one of the configuration, or nobody.
func TestOnlyTLSThatHolds(t *testing.T) {
	s := fresh(t)
	old := func(h *httptest.Server) {
		h.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // the attack
	}
	if came, ask := hostile(t, s, func(http.ResponseWriter, *http.Request) {}, old); !errors.Is(ask(), people.ErrDown) || came.Load() != 0 {
		t.Errorf("%d came by TLS 1.1", came.Load())
	}
	mutual := func(h *httptest.Server) { h.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert} }
	if came, ask := hostile(t, s, func(http.ResponseWriter, *http.Request) {}, mutual); !errors.Is(ask(), people.ErrDown) || came.Load() != 0 {
		t.Errorf("%d came without a certificate", came.Load())
	}
}

// The proxies of the environment are not asked to carry it.
func TestNoProxyOfTheEnvironment(t *testing.T) {
	s, proxy := fresh(t), new(atomic.Int32)
	p := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxy.Add(1) }))
	defer p.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, p.URL)
	}
	c := s.dial(t, "https://register.invalid", nil)
	if _, err := c.ByCode(t.Context(), s.ada); !errors.Is(err, people.ErrDown) || proxy.Load() != 0 {
		t.Errorf("%v; the proxy was asked %d times", err, proxy.Load())
	}
}
