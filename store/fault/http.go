//go:build faults

package fault

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
)

// trace is the key under which a request carries its doom.
type trace struct{}

// A doom is what is to happen when the answer of a request was worked out.
type doom struct {
	mu   sync.Mutex
	kill func()
}

func (d *doom) set(kill func()) { d.mu.Lock(); defer d.mu.Unlock(); d.kill = kill }

func (d *doom) come() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kill != nil {
		d.kill()
	}
}

// Handler holds each answer back until it is whole, and lets the process die
// there if the request has met the trap.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := &doom{}
		held := &answer{ResponseWriter: w, status: http.StatusOK, doom: d}
		next.ServeHTTP(held, r.WithContext(context.WithValue(r.Context(), trace{}, d)))
		d.come()
		if held.status == http.StatusSwitchingProtocols {
			return // all was said
		}
		w.WriteHeader(held.status)
		_, _ = w.Write(held.body.Bytes())
	})
}

// An answer is held back.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	doom   *doom
}

// WriteHeader keeps the status; a conversation begins at once.
func (a *answer) WriteHeader(status int) {
	if a.status = status; status == http.StatusSwitchingProtocols {
		a.ResponseWriter.WriteHeader(status)
	}
}

// Hijack hands out a connection on which the process dies before it says what it
// has met the trap for.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c := &talk{conn, a.doom}
	return c, bufio.NewReadWriter(rw.Reader, bufio.NewWriter(c)), nil
}

// talk is a conversation.
type talk struct {
	net.Conn
	doom *doom
}

func (t *talk) Write(b []byte) (int, error) { t.doom.come(); return t.Conn.Write(b) }

func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Clock is the machine's clock, put forward or back by what the file named in
// TUNNUS_FAULT_CLOCK says now; by nothing if there is none.
func Clock() tunnus.Clock {
	if file := os.Getenv("TUNNUS_FAULT_CLOCK"); file != "" {
		return shifted(file)
	}
	return tunnus.SystemClock{}
}

type shifted string

// Now implements tunnus.Clock.
func (file shifted) Now() time.Time {
	now := tunnus.SystemClock{}.Now()
	text, err := os.ReadFile(string(file))
	if err != nil {
		return now // it is being written
	}
	by, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return now
	}
	return now.Add(by)
}
