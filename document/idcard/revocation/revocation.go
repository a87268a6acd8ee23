// Package revocation carries questions about ID-cards to the responders of their
// issuers (OCSP over HTTP, RFC 6960 appendix A). It is an idcard.Status.
//
// The address comes out of a certificate: of a trusted issuer, but still from
// outside. So a request goes to public addresses only, on the ports of http and
// https, or to a host that the operator has listed; it is not redirected, takes
// five seconds at most and reads 64 kB at most. What the answer is worth is
// judged by package idcard.
package revocation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Limits of one question.
const (
	Timeout     = 5 * time.Second
	MaxResponse = 64 << 10 // bytes
)

// A Client asks responders. It keeps no connections to those that were asked once.
type Client struct {
	hosts map[string]string
	http  *http.Client
}

// New makes a client. Hosts lists responders that need not have a public
// address, as "host:port", each with the "host:port" where it is reached; the
// same again if the name says it. All others must be public.
func New(hosts map[string]string) (*Client, error) {
	for from, to := range hosts {
		for _, h := range []string{from, to} {
			if host, port, err := net.SplitHostPort(h); err != nil || host == "" || port == "" || h != strings.ToLower(h) {
				return nil, fmt.Errorf("revocation: %q is not host:port in lower case", h)
			}
		}
	}
	c := &Client{hosts: hosts}
	c.http = &http.Client{
		Timeout: Timeout,
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would resolve the name itself, past the guard
			DialContext:            c.dial,
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Answer posts the request. See idcard.Status.
func (c *Client) Answer(ctx context.Context, address string, request []byte) ([]byte, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errors.New("revocation: the address of the responder cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("revocation: the address of the responder is not one of http or https")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("revocation: the address of the responder has more in it than an address")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(request))
	if err != nil {
		return nil, errors.New("revocation: the address of the responder cannot be read")
	}
	r.Header.Set("Content-Type", "application/ocsp-request")
	r.Header.Set("Accept", "application/ocsp-response")
	response, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("revocation: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("revocation: the responder answers with status %d", response.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(response.Body, MaxResponse+1))
	if err != nil {
		return nil, fmt.Errorf("revocation: %w", err)
	}
	if len(b) > MaxResponse {
		return nil, fmt.Errorf("revocation: the answer is longer than %d bytes", MaxResponse)
	}
	return b, nil
}

// dial connects to a listed host, or to a public address that is looked at after
// the name was resolved: a name may mean one address now and another in a moment.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: Timeout}
	if to, listed := c.hosts[strings.ToLower(address)]; listed {
		return d.DialContext(ctx, network, to)
	}
	d.ControlContext = func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(resolved)
		if err != nil || !public(at.Addr()) || at.Port() != 80 && at.Port() != 443 {
			return errors.New("the responder has no public address on port 80 or 443, and is not listed")
		}
		return nil
	}
	return d.DialContext(ctx, network, address)
}

// special are the networks with an address that looks public and is not (RFC
// 6890, RFC 6666, RFC 9637, and the transition mechanisms that wrap IPv4).
func special() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// public reports whether an address is one of the open internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" {
		return false
	}
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) { // all that was ever given out
		return false
	}
	return !slices.ContainsFunc(special(), func(p netip.Prefix) bool { return p.Contains(a) })
}
