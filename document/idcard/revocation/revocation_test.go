package revocation_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/idcard/revocation"
	"github.com/tunnus-id/tunnus/document/virtual/card"
)

// serve starts a responder on the loopback, and a client that has it listed
// under a name that leads nowhere.
func serve(t *testing.T, h http.HandlerFunc) *revocation.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := revocation.New(map[string]string{"ocsp.example:80": strings.TrimPrefix(s.URL, "http://")})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnswer(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/ocsp-request" || !strings.EqualFold(r.Host, "ocsp.example") || r.URL.Path != "/v1" {
			t.Errorf("%s %s%s, %s", r.Method, r.Host, r.URL, r.Header)
		}
		w.Write(append([]byte("to "), b...))
	})
	got, err := c.Answer(t.Context(), "http://OCSP.example/v1", []byte("question"))
	if err != nil || string(got) != "to question" {
		t.Errorf("%q, %v", got, err)
	}
}

// What a responder may do to whoever asks it.
func TestBadResponders(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://ocsp.example/b", http.StatusFound)
		},
		"too much": func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, revocation.MaxResponse+1)) },
		"no end":   func(w http.ResponseWriter, _ *http.Request) { endless(w) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			w.Write([]byte("x"))
		},
		"a big head":  func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 64<<10)) },
		"hanging up":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no contents": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			c := serve(t, func(w http.ResponseWriter, r *http.Request) { asked++; h(w, r) })
			if b, err := c.Answer(t.Context(), "http://ocsp.example/", nil); err == nil {
				t.Errorf("%d bytes were taken", len(b))
			}
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

func endless(w io.Writer) {
	for b := make([]byte, 1<<16); ; {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

func TestTime(t *testing.T) {
	hang := make(chan struct{})
	c := serve(t, func(http.ResponseWriter, *http.Request) { <-hang })
	defer close(hang)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Answer(ctx, "http://ocsp.example/", nil); err == nil {
		t.Error("answered")
	}
	ctx, cancel = context.WithTimeout(t.Context(), 2*revocation.Timeout)
	defer cancel()
	began := time.Now()
	if _, err := c.Answer(ctx, "http://ocsp.example/", nil); err == nil || time.Since(began) > revocation.Timeout+time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

// Nobody's certificate makes the server ask its own network. The listener would
// notice: it stands on the loopback, where most of these lead.
func TestNoRequestIntoTheHouse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	touched := make(chan struct{}, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			touched <- struct{}{}
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c, err := revocation.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for why, list := range map[string][]string{
		"is not listed": {
			"http://127.0.0.1:" + port, "http://localhost:" + port, "http://[::1]:" + port, "http://[::ffff:127.0.0.1]:" + port,
			"http://0.0.0.0:" + port, "http://[::]:" + port, "https://127.0.0.1:" + port,
			"http://10.0.0.1", "http://172.16.0.1", "http://192.168.0.1", "http://169.254.169.254", "http://100.64.0.1", "http://[fe80::1]",
			"http://[fd00::1]", "http://[64:ff9b::7f00:1]", "http://[2002:7f00:1::]", "http://224.0.0.1", "http://255.255.255.255", "http://192.0.2.1",
			"http://8.8.8.8:22", "http://[2001:4860:4860::8888]:25",
		},
		"the address": {
			"ftp://8.8.8.8", "file:///etc/passwd", "http:8.8.8.8", "http://", "", "//8.8.8.8", "http://me:pw@8.8.8.8", "http://8.8.8.8#x", "http://\x00",
		},
	} {
		for _, address := range list {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			if _, err := c.Answer(ctx, address, nil); err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%s: %v; want a refusal", address, err)
			}
			cancel()
		}
	}
	if len(touched) > 0 {
		t.Errorf("%d connections were made", len(touched))
	}
}

// An environment that names a proxy does not lead around the guard.
func TestNoProxy(t *testing.T) {
	asked := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer s.Close()
	t.Setenv("HTTP_PROXY", s.URL)
	t.Setenv("http_proxy", s.URL)
	proxy := strings.TrimPrefix(s.URL, "http://")
	c, err := revocation.New(map[string]string{proxy: proxy}) // so that only the proxy itself is in question
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Answer(t.Context(), "http://192.0.2.1/", nil); err == nil || asked {
		t.Errorf("%v, the proxy was asked: %v", err, asked)
	}
}

func TestHostsThatCannotBe(t *testing.T) {
	for from, to := range map[string]string{"ocsp.example": "127.0.0.1:80", "ocsp.example:80": "127.0.0.1", "OCSP.example:80": "127.0.0.1:80", ":80": "127.0.0.1:80", "": ""} {
		if _, err := revocation.New(map[string]string{from: to}); err == nil {
			t.Errorf("%q to %q was taken", from, to)
		}
	}
}

// The whole way: a card, the validator, this client, and the issuer's responder.
func TestLoginOverHTTP(t *testing.T) {
	now := time.Now()
	issuer, err := card.NewIssuer(now, "http://ocsp.example/")
	if err != nil {
		t.Fatal(err)
	}
	status := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var q bytes.Buffer
		q.ReadFrom(r.Body)
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(issuer.Answer(q.Bytes(), time.Now()))
	})
	const origin = "https://portal.utopia.example"
	v, err := idcard.New(idcard.Config{Origin: origin, Issuers: []idcard.Issuer{{Certificate: issuer.CA(), Countries: []string{"XX"}}}, Status: status})
	if err != nil {
		t.Fatal(err)
	}
	person, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	c, err := issuer.Issue(card.Order{Code: person, Given: "ADA", Surname: "LOVE", PIN1: "1234"}, now)
	if err != nil {
		t.Fatal(err)
	}
	for mood, want := range map[card.Mood]tunnus.Code{card.Honest: "", card.SaysRevoked: tunnus.CodeCardRevoked, card.Huge: tunnus.CodeCardStatusDown} {
		issuer.SetMood(mood)
		nonce := idcard.NewNonce()
		a := c.Handle([]byte(`{"action":"web-eid:authenticate","libraryVersion":"2.1.0","challengeNonce":"`+nonce+`"}`), origin, c.Owner())
		if _, err := v.Verify(t.Context(), a, nonce, now); tunnus.CodeOf(err) != want {
			t.Errorf("%q: %v; want %q", mood, err, want)
		}
	}
}
