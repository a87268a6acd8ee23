package worker

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// limits is what a helper process tries after it has been confined.
func limits(as string) {
	file, err := os.CreateTemp("", "tunnus-worker-")
	if err != nil {
		os.Exit(8)
	}
	_ = os.Remove(file.Name())
	if err := confine(256<<20, 2*time.Second); err != nil {
		os.Exit(6)
	}
	if err := seal(); err != nil {
		os.Exit(7)
	}
	switch as {
	case "none": // what it may do
		b := make([]byte, 8<<20)
		b[len(b)-1] = 1
		fmt.Println("well", len(b))
	case "memory":
		b := make([]byte, 1<<30)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		fmt.Println("well")
	case "time":
		for n := 0; n >= 0; n = (n + 1) & 0xff {
		}
	case "open":
		try(func() error { _, err := os.Open(os.Args[0]); return err })
	case "write":
		try(func() error { _, err := file.WriteString("x"); return err })
	case "dial":
		try(func() error { _, err := net.Dial("udp", "127.0.0.1:9"); return err })
	}
}

func try(do func() error) {
	if err := do(); err != nil {
		fmt.Println("refused")
		os.Exit(5)
	}
	fmt.Println("well")
}

// The limits hold in a process of its own; each test would pass without them
// only if the helper did nothing, which "none" rules out.
func TestLimitsHold(t *testing.T) {
	for _, as := range []string{"memory", "time", "open", "write", "dial"} {
		t.Run(as, func(t *testing.T) {
			began := time.Now()
			out, err := helper(as).CombinedOutput()
			if err == nil || strings.Contains(string(out), "well") {
				t.Errorf("it could: %s", out)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}
