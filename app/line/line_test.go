package line

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
)

// A peer is a server that keeps what it was sent.
type peer struct {
	t        *testing.T
	http     *httptest.Server
	mu       sync.Mutex
	sessions []wire.Start
	calls    []device.Signed
	answer   func(w http.ResponseWriter, n int) // to the n-th call, from 1
}

var nonce = bytes.Repeat([]byte{7}, 32)

func newPeer(t *testing.T, answer func(w http.ResponseWriter, n int)) (*peer, *Line) {
	t.Helper()
	p := &peer{t: t, answer: answer}
	p.http = httptest.NewServer(p)
	t.Cleanup(p.http.Close)
	key, err := device.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return p, New(p.http.URL, p.http.Client(), key, Claim{Version: "0.1.0", OS: "linux"})
}

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.URL.Path == wire.PathSessions {
		var s wire.Start
		if err := json.Unmarshal(body, &s); err != nil {
			p.t.Error(err)
		}
		p.sessions = append(p.sessions, s)
		_ = json.NewEncoder(w).Encode(wire.Started{Nonce: base64.RawURLEncoding.EncodeToString(nonce), Scheme: "tunnus-demo"})
		return
	}
	counter, _ := strconv.ParseUint(r.Header.Get(wire.HeaderCounter), 10, 64)
	sig, _ := base64.RawURLEncoding.DecodeString(r.Header.Get(wire.HeaderSignature))
	p.calls = append(p.calls, device.Signed{
		Key: p.sessions[len(p.sessions)-1].DeviceKey, Signature: sig,
		Request: device.Request{
			Method: r.Method, Path: r.URL.RequestURI(), Session: r.Header.Get(wire.HeaderSession), Counter: counter,
			Nonce: base64.RawURLEncoding.EncodeToString(nonce), Body: body,
		},
	})
	p.answer(w, len(p.calls))
}

func well(w http.ResponseWriter, _ int) { _, _ = io.WriteString(w, `{}`) }

// drop breaks the connection without an answer.
func drop(http.ResponseWriter, int) { panic(http.ErrAbortHandler) }

func call(t *testing.T, s *Line) error {
	t.Helper()
	return s.Call(t.Context(), wire.PathAccounts, wire.None{}, &wire.Accounts{})
}

// The server verifies what the phone signs: method, path, body, session, counter, nonce.
func TestCallIsSigned(t *testing.T) {
	p, s := newPeer(t, well)
	if err := call(t, s); err != nil {
		t.Fatal(err)
	}
	got := p.calls[0]
	if err := got.Verify(); err != nil {
		t.Errorf("the signature does not verify: %v", err)
	}
	if want := device.SessionID(p.sessions[0].DeviceKey, nonce); got.Request.Session != want {
		t.Errorf("session = %q; want %q", got.Request.Session, want)
	}
}

func TestCountersRise(t *testing.T) {
	p, s := newPeer(t, well)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { _ = call(t, s) })
	}
	all.Wait()
	for i, c := range p.calls {
		if c.Request.Counter != uint64(i+1) {
			t.Errorf("call %d came with counter %d", i+1, c.Request.Counter)
		}
	}
	if len(p.sessions) != 1 {
		t.Errorf("%d sessions were opened; want one", len(p.sessions))
	}
}

// A request whose answer was lost is sent again as it was: with another counter
// the server would take it for another request, and count it twice.
func TestLostAnswerIsAskedForWithTheSameBytes(t *testing.T) {
	for name, lose := range map[string]func(http.ResponseWriter, int){
		"connection broken": drop,
		"cut short": func(w http.ResponseWriter, _ int) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{`)
		},
		"a fault of the server": func(w http.ResponseWriter, _ int) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"code":"internal","detail":"Our fault."}`)
		},
		"a part of it is down": func(w http.ResponseWriter, _ int) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"code":"service-down","detail":"Not now."}`)
		},
		"gateway down": func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadGateway) },
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newPeer(t, func(w http.ResponseWriter, n int) {
				if n == 1 {
					lose(w, n)
					return
				}
				well(w, n)
			})
			if err := call(t, s); err != nil {
				t.Fatal(err)
			}
			if len(p.calls) < 2 {
				t.Fatalf("%d calls; want the first and its repeat", len(p.calls))
			}
			first := p.calls[0]
			for _, again := range p.calls[1:] {
				if !bytes.Equal(first.Request.Canonical(), again.Request.Canonical()) || !bytes.Equal(first.Signature, again.Signature) {
					t.Error("the repeat is another request")
				}
			}
		})
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, s := newPeer(t, drop)
	err := s.Call(ctx, wire.PathAccounts, wire.None{}, &wire.Accounts{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
}

func TestRefusalIsTold(t *testing.T) {
	p, s := newPeer(t, func(w http.ResponseWriter, _ int) {
		w.WriteHeader(http.StatusLocked)
		_, _ = io.WriteString(w, `{"code":"pin-lock-1","detail":"Locked.","left":0,"until":"2030-01-02T03:04:05Z","field":"x","instance":"7K3QZ-M2XWA","ways":["document"]}`)
	})
	e, ok := errors.AsType[*tunnus.Error](call(t, s))
	if !ok || e.Code != tunnus.CodePINLock1 || e.Public != "Locked." || *e.Left != 0 || e.Until.Year() != 2030 || e.Field != "x" ||
		e.Reference != "7K3QZ-M2XWA" || len(e.Ways) != 1 || e.Ways[0] != "document" {
		t.Errorf("error = %+v", e)
	}
	if len(p.calls) != 1 {
		t.Errorf("a refusal was asked for %d times", len(p.calls))
	}
}

// What is no answer of ours is no answer, and asking again does not help.
func TestStrangeAnswersFail(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the request went on to another server")
	}))
	defer stranger.Close()
	for name, answer := range map[string]func(http.ResponseWriter, int){
		"not JSON":    func(w http.ResponseWriter, _ int) { _, _ = io.WriteString(w, "<html>") },
		"a list":      func(w http.ResponseWriter, _ int) { _, _ = io.WriteString(w, "[]") },
		"too large":   func(w http.ResponseWriter, _ int) { _, _ = w.Write(bytes.Repeat([]byte(" "), wire.MaxBody+1)) },
		"no code":     func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusTeapot) },
		"created":     func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusCreated); _, _ = io.WriteString(w, "{}") },
		"redirection": func(w http.ResponseWriter, _ int) { redirect(w, stranger.URL) },
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newPeer(t, answer)
			err := call(t, s)
			if _, refused := errors.AsType[*tunnus.Error](err); err == nil || refused || errors.Is(err, ErrBroken) {
				t.Errorf("error = %v", err)
			}
			if len(p.calls) != 1 {
				t.Errorf("asked %d times", len(p.calls))
			}
		})
	}
}

func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// A server forgets a session after hours: a phone that waits for requests all
// day opens another one and goes on.
func TestForgottenSessionIsOpenedAnew(t *testing.T) {
	p, s := newPeer(t, func(w http.ResponseWriter, n int) {
		if n == 2 {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"code":"bad-signature","detail":"No."}`)
			return
		}
		well(w, n)
	})
	for range 2 {
		if err := call(t, s); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.sessions) != 2 || p.calls[2].Request.Counter != 1 {
		t.Errorf("%d sessions, then counter %d", len(p.sessions), p.calls[2].Request.Counter)
	}
}

// A device that the server does not take is told so, and does not ask for ever.
func TestBadSignatureIsToldAfterOneMoreTry(t *testing.T) {
	p, s := newPeer(t, func(w http.ResponseWriter, _ int) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"code":"bad-signature","detail":"No."}`)
	})
	if err := call(t, s); tunnus.CodeOf(err) != tunnus.CodeBadSignature || len(p.calls) != 2 {
		t.Errorf("error = %v after %d calls", err, len(p.calls))
	}
}

// Whoever has no certificate that we trust is not the server.
func TestAnotherServersCertificate(t *testing.T) {
	impostor := httptest.NewTLSServer(http.NotFoundHandler())
	defer impostor.Close()
	impostor.Config.ErrorLog = nil
	key, err := device.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err = call(t, New(impostor.URL, &http.Client{}, key, Claim{}))
	if err == nil || !strings.Contains(err.Error(), "certificate") || time.Since(began) > 5*time.Second {
		t.Errorf("error = %v after %v", err, time.Since(began))
	}
}
