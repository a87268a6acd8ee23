package faults

import (
	"net/http"
	"sync/atomic"
)

// alternate lets the requests of phones go to this node and the other one in turn,
// from the next phone on.
func (h *House) alternate(other *House) {
	h.http = &http.Client{Transport: &turns{over: h.http.Transport, hosts: []string{h.url[len("https://"):], other.url[len("https://"):]}}}
}

type turns struct {
	over  http.RoundTripper
	hosts []string
	n     atomic.Int64
}

// RoundTrip implements [http.RoundTripper].
func (t *turns) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Host = t.hosts[int(t.n.Add(1))%len(t.hosts)]
	return t.over.RoundTrip(r)
}
