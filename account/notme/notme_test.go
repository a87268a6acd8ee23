package notme

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// links are one link with the token "good".
type links struct {
	purpose      tell.Purpose
	looks, taps  int
	fail, broken error
}

func (l *links) answer(token string) (life.Link, error) {
	switch {
	case l.broken != nil:
		return life.Link{}, l.broken
	case token != "good":
		return life.Link{}, tunnus.NotFound(errors.New("none"))
	case l.fail != nil:
		return life.Link{}, l.fail
	}
	return life.Link{Purpose: l.purpose, Used: l.taps > 0}, nil
}

func (l *links) Look(_ context.Context, token string) (life.Link, error) {
	l.looks++
	return l.answer(token)
}

func (l *links) Tap(_ context.Context, token string) (life.Link, error) {
	l.taps++
	return l.answer(token)
}

func call(t *testing.T, l *links, method, path, language string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := Handler(l, phrases.Languages(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Language", language)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// A program that looks at mail, and follows its links, freezes nothing.
func TestGetOnlyShows(t *testing.T) {
	for purpose, button := range map[tell.Purpose]string{tell.FreezeAccount: "Stop this account", tell.StopContact: "Stop this change"} {
		l := &links{purpose: purpose}
		for _, method := range []string{"GET", "HEAD"} {
			w := call(t, l, method, "/notme/good", "")
			if w.Code != http.StatusOK || l.taps != 0 {
				t.Errorf("%s: %d, %d taps", method, w.Code, l.taps)
			}
			if body := w.Body.String(); method == "GET" && (!strings.Contains(body, button) || !strings.Contains(body, `<form method="post">`)) {
				t.Error(body)
			}
		}
		w := call(t, l, "POST", "/notme/good", "")
		if w.Code != http.StatusOK || l.taps != 1 || strings.Contains(w.Body.String(), "<form") {
			t.Errorf("%d, %d taps: %s", w.Code, l.taps, w.Body)
		}
	}
}

func TestPagesGiveNothingAway(t *testing.T) {
	w := call(t, &links{purpose: tell.FreezeAccount}, "GET", "/notme/good", "et")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy":         "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	body := w.Body.String()
	if strings.Contains(body, "<script") || strings.Contains(body, "good") || strings.Contains(body, "style") || !strings.Contains(body, `lang="et"`) {
		t.Error(body)
	}
}

// Links that are none, that are over, and whose account has gone its way look alike.
func TestDeadLinksLookAlike(t *testing.T) {
	dead := &links{purpose: tell.FreezeAccount, fail: tunnus.Conflict(errors.New("ended"))}
	a, b := call(t, dead, "POST", "/notme/good", "en"), call(t, dead, "POST", "/notme/other", "en")
	if a.Code != http.StatusNotFound || b.Code != a.Code || a.Body.String() != b.Body.String() {
		t.Errorf("%d %s; %d %s", a.Code, a.Body, b.Code, b.Body)
	}
	if w := call(t, &links{broken: errors.New("disk")}, "POST", "/notme/good", "en"); w.Code != http.StatusInternalServerError {
		t.Errorf("our own fault: %d", w.Code)
	}
	if w := call(t, dead, "PUT", "/notme/good", "en"); w.Code == http.StatusOK {
		t.Errorf("PUT: %d", w.Code)
	}
}

func TestWordsAreComplete(t *testing.T) {
	book, err := phrases.Open(Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range book.Faults() {
		t.Error(fault)
	}
}
