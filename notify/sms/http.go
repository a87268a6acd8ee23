package sms

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
)

// HTTPConfig describes a gateway of HTTP. In the strings of Body, and in the values
// of Headers, {to}, {digits} (without the plus), {text}, {id}, {from} and {seconds}
// (how long the message is worth delivering) are filled in.
type HTTPConfig struct {
	URL     string // https; http only to this machine
	From    string // who sends, for {from}
	Body    json.RawMessage
	Headers map[string]string
	// SecretHeader is the header that holds Secret behind SecretPrefix ("Bearer ").
	SecretHeader, SecretPrefix string
	Secret                     tunnus.Secret
	// IDHeader is the header that holds the message's ID; zero is "Idempotency-Key".
	IDHeader string
	// Retry and GiveUp are statuses that mean "again later" and "never", over what is
	// usual: 2xx is taken, 408, 425, 429 and 5xx are again later, all others never.
	Retry, GiveUp []int
	Roots         *x509.CertPool // nil for those of the system
	Timeout       time.Duration  // zero is 35 s
}

// HTTP is a gateway of HTTP.
type HTTP struct {
	cfg    HTTPConfig
	body   any
	client *http.Client
}

// NewHTTP checks the configuration; it does not connect.
func NewHTTP(c HTTPConfig) (*HTTP, error) {
	h := &HTTP{cfg: c}
	u, err := url.Parse(c.URL)
	d := json.NewDecoder(bytes.NewReader(c.Body))
	d.UseNumber()
	template := d.Decode(&h.body)
	if err := faults(map[string]bool{
		"url: an https address expected, or http to this machine": err != nil || u.Host == "" || u.User != nil ||
			u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())),
		"body: JSON expected":                                  template != nil || d.More(),
		"body: {text} and {to} or {digits} expected":           !bytes.Contains(c.Body, []byte("{text}")) || !bytes.Contains(c.Body, []byte("{to}")) && !bytes.Contains(c.Body, []byte("{digits}")),
		"secret and secret_header go together":                 (c.SecretHeader == "") != (len(c.Secret.Reveal()) == 0),
		"retry and give_up: a status cannot mean both":         slices.ContainsFunc(c.Retry, func(s int) bool { return slices.Contains(c.GiveUp, s) }),
		"retry and give_up: statuses from 300 to 599 expected": slices.ContainsFunc(slices.Concat(c.Retry, c.GiveUp), func(s int) bool { return s < 300 || s > 599 }),
	}); err != nil {
		return nil, err
	}
	if h.cfg.Timeout == 0 {
		h.cfg.Timeout = defaultTimeout
	}
	if h.cfg.IDHeader == "" {
		h.cfg.IDHeader = "Idempotency-Key"
	}
	h.client = &http.Client{
		Timeout: h.cfg.Timeout,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 8,
			IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment,
		},
		// Where we are sent on to, nobody has agreed on.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return h, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// maxAnswer is how much of an answer is read, which nobody looks at.
const maxAnswer = 64 << 10

// Send implements [Gateway].
func (h *HTTP) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	places := strings.NewReplacer("{to}", m.To, "{digits}", m.To[1:], "{text}", m.Text, "{id}", m.ID, "{from}", h.cfg.From,
		"{seconds}", strconv.Itoa(int(m.life().Seconds())))
	body, err := json.Marshal(fill(h.body, places))
	if err != nil {
		return &Undelivered{Stage: "message"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return &Undelivered{Stage: "connect"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "tunnus")
	for name, value := range h.cfg.Headers {
		req.Header.Set(name, places.Replace(value))
	}
	req.Header.Set(h.cfg.IDHeader, m.ID)
	if h.cfg.SecretHeader != "" {
		req.Header.Set(h.cfg.SecretHeader, h.cfg.SecretPrefix+string(h.cfg.Secret.Reveal()))
	}
	resp, err := h.client.Do(req)
	if err != nil { // it names the URL, and the request may have arrived
		return &Undelivered{Stage: "connect", Temporary: true}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // for the connection's next use
	_ = resp.Body.Close()
	return h.judge(resp.StatusCode)
}

// judge says what a status means.
func (h *HTTP) judge(status int) error {
	if status/100 == 2 {
		return nil
	}
	again := status/100 == 5 || slices.Contains([]int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}, status)
	again = (again || slices.Contains(h.cfg.Retry, status)) && !slices.Contains(h.cfg.GiveUp, status)
	return &Undelivered{Stage: "answer", Status: status, Temporary: again}
}

// fill puts values into the strings of a template: what they hold stays a string,
// whatever stands in it.
func fill(v any, places *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return places.Replace(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = fill(e, places)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = fill(e, places)
		}
		return out
	}
	return v
}

var errClosed = errors.New("sms: the gateway is closed")
