package socket

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var limits = Limits{Message: 100, Messages: 2, Life: 2 * time.Second}

// A peer serves conversations and keeps how the last one ended.
type peer struct {
	*httptest.Server
	ended chan error
	log   bytes.Buffer
}

func serve(t *testing.T, l Limits, talk func(context.Context, *Conn) error) *peer {
	t.Helper()
	p := &peer{ended: make(chan error, 10)}
	log := slog.New(slog.NewTextHandler(&p.log, nil))
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Asked(r) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, strings.Repeat("x", 3000))
			return
		}
		Talk(w, r, l, log, func(ctx context.Context, c *Conn) error {
			err := talk(ctx, c)
			p.ended <- err
			return err
		})
	}))
	t.Cleanup(p.Close)
	return p
}

// listen receives until something ends it.
func listen(ctx context.Context, c *Conn) error {
	for {
		if _, err := c.Receive(ctx); err != nil {
			return err
		}
	}
}

// how is how the conversation ended for the server.
func (p *peer) how(t *testing.T, within time.Duration) error {
	t.Helper()
	select {
	case err := <-p.ended:
		return err
	case <-time.After(within):
		t.Fatal("the server still listens")
		return nil
	}
}

func dial(t *testing.T, p *peer) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), p.Client(), p.URL, nil, limits)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMessages(t *testing.T) {
	p := serve(t, limits, func(ctx context.Context, c *Conn) error {
		for range 2 {
			m, err := c.Receive(ctx)
			if err != nil {
				return err
			}
			if err := c.Send(ctx, append([]byte("heard "), m...)); err != nil {
				return err
			}
		}
		return nil
	})
	c := dial(t, p)
	for _, m := range []string{"one", "two"} {
		if err := c.Send(t.Context(), []byte(m)); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Receive(t.Context()); err != nil || string(got) != "heard "+m {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := errors.Join(c.Close(), c.Close(), p.how(t, time.Second)); err != nil {
		t.Error(err)
	}
}

func TestOversizedMessage(t *testing.T) {
	p := serve(t, limits, listen)
	if err := dial(t, p).Send(t.Context(), make([]byte, 101)); err != nil {
		t.Fatal(err)
	}
	if err := p.how(t, time.Second); err == nil || !strings.Contains(err.Error(), "read limit") {
		t.Errorf("got %v", err)
	}
}

func TestTooManyMessages(t *testing.T) {
	p := serve(t, limits, listen)
	c := dial(t, p)
	for range 3 {
		_ = c.Send(t.Context(), []byte("again"))
	}
	if err := p.how(t, time.Second); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v", err)
	}
}

// raw opens a WebSocket by hand.
func raw(t *testing.T, p *peer) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	return conn
}

// frame is one of RFC 6455 §5.2, masked with zeroes; its payload may be less than it says.
func frame(first byte, length uint64, payload []byte) []byte {
	b := []byte{first, 0x80 | 127}
	b = binary.BigEndian.AppendUint64(b, length)
	return append(append(b, 0, 0, 0, 0), payload...)
}

// Pings, and frames with nothing in them, are not for ever.
func TestTooManyFrames(t *testing.T) {
	small := func(first byte) []byte { return []byte{first, 0x80, 0, 0, 0, 0} }
	for name, flood := range map[string][]byte{"pings": small(0x89), "empty parts": small(0x00)} {
		p := serve(t, limits, listen)
		conn := raw(t, p)
		_, _ = conn.Write(small(0x01)) // a text begins
		began := time.Now()
		for range 10_000 {
			if _, err := conn.Write(flood); err != nil {
				break
			}
		}
		if err := p.how(t, 5*time.Second); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v after %v", name, err, time.Since(began))
		}
	}
}

// A length of gigabytes is refused before anything is read of it.
func TestLengthsThatLie(t *testing.T) {
	for _, n := range []uint64{101, 1 << 31, 1<<63 - 1, 1 << 63} {
		p := serve(t, limits, listen)
		_, _ = raw(t, p).Write(frame(0x81, n, make([]byte, 120)))
		if err := p.how(t, time.Second); err == nil {
			t.Errorf("%d: no failure", n)
		}
	}
}

func TestNotText(t *testing.T) {
	p := serve(t, limits, listen)
	_, _ = raw(t, p).Write(frame(0x82, 2, []byte("hi")))
	if err := p.how(t, time.Second); err == nil || !strings.Contains(err.Error(), "not text") {
		t.Errorf("got %v", err)
	}
}

// A peer that says nothing, or a byte now and then, or does not listen, has the life
// of the connection and no more.
func TestSilentPeer(t *testing.T) {
	short := Limits{Message: 100, Messages: 2, First: 50 * time.Millisecond, Life: time.Hour}
	p := serve(t, short, listen)
	raw(t, p)
	if err := p.how(t, 5*time.Second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	short.First = time.Hour
	p = serve(t, short, func(ctx context.Context, c *Conn) error {
		_, err := c.Receive(ctx)
		if c.soon != 0 {
			t.Error("what follows is waited for as the first message is")
		}
		return err
	})
	if _, err := raw(t, p).Write(frame(0x81, 1, []byte("x"))); err != nil {
		t.Error(err)
	}
	if err := p.how(t, 5*time.Second); err != nil {
		t.Errorf("%v", err)
	}
}

func TestSlowPeer(t *testing.T) {
	quick := limits
	quick.Life = 300 * time.Millisecond
	for name, drip := range map[string]func(net.Conn){
		"says nothing": func(net.Conn) {},
		"a byte now and then": func(c net.Conn) {
			for _, b := range frame(0x81, 50, make([]byte, 50)) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		},
	} {
		p := serve(t, quick, listen)
		began := time.Now()
		drip(raw(t, p))
		if err := p.how(t, 5*time.Second); err == nil || time.Since(began) > 4*time.Second {
			t.Errorf("%s: %v after %v", name, err, time.Since(began))
		}
	}
	p := serve(t, quick, func(ctx context.Context, c *Conn) error {
		for {
			if err := c.Send(ctx, make([]byte, 1<<20)); err != nil {
				return err
			}
		}
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
	if err := p.how(t, 5*time.Second); err == nil {
		t.Error("a peer that does not listen was waited for")
	}
}

// Where binary is spoken text is refused, and who falls quiet behind the first message
// is not waited for.
func TestBinary(t *testing.T) {
	film := Limits{Message: 100, Messages: 9, Life: time.Hour, Quiet: 50 * time.Millisecond, Binary: true}
	p := serve(t, film, listen)
	_, _ = raw(t, p).Write(frame(0x81, 2, []byte("hi")))
	if err := p.how(t, time.Second); err == nil || !strings.Contains(err.Error(), "not binary") {
		t.Errorf("text: %v", err)
	}
	p = serve(t, film, listen)
	c, err := Dial(t.Context(), p.Client(), p.URL, nil, film)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), []byte{0xFF, 0}); err != nil {
		t.Fatal(err)
	}
	if err := p.how(t, 5*time.Second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("quiet: %v", err)
	}
}

// A refusal is read whole, and a page of another origin gets nothing.
func TestRefusals(t *testing.T) {
	p := serve(t, limits, listen)
	_, err := Dial(t.Context(), p.Client(), p.URL, http.Header{"Origin": {"https://elsewhere.example"}}, limits)
	if no, ok := errors.AsType[*Refusal](err); !ok || no.Status != http.StatusForbidden {
		t.Errorf("another origin: %v", err)
	}
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, strings.Repeat("x", 3000))
	}))
	defer plain.Close()
	_, err = Dial(t.Context(), plain.Client(), plain.URL, nil, limits)
	if no, ok := errors.AsType[*Refusal](err); !ok || no.Status != http.StatusConflict || len(no.Body) != 3000 {
		t.Errorf("a refusal: %v", err)
	}
	plain.Close()
	_, err = Dial(t.Context(), http.DefaultClient, plain.URL, nil, limits)
	if _, ok := errors.AsType[*Refusal](err); err == nil || ok {
		t.Errorf("nobody there: %v", err)
	}
}

// A client that speaks HTTP/2 to the server opens a WebSocket all the same.
func TestBesideHTTP2(t *testing.T) {
	var proto string
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Asked(r) {
			proto = r.Proto
			return
		}
		Talk(w, r, limits, slog.New(slog.DiscardHandler), func(ctx context.Context, c *Conn) error {
			m, err := c.Receive(ctx)
			if err != nil {
				return err
			}
			return c.Send(ctx, m)
		})
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	c, err := Dial(t.Context(), srv.Client(), srv.URL, nil, limits)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if m, err := c.Receive(t.Context()); err != nil || string(m) != "hello" || proto != "HTTP/2.0" {
		t.Errorf("%q over %s, %v", m, proto, err)
	}
}
