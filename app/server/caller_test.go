package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
)

func TestStepKnowsItsDevice(t *testing.T) {
	var got caller
	b := newBench(t, func(_ context.Context, c caller) (any, error) { got = c; return wire.None{}, nil })
	wantCode(t, b.call(1, `{"a":1}`), "")
	if got.device != device.Thumbprint(b.spki) || got.session.ID != b.session || string(got.signed.Request.Body) != `{"a":1}` {
		t.Errorf("caller = %q, %q, %s", got.device, got.session.ID, got.signed.Request.Body)
	}
}

// A request whose answer was lost gets the same answer, and nothing is done twice.
func TestRepeatedRequestHasOneEffect(t *testing.T) {
	n := 0
	b := newBench(t, counting(&n))
	first, again := b.call(1, "{}"), b.call(1, "{}")
	if n != 1 || first.Body.String() != again.Body.String() || first.Code != again.Code {
		t.Errorf("taken %d times; %s, then %s", n, first.Body, again.Body)
	}
}

// The repeat may come while the first is still on its way through the house.
func TestRepeatWhileTheFirstIsServed(t *testing.T) {
	n, entered, leave := 0, make(chan struct{}, 3), make(chan struct{})
	b := newBench(t, func(context.Context, caller) (any, error) {
		n++
		entered <- struct{}{}
		<-leave
		return map[string]int{"n": n}, nil
	})
	h := b.header(b.request(1, "{}"))
	var all sync.WaitGroup
	answers := make([]*httptest.ResponseRecorder, 3)
	for i := range answers {
		all.Go(func() { answers[i] = b.post(stepPath, h, "{}") })
	}
	<-entered
	time.Sleep(20 * time.Millisecond) // the others arrive
	close(leave)
	all.Wait()
	for _, w := range answers {
		if w.Code != http.StatusOK || w.Body.String() != `{"n":1}` {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if n != 1 {
		t.Errorf("taken %d times", n)
	}
}

// A refusal is said again as it was said, to the letter but for its reference.
func TestRepeatedRefusalIsTheSame(t *testing.T) {
	n := 0
	b := newBench(t, func(context.Context, caller) (any, error) {
		n++
		e := tunnus.BadRequest("pin", errors.New("cause")).WithLeft(n).WithUntil(time.Unix(1_900_000_000, 0))
		return nil, e.WithNote("version", "9")
	})
	var said [2]map[string]any
	for i := range said {
		w := b.call(1, "{}")
		if err := json.Unmarshal(w.Body.Bytes(), &said[i]); err != nil {
			t.Fatal(err)
		}
		delete(said[i], "instance")
	}
	one, _ := json.Marshal(said[0])
	two, _ := json.Marshal(said[1])
	if n != 1 || string(one) != string(two) || !strings.Contains(string(one), "Version 9") {
		t.Errorf("taken %d times; %s, then %s", n, one, two)
	}
}

// A fault of ours is not the answer: the same request may be tried again.
func TestFaultOfOursIsNotKept(t *testing.T) {
	n := 0
	b := newBench(t, func(context.Context, caller) (any, error) {
		if n++; n == 1 {
			return nil, errors.New("the disk is full")
		}
		return wire.None{}, nil
	})
	wantCode(t, b.call(1, "{}"), tunnus.CodeInternal)
	wantCode(t, b.call(1, "{}"), "")
}

func TestSameCounterWithAnotherBody(t *testing.T) {
	n := 0
	b := newBench(t, counting(&n))
	wantCode(t, b.call(1, `{"a":1}`), "")
	wantCode(t, b.call(1, `{"a":2}`), tunnus.CodeBadSignature)
	if n != 1 {
		t.Errorf("taken %d times", n)
	}
}

func TestCounterMustRise(t *testing.T) {
	n := 0
	b := newBench(t, counting(&n))
	wantCode(t, b.call(5, "{}"), "")
	for _, counter := range []uint64{0, 1, 4} {
		wantCode(t, b.call(counter, "{}"), tunnus.CodeBadSignature)
	}
	wantCode(t, b.call(9, "{}"), "")
	if n != 2 {
		t.Errorf("taken %d times; want 2", n)
	}
}

// What the device did not sign just so, for here and now, does nothing.
func TestWrongSignatures(t *testing.T) {
	change := func(f func(*device.Request)) func(*bench) http.Header {
		return func(b *bench) http.Header {
			r := b.request(1, "{}")
			h := b.header(r)
			f(&r)
			h.Set(wire.HeaderSignature, b.header(r).Get(wire.HeaderSignature)) // over something else
			return h
		}
	}
	set := func(name, value string) func(*bench) http.Header {
		return func(b *bench) http.Header {
			h := b.header(b.request(1, "{}"))
			h.Set(name, value)
			return h
		}
	}
	for name, header := range map[string]func(*bench) http.Header{
		"none":             func(*bench) http.Header { return http.Header{} },
		"empty":            set(wire.HeaderSignature, ""),
		"noise":            set(wire.HeaderSignature, base64.RawURLEncoding.EncodeToString(make([]byte, 71))),
		"too long":         set(wire.HeaderSignature, strings.Repeat("A", 4000)),
		"counter a word":   set(wire.HeaderCounter, "one"),
		"negative counter": set(wire.HeaderCounter, "-1"),
		"huge counter":     set(wire.HeaderCounter, "9223372036854775808"),
		"other counter":    set(wire.HeaderCounter, "2"),
		"no session":       set(wire.HeaderSession, ""),
		"unknown session":  set(wire.HeaderSession, "AAAA"),
		"other method":     change(func(r *device.Request) { r.Method = "GET" }),
		"other path":       change(func(r *device.Request) { r.Path = wire.PathKeys }),
		"other body":       change(func(r *device.Request) { r.Body = []byte(`{"a":1}`) }),
		"other nonce":      change(func(r *device.Request) { r.Nonce = "AAAA" }),
		"signed session":   change(func(r *device.Request) { r.Session = "AAAA" }),
		"signed counter":   change(func(r *device.Request) { r.Counter = 7 }),
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			b := newBench(t, counting(&n))
			wantCode(t, b.post(stepPath, header(b), "{}"), tunnus.CodeBadSignature)
			if n != 0 {
				t.Error("the step was taken")
			}
		})
	}
}

// A device cannot speak in the session of another.
func TestSessionOfAnotherDevice(t *testing.T) {
	n := 0
	b := newBench(t, counting(&n))
	theirs, nonce := b.session, b.nonce
	b.key, b.spki = newDevice(t)
	b.start()
	r := b.request(1, "{}")
	r.Session, r.Nonce = theirs, nonce
	wantCode(t, b.post(stepPath, b.header(r), "{}"), tunnus.CodeBadSignature)
	if n != 0 {
		t.Error("the step was taken")
	}
}

func TestSessionEnds(t *testing.T) {
	n := 0
	b := newBench(t, counting(&n))
	b.now = b.now.Add(sessionLife)
	wantCode(t, b.call(1, "{}"), "")
	b.now = b.now.Add(time.Second)
	wantCode(t, b.call(2, "{}"), tunnus.CodeBadSignature)
	if n != 1 {
		t.Errorf("taken %d times", n)
	}
}

// That our store does not answer is no fault of the device's: told so, its app
// keeps what is under way and tries again.
func TestStoreDownIsOurFault(t *testing.T) {
	n := 0
	b := newBench(t, counting(&n))
	b.mem.down = errors.New("no disk")
	wantCode(t, b.call(1, "{}"), tunnus.CodeInternal)
	b.mem.down = nil
	wantCode(t, b.call(1, "{}"), "")
}

func TestTooLargeBody(t *testing.T) {
	n := 0
	b := newBench(t, counting(&n))
	wantCode(t, b.call(1, strings.Repeat(" ", 1<<10+1)), tunnus.CodeTooLarge)
	if n != 0 {
		t.Error("the step was taken")
	}
}

func TestStartRefuses(t *testing.T) {
	b := newBench(t, nil)
	key := base64.StdEncoding.EncodeToString(b.spki)
	for name, tt := range map[string]struct {
		body string
		want tunnus.Code
	}{
		"not JSON":      {`device`, tunnus.CodeNotJSON},
		"unknown field": {`{"device_key":"` + key + `","root":true}`, tunnus.CodeUnknownField},
		"no key":        {`{}`, tunnus.CodeBadSignature},
		"no such key":   {`{"device_key":"AAAA"}`, tunnus.CodeBadSignature},
		"long claim":    {`{"device_key":"` + key + `","model":"` + strings.Repeat("x", maxClaim+1) + `"}`, tunnus.CodeBadRequest},
		"too large":     {`{"model":"` + strings.Repeat("x", maxSmall) + `"}`, tunnus.CodeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			wantCode(t, b.post(wire.PathSessions, http.Header{}, tt.body), tt.want)
		})
	}
}

// Two sessions of one device never have one nonce.
func TestNoncesDiffer(t *testing.T) {
	b := newBench(t, nil)
	first := b.nonce
	b.start()
	if b.nonce == first || len(first) != 43 {
		t.Errorf("nonces %q and %q", first, b.nonce)
	}
}

// The log holds no body, no signature and no key.
func TestLogHoldsNoBody(t *testing.T) {
	n := 0
	b := newBench(t, counting(&n))
	wantCode(t, b.call(3, `{"code":"123456"}`), "")
	wantCode(t, b.call(2, `{"code":"123456"}`), tunnus.CodeBadSignature)
	if got := b.log.String(); got == "" || strings.Contains(got, "123456") || strings.Contains(got, b.nonce) {
		t.Errorf("log: %q", got)
	}
}
