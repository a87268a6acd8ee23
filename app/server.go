package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
)

// A Server is the app's line to its server: it opens a session and signs each
// request with the device key.
type Server struct {
	base  string
	http  *http.Client
	key   *ecdsa.PrivateKey
	claim Claim

	mu      sync.Mutex // one request at a time takes a counter
	session string     // "" until opened
	nonce   string
	counter uint64
	scheme  string
}

// NewServer prepares the line; nothing is sent yet. The client should trust
// the server's own certificate authority only.
func NewServer(base string, client *http.Client, key *ecdsa.PrivateKey, claim Claim) *Server {
	return &Server{base: strings.TrimRight(base, "/"), http: client, key: key, claim: claim}
}

// Open starts a session, if none is open.
func (s *Server) Open(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session != "" {
		return nil
	}
	spki, err := device.Public(s.key)
	if err != nil {
		return err
	}
	var started wire.Started
	body, err := json.Marshal(s.claim.start(spki))
	if err != nil {
		return err
	}
	if err := s.send(ctx, wire.PathSessions, body, nil, &started); err != nil {
		return err
	}
	nonce, err := base64.RawURLEncoding.DecodeString(started.Nonce)
	if err != nil || len(nonce) < 16 {
		return errors.New("app: the server's nonce is not one")
	}
	s.session, s.nonce, s.counter, s.scheme = device.SessionID(spki, nonce), started.Nonce, 0, started.Scheme
	return nil
}

// Session returns the id of the open session, "" if there is none.
func (s *Server) Session() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session
}

// Call sends one signed request and reads its answer into out. A lost answer is
// asked for again with the same bytes, counter and signature: the server
// answers it from store and does nothing twice.
func (s *Server) Call(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if err := s.Open(ctx); err != nil {
		return err
	}
	signed, err := s.sign(path, body)
	if err != nil {
		return err
	}
	header := http.Header{}
	header.Set(wire.HeaderSession, signed.Request.Session)
	header.Set(wire.HeaderCounter, strconv.FormatUint(signed.Request.Counter, 10))
	header.Set(wire.HeaderSignature, base64.RawURLEncoding.EncodeToString(signed.Signature))
	for try := 0; ; try++ {
		err = s.send(ctx, path, body, header, out)
		var refused *tunnus.Error
		if err == nil || errors.As(err, &refused) || try == resends || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(resendPause << try):
		}
	}
}

// A lost answer is asked for again after 0.25, 0.5, 1, 2 and 4 s.
const (
	resends     = 5
	resendPause = 250 * time.Millisecond
)

func (s *Server) sign(path string, body []byte) (device.Signed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counter++
	return device.Sign(s.key, device.Request{
		Method: http.MethodPost, Path: path, Session: s.session, Counter: s.counter, Nonce: s.nonce, Body: body,
	})
}

// send posts a body and reads the answer. A refusal of the server is a *tunnus.Error.
func (s *Server) send(ctx context.Context, path string, body []byte, header http.Header, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.http.Do(req)
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, wire.MaxBody+1))
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	if len(answer) > wire.MaxBody {
		return errors.New("app: the server's answer is too large")
	}
	if resp.StatusCode != http.StatusOK {
		return refusal(resp.StatusCode, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("app: the server's answer is not JSON: %w", err)
	}
	return nil
}

// refusal reads an application/problem+json answer. The server's own words are
// shown, so that an older app can tell a newer code.
func refusal(status int, body []byte) error {
	var p struct {
		Code   tunnus.Code `json:"code"`
		Detail string      `json:"detail"`
		Left   *int        `json:"left"`
		Until  *time.Time  `json:"until"`
		Field  string      `json:"field"`
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return fmt.Errorf("app: the server answered %d", status)
	}
	return &tunnus.Error{Code: p.Code, Public: p.Detail, Left: p.Left, Until: p.Until, Field: p.Field}
}

// newDeviceKey makes hk and its stored form.
func newDeviceKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := device.GenerateKey()
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return key, der, err
}

func parseDeviceKey(der []byte) (*ecdsa.PrivateKey, error) {
	any, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("app: device key: %w", err)
	}
	key, ok := any.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("app: the device key is not ECDSA")
	}
	return key, nil
}
