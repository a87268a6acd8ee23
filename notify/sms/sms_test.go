package sms_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/notify/sms"
)

// The number is of the range that Ofcom keeps for films.
var hello = sms.Message{ID: "letter-1", To: "+447700900123", Text: "402817 is your code: a new account, Pixel 8.", Life: 5 * time.Minute}

func TestFits(t *testing.T) {
	for text, want := range map[string]bool{
		"":                         false,
		strings.Repeat("a", 160):   true,
		strings.Repeat("a", 161):   false,
		strings.Repeat("€", 80):    true, // two septets each
		strings.Repeat("€", 81):    false,
		strings.Repeat("Ä", 160):   true, // of the GSM alphabet
		strings.Repeat("õ", 70):    true, // not of it
		strings.Repeat("õ", 71):    false,
		strings.Repeat("код ", 18): false,
		strings.Repeat("😀", 35):    true,
		strings.Repeat("😀", 36):    false,
	} {
		if got := sms.Fits(text); got != want {
			t.Errorf("%d of %.4q: %t", len([]rune(text)), text, got)
		}
	}
}

// A gateway is an HTTP server that keeps what it gets.
type gateway struct {
	*httptest.Server
	mu      sync.Mutex
	bodies  []map[string]any
	headers []http.Header
	status  int
	hang    time.Duration
}

func startGateway(t *testing.T) *gateway {
	g := &gateway{status: http.StatusAccepted}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var body map[string]any
		if err := json.Unmarshal(b, &body); err != nil {
			t.Errorf("body %q: %v", b, err)
		}
		g.mu.Lock()
		g.bodies, g.headers = append(g.bodies, body), append(g.headers, r.Header)
		status, hang := g.status, g.hang
		g.mu.Unlock()
		time.Sleep(hang)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "message to "+hello.To+" refused")
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) config() sms.HTTPConfig {
	return sms.HTTPConfig{
		URL: g.URL, From: "tunnus", Body: []byte(`{"messages": [{"to": ["{digits}"], "body": "{text}", "n": 12345678901234567890}], "sender": "{from}", "ttl": "{seconds}"}`),
		Headers: map[string]string{"X-To": "{to}"}, SecretHeader: "Authorization", SecretPrefix: "Bearer ",
		Secret: tunnus.NewSecret([]byte("open sesame")), Retry: []int{409}, GiveUp: []int{503}, Timeout: 2 * time.Second,
	}
}

func send(t *testing.T, c sms.HTTPConfig, m sms.Message) error {
	t.Helper()
	g, err := sms.NewHTTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return g.Send(t.Context(), m)
}

// What stands in a message stays in its string.
func TestHTTPFillsTheTemplate(t *testing.T) {
	g := startGateway(t)
	m := hello
	m.Text = `say "x", "to": "y"} {to} \`
	if err := send(t, g.config(), m); err != nil {
		t.Fatal(err)
	}
	got, h := g.bodies[0], g.headers[0]
	first := got["messages"].([]any)[0].(map[string]any)
	if first["body"] != m.Text || first["to"].([]any)[0] != "447700900123" || got["sender"] != "tunnus" || got["ttl"] != "300" {
		t.Errorf("body: %v", got)
	}
	if h.Get("Idempotency-Key") != "letter-1" || h.Get("Authorization") != "Bearer open sesame" || h.Get("X-To") != m.To {
		t.Errorf("headers: %v", h)
	}
}

func TestHTTPStatuses(t *testing.T) {
	g := startGateway(t)
	for status, again := range map[int]bool{
		400: false, 401: false, 302: false, 408: true, 409: true, 429: true, 500: true, 502: true, 503: false,
	} {
		g.status = status
		err := send(t, g.config(), hello)
		u, ok := errors.AsType[*sms.Undelivered](err)
		if !ok || u.Status != status || u.Temporary != again || strings.Contains(err.Error(), hello.To) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// Down, slow, and nobody there: all come again, and tell no number and no address of the gateway.
func TestHTTPGatewayInTrouble(t *testing.T) {
	g := startGateway(t)
	slow := g.config()
	slow.Timeout, g.hang = 50*time.Millisecond, 300*time.Millisecond
	down := g.config()
	down.URL = "http://127.0.0.1:1"
	for name, c := range map[string]sms.HTTPConfig{"slow": slow, "down": down} {
		err := send(t, c, hello)
		u, ok := errors.AsType[*sms.Undelivered](err)
		if !ok || !u.Temporary || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), hello.To) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMessagesThatNoGatewaySees(t *testing.T) {
	g := startGateway(t)
	for name, spoil := range map[string]func(*sms.Message){
		"no plus":      func(m *sms.Message) { m.To = "447700900123" },
		"letters":      func(m *sms.Message) { m.To = "+4477009abc" },
		"two parts":    func(m *sms.Message) { m.Text = strings.Repeat("a", 161) },
		"a line end":   func(m *sms.Message) { m.Text = "a\r\nb" },
		"nothing":      func(m *sms.Message) { m.Text = "" },
		"not UTF-8":    func(m *sms.Message) { m.Text = "\xff" },
		"without name": func(m *sms.Message) { m.ID = "" },
	} {
		m := hello
		spoil(&m)
		if u, ok := errors.AsType[*sms.Undelivered](send(t, g.config(), m)); !ok || u.Temporary {
			t.Errorf("%s: %v", name, u)
		}
	}
	if len(g.bodies) != 0 {
		t.Errorf("%d were sent", len(g.bodies))
	}
}

func TestNewHTTPRefuses(t *testing.T) {
	g := startGateway(t)
	for name, spoil := range map[string]func(*sms.HTTPConfig){
		"plain http":      func(c *sms.HTTPConfig) { c.URL = "http://sms.example/" },
		"no address":      func(c *sms.HTTPConfig) { c.URL = "sms" },
		"a password":      func(c *sms.HTTPConfig) { c.URL = "https://a:b@sms.example/" },
		"no JSON":         func(c *sms.HTTPConfig) { c.Body = []byte("to={to}&text={text}") },
		"no text":         func(c *sms.HTTPConfig) { c.Body = []byte(`{"to": "{to}"}`) },
		"half a secret":   func(c *sms.HTTPConfig) { c.SecretHeader = "" },
		"a status twice":  func(c *sms.HTTPConfig) { c.GiveUp = []int{409} },
		"a status of 200": func(c *sms.HTTPConfig) { c.GiveUp = []int{200} },
	} {
		c := g.config()
		spoil(&c)
		if _, err := sms.NewHTTP(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// The context of who asks ends the waiting.
func TestHTTPEndsWithItsContext(t *testing.T) {
	g := startGateway(t)
	g.hang = time.Second
	s, err := sms.NewHTTP(g.config())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if u, ok := errors.AsType[*sms.Undelivered](s.Send(ctx, hello)); !ok || !u.Temporary {
		t.Errorf("%v", u)
	}
}
