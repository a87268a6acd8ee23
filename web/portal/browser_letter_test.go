package portal

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/notme"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// A letter is one link, which freezes an account once.
type letter struct{ used bool }

func (l *letter) Look(_ context.Context, token string) (life.Link, error) {
	if token != "good" {
		return life.Link{}, tunnus.NotFound(errors.New("none"))
	}
	return life.Link{Purpose: tell.FreezeAccount, Used: l.used}, nil
}

func (l *letter) Tap(ctx context.Context, token string) (life.Link, error) {
	l.used = true
	return l.Look(ctx, token)
}

// The page behind the link of a letter, where somebody says that it was not he: with a
// keyboard, without a script, and in each of its states.
func TestLetterPageByKeyboard(t *testing.T) {
	s := newTab(t)
	h, err := notme.Handler(&letter{}, phrases.Languages(), slog.New(slog.DiscardHandler))
	must(t, "notme", err)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	look := func(name string) {
		t.Helper()
		s.shoot(name)
		s.accessible(name)
	}
	must(t, "open", chromedp.Do(s.ctx, chromedp.Navigate(server.URL+tell.Path+"good")))
	look("asks")
	s.enter("Stop this account")
	must(t, "stopped", chromedp.Do(s.ctx, chromedp.WaitNotPresent("button")))
	look("done")
	must(t, "open", chromedp.Do(s.ctx, chromedp.Navigate(server.URL+tell.Path+"bad")))
	look("gone")
}
