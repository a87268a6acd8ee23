package server

import (
	"context"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
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

// memory is both ports in memory.
type memory struct {
	mu       sync.Mutex
	sessions map[string]Session
	replies  map[string]map[int64]Reply
	down     error // what reading a session fails with
}

func (m *memory) Create(_ context.Context, s Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[s.ID] = s
	return nil
}

type sessionsOf struct{ *memory }

func (m sessionsOf) Get(_ context.Context, id string) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return Session{}, m.down
	}
	s, ok := m.sessions[id]
	if !ok {
		return Session{}, tunnus.NotFound(errors.New("no session"))
	}
	return s, nil
}

func (m sessionsOf) EndOlder(_ context.Context, v Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, s := range m.sessions {
		if id != v.ID && string(s.DeviceKey) == string(v.DeviceKey) && !s.CreatedAt.After(v.CreatedAt) {
			delete(m.sessions, id)
			delete(m.replies, id)
		}
	}
	return nil
}

type repliesOf struct{ *memory }

func (m repliesOf) Get(_ context.Context, session string, n int64) (Reply, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.replies[session][n]
	return r, ok, nil
}

func (m repliesOf) Put(_ context.Context, session string, n int64, r Reply) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.replies[session][n]; ok {
		return tunnus.Conflict(errors.New("there is one"))
	}
	if m.replies[session] == nil {
		m.replies[session] = map[int64]Reply{}
	}
	m.replies[session][n] = r
	return nil
}

func (m repliesOf) Last(_ context.Context, session string) (last int64, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.sessions[session]; !ok {
		return 0, tunnus.NotFound(errors.New("no session"))
	}
	for n := range m.replies[session] {
		last = max(last, n)
	}
	return last, nil
}

// A bench is a server with one step that the test gives, and a device.
type bench struct {
	t       *testing.T
	mem     *memory
	now     time.Time
	handler http.Handler
	server  *Server
	key     *ecdsa.PrivateKey
	spki    []byte
	session string
	nonce   string
	log     strings.Builder
}

const stepPath = "/app/v1/step"

func newBench(t *testing.T, do step) *bench {
	t.Helper()
	b := &bench{
		t: t, now: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC),
		mem: &memory{sessions: map[string]Session{}, replies: map[string]map[int64]Reply{}},
	}
	s := New(Config{
		Scheme: "tunnus-demo", Sessions: sessionsOf{b.mem}, Replies: repliesOf{b.mem},
		Clock: tunnus.ClockFunc(func() time.Time { return b.now }), Log: slog.New(slog.NewTextHandler(&b.log, nil)),
	})
	mux := http.NewServeMux()
	mux.Handle("POST "+stepPath, s.signed(route{limit: 1 << 10, do: do}))
	mux.Handle("/", s.Routes())
	b.handler, b.server = mux, s
	b.key, b.spki = newDevice(t)
	b.start()
	return b
}

func newDevice(t *testing.T) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := device.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	spki, err := device.Public(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, spki
}

// start opens a session of the bench's device.
func (b *bench) start() {
	b.t.Helper()
	body, err := json.Marshal(wire.Start{DeviceKey: b.spki, AppVersion: "0.1.0"})
	if err != nil {
		b.t.Fatal(err)
	}
	w := b.post(wire.PathSessions, http.Header{}, string(body))
	var started wire.Started
	if err := json.Unmarshal(w.Body.Bytes(), &started); err != nil || w.Code != http.StatusOK {
		b.t.Fatalf("start: %d %s", w.Code, w.Body)
	}
	raw, err := base64.RawURLEncoding.DecodeString(started.Nonce)
	if err != nil {
		b.t.Fatal(err)
	}
	b.session, b.nonce = device.SessionID(b.spki, raw), started.Nonce
}

func (b *bench) post(path string, h http.Header, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header = h
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// request is what the device signs for one call.
func (b *bench) request(counter uint64, body string) device.Request {
	return device.Request{Method: http.MethodPost, Path: stepPath, Session: b.session, Counter: counter, Nonce: b.nonce, Body: []byte(body)}
}

func (b *bench) header(r device.Request) http.Header {
	b.t.Helper()
	signed, err := device.Sign(b.key, r)
	if err != nil {
		b.t.Fatal(err)
	}
	h := http.Header{}
	h.Set(wire.HeaderSession, r.Session)
	h.Set(wire.HeaderCounter, strconv.FormatUint(r.Counter, 10))
	h.Set(wire.HeaderSignature, base64.RawURLEncoding.EncodeToString(signed.Signature))
	return h
}

// call sends one signed request.
func (b *bench) call(counter uint64, body string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.post(stepPath, b.header(b.request(counter, body)), body)
}

// wantCode checks the code of a refusal, "" for an answer.
func wantCode(t *testing.T, w *httptest.ResponseRecorder, want tunnus.Code) {
	t.Helper()
	var p struct {
		Code tunnus.Code `json:"code"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if p.Code != want {
		t.Errorf("code %q (%d); want %q", p.Code, w.Code, want)
	}
}

// counting is a step that counts how often it was taken.
func counting(n *int) step {
	return func(context.Context, caller) (any, error) { *n++; return map[string]int{"n": *n}, nil }
}
