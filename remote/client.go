package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem"
)

// Times of a call. The longest is that of a modulus whose pool is empty.
const (
	dialWithin = 3 * time.Second
	tryWithin  = 15 * time.Second
	callWithin = 40 * time.Second
	tries      = 4
	pause      = 100 * time.Millisecond // doubled each time, and up to as much again by chance
	idle       = 16                     // connections kept open
)

// A Client calls the methods of one service of one peer. It is safe for use by
// several goroutines.
type Client struct {
	base string
	http *http.Client
}

// Dial makes a client; no connection is made before the first call. The URL is the
// root of the peer, such as "https://keyshare.internal:9443".
func (i Identity) Dial(at, service string, p Peer) (*Client, error) {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("remote: %q is no address such as https://keyshare.internal:9443", at)
	}
	config, err := i.clientTLS(p)
	if err != nil {
		return nil, err
	}
	return &Client{"https://" + u.Host + prefix + service + "/", &http.Client{
		Timeout: tryWithin,
		Transport: &http.Transport{
			TLSClientConfig: config, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: idle, IdleConnTimeout: time.Minute,
			DialContext: (&net.Dialer{Timeout: dialWithin}).DialContext, TLSHandshakeTimeout: dialWithin,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Call calls a method that may be called again with the same request. It fails
// with [tunnus.CodeServiceDown] if no answer came in the end.
func (c *Client) Call(ctx context.Context, method string, in, out any) error {
	return c.call(ctx, method, in, out, func(error) bool { return true })
}

// Once calls a method that must not be called again unless nothing was sent. It
// fails with [tunnus.CodeServiceDown] if no answer came; whether the method was
// served is not known then.
func (c *Client) Once(ctx context.Context, method string, in, out any) error {
	return c.call(ctx, method, in, out, unsent)
}

// unsent reports whether a failure came before there was a connection.
func unsent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// errBroken is an exchange that gave no answer.
var errBroken = errors.New("remote: no answer")

func (c *Client) call(ctx context.Context, method string, in, out any, again func(error) bool) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("remote: %s: %w", method, err)
	}
	ctx, stop := context.WithTimeout(ctx, callWithin)
	defer stop()
	for try := 0; ; try++ {
		err := c.send(ctx, method, body, out)
		switch {
		case !errors.Is(err, errBroken):
			return err
		case try+1 == tries || ctx.Err() != nil || errors.Is(err, errStranger) || !again(err):
			return Down(fmt.Errorf("%s: %w", method, err))
		}
		wait := pause << try
		select {
		case <-ctx.Done():
		case <-time.After(wait + rand.N(wait)):
		}
	}
}

// Down is the failure of a call of which nobody knows what came: a part of the
// service gives no answer, or none in time.
func Down(cause error) error { return tunnus.Fail(tunnus.CodeServiceDown, cause) }

// send does it once.
func (c *Client) send(ctx context.Context, method string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+method, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("remote: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errBroken, err)
	case len(answer) > maxAnswer:
		return fmt.Errorf("remote: %s: the answer has more than %d bytes", method, maxAnswer)
	case resp.StatusCode != http.StatusOK:
		return refusal(method, resp.StatusCode, answer)
	}
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.DisallowUnknownFields()
	if err := dec.Decode(out); err != nil {
		return fmt.Errorf("remote: %s: the answer: %w", method, err)
	}
	return nil
}

// refusal takes what the other process said off the wire. The sentence is ours;
// a code that we do not know is a fault.
func refusal(method string, status int, body []byte) error {
	var doc problem.Document
	err := json.Unmarshal(body, &doc)
	if err == nil && doc.Code.Decided() && slices.Contains(tunnus.Codes(), doc.Code) {
		e := tunnus.Fail(doc.Code, fmt.Errorf("remote: %s was refused, reference %.16q", method, doc.Instance))
		e.Left, e.Until, e.Field = doc.Left, doc.Until, doc.Field
		return e
	}
	if status == http.StatusServiceUnavailable || status == http.StatusBadGateway || status == http.StatusGatewayTimeout {
		return fmt.Errorf("%w: status %d", errBroken, status)
	}
	return fmt.Errorf("remote: %s failed with status %d, reference %.16q", method, status, doc.Instance)
}
