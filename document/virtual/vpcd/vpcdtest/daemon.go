// Package vpcdtest starts a PC/SC daemon with a virtual reader, for tests.
package vpcdtest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tunnus-id/tunnus/document/virtual/vpcd"
	"github.com/tunnus-id/tunnus/need"
)

// driver is vpcd as Debian installs it.
const driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"

// socket is where a daemon can be asked; it is compiled in.
const socket = "/run/pcscd/pcscd.comm"

// Name is in the names of the virtual readers.
const Name = "Tunnus Virtual"

// Start starts a daemon that ends with the test and returns the address at which
// a card can be laid on its reader. One machine has one daemon: tests of other
// processes wait. It is left out where the tools are missing, or a daemon runs
// that somebody else has started.
func Start(t testing.TB) (address string) {
	t.Helper()
	pcscd := tool(t)
	alone(t)
	if c, err := net.Dial("unix", socket); err == nil {
		c.Close()
		need.Missing(t, "a PC/SC daemon runs already; this test starts its own")
	}
	port := free(t)
	conf := fmt.Sprintf("FRIENDLYNAME %q\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n", Name, port, driver, port)
	file := filepath.Join(t.TempDir(), "vpcd")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var output log
	cmd := exec.Command(pcscd, "--foreground", "--info", "--config", file)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }() // how it ended, its output tells
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have gone already
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	address = fmt.Sprintf("127.0.0.1:%d", port)
	for range 200 {
		select {
		case <-ended:
			need.Missing(t, "pcscd does not start here: "+output.String())
		case <-time.After(50 * time.Millisecond):
		}
		if ready(address) {
			return address
		}
	}
	t.Fatalf("pcscd is not ready: %s", output.String())
	return ""
}

// tool finds the daemon, and sees that its driver is there.
func tool(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("pcscd")
	if err != nil {
		path = "/usr/sbin/pcscd" // not on everybody's path
	}
	for _, f := range []string{path, driver} {
		if _, err := os.Stat(f); err != nil {
			need.Missing(t, filepath.Base(f)+" is missing")
		}
	}
	return path
}

// alone waits until no other process has a daemon by this package.
func alone(t testing.TB) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(os.TempDir(), "tunnus-pcscd.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
}

// free finds a port with nothing on it, nor on the next one, which is that of
// the second slot.
func free(t testing.TB) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		next, err := net.Listen("tcp", fmt.Sprintf(":%d", port+1))
		l.Close()
		if err == nil {
			next.Close()
			return port
		}
	}
	t.Fatal("no two ports beside each other are free")
	return 0
}

// ready sees whether the driver listens and the daemon answers.
func ready(address string) bool {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	c.Close()
	if c, err = net.Dial("tcp", address); err != nil {
		return false
	}
	c.Close()
	return true
}

// Insert lays a card on the reader until the test ends. The daemon looks at its
// readers every 400 ms: a card that replaces another faster than that is not seen.
func Insert(t testing.TB, address string, card vpcd.Card) {
	t.Helper()
	conn, err := vpcd.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx := t.Context()
	go func() { ended <- vpcd.Serve(ctx, conn, card) }()
	t.Cleanup(func() {
		conn.Close()
		if err := <-ended; err != nil {
			t.Logf("the card: %v", err)
		}
	})
}

// log keeps what the daemon writes.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }

func (l *log) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }
