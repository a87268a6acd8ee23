package serve

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
)

// A rawDevice speaks to the server with a phone's own key, but says what it likes.
type rawDevice struct {
	*house
	sign    func(device.Request) device.Signed
	session string
	nonce   string
	counter uint64
}

// An answer is what came back.
type answer struct {
	status int
	body   []byte
}

// device opens a session of the holder's device.
func (p *holder) device() *rawDevice {
	p.t.Helper()
	key := sure(x509.ParseECPrivateKey(p.vault.State.Device))(p.t)
	spki := sure(device.Public(key))(p.t)
	d := &rawDevice{house: p.house, sign: func(r device.Request) device.Signed { return sure(device.Sign(key, r))(p.t) }}
	var started wire.Started
	d.into(d.send(wire.PathSessions, http.Header{}, encode(p.t, wire.Start{DeviceKey: spki, AppVersion: "0.1.0", OS: "linux"})), &started)
	nonce := sure(base64.RawURLEncoding.DecodeString(started.Nonce))(p.t)
	d.session, d.nonce = device.SessionID(spki, nonce), started.Nonce
	return d
}

// in lets failures be those of a subtest, as long as it runs.
func (d *rawDevice) in(t *testing.T) {
	whole := d.t
	d.t = t
	t.Cleanup(func() { d.t = whole })
}

func encode(t *testing.T, v any) []byte { t.Helper(); return sure(json.Marshal(v))(t) }

func (d *rawDevice) send(path string, h http.Header, body []byte) answer {
	d.t.Helper()
	req := sure(http.NewRequest(http.MethodPost, d.url+path, bytes.NewReader(body)))(d.t)
	req.Header = h
	resp := sure(d.client.Do(req))(d.t)
	defer resp.Body.Close()
	return answer{resp.StatusCode, sure(io.ReadAll(resp.Body))(d.t)}
}

// post sends one signed request with the next counter.
func (d *rawDevice) post(path string, v any) answer {
	d.t.Helper()
	return d.raw(path, encode(d.t, v))
}

func (d *rawDevice) raw(path string, body []byte) answer {
	d.t.Helper()
	d.counter++
	s := d.sign(device.Request{Method: http.MethodPost, Path: path, Session: d.session, Counter: d.counter, Nonce: d.nonce, Body: body})
	h := http.Header{}
	h.Set(wire.HeaderSession, d.session)
	h.Set(wire.HeaderCounter, strconv.FormatUint(d.counter, 10))
	h.Set(wire.HeaderSignature, base64.RawURLEncoding.EncodeToString(s.Signature))
	return d.send(path, h, body)
}

// step sends one step of a registration.
func (d *rawDevice) step(name string, v any) answer {
	d.t.Helper()
	return d.post(wire.PathRegistration+"/"+name, v)
}

func (d *rawDevice) into(a answer, v any) {
	d.t.Helper()
	if a.status != http.StatusOK {
		d.t.Fatalf("%d %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		d.t.Fatal(err)
	}
}

func (d *rawDevice) refused(a answer, want tunnus.Code) {
	d.t.Helper()
	var p struct {
		Code tunnus.Code `json:"code"`
	}
	if err := json.Unmarshal(a.body, &p); err != nil || p.Code != want {
		d.t.Errorf("%d %s; want %q", a.status, a.body, want)
	}
}

// peek reads a request's body and puts it back.
func peek(t *testing.T, r *http.Request) []byte {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	return b
}

// loseAt drops every message of a type before the server sees it.
func (h *house) loseAt(kind string) {
	h.line.mu.Lock()
	defer h.line.mu.Unlock()
	h.line.cut = func(r *http.Request) bool {
		if strings.Contains(string(peek(h.t, r)), `"type":"`+kind+`"`) {
			panic(http.ErrAbortHandler)
		}
		return false
	}
}

// short is a context in which no answer can come after many tries.
func short(t *testing.T) context.Context {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(stop)
	return ctx
}
