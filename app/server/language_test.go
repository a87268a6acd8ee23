package server

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// A kept refusal is said again in the language in which the repeat asks, with all
// that it carried: an app may have changed its language in between.
func TestRepeatedRefusalSpeaksTheLanguageOfTheRepeat(t *testing.T) {
	book, err := phrases.Codes()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	b := newBench(t, func(context.Context, caller) (any, error) {
		n++
		return nil, tunnus.Fail(tunnus.CodeAppOld, errors.New("cause")).WithNote("version", "1.2").WithLeft(2)
	})
	b.handler = problem.Speak(b.handler, problem.Speech{Book: book, Languages: phrases.Languages()})
	for l, want := range map[phrases.Language]string{
		phrases.Danish:   "Denne version af appen er for gammel. Opdatér den venligst. Version 1.2 eller nyere er nødvendig.",
		phrases.Estonian: "See rakenduse versioon on liiga vana. Palun uuendage rakendust. Vaja on versiooni 1.2 või uuemat.",
		phrases.English:  "This version of the app is too old. Please update it. Version 1.2 or newer is needed.",
	} {
		h := b.header(b.request(1, "{}"))
		h.Set("Accept-Language", string(l))
		var p wire.Problem
		if err := json.Unmarshal(b.post(stepPath, h, "{}").Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if p.Code != tunnus.CodeAppOld || p.Detail != want || p.Left == nil || *p.Left != 2 || p.Instance == "" || !strings.Contains(b.log.String(), p.Instance) {
			t.Errorf("%s: %+v", l, p)
		}
	}
	if n != 1 {
		t.Errorf("taken %d times", n)
	}
}

// What is kept of a refusal is no text: it would be of the wrong language, and
// nobody could search it for what must not stand there.
func TestNoWordsAreKept(t *testing.T) {
	b := newBench(t, func(context.Context, caller) (any, error) {
		e := tunnus.Fail(tunnus.CodeDocExpired, errors.New("cause"))
		e.Public = "Some words."
		return nil, e
	})
	b.call(1, "{}")
	for _, kept := range b.mem.replies[b.session] {
		if string(kept.Body) != `{"code":"doc-expired"}` {
			t.Errorf("kept %s", kept.Body)
		}
	}
	if len(b.mem.replies[b.session]) != 1 {
		t.Errorf("%d replies are kept", len(b.mem.replies[b.session]))
	}
}
