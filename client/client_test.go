package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// serve lets a client talk to h.
func serve(t *testing.T, w *world, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	cfg := w.config()
	cfg.BaseURL = s.URL + "/v3/"
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func anAsk(t *testing.T) Ask {
	t.Helper()
	return Ask{Subject: Subject{Person: ada(t)}, Interactions: []acsp.Interaction{{Type: acsp.DisplayTextAndPIN, Text: "Log in"}}}
}

func TestAuthenticate(t *testing.T) {
	w := newWorld(t)
	var challenge, shown string
	polls := 0
	c := serve(t, w, func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/v3/authentication/notification/etsi/"+adaID:
			var q map[string]any
			if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
				t.Error(err)
			}
			challenge = q["signatureProtocolParameters"].(map[string]any)["rpChallenge"].(string)
			fmt.Fprint(rw, `{"sessionID":"s-1","new":"field"}`)
		case r.URL.Path == "/v3/session/s-1" && r.URL.Query().Get("timeoutMs") == "30000":
			if polls++; polls < 3 {
				fmt.Fprint(rw, `{"state":"RUNNING"}`)
				return
			}
			fmt.Fprint(rw, `{"state":"COMPLETE","result":{"endResult":"USER_REFUSED_INTERACTION","details":{"interaction":"displayTextAndPIN"}}}`)
		default:
			t.Errorf("%s %s", r.Method, r.URL)
		}
	})
	_, err := c.Authenticate(t.Context(), anAsk(t), func(code string) {
		if challenge != "" {
			t.Error("the code is shown after the request was sent")
		}
		shown = code
	})
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok || refusal.Reason != NotOK || refusal.End != "USER_REFUSED_INTERACTION" || refusal.Screen != "displayTextAndPIN" || polls != 3 {
		t.Errorf("%v after %d polls", err, polls)
	}
	if want, err := acsp.VerificationCode(challenge); err != nil || shown != want {
		t.Errorf("shown %q, want %q (%v)", shown, want, err)
	}
}

func TestServerSaysNo(t *testing.T) {
	w := newWorld(t)
	c := serve(t, w, func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusNotFound)
		fmt.Fprint(rw, `{"code":"acc-none","detail":"PNOXX-199002140017 is unknown"}`)
	})
	_, err := c.Authenticate(t.Context(), anAsk(t), func(string) {})
	told, ok := errors.AsType[*HTTPError](err)
	if !ok || told.Status != 404 || told.Code != tunnus.CodeAccNone || strings.Contains(err.Error(), "1990") {
		t.Errorf("Authenticate: %v", err)
	}
	if want := "client: the server answered 404: There is no account that could answer. Please register, or contact us. [acc-none]"; err.Error() != want {
		t.Errorf("told %q; want %q", err, want)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	w := newWorld(t)
	var elsewhere atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Store(true) }))
	defer other.Close()
	c := serve(t, w, func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, other.URL, http.StatusTemporaryRedirect)
	})
	_, err := c.Authenticate(t.Context(), anAsk(t), func(string) {})
	if told, ok := errors.AsType[*HTTPError](err); !ok || told.Status != 307 || elsewhere.Load() {
		t.Errorf("%v; followed: %v", err, elsewhere.Load())
	}
}

func TestEndlessAnswerIsCutOff(t *testing.T) {
	w := newWorld(t)
	c := serve(t, w, func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(rw, io.LimitReader(endless{}, 8<<20))
	})
	_, err := c.Authenticate(t.Context(), anAsk(t), func(string) {})
	if err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("Authenticate: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A connection that breaks in the middle of a poll does not end the log-in.
func TestWaitSurvivesABrokenConnection(t *testing.T) {
	w := newWorld(t)
	polls := 0
	c := serve(t, w, func(rw http.ResponseWriter, r *http.Request) {
		if polls++; polls == 1 {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(rw, `{"state":"COMPLETE","result":{"endResult":"TIMEOUT"}}`)
	})
	st, err := c.Wait(t.Context(), Pending{Session: "s-1"})
	if err != nil || st.Result.End != "TIMEOUT" {
		t.Errorf("Wait = %+v, %v", st, err)
	}
}

func TestErrorsNameNobody(t *testing.T) {
	w := newWorld(t) // its base URL leads nowhere
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.client.Authenticate(ctx, anAsk(t), func(string) {})
	if err == nil || strings.Contains(err.Error(), "1990") {
		t.Errorf("Authenticate: %v", err)
	}
}

func TestNewSaysAllThatIsWrong(t *testing.T) {
	_, err := New(Config{BaseURL: "http://id.example.com", Policies: map[tunnus.Level][]string{"HIGH": {"x"}}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"https expected", "TLS roots", "UUID", "name", "scheme", "roots and issuing", "usage", "level", `"HIGH"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	for _, url := range []string{"http://127.evil.example.org", "http://127.0.0.1.example.org", "ftp://127.0.0.1"} {
		if _, err := New(Config{BaseURL: url}); err == nil || !strings.Contains(err.Error(), "https expected") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestPrepareRefuses(t *testing.T) {
	w := newWorld(t)
	screens := anAsk(t).Interactions
	for name, a := range map[string]Ask{
		"nobody":             {Interactions: screens},
		"two subjects":       {Subject: Subject{ada(t), adaNumber}, Interactions: screens},
		"nothing to show":    {Subject: Subject{Person: ada(t)}},
		"level below":        {Subject: Subject{Person: ada(t)}, Interactions: screens, Level: tunnus.Advanced},
		"unknown hash":       {Subject: Subject{Person: ada(t)}, Interactions: screens, Hash: "SHA-1"},
		"text of 61":         {Subject: Subject{Person: ada(t)}, Interactions: []acsp.Interaction{{Type: acsp.DisplayTextAndPIN, Text: strings.Repeat("x", 61)}}},
		"the same one twice": {Subject: Subject{Person: ada(t)}, Interactions: append(screens[:1:1], screens...)},
	} {
		if _, err := w.client.Prepare(a); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
