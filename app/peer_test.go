package app

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/app/line"
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

func newPeer(t *testing.T, answer func(w http.ResponseWriter, n int)) (*peer, *line.Line) {
	t.Helper()
	p := &peer{t: t, answer: answer}
	p.http = httptest.NewServer(p)
	t.Cleanup(p.http.Close)
	key, err := device.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return p, line.New(p.http.URL, p.http.Client(), key, line.Claim{Version: "0.1.0", OS: "linux"})
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
