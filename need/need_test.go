package need

import (
	"runtime"
	"testing"
)

// A probe is a test that notes how it was ended.
type probe struct {
	testing.TB
	ended string
}

func (p *probe) Helper()      {}
func (p *probe) Fatal(...any) { p.ended = "failed"; runtime.Goexit() }
func (p *probe) Skip(...any)  { p.ended = "skipped"; runtime.Goexit() }

func ended(f func(testing.TB)) string {
	p, done := &probe{ended: "passed"}, make(chan struct{})
	go func() { defer close(done); f(p) }()
	<-done
	return p.ended
}

// Where everything must run, nothing is left out.
func TestMissing(t *testing.T) {
	for _, tt := range []struct{ mode, tool, want string }{
		{"", "no-such-tool", "skipped"},
		{"some", "no-such-tool", "skipped"},
		{"all", "no-such-tool", "failed"},
		{"", "go", "passed"},
		{"all", "go", "passed"},
	} {
		t.Setenv("TUNNUS_TEST", tt.mode)
		if got := ended(func(t testing.TB) { Tool(t, tt.tool) }); got != tt.want {
			t.Errorf("TUNNUS_TEST=%q, %s: %s; want %s", tt.mode, tt.tool, got, tt.want)
		}
	}
}
