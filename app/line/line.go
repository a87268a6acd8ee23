// Package line is the app's line to its server: it opens a session, signs each
// request with the device key, and asks again for an answer that was lost. It
// knows nothing of what is said over it.
package line

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
)

// A Line opens a session and signs each
// request with the device key.
type Line struct {
	base  string
	http  *http.Client
	key   *ecdsa.PrivateKey
	claim Claim

	// turn is taken by the one request that is under way, for counters must not
	// overtake one another. What stands below belongs to whoever has it.
	turn    chan struct{}
	session string // "" until opened
	nonce   string
	counter uint64
	scheme  string
}

// ErrBroken says that no answer came: the line is broken, or the server is not
// there. The request may have been served all the same.
var ErrBroken = errors.New("line: the line to the server is broken")

// New prepares the line; nothing is sent yet. The client should trust
// the server's own certificate authority only. Redirects are not followed:
// what a phone sends is for its server alone.
func New(base string, client *http.Client, key *ecdsa.PrivateKey, claim Claim) *Line {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Line{base: strings.TrimRight(base, "/"), http: &own, key: key, claim: claim, turn: make(chan struct{}, 1)}
}

// open starts a session, if none is open.
func (s *Line) open(ctx context.Context) error {
	if s.session != "" {
		return nil
	}
	spki, err := device.Public(s.key)
	if err != nil {
		return err
	}
	var started wire.Started
	body, err := json.Marshal(wire.Start{
		DeviceKey: spki, AppVersion: s.claim.Version, OS: s.claim.OS, OSVersion: s.claim.OSVersion, Model: s.claim.Model,
	})
	if err != nil {
		return err
	}
	if err := s.deliver(ctx, wire.PathSessions, body, http.Header{}, &started); err != nil {
		return err
	}
	nonce, err := base64.RawURLEncoding.DecodeString(started.Nonce)
	if err != nil || len(nonce) < 16 {
		return errors.New("line: the server's nonce is not one")
	}
	s.session, s.nonce, s.counter, s.scheme = device.SessionID(spki, nonce), started.Nonce, 0, started.Scheme
	return nil
}

// Scheme returns the name of the server's scheme, "" before a session is open.
func (s *Line) Scheme() string {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	return s.scheme
}

// Session names the session that is open, "" before one is.
func (s *Line) Session() string {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	return s.session
}

// Call sends one signed request and reads its answer into out. A lost answer is
// asked for again with the same bytes, counter and signature: the server
// answers it from store and does nothing twice. So is one that says only that the
// server could not decide. If none comes at all, it fails
// with [ErrBroken]; a refusal of the server is a [*tunnus.Error].
func (s *Line) Call(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	err = s.call(ctx, path, body, out)
	if tunnus.CodeOf(err) != tunnus.CodeBadSignature {
		return err
	}
	// The server forgets sessions after some hours. Nothing was done of what it
	// refuses so; it is asked once more, in a new session.
	s.session = ""
	return s.call(ctx, path, body, out)
}

func (s *Line) call(ctx context.Context, path string, body []byte, out any) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	header, err := s.sign(http.MethodPost, path, body)
	if err != nil {
		return err
	}
	return s.deliver(ctx, path, body, header, out)
}

// sign makes the headers of the next request.
func (s *Line) sign(method, path string, body []byte) (http.Header, error) {
	s.counter++
	r := device.Request{Method: method, Path: path, Session: s.session, Counter: s.counter, Nonce: s.nonce, Body: body}
	signed, err := device.Sign(s.key, r)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set(wire.HeaderSession, r.Session)
	header.Set(wire.HeaderCounter, strconv.FormatUint(r.Counter, 10))
	header.Set(wire.HeaderSignature, base64.RawURLEncoding.EncodeToString(signed.Signature))
	return header, nil
}

// deliver sends until an answer comes, or it is hopeless.
func (s *Line) deliver(ctx context.Context, path string, body []byte, header http.Header, out any) error {
	for try := 0; ; try++ {
		err := s.send(ctx, path, body, header, out)
		if !errors.Is(err, ErrBroken) || try == resends {
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

// send posts a body and reads the answer. A refusal of the server is a *tunnus.Error.
func (s *Line) send(ctx context.Context, path string, body []byte, header http.Header, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header.Clone()
	if s.claim.Language != "" {
		req.Header.Set("Accept-Language", s.claim.Language)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.http.Do(req)
	if err != nil {
		return broken(ctx, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, wire.MaxBody+1))
	if err != nil {
		return broken(ctx, err)
	}
	if len(answer) > wire.MaxBody {
		return errors.New("line: the server's answer is too large")
	}
	if resp.StatusCode != http.StatusOK {
		return refusal(resp.StatusCode, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("line: the server's answer is not JSON: %w", err)
	}
	return nil
}

// broken is the failure of an exchange that gave no answer. A server that is not
// the one it should be is no broken line.
func broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("line: %w", err)
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}

// refusal reads an application/problem+json answer.
func refusal(status int, body []byte) error {
	var p wire.Problem
	if err := json.Unmarshal(body, &p); err == nil && p.Code != "" && !p.Code.Decided() { // nothing is kept of it: the same request may be sent again
		return fmt.Errorf("%w: %w", ErrBroken, p.Failure())
	} else if err == nil && p.Code != "" {
		return p.Failure()
	}
	if status >= http.StatusInternalServerError { // whoever stands before the server says so, or it is just ending
		return fmt.Errorf("%w: status %d", ErrBroken, status)
	}
	return fmt.Errorf("line: the server answered %d", status)
}

// A Claim is what this app says of itself. The server keeps it as a claim; but for
// the language, in which it answers, and which it does not keep.
type Claim struct {
	Version, OS, OSVersion, Model string

	Language string // tag for Accept-Language, such as "et"; "" for none
}
