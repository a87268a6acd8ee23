// Package notme serves the page behind the links of letters: it says what one tap
// would do, and does it.
//
// Programs that look at mail follow links, so a GET only shows a page with a button,
// and the button posts. The page needs no script, loads nothing, is kept by nobody
// and hands its address to nobody. Neither page nor address names a person: whoever
// has the link learns what kind of letter it was in, and no more.
package notme

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// Links is what pages ask for; a [life.Service] is one.
type Links interface {
	Look(ctx context.Context, token string) (life.Link, error)
	Tap(ctx context.Context, token string) (life.Link, error)
}

//go:embed active.*.json
var files embed.FS

// Files are the words of the pages, for the tests and tools that look at them.
func Files() fs.FS { return files }

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title></head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{if .Button}}<form method="post"><button type="submit">{{.Button}}</button></form>
{{end}}</main>
</body>
</html>
`))

// A view is what a page says.
type view struct{ Language, Title, Text, Button string }

// Handler serves GET and POST of [tell.Path] + "{token}", in the language that the
// browser asks for, of those that the scheme has.
func Handler(links Links, languages []phrases.Language, log *slog.Logger) (http.Handler, error) {
	book, err := phrases.Open(files)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for method, do := range map[string]func(context.Context, string) (life.Link, error){"GET": links.Look, "POST": links.Tap} {
		mux.Handle(method+" "+tell.Path+"{token}", problem.Handle(func(w http.ResponseWriter, r *http.Request) error {
			l, err := do(r.Context(), r.PathValue("token"))
			return show(w, phrases.Accept(r.Header.Values("Accept-Language"), languages), book, l, err)
		}, log))
	}
	mux.Handle("/", problem.Handle(problem.Absent, log))
	return mux, nil
}

func show(w http.ResponseWriter, in phrases.Language, book *phrases.Book, l life.Link, err error) error {
	key, button, status := string(l.Purpose), string(l.Purpose)+".button", http.StatusOK
	switch {
	case tunnus.CodeOf(err) == tunnus.CodeNotFound, tunnus.CodeOf(err) == tunnus.CodeStateConflict:
		key, button, status = "gone", "", http.StatusNotFound // no such link, or what it is for has gone its way
	case err != nil:
		return err
	case l.Used:
		key, button = key+".done", ""
	}
	if !book.Has(phrases.English, key) {
		return errors.New("notme: a link of no known purpose")
	}
	said := view{Language: string(in), Title: book.Say(in, key+".title", nil), Text: book.Say(in, key, nil)}
	if button != "" {
		said.Button = book.Say(in, button, nil)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	return page.Execute(w, said)
}
