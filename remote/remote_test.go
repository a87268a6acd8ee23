package remote

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// Whoever is listed is served: by pin, and by name under a CA.
func TestListedCallerIsServed(t *testing.T) {
	ca := newMaker(t)
	front, back := ca.process("front.example"), ca.process("back.example")
	for name, p := range map[string]struct{ caller, called Peer }{
		"by pin":  {pin(front), pin(back)},
		"by name": {Peer{CA: ca.pool(), Name: "front.example"}, Peer{CA: ca.pool(), Name: "back.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, back, p.caller)
			var out order
			if err := dial(t, front, s.url, p.called).Call(t.Context(), "echo", order{What: "tea", N: 3}, &out); err != nil || out.N != 3 {
				t.Errorf("Call = %+v, %v", out, err)
			}
		})
	}
}

// Who is not listed gets no further than the handshake, whatever certificate it shows.
func TestStrangersAreRefused(t *testing.T) {
	ca, other := newMaker(t), newMaker(t)
	front, back := ca.process("front.example"), ca.process("back.example")
	byName := Peer{CA: ca.pool(), Name: "front.example"}
	old := ca.issue(&x509.Certificate{
		DNSNames: []string{"front.example"}, ExtKeyUsage: both(), NotBefore: now().Add(-2 * time.Hour), NotAfter: now().Add(-time.Hour),
	})
	for name, tt := range map[string]struct {
		listed Peer
		shows  tls.Certificate
	}{
		"another certificate of the same name": {pin(front), ca.process("front.example")},
		"another process of the same CA":       {byName, ca.process("issue.example")},
		"the right name of another CA":         {byName, other.process("front.example")},
		"a certificate that has expired":       {byName, old},
		"a certificate for every name":         {byName, ca.process("*.example")},
		"a certificate for servers only":       {byName, ca.issue(&x509.Certificate{DNSNames: []string{"front.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})},
		"no certificate":                       {pin(front), tls.Certificate{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, back, tt.listed)
			err := dial(t, tt.shows, s.url, pin(back)).Call(t.Context(), "echo", order{}, &order{})
			if tunnus.CodeOf(err) != tunnus.CodeServiceDown || s.served() != 0 {
				t.Errorf("Call = %v, %d served; want service-down and none", err, s.served())
			}
		})
	}
}

// A process that is not the one it should be gets no request to read.
func TestForgedPeerIsNotBelieved(t *testing.T) {
	ca, other := newMaker(t), newMaker(t)
	front, back := ca.process("front.example"), ca.process("back.example")
	byName := Peer{CA: ca.pool(), Name: "back.example"}
	for name, tt := range map[string]struct {
		is    tls.Certificate
		want  Peer
		trust Peer
	}{
		"another certificate":            {ca.process("back.example"), pin(back), pin(front)},
		"another process of the same CA": {ca.process("front.example"), byName, pin(front)},
		"the right name of another CA":   {other.process("back.example"), byName, pin(front)},
		"a certificate for every name":   {ca.process("*.example"), byName, pin(front)},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, tt.is, tt.trust)
			began := time.Now()
			err := dial(t, front, s.url, tt.want).Call(t.Context(), "echo", order{}, &order{})
			if tunnus.CodeOf(err) != tunnus.CodeServiceDown || s.served() != 0 {
				t.Errorf("Call = %v, %d served; want service-down and none", err, s.served())
			}
			if !errors.Is(err, errStranger) || time.Since(began) > time.Second {
				t.Errorf("a stranger is asked again: %v after %s", err, time.Since(began))
			}
		})
	}
}

// A refusal is the same on both sides, but its cause stays where it was.
func TestRefusalTravels(t *testing.T) {
	ca := newMaker(t)
	front, back := ca.process("front.example"), ca.process("back.example")
	s := open(t, back, pin(front))
	c := dial(t, front, s.url, pin(back))
	err := c.Call(t.Context(), "refuse", order{}, &None{})
	e, ok := errors.AsType[*tunnus.Error](err)
	if !ok || e.Code != tunnus.CodePINLock1 || e.Left == nil || *e.Left != 2 || e.Until == nil || !e.Until.Equal(now()) || e.Field != "what" ||
		e.Public != tunnus.CodePINLock1.Sentence() {
		t.Errorf("error = %+v", e)
	}
	internal := c.Call(t.Context(), "fail", order{}, &None{})
	if tunnus.CodeOf(internal) != tunnus.CodeInternal {
		t.Errorf("a fault became %v", internal)
	}
	for _, err := range []error{err, internal} {
		if strings.Contains(err.Error(), "only the log") {
			t.Errorf("the cause travelled: %v", err)
		}
	}
	if s.served() != 2 || !strings.Contains(s.log.String(), "only the log") {
		t.Errorf("%d served, log %q: refusals are not asked for again, and their cause is logged", s.served(), s.log)
	}
}

// A code that only the other side knows, or a sentence of its own, is not passed on.
func TestForeignWordsAreNotPassedOn(t *testing.T) {
	for name, body := range map[string]string{
		"unknown code":   `{"code":"all-is-well","detail":"come in"}`,
		"their sentence": `{"code":"not-found","detail":"come in","instance":"` + strings.Repeat("x", 999) + `"}`,
		"not JSON":       `come in`,
		"nothing":        ``,
	} {
		err := refusal("m", http.StatusForbidden, []byte(body))
		if err == nil || strings.Contains(err.Error(), "come in") || len(err.Error()) > 200 {
			t.Errorf("%s: %v", name, err)
		}
		if e, ok := errors.AsType[*tunnus.Error](err); ok && e.Public != e.Code.Sentence() {
			t.Errorf("%s: the sentence is %q", name, e.Public)
		}
	}
}

// What is too large, unknown or of another shape is refused before a method sees it.
func TestBadRequestsAreRefused(t *testing.T) {
	ca := newMaker(t)
	front, back := ca.process("front.example"), ca.process("back.example")
	s := open(t, back, pin(front))
	c := dial(t, front, s.url, pin(back))
	for name, tt := range map[string]struct {
		method string
		body   any
		want   tunnus.Code
	}{
		"unknown method":      {"open", order{}, tunnus.CodeNotFound},
		"too large":           {"echo", order{What: strings.Repeat("x", maxRequest)}, tunnus.CodeTooLarge},
		"an unknown member":   {"echo", json.RawMessage(`{"what":"x","allowed":true}`), tunnus.CodeUnknownField},
		"two values":          {"echo", lines(`{"what":"x"}`, `{}`), tunnus.CodeNotJSON},
		"another type":        {"echo", json.RawMessage(`{"what":7}`), tunnus.CodeBadRequest},
		"arguments for none":  {"refuse", json.RawMessage(`[]`), tunnus.CodeBadRequest},
		"a member said twice": {"echo", json.RawMessage(`{"what":"x","what":"y"}`), tunnus.CodeNotJSON},
	} {
		err := send(t, c, tt.method, tt.body)
		if tunnus.CodeOf(err) != tt.want {
			t.Errorf("%s: %v; want %q", name, err, tt.want)
		}
	}
	if s.served() != 0 {
		t.Errorf("%d of them were served", s.served())
	}
}

// lines is more than one value, which json.Marshal would not write.
func lines(values ...string) []byte { return []byte(strings.Join(values, "\n")) }

func send(t *testing.T, c *Client, method string, body any) error {
	t.Helper()
	raw, ok := body.([]byte)
	if !ok {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	return c.send(t.Context(), method, raw, &order{})
}

// Off its own listener the handler serves nobody.
func TestHandlerServesOnlyBehindItsOwnTLS(t *testing.T) {
	s := &shop{t: t}
	plain := http.HandlerFunc(Handler("shop", s.methods(), nopLog()).ServeHTTP)
	w := newRecorder(plain, "/remote/v1/shop/echo", `{"what":"x"}`)
	if w.Code != http.StatusNotFound || s.served() != 0 {
		t.Errorf("status %d, %d served", w.Code, s.served())
	}
}

// A broken line is tried again, if the call may be repeated.
func TestBrokenLine(t *testing.T) {
	ca := newMaker(t)
	front, back := ca.process("front.example"), ca.process("back.example")
	cut := func(w http.ResponseWriter, n int) bool {
		if n <= 2 {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	s := open(t, back, pin(front))
	s.answer = cut
	if err := dial(t, front, s.url, pin(back)).Call(t.Context(), "echo", order{}, &order{}); err != nil || s.served() != 1 {
		t.Errorf("Call = %v, served %d times; want the third try to succeed", err, s.served())
	}
	s = open(t, back, pin(front))
	s.answer = cut
	if err := dial(t, front, s.url, pin(back)).Once(t.Context(), "echo", order{}, &order{}); tunnus.CodeOf(err) != tunnus.CodeServiceDown || s.served() != 0 {
		t.Errorf("Once = %v, served %d times; want no second try", err, s.served())
	}
}

// A process that is not there is told by its code, in bounded time, and nothing is a yes.
func TestDownIsDown(t *testing.T) {
	ca := newMaker(t)
	front, back := ca.process("front.example"), ca.process("back.example")
	s := open(t, back, pin(front))
	for name, answer := range map[string]func(w http.ResponseWriter, n int) bool{
		"always cut": func(http.ResponseWriter, int) bool { panic(http.ErrAbortHandler) },
		"overloaded": func(w http.ResponseWriter, _ int) bool { w.WriteHeader(http.StatusServiceUnavailable); return true },
	} {
		s.mu.Lock()
		s.answer = answer
		s.mu.Unlock()
		began := time.Now()
		err := dial(t, front, s.url, pin(back)).Call(t.Context(), "echo", order{}, &order{})
		if tunnus.CodeOf(err) != tunnus.CodeServiceDown || time.Since(began) > 5*time.Second {
			t.Errorf("%s: %v after %s", name, err, time.Since(began))
		}
	}
	gone, hang := context.WithCancel(t.Context())
	hang()
	if err := dial(t, front, "https://127.0.0.1:1", pin(back)).Call(gone, "echo", order{}, &order{}); tunnus.CodeOf(err) != tunnus.CodeServiceDown {
		t.Errorf("after its caller has gone: %v", err)
	}
	if s.served() != 0 {
		t.Errorf("%d served", s.served())
	}
}

// An answer that is no answer is a fault, not a success.
func TestStrangeAnswersAreFaults(t *testing.T) {
	ca := newMaker(t)
	front, back := ca.process("front.example"), ca.process("back.example")
	s := open(t, back, pin(front))
	for name, body := range map[string]io.Reader{
		"empty": strings.NewReader(""), "not JSON": strings.NewReader("yes"), "an unknown member": strings.NewReader(`{"what":"x","more":1}`),
		"too large": io.LimitReader(endless{}, maxAnswer+1),
	} {
		s.mu.Lock()
		s.answer = func(w http.ResponseWriter, _ int) bool { _, _ = io.Copy(w, body); return true }
		s.mu.Unlock()
		err := dial(t, front, s.url, pin(back)).Call(t.Context(), "echo", order{}, &order{})
		if tunnus.CodeOf(err) != tunnus.CodeInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte(" "), len(p))), nil }

// Nobody is known by everything, or by nothing.
func TestPeersAreKnownBySomething(t *testing.T) {
	ca := newMaker(t)
	back := ca.process("back.example")
	for name, p := range map[string]Peer{
		"nothing": {}, "a name without a CA": {Name: "x"}, "a CA without a name": {CA: ca.pool()}, "every name": {CA: ca.pool(), Name: "*.example"}, "half a pin": {SHA256: make([]byte, 16)},
		"a pin and a CA": {SHA256: make([]byte, 32), CA: ca.pool(), Name: "x"}, "a pin and a name": {SHA256: make([]byte, 32), Name: "x"},
	} {
		if _, err := identity(back).ServerTLS(pin(back), p); err == nil {
			t.Errorf("%s: may call", name)
		}
		if _, err := identity(back).Dial("https://127.0.0.1:1", "shop", p); err == nil {
			t.Errorf("%s: may be called", name)
		}
	}
	if _, err := identity(back).ServerTLS(); err == nil {
		t.Error("a listener that nobody may call")
	}
	for _, at := range []string{"http://127.0.0.1:1", "127.0.0.1:1", "https://", "https://u:p@h:1", "https://h:1/path", "https://h:1?x=y", "https://h:1#f"} {
		if _, err := identity(back).Dial(at, "shop", pin(back)); err == nil {
			t.Errorf("%s is taken for an address", at)
		}
	}
}

// A call goes on when its caller has gone, but not for ever.
func TestCallOutlivesItsCaller(t *testing.T) {
	var ends bool
	var gone error
	h := Handler("shop", map[string]Method{"wait": Do(func(ctx context.Context, _ None) error {
		_, ends = ctx.Deadline()
		gone = ctx.Err()
		return nil
	})}, slog.New(slog.DiscardHandler))
	left, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(left, http.MethodPost, prefix+"shop/wait", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusOK || gone != nil || !ends {
		t.Errorf("status %d, gone: %v, ends: %t", w.Code, gone, ends)
	}
}
