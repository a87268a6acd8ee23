// Package socket carries the messages of one short conversation over a WebSocket
// (RFC 6455), for both sides. Each connection has limits that it cannot leave: the
// size of a message, how many come, bytes in all, frames of any kind included, and
// time. Who the peer is was found out before it is opened here.
package socket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/tunnus-id/tunnus"
)

// Limits are those of one connection, for what comes in.
type Limits struct {
	Message  int64 // bytes of a message
	Messages int
	First    time.Duration // until the first one; 0: as long as any
	Quiet    time.Duration // until each of the others; 0: as long as the connection lives
	Life     time.Duration // of the connection
	Binary   bool          // what is said is binary, in both directions; else text
}

// budget is how many bytes may come in all: the messages, and what frames of a
// decent peer have around them. Empty frames and pings are paid from it too.
func (l Limits) budget() int64 { return int64(l.Messages)*(l.Message+64) + 4<<10 }

// ErrLimit is a peer that says more than is wanted.
var ErrLimit = errors.New("socket: over the limits of the connection")

// A Conn is one connection. It is used by one goroutine.
type Conn struct {
	ws    *websocket.Conn
	life  context.Context
	end   context.CancelFunc
	left  int
	soon  time.Duration // until the next message; 0: as long as the connection lives
	quiet time.Duration // until each behind it
	kind  websocket.MessageType
}

func newConn(ctx context.Context, ws *websocket.Conn, l Limits) *Conn {
	ws.SetReadLimit(l.Message)
	c := &Conn{ws: ws, left: l.Messages, soon: l.First, quiet: l.Quiet, kind: websocket.MessageText}
	if l.Binary {
		c.kind = websocket.MessageBinary
	}
	c.life, c.end = context.WithTimeout(ctx, l.Life)
	return c
}

// Send sends a message.
func (c *Conn) Send(ctx context.Context, message []byte) error {
	ctx, done := c.during(ctx)
	defer done()
	return c.ws.Write(ctx, c.kind, message)
}

// Receive waits for the next message. It fails with [ErrLimit] if no more may come.
func (c *Conn) Receive(ctx context.Context) ([]byte, error) {
	if c.left--; c.left < 0 {
		return nil, ErrLimit
	}
	ctx, done := c.during(ctx)
	defer done()
	if c.soon > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.soon)
		defer cancel()
	}
	c.soon = c.quiet
	kind, b, err := c.ws.Read(ctx)
	if err == nil && kind != c.kind {
		err = fmt.Errorf("socket: not %s", map[bool]string{true: "binary", false: "text"}[c.kind == websocket.MessageBinary])
	}
	return b, err
}

// during joins a caller's context with the life of the connection.
func (c *Conn) during(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(context.Cause(c.life)) })
	return ctx, func() { stop(); cancel(nil) }
}

// Close says goodbye and ends the connection at once; what the peer still says is
// not heard. Doing so twice is no failure.
func (c *Conn) Close() error { return c.quit(websocket.StatusNormalClosure) }

// Break ends the connection of a peer that does not keep to what was agreed.
func (c *Conn) Break() error { return c.quit(websocket.StatusPolicyViolation) }

func (c *Conn) quit(status websocket.StatusCode) error {
	defer c.end()
	// The library waits for the peer's goodbye. Who wants to is no longer waited for.
	timer := time.AfterFunc(goodbye, func() { _ = c.ws.CloseNow() })
	defer timer.Stop()
	_ = c.ws.Close(status, "")
	return nil
}

// goodbye is how long the end of a connection may take.
const goodbye = time.Second

// Asked reports whether a request wants to become a WebSocket.
func Asked(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// Accept makes a connection of a request. Whether it is of a page of another origin
// is looked at: no browser is led here. After it, nothing can be written to w, not
// even if it fails.
func Accept(w http.ResponseWriter, r *http.Request, l Limits) (*Conn, error) {
	ws, err := websocket.Accept(counted{w, l.budget()}, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	return newConn(r.Context(), ws, l), nil
}

// Talk makes a connection of a request and has talk use it. Whatever comes of that,
// the answer to the request has been given: a failure ends the connection and is
// logged.
func Talk(w http.ResponseWriter, r *http.Request, l Limits, log *slog.Logger, talk func(context.Context, *Conn) error) {
	c, err := Accept(w, r, l)
	if err == nil {
		if err = talk(r.Context(), c); err == nil {
			_ = c.Close() // all was said
			return
		}
		_ = c.Break()
	}
	log.InfoContext(r.Context(), "a conversation was cut off", "route", r.Pattern, "code", tunnus.CodeOf(err), "cause", err.Error())
}

// counted hands out a connection from which no more than a number of bytes is read.
type counted struct {
	http.ResponseWriter
	budget int64
}

// Hijack implements [http.Hijacker].
func (c counted) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return &thrifty{Conn: conn, left: c.budget}, rw, nil
}

// thrifty is a connection that ends when too much was said on it.
type thrifty struct {
	net.Conn
	left int64
}

// Read implements [net.Conn].
func (t *thrifty) Read(b []byte) (int, error) {
	if t.left <= 0 {
		return 0, ErrLimit
	}
	n, err := t.Conn.Read(b[:min(int64(len(b)), t.left)])
	t.left -= int64(n)
	return n, err
}

// A Refusal is the answer of a server that opened no connection.
type Refusal struct {
	Status int
	Body   []byte
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("socket: the server answered %d", r.Status) }

// maxRefusal bounds the body of a refusal, in bytes.
const maxRefusal = 64 << 10

// Dial opens a connection to url with the headers given. It fails with a [*Refusal]
// if the server says something else.
func Dial(ctx context.Context, client *http.Client, url string, header http.Header, l Limits) (*Conn, error) {
	own := *client
	kept := &keeper{next: client.Transport}
	own.Transport = kept
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: &own, HTTPHeader: header, CompressionMode: websocket.CompressionDisabled})
	if no := kept.refusal.Load(); err != nil && no != nil {
		return nil, no
	}
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	return newConn(ctx, ws, l), nil
}

// keeper keeps the answer of a server that refuses: the library reads the beginning only.
type keeper struct {
	next    http.RoundTripper
	refusal atomic.Pointer[Refusal]
}

// RoundTrip implements [http.RoundTripper].
func (k *keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	next := k.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err != nil || resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		return nil, err
	}
	k.refusal.Store(&Refusal{resp.StatusCode, body})
	resp.Body = io.NopCloser(bytes.NewReader(nil))
	return resp, nil
}
