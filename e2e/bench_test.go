package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// BenchmarkDemoOnce is the whole of `tunnus demo --once` from a built binary.
func BenchmarkDemoOnce(b *testing.B) {
	link := filepath.Join(filepath.Dir(binary), "models")
	if _, err := os.Lstat(link); err != nil {
		if err := os.Symlink(models(b), link); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if out, err := exec.Command(binary, "demo", "--once").CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
}

// BenchmarkLogin is one log-in with app, server and service. It reports how long
// after the app's answer was taken the service has the result, and what the
// server holds resident after all of them.
func BenchmarkLogin(b *testing.B) {
	s := start(b)
	h := s.newHolder("ben")
	a := s.phone(h, "ben.phone")
	account, err := a.Register(b.Context())
	if err != nil {
		b.Fatal(app.Explain(err))
	}
	rp := s.party()
	var late time.Duration
	for b.Loop() {
		ctx, stop := context.WithTimeout(b.Context(), time.Minute)
		q, err := rp.Prepare(client.Ask{
			Subject: client.Subject{Number: account.Document}, Interactions: []acsp.Interaction{{Type: acsp.DisplayTextAndPIN, Text: "Log in"}},
		})
		if err != nil {
			b.Fatal(err)
		}
		p, err := rp.Start(ctx, q)
		if err != nil {
			b.Fatal(err)
		}
		heard := make(chan time.Time, 1)
		go func() {
			if st, err := rp.Wait(ctx, p); err == nil && st.Result.End == "OK" {
				heard <- time.Now()
			}
			close(heard)
		}()
		if _, err := a.Next(ctx); err != nil {
			b.Fatal(err)
		}
		answered := time.Now()
		at, ok := <-heard
		if !ok {
			b.Fatal("the service heard nothing")
		}
		late += max(0, at.Sub(answered))
		stop()
	}
	b.ReportMetric(float64(late.Microseconds())/1000/float64(b.N), "poller-ms/op")
	b.ReportMetric(s.resident(), "rss-MB")
	b.ReportMetric(float64(s.ready.Milliseconds()), "ready-ms")
}

// resident is what the kernel counts for the server, in megabytes.
func (s *server) resident() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	var kb float64
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			if _, err := fmt.Sscan(rest, &kb); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return kb / 1024
}
