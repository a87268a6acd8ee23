package faults

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults/check"
)

// I16: five people register at once while others knock, send half a request and hang up,
// or stay on the line; when they have gone, the server has as many open files as before,
// and not much more memory.
func TestStormLeavesNothing(t *testing.T) {
	h := built(t).running(t, SQLite)
	names := append(Names(), "cleo") // whose chip proves itself: a connection more that must not stay
	if err := h.ByPassport(t.Context(), names[0]); err != nil {
		t.Fatal(err)
	}
	before := h.calm(t, check.Usage{Files: mostEver})
	var storm sync.WaitGroup
	for _, name := range names[1:6] {
		storm.Go(func() {
			if err := h.ByPassport(t.Context(), name); err != nil {
				t.Errorf("%v; %s", err, h.Tail())
			}
		})
	}
	for range 300 {
		storm.Go(func() { h.knock(t) })
	}
	storm.Wait()
	after := h.calm(t, before)
	t.Logf("before %d files, %d MB; after %d files, %d MB", before.Files, before.Memory>>20, after.Files, after.Memory>>20)
	if after.Files > before.Files*105/100+1 {
		t.Errorf("%d open files; %d before: %v", after.Files, before.Files, h.open())
	}
	if after.Memory > before.Memory*2 {
		t.Errorf("%d MB; %d before", after.Memory>>20, before.Memory>>20)
	}
	h.wellEnded(t)
}

const mostEver = 1 << 20

// knock sends half a request, and hangs up.
func (h *House) knock(t *testing.T) {
	c, err := net.Dial("tcp", h.url[len("https://"):])
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "\x16\x03\x01\x02\x00\x01") // the beginning of a TLS handshake
	resp, err := h.unkept.Post(h.url+"/app/v1/sessions", "application/json", http.NoBody)
	if err == nil {
		_ = resp.Body.Close()
	}
	time.Sleep(100 * time.Millisecond)
}

// calm waits until jobs are done and the files are as few as they were, and tells what the
// server has then. A connection that waits for work, to a register or to the database,
// does so for a minute: longer than that nothing may stay.
func (h *House) calm(t *testing.T, as check.Usage) (u check.Usage) {
	t.Helper()
	if err := h.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.http.CloseIdleConnections()
	h.unkept.CloseIdleConnections()
	for end := time.Now().Add(90 * time.Second); ; time.Sleep(time.Second) {
		if u = h.used(); u.Files > 0 && u.Files <= as.Files || time.Now().After(end) {
			return u
		}
	}
}
