package portal

import (
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// All words are there, in all languages.
func TestWords(t *testing.T) {
	book, err := phrases.Open(Files())
	must(t, "Open", err)
	for _, f := range book.Faults() {
		t.Error(f)
	}
	var keys []string
	for _, s := range account.States() {
		keys = append(keys, "state."+string(s))
	}
	for _, k := range history.Kinds() {
		keys = append(keys, "history."+string(k))
	}
	for _, q := range card.Questions() {
		keys = append(keys, "question."+q.ID, "error."+q.ID)
		for _, a := range q.Answers {
			keys = append(keys, "question."+q.ID+"."+a)
		}
	}
	for _, k := range keys {
		if !book.Has(phrases.English, k) {
			t.Errorf("no words for %s", k)
		}
	}
}

// The pages speak the language that the browser asks for, and say so.
func TestLanguages(t *testing.T) {
	w := newWorld(t)
	for l, want := range map[string]string{"et": "Logige sisse ID-kaardiga", "da-DK, en;q=0.5": "Log ind med dit ID-kort", "ru": "Войдите с помощью ID-карты", "fi": "Log in with your ID-card"} {
		v := w.visit(w.ada)
		v.Language = l
		must(t, l, v.Get(t.Context(), "/portal/"))
		short, _, _ := strings.Cut(l, "-")
		if short == "fi" {
			short = "en"
		}
		if v.Heading() != want || !strings.Contains(v.Page().Body, `<html lang="`+short+`">`) {
			t.Errorf("%s: %q", l, v.Heading())
		}
	}
}
