// Package client is a member of staff on the line: it signs each request with the
// member's own key and sends it. It knows no route and keeps nothing but the last
// counter, which rises with every request.
package client

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/remote/socket"
	"github.com/tunnus-id/tunnus/staff"
)

// A Client sends requests of one member. It may be used from many goroutines, but
// sends one at a time: the server lets a member's requests in as they were signed.
type Client struct {
	Server string // "https://id.example"
	Scheme string // its name, which is signed
	Member string
	Key    crypto.Signer // ECDSA on P-256
	HTTP   *http.Client
	Clock  tunnus.Clock

	mu   sync.Mutex
	last uint64
}

// A Refused is the server's answer to a request that it did not serve.
type Refused struct {
	Status    int
	Code      tunnus.Code `json:"code"`
	Detail    string      `json:"detail"`
	Reference string      `json:"instance"`
	Field     string      `json:"field"`
}

// Error implements error.
func (r *Refused) Error() string {
	s := fmt.Sprintf("%s (%s, reference %s)", r.Detail, r.Code, r.Reference)
	if r.Field != "" {
		s += ": " + r.Field
	}
	return s
}

// maxAnswer bounds an answer, in bytes: a case with its pictures is the largest.
const maxAnswer = 24 << 20

// Do sends in as JSON (nothing if nil; a [json.RawMessage] byte for byte) and reads
// the answer into out. It fails with a [Refused] if the server says no.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if raw, ok := in.(json.RawMessage); ok {
		body = raw
	} else if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("client: %w", err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	header, err := c.sign(method, path, body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.Server, "/")+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	req.Header = header
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return refused(resp.StatusCode, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("client: the server's answer cannot be read: %w", err)
	}
	return nil
}

// sign makes the headers of the next request.
func (c *Client) sign(method, path string, body []byte) (http.Header, error) {
	c.last = max(c.last+1, uint64(c.Clock.Now().UnixMilli()))
	signed, err := device.Sign(c.Key, device.Request{Method: method, Path: path, Session: staff.Session, Counter: c.last, Nonce: c.Scheme, Body: body})
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	h.Set(staff.HeaderMember, c.Member)
	h.Set(staff.HeaderCounter, strconv.FormatUint(c.last, 10))
	h.Set(staff.HeaderSignature, base64.RawURLEncoding.EncodeToString(signed.Signature))
	return h, nil
}

// refused reads the answer to a request that was not served.
func refused(status int, answer []byte) error {
	no := &Refused{Status: status}
	if json.Unmarshal(answer, no) != nil || no.Code == "" {
		return fmt.Errorf("client: the server answers %d", status)
	}
	return no
}

// Relay opens a connection at a path on which the server runs chip authentication
// with the chip on the member's reader, signed for the hash of data group 14.
func (c *Client) Relay(ctx context.Context, path string, group [sha256.Size]byte) (relay.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	header, err := c.sign(http.MethodGet, path, group[:])
	if err != nil {
		return nil, err
	}
	header.Set(relay.Header, relay.Name(group))
	limits := socket.Limits{Message: relay.MaxMessage, Messages: relay.MaxMessages, Life: relay.Life}
	conn, err := socket.Dial(ctx, c.HTTP, strings.TrimRight(c.Server, "/")+path, header, limits)
	if no, ok := errors.AsType[*socket.Refusal](err); ok {
		return nil, refused(no.Status, no.Body)
	}
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return conn, nil
}
