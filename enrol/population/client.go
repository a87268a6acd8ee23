package population

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
)

// Times and numbers that a [Service] leaves open.
const (
	answerWithin = 3 * time.Second
	restAfter    = 5
	restFor      = 10 * time.Second
	connections  = 16
)

// A Service says how a register service is reached. It proves us by a client
// certificate, by a token, or both.
type Service struct {
	// URL is the root of the service, such as "https://register.example". Only
	// https; http for a loopback address.
	URL string
	// TLS has the client certificate and whose certificates are trusted; nil for
	// those that the system trusts.
	TLS *tls.Config
	// Token is sent as a bearer token; none if it is empty.
	Token tunnus.Secret
	// Within bounds a question with its second try. Zero: 3 s.
	Within time.Duration
	// After that many failures in a row the service is left alone for the time Rest
	// and counts as down. Zero: 5 and 10 s.
	After int
	Rest  time.Duration
	Clock tunnus.Clock
}

// A Client asks a register service (doc/population.md). It is safe for concurrent
// use. What it fails with is [match.ErrNoPerson], [people.ErrDown] or
// [people.ErrAnswer], and has nothing of the answer in it.
type Client struct {
	base    string
	token   string
	within  time.Duration
	http    *http.Client
	circuit *circuit
}

var _ people.Source = (*Client)(nil)

// Dial makes a client. No connection is made before the first question.
func Dial(s Service) (*Client, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("population: the address of the service is none, such as https://register.example")
	}
	plain := u.Scheme == "http" && loopback(u.Hostname())
	if u.Scheme != "https" && !plain {
		return nil, errors.New("population: the service is asked over https, or on this machine")
	}
	if s.Clock == nil {
		return nil, errors.New("population: a clock is needed")
	}
	config := &tls.Config{}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	c := &Client{
		base: strings.TrimRight(u.String(), "/"), token: string(s.Token.Reveal()), within: s.Within,
		circuit: &circuit{clock: s.Clock, after: s.After, rest: s.Rest},
		http: &http.Client{
			Transport: &http.Transport{ // no proxy of the environment, nothing that unpacks
				TLSClientConfig: config, ForceAttemptHTTP2: true, DisableCompression: true,
				MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, IdleConnTimeout: time.Minute,
				MaxResponseHeaderBytes: 16 << 10, DialContext: (&net.Dialer{Timeout: answerWithin}).DialContext,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if c.within == 0 {
		c.within = answerWithin
	}
	if c.circuit.after == 0 {
		c.circuit.after = restAfter
	}
	if c.circuit.rest == 0 {
		c.circuit.rest = restFor
	}
	return c, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ByCode implements [people.Source].
func (c *Client) ByCode(ctx context.Context, code tunnus.PersonCode) (match.Person, error) {
	return ask(ctx, c, people.PersonPath, code, people.PersonAnswer)
}

// Guardians implements [people.Source].
func (c *Client) Guardians(ctx context.Context, child tunnus.PersonCode) ([]match.Relation, error) {
	return ask(ctx, c, people.GuardiansPath, child, func(b []byte, code tunnus.PersonCode) ([]match.Relation, error) {
		return people.RelationsAnswer(b, code, true)
	})
}

// Wards implements [people.Source].
func (c *Client) Wards(ctx context.Context, guardian tunnus.PersonCode) ([]match.Relation, error) {
	return ask(ctx, c, people.WardsPath, guardian, func(b []byte, code tunnus.PersonCode) ([]match.Relation, error) {
		return people.RelationsAnswer(b, code, false)
	})
}

// Channels implements [people.Source].
func (c *Client) Channels(ctx context.Context, code tunnus.PersonCode) (match.Channels, error) {
	return ask(ctx, c, people.ChannelsPath, code, people.ChannelsAnswer)
}

// ask asks about one person and reads the answer.
func ask[T any](ctx context.Context, c *Client, path string, code tunnus.PersonCode, read func([]byte, tunnus.PersonCode) (T, error)) (T, error) {
	var none T
	if code.IsZero() {
		return none, match.ErrNoPerson
	}
	if err := c.circuit.enter(); err != nil {
		return none, err
	}
	v, err := try(ctx, c, path, code, read)
	switch {
	case ctx.Err() != nil && errors.Is(err, people.ErrDown):
		c.circuit.left() // whoever asked hung up: that says nothing of the service
	default:
		c.circuit.leave(err == nil || errors.Is(err, match.ErrNoPerson))
	}
	return v, err
}

func try[T any](ctx context.Context, c *Client, path string, code tunnus.PersonCode, read func([]byte, tunnus.PersonCode) (T, error)) (none T, err error) {
	body, err := people.Ask(code)
	if err != nil {
		return none, fmt.Errorf("population: %w", err)
	}
	ctx, stop := context.WithTimeout(ctx, c.within)
	defer stop()
	b, err := c.send(ctx, path, body)
	if errors.Is(err, errLine) && ctx.Err() == nil {
		b, err = c.send(ctx, path, body)
	}
	if err != nil {
		return none, err
	}
	v, err := read(b, code)
	if err != nil && !errors.Is(err, match.ErrNoPerson) {
		return none, fmt.Errorf("%w: %w", people.ErrAnswer, err)
	}
	return v, err
}

// errLine is a connection that could not be made or broke before the answer.
var errLine error = broken{}

type broken struct{}

func (broken) Error() string { return "population: the connection to the register failed" }
func (broken) Unwrap() error { return people.ErrDown }

// send does it once. What the network says is not repeated: it may hold bytes of
// the answer.
func (c *Client) send(ctx context.Context, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("population: no request can be made of the address")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w: it took too long", people.ErrDown)
		}
		return nil, errLine
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: status %d", people.ErrDown, resp.StatusCode)
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, fmt.Errorf("%w: it is not JSON", people.ErrAnswer)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, people.MaxAnswer+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%w: it took too long", people.ErrDown)
	case err != nil:
		return nil, errLine
	case len(b) > people.MaxAnswer:
		return nil, fmt.Errorf("%w: it has more than %d bytes", people.ErrAnswer, people.MaxAnswer)
	}
	return b, nil
}
