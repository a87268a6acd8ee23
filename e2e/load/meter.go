package load

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A meter takes the time of every request that phones send, by what it is for.
type meter struct {
	mu    sync.Mutex
	times map[string][]time.Duration
	bad   map[string]int // answers that were refusals, or none
}

func newMeter() *meter { return &meter{times: map[string][]time.Duration{}, bad: map[string]int{}} }

// over measures what goes over a transport.
func (m *meter) over(next http.RoundTripper) http.RoundTripper { return &metered{m, next} }

type metered struct {
	m    *meter
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper]. The time is until the whole answer is here.
func (t *metered) RoundTrip(r *http.Request) (*http.Response, error) {
	name := step(r)
	began := time.Now()
	resp, err := t.next.RoundTrip(r)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close() // read whole
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	took := time.Since(began)
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	t.m.times[name] = append(t.m.times[name], took)
	if err != nil || resp.StatusCode >= http.StatusBadRequest {
		t.m.bad[name]++
	}
	return resp, err
}

// step names a request: the last part of its path, and for the messages of keys
// their type.
func step(r *http.Request) string {
	name := strings.TrimPrefix(r.URL.Path, "/app/v1/")
	if name != "keys" || r.GetBody == nil {
		return strings.TrimPrefix(name, "registration/")
	}
	body, err := r.GetBody()
	if err != nil {
		return name
	}
	var message struct {
		Type string `json:"type"`
	}
	if json.NewDecoder(body).Decode(&message) != nil {
		return name
	}
	return message.Type
}

// add puts the times of another meter to these.
func (m *meter) add(other *meter) {
	for name, times := range other.times {
		m.times[name] = append(m.times[name], times...)
	}
	for name, n := range other.bad {
		m.bad[name] += n
	}
}

// quantile is the time within which a part of the requests was answered; 0 of none.
func quantile(times []time.Duration, part float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(part*float64(len(sorted))))]
}
