package faults

import (
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/program"
)

// gateway opens a house whose mail goes to an address that is named, and registers
// somebody there.
func gateway(t *testing.T, at string) (*House, <-chan error) {
	t.Helper()
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	h := built(t).running(t, SQLite, func(config map[string]any) {
		config["smtp"] = map[string]any{"host": host, "port": n, "from": "tunnus <no-reply@id.example>", "tls": "none"}
	})
	return h, h.register(t, "ben")
}

// ends waits for the registration, and looks at all of it: one code was sent, and one
// try was charged.
func (h *House) ends(t *testing.T, done <-chan error) {
	t.Helper()
	if err := <-done; err != nil {
		t.Fatalf("%v; %s", err, h.Tail())
	}
	if err := h.Check(t.Context(), true); err != nil {
		t.Error(err)
	}
	have, err := h.Arrows(t.Context())
	if err != nil || have["otp.sent"] != 1 || have["otp.try"] != 1 || have["otp.confirmed"] != 1 {
		t.Errorf("codes sent %d, tries %d, confirmed %d; %v", have["otp.sent"], have["otp.try"], have["otp.confirmed"], err)
	}
}

// F10: nobody listens where mail goes. The letter waits; when somebody does, it
// goes out, nothing was charged meanwhile, and the registration ends as ever.
func TestMailIsDown(t *testing.T) {
	at, err := program.Free()
	if err != nil {
		t.Fatal(err)
	}
	h, done := gateway(t, at)
	h.soon(t, "otp.sent", 1, done)
	time.Sleep(2 * time.Second) // it is tried in vain
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h.box.Serve(t.Context(), l) }()
	h.ends(t, done)
}

// F10: each line that the gateway says takes its time. The registration waits for
// its code, and nobody else for the registration.
func TestMailIsSlow(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	outer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = outer.Close() })
	go func() {
		for {
			c, err := outer.Accept()
			if err != nil {
				return
			}
			go slowly(c, inner.Addr().String())
		}
	}()
	h, done := gateway(t, outer.Addr().String())
	go func() { _ = h.box.Serve(t.Context(), inner) }()
	h.ends(t, done)
}

// slowly joins two connections; what comes back waits for a second.
func slowly(c net.Conn, to string) {
	defer c.Close()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	go func() { _, _ = io.Copy(far, c) }()
	for b := make([]byte, 4096); ; {
		n, err := far.Read(b)
		if err != nil {
			return
		}
		time.Sleep(time.Second)
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
	}
}
