package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// Limits of talking to the server.
const (
	maxAnswer   = 1 << 20 // bytes; a log-in has about 10 kB
	pollTime    = 30 * time.Second
	slack       = 15 * time.Second // what an answer may be late
	requestTime = 30 * time.Second
	pollGap     = 50 * time.Millisecond // between two polls, should the server not make us wait
)

// A Config says who asks, whom, and what is trusted. All but Certificate,
// CheckStatus and Clock is needed.
type Config struct {
	BaseURL string // of the API, such as "https://id.example.com/v3"; http on loopback only
	UUID    string // relyingPartyUUID
	Name    string // relyingPartyName, just as the operator configured it
	Scheme  string // "tunnus", in the sandbox "tunnus-demo"

	// TLSRoots are the only authorities that the server's own certificate may
	// lead to. Not needed for http.
	TLSRoots []*x509.Certificate
	// Certificate is the TLS client certificate that the operator knows this
	// service by; nil if it has none.
	Certificate *tls.Certificate

	// Roots and Issuing are the two tiers of the scheme's certificates.
	Roots, Issuing []*x509.Certificate
	// Policies says for each level which policies a certificate of that level
	// asserts, all of them, as dotted identifiers.
	Policies map[tunnus.Level][]string
	// Usage is the extended key usage of log-in certificates.
	Usage asn1.ObjectIdentifier
	// Level is the least that is accepted.
	Level tunnus.Level
	// CheckStatus asks, at each log-in, the OCSP responder that the person's
	// certificate names, with a nonce. Without an answer there is no log-in.
	CheckStatus bool

	Clock tunnus.Clock // nil is the system's
}

// A Client asks one server for log-ins. It may be used by many at once.
type Client struct {
	config   Config
	policies map[tunnus.Level][]x509.OID
	http     *http.Client
}

// New returns a client, or says all that is wrong with c.
func New(c Config) (*Client, error) {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Clock == nil {
		c.Clock = tunnus.SystemClock{}
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" {
		return nil, errors.New("client: base URL")
	}
	plain := base.Scheme == "http" && isLoopback(base.Hostname())
	var errs []error
	for _, v := range []struct {
		bad bool
		why string
	}{
		{base.Scheme != "https" && !plain, "base URL: https expected, or http on loopback"},
		{!plain && len(c.TLSRoots) == 0, "TLS roots: missing"},
		{c.UUID == "", "UUID: missing"},
		{c.Name == "", "name: missing"},
		{c.Scheme == "", "scheme: missing"},
		{len(c.Roots) == 0 || len(c.Issuing) == 0, "roots and issuing certificates: missing"},
		{len(c.Policies) == 0, "policies: missing"},
		{len(c.Usage) == 0, "usage: missing"},
		{!c.Level.Valid(), "level: ADVANCED or QUALIFIED expected"},
	} {
		if v.bad {
			errs = append(errs, errors.New("client: "+v.why))
		}
	}
	policies, err := parsePolicies(c.Policies)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return &Client{c, policies, httpClient(c)}, nil
}

func parsePolicies(dotted map[tunnus.Level][]string) (map[tunnus.Level][]x509.OID, error) {
	all := map[tunnus.Level][]x509.OID{}
	for level, list := range dotted {
		if !level.Valid() || len(list) == 0 {
			return nil, fmt.Errorf("client: policies of level %q", level)
		}
		for _, s := range list {
			oid, err := x509.ParseOID(s)
			if err != nil {
				return nil, fmt.Errorf("client: policy %q: %w", s, err)
			}
			all[level] = append(all[level], oid)
		}
	}
	return all, nil
}

// httpClient speaks with the configured authorities only, and follows no
// redirect: a request that names a person goes where it was sent.
func httpClient(c Config) *http.Client {
	roots := x509.NewCertPool()
	for _, r := range c.TLSRoots {
		roots.AddCert(r)
	}
	t := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if c.Certificate != nil {
		t.Certificates = []tls.Certificate{*c.Certificate}
	}
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: t, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// A Subject says who is asked: a person, or one account of theirs. One of the
// two is set.
type Subject struct {
	Person tunnus.PersonCode
	Number string // document number, such as PNOXX-199002140017-ABCD-Q
}

// An Ask is a wish to log somebody in.
type Ask struct {
	Subject      Subject
	Interactions []acsp.Interaction // what to show, the most wanted first
	Hash         acsp.Hash          // "" is SHA3-512
	Level        tunnus.Level       // "" is Config.Level; never below it
}

// A Pending is a log-in that waits for its person.
type Pending struct {
	Request *Request
	Session string // sessionID
}

// Code is the verification code to show to the person.
func (p Pending) Code() string { return p.Request.code }

// Authenticate asks, calls show with the verification code just before, waits
// for the person, and verifies what comes back. It fails with a [Refusal] if
// the person or a check says no, and with an [HTTPError] if the server does.
func (c *Client) Authenticate(ctx context.Context, ask Ask, show func(code string)) (Identity, error) {
	q, err := c.Prepare(ask)
	if err != nil {
		return Identity{}, err
	}
	show(q.code)
	p, err := c.Start(ctx, q)
	if err != nil {
		return Identity{}, err
	}
	st, err := c.Wait(ctx, p)
	if err != nil {
		return Identity{}, err
	}
	return c.Verify(q, st)
}

// Start sends a request that [Client.Prepare] made. Its code should be on the
// person's screen already: the app is quick.
func (c *Client) Start(ctx context.Context, q *Request) (Pending, error) {
	body, err := json.Marshal(map[string]any{
		"relyingPartyUUID":  c.config.UUID,
		"relyingPartyName":  q.fields.RPName,
		"certificateLevel":  q.level,
		"signatureProtocol": acsp.Protocol,
		"signatureProtocolParameters": map[string]any{
			"rpChallenge": q.fields.RPChallenge, "signatureAlgorithm": acsp.PSS,
			"signatureAlgorithmParameters": map[string]any{"hashAlgorithm": q.fields.Hash},
		},
		"interactions": q.fields.Interactions,
		"vcType":       "numeric4",
	})
	if err != nil {
		return Pending{}, fmt.Errorf("client: %w", err)
	}
	path := "/authentication/notification/etsi/" + url.PathEscape(q.person.SemanticsID())
	if q.number != "" {
		path = "/authentication/notification/document/" + url.PathEscape(q.number)
	}
	var answer struct {
		Session string `json:"sessionID"`
	}
	if err := c.call(ctx, http.MethodPost, path, body, requestTime, &answer); err != nil {
		return Pending{}, err
	}
	if answer.Session == "" {
		return Pending{}, errors.New("client: the server gave no session")
	}
	return Pending{q, answer.Session}, nil
}

// Wait polls until the session is complete or ctx ends. It tries again when a
// connection breaks: the person may be typing the PIN.
func (c *Client) Wait(ctx context.Context, p Pending) (Status, error) {
	path := "/session/" + url.PathEscape(p.Session) + "?timeoutMs=" + strconv.FormatInt(pollTime.Milliseconds(), 10)
	for broken := 0; ; {
		var st Status
		err := c.call(ctx, http.MethodGet, path, nil, pollTime+slack, &st)
		told, isHTTP := errors.AsType[*HTTPError](err)
		switch {
		case err == nil && st.State == complete:
			return st, nil
		case err == nil:
			broken = 0
		case ctx.Err() != nil:
			return Status{}, ctx.Err()
		case isHTTP && told.Status < 500, broken >= 3:
			return Status{}, err
		default:
			broken++
		}
		select {
		case <-ctx.Done():
			return Status{}, ctx.Err()
		case <-time.After(pollGap << (3 * broken)): // 50 ms, after failures 0.4 s, 3.2 s, 25.6 s
		}
	}
}

// An HTTPError is a failure that the server told. It holds no text of the server.
type HTTPError struct {
	Status int         // HTTP status; see RP API v3 for what each means
	Code   tunnus.Code // of a tunnus server; else ""
	Field  string      // the field of the request that was refused, if any
}

// Error implements error: the status, and our own sentence of a code that is ours.
func (e *HTTPError) Error() string {
	text := fmt.Sprintf("client: the server answered %d", e.Status)
	if slices.Contains(tunnus.Codes(), e.Code) {
		text += ": " + e.Code.Sentence()
	}
	if e.Code != "" {
		text += " [" + string(e.Code) + "]"
	}
	if e.Field != "" {
		text += " field " + e.Field
	}
	return text
}

func (c *Client) call(ctx context.Context, method, path string, body []byte, patience time.Duration, into any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.config.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return errors.New("client: request")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, which may name a person
		}
		return fmt.Errorf("client: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("client: answer: %w", err)
	}
	if len(answer) > maxAnswer {
		return errors.New("client: answer too long")
	}
	if resp.StatusCode != http.StatusOK {
		return httpError(resp.StatusCode, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("client: answer: %w", err)
	}
	return nil
}

// httpError keeps of a problem document what may stand in a log.
func httpError(status int, answer []byte) error {
	e := &HTTPError{Status: status}
	var doc struct {
		Code  tunnus.Code `json:"code"`
		Field string      `json:"field"`
	}
	if json.Unmarshal(answer, &doc) == nil && len(doc.Code) <= 64 && len(doc.Field) <= 128 {
		e.Code, e.Field = doc.Code, doc.Field
	}
	return e
}
