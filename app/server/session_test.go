package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
)

// What the line held back of an older session comes too late: it must not pass
// for the request of a copied phone.
func TestNewSessionEndsOlderOnes(t *testing.T) {
	n := 0
	b := newBench(t, counting(&n))
	wantCode(t, b.call(1, "{}"), "")
	held := b.header(b.request(2, "{}"))
	b.now = b.now.Add(time.Minute)
	b.start()
	wantCode(t, b.call(1, "{}"), "")
	wantCode(t, b.post(stepPath, held, "{}"), tunnus.CodeBadSignature)
	wantCode(t, b.call(2, "{}"), "")
	if n != 3 {
		t.Errorf("taken %d times; want 3", n)
	}
}

// Anybody who knows a device's public key can open a session in its name. That
// alone ends nothing.
func TestOpenedSessionEndsNothing(t *testing.T) {
	b := newBench(t, counting(new(int)))
	wantCode(t, b.call(1, "{}"), "")
	mine, nonce := b.session, b.nonce
	b.now = b.now.Add(time.Minute)
	b.start()
	b.session, b.nonce = mine, nonce
	wantCode(t, b.call(2, "{}"), "")
}

// An older session that comes late does not end the newer one.
func TestOlderSessionEndsNoNewerOne(t *testing.T) {
	b := newBench(t, counting(new(int)))
	held := b.header(b.request(1, "{}"))
	b.now = b.now.Add(time.Minute)
	b.start()
	wantCode(t, b.call(1, "{}"), "")
	wantCode(t, b.post(stepPath, held, "{}"), tunnus.CodeBadSignature)
	wantCode(t, b.call(2, "{}"), "")
}

// Another phone's sessions are its own.
func TestNewSessionLeavesOtherDevices(t *testing.T) {
	b := newBench(t, counting(new(int)))
	wantCode(t, b.call(1, "{}"), "")
	key, spki, mine, nonce := b.key, b.spki, b.session, b.nonce
	b.key, b.spki = newDevice(t)
	b.start()
	wantCode(t, b.call(1, "{}"), "")
	b.key, b.spki, b.session, b.nonce = key, spki, mine, nonce
	wantCode(t, b.call(2, "{}"), "")
}

// lateBody lets something happen when it is read.
type lateBody struct {
	io.Reader
	before func()
}

func (l *lateBody) Read(p []byte) (int, error) {
	if l.before != nil {
		l.before()
		l.before = nil
	}
	return l.Reader.Read(p)
}

// The session is found before the body is read; the body may be what was held back.
func TestSessionThatEndsWhileTheBodyIsRead(t *testing.T) {
	taken := ""
	b := newBench(t, func(_ context.Context, c caller) (any, error) {
		taken += string(c.signed.Request.Body)
		return wire.None{}, nil
	})
	h, body := b.header(b.request(1, `"old"`)), &lateBody{Reader: strings.NewReader(`"old"`)}
	body.before = func() {
		b.now = b.now.Add(time.Minute)
		b.start()
		wantCode(t, b.call(1, `"new"`), "")
	}
	r := httptest.NewRequest(http.MethodPost, stepPath, body)
	r.Header = h
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	wantCode(t, w, tunnus.CodeBadSignature)
	if taken != `"new"` {
		t.Errorf("taken: %s", taken)
	}
}
