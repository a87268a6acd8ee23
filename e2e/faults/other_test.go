package faults

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// register lets somebody register in the background.
func (h *House) register(t *testing.T, name string) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- h.ByPassport(t.Context(), name) }()
	return done
}

// soon waits until an arrow stands in the audit log so many times. It fails at once
// if what was to bring it there has failed.
func (h *House) soon(t *testing.T, arrow string, times int, ends ...<-chan error) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		for _, done := range ends {
			select {
			case err := <-done:
				t.Fatalf("%s did not come: %v; %s", arrow, err, h.Tail())
			default:
			}
		}
		have, err := h.Arrows(t.Context())
		if err == nil && have[arrow] >= times {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s did not come; %v; %s", arrow, err, h.Tail())
		}
	}
}

// A stutterer sends every request twice at once and once more later, and hears the
// last answer of the first two.
type stutterer struct {
	over http.RoundTripper
	late sync.WaitGroup
}

// RoundTrip implements [http.RoundTripper].
func (s *stutterer) RoundTrip(r *http.Request) (*http.Response, error) {
	again := func() (*http.Response, error) {
		c := r.Clone(r.Context())
		if r.GetBody != nil {
			body, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			c.Body = body
		}
		return s.over.RoundTrip(c)
	}
	first := make(chan struct{})
	s.late.Go(func() {
		for range 2 {
			if resp, err := again(); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			<-first
		}
	})
	resp, err := again()
	close(first)
	return resp, err
}

// F9: every message comes twice at once and a third time later. Nothing is done
// twice, nobody is taken for a copy, and the registration ends as ever.
func TestMessagesTwice(t *testing.T) {
	h := built(t).running(t, SQLite)
	over := &stutterer{over: h.http.Transport}
	h.http = &http.Client{Transport: over}
	if err := h.ByPassport(t.Context(), "ben"); err != nil {
		t.Fatalf("%v; %s", err, h.Tail())
	}
	over.late.Wait()
	if err := h.Check(t.Context(), true); err != nil {
		t.Error(err)
	}
	var active, held int
	err := h.db.QueryRow("SELECT (SELECT count(*) FROM account WHERE state = 'active'), (SELECT count(*) FROM keyshare_key WHERE state = 'held')").Scan(&active, &held)
	if err != nil || active != 1 || held != 0 {
		t.Errorf("%d active accounts, %d keys held, %v", active, held, err)
	}
}
