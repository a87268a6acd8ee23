package problem

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// serve lets h answer one request whose path and body name a person, and
// returns the answer and the log.
func serve(t *testing.T, make func(Handler, *slog.Logger) http.Handler, h Handler) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	mux := http.NewServeMux()
	mux.Handle("POST /people/{code}", make(h, slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/people/199002140017?q=199002140017", strings.NewReader("199002140017")))
	if strings.Contains(log.String(), "199002140017") {
		t.Errorf("the log names the person: %s", log.String())
	}
	return w, log.String()
}

func document(t *testing.T, w *httptest.ResponseRecorder) Document {
	t.Helper()
	var d Document
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return d
}

func TestKnownFailure(t *testing.T) {
	until := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	w, log := serve(t, Handle, func(http.ResponseWriter, *http.Request) error {
		e := tunnus.Fail(tunnus.CodePINLock1, errors.New("the cause")).WithLeft(2).WithUntil(until).WithField("pin")
		return fmt.Errorf("wrapped: %w", e)
	})
	d := document(t, w)
	if w.Code != 423 || d.Status != 423 || d.Type != "about:blank" || d.Title != "Locked" || d.Code != tunnus.CodePINLock1 ||
		d.Detail != tunnus.CodePINLock1.Sentence() || *d.Left != 2 || !d.Until.Equal(until) || d.Field != "pin" || d.Errors != nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %s", got)
	}
	if got := w.Header().Get("Retry-After"); got != "Mon, 04 May 2026 12:00:00 GMT" {
		t.Errorf("Retry-After %s", got)
	}
	if strings.Contains(w.Body.String(), "cause") || !strings.Contains(log, "the cause") {
		t.Errorf("the cause belongs into the log only:\n%s\n%s", w.Body, log)
	}
	if !strings.Contains(log, "POST /people/{code}") || !strings.Contains(log, d.Instance) {
		t.Errorf("route or reference is not in the log: %s", log)
	}
}

func TestUnknownFailureIsInternal(t *testing.T) {
	tests := map[string]Handler{
		"error": func(http.ResponseWriter, *http.Request) error { return errors.New("disk of db7 is full") },
		"panic": func(http.ResponseWriter, *http.Request) error { panic("disk of db7 is full") },
		"nil pointer": func(http.ResponseWriter, *http.Request) error {
			var d *Document
			return errors.New(d.Detail)
		},
	}
	for name, h := range tests {
		t.Run(name, func(t *testing.T) {
			w, log := serve(t, Handle, h)
			d := document(t, w)
			if w.Code != 500 || d.Code != tunnus.CodeInternal || strings.Contains(w.Body.String(), "db7") {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if !regexp.MustCompile(`^[0-9A-Z]{5}-[0-9A-Z]{5}$`).MatchString(d.Instance) || !strings.Contains(log, d.Instance) || !strings.Contains(log, `"ERROR"`) {
				t.Errorf("reference %q, log %s", d.Instance, log)
			}
		})
	}
}

// What a panic says may hold a person's data: its type and place are enough.
func TestPanicIsLoggedWithoutItsValue(t *testing.T) {
	_, log := serve(t, Handle, func(http.ResponseWriter, *http.Request) error { panic("199002140017") })
	if !strings.Contains(log, "panic of type string") || !strings.Contains(log, "problem_test.go") {
		t.Errorf("log: %s", log)
	}
}

func TestAbortedConnectionIsNoFailure(t *testing.T) {
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("recovered %v", p)
		}
	}()
	serve(t, Handle, func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) })
}

func TestFailureAfterTheAnswerBegan(t *testing.T) {
	w, log := serve(t, Handle, func(w http.ResponseWriter, _ *http.Request) error {
		return errors.Join(Reply(w, http.StatusOK, map[string]int{"n": 1}), errors.New("too late"))
	})
	if w.Code != 200 || w.Body.String() != `{"n":1}` || !strings.Contains(log, "too late") {
		t.Errorf("%d %s; log %s", w.Code, w.Body, log)
	}
}

func TestStyleOfTheRPAPI(t *testing.T) {
	w, _ := serve(t, HandleRP, func(http.ResponseWriter, *http.Request) error {
		return tunnus.BadRequest("a/b", errors.New("x"))
	})
	d := document(t, w)
	if w.Header().Get("Content-Type") != "application/json" || w.Code != 400 || len(d.Errors) != 1 || d.Errors[0].Pointer != "/a/b" || d.Next != nil || d.Ways != nil {
		t.Errorf("%s %s", w.Header().Get("Content-Type"), w.Body)
	}
}

// Every code is a failure to HTTP: none is answered as if it were none.
func TestEveryCodeHasAStatus(t *testing.T) {
	for _, c := range tunnus.Codes() {
		if s := Status(c); s < 400 || http.StatusText(s) == "" {
			t.Errorf("%s is answered %d", c, s)
		}
	}
}

func TestReferencesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		r := Reference()
		if seen[r] {
			t.Fatalf("%s twice", r)
		}
		seen[r] = true
	}
}

// What belongs to a registration is told under that one's reference, in the log too,
// also if the handler panics; what belongs to none gets a number of its own.
func TestReferredFailure(t *testing.T) {
	for name, tt := range map[string]struct{ found, want string }{
		"known": {"7K3Q-ZM2X-WA0B", "^7K3Q-ZM2X-WA0B$"}, "none": {"", "^[0-9A-Z]{5}-[0-9A-Z]{5}$"},
	} {
		for how, fail := range map[string]func() error{"error": func() error { return errors.New("x") }, "panic": func() error { panic("x") }} {
			w, log := serve(t, Handle, func(_ http.ResponseWriter, r *http.Request) error {
				Refer(r.Context(), func() string { return tt.found })
				return fail()
			})
			if d := document(t, w); !regexp.MustCompile(tt.want).MatchString(d.Instance) || !strings.Contains(log, d.Instance) {
				t.Errorf("%s, %s: reference %q, log %s", name, how, d.Instance, log)
			}
		}
	}
	asked := false
	if w, _ := serve(t, Handle, func(w http.ResponseWriter, r *http.Request) error {
		Refer(r.Context(), func() string { asked = true; return "" })
		return Reply(w, http.StatusOK, 1)
	}); w.Code != http.StatusOK || asked {
		t.Errorf("asked for a reference of an answer: %d", w.Code)
	}
}
