package problem

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// A Speech is how a process tells its failures.
type Speech struct {
	Book      *phrases.Book      // [phrases.Codes]
	Languages []phrases.Language // of the scheme
	Ways      []phrases.Way      // of registering, that are open here
}

// A tongue is the speech of one request; the zero one is English without a book.
type tongue struct {
	phrases.Speaker

	ways []phrases.Way
}

// spoken is the key of a request's tongue in its context.
type spoken struct{}

// Speak lets the failures of a handler be told in the language that each request
// asks for. It goes around the whole of what a process serves; without it, they
// are told in English.
func Speak(next http.Handler, by Speech) http.Handler {
	languages, ways := slices.Clone(by.Languages), slices.Clone(by.Ways)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := tongue{by.Book.In(phrases.Accept(r.Header.Values("Accept-Language"), languages)), ways}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), spoken{}, t)))
	})
}

// Speaker returns the one that [Speak] has found for a request, for pages that
// tell a failure themselves; the zero one if there is none.
func Speaker(ctx context.Context) phrases.Speaker { return tongueOf(ctx).Speaker }

func tongueOf(ctx context.Context) tongue {
	t, _ := ctx.Value(spoken{}).(tongue)
	return t
}

// A Next is what to do now: a word for machines, and a sentence.
type Next struct {
	Do  phrases.Step `json:"do"`
	Say string       `json:"say,omitempty"` // left out by who speaks English only
}

// Tell returns what those outside may know of a failure, in the language that was
// found for their request: all members of a [Document] but those of HTTP. Failures
// that must look alike do (security.md L8): the same code, words and members, and
// never how many tries are left.
func Tell(ctx context.Context, err error, ref string) Document {
	t, inner := tongueOf(ctx), tunnus.CodeOf(err)
	code := phrases.Told(inner)
	d := Document{Code: code, Detail: t.Sentence(code), Instance: ref, Ways: t.open(phrases.Ways(code))}
	if do := phrases.Next(code); do != "" {
		d.Next = &Next{do, t.Next(code)}
	}
	e, ok := errors.AsType[*tunnus.Error](err)
	if !ok {
		return d
	}
	d.Until = e.Until
	if phrases.Alert(code) {
		return d
	}
	d.Left, d.Field = e.Left, phrases.Clean(e.Field)
	if code == inner {
		d.Detail, d.Hint = t.Detail(e), phrases.Hint(e.Note)
	}
	return d
}

// open leaves of the ways that could help those that are.
func (t tongue) open(ways []phrases.Way) []phrases.Way {
	return slices.DeleteFunc(ways, func(w phrases.Way) bool {
		return slices.Contains(phrases.Registering(), w) && !slices.Contains(t.ways, w)
	})
}
