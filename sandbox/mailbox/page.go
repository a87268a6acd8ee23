package mailbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
)

// style is the page's only style; the security policy names its hash.
const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 0 auto; padding: 1rem; }
article { border: 1px solid; border-radius: .5rem; padding: 0 1rem; margin: 1rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 1rem; }
`

var page = template.Must(template.New("inbox").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{{if not .Still}}<meta http-equiv="refresh" content="5">{{end}}
<title>Inbox ({{len .Mails}} mails, {{len .Texts}} text messages) – sandbox</title>
<style>{{.Style}}</style>
</head>
<body>
<header>
<h1>Inbox of the sandbox</h1>
<p>Every mail and text message of this sandbox lands here; none leaves it. Newest first, {{.Keep}} of each are kept.
{{if .Still}}The page stands still. <a href="?">Keep it up to date</a>.{{else}}It loads anew every 5 seconds. <a href="?still=1">Stop that</a>.{{end}}
<a href="mails.json">Mails as JSON</a>, <a href="texts.json">text messages as JSON</a>.</p>
</header>
<main>
{{range .Texts}}<article aria-labelledby="text-{{.ID}}">
<h2 id="text-{{.ID}}">Text message {{.ID}}</h2>
<dl>
<dt>To</dt><dd>{{.To}}</dd>
<dt>From</dt><dd>{{.From}}</dd>
<dt>At</dt><dd><time datetime="{{.At.Format "2006-01-02T15:04:05Z07:00"}}">{{.At.Format "2 January 2006 15:04:05 MST"}}</time></dd>
</dl>
<pre>{{.Text}}</pre>
</article>
{{end}}
{{range .Mails}}<article aria-labelledby="mail-{{.ID}}">
<h2 id="mail-{{.ID}}">{{if .Subject}}{{.Subject}}{{else}}(no subject){{end}}</h2>
<dl>
<dt>To</dt><dd>{{range $i, $a := .To}}{{if $i}}, {{end}}{{$a}}{{end}}</dd>
<dt>From</dt><dd>{{.From}}</dd>
<dt>At</dt><dd><time datetime="{{.At.Format "2006-01-02T15:04:05Z07:00"}}">{{.At.Format "2 January 2006 15:04:05 MST"}}</time></dd>
</dl>
<pre>{{.Text}}</pre>
</article>
{{else}}<p>No mail yet.</p>
{{end}}</main>
</body>
</html>
`))

// Handler serves the inbox page at / and the mails as JSON at /mails.json:
// {"mails": [{"id", "at", "from", "to": [], "subject", "text"}]}, newest first; text
// messages alike at /texts.json. POST /sms takes one, as [SMSBody] describes it.
// Under a prefix, use it with [http.StripPrefix].
func (b *Box) Handler() http.Handler {
	sum := sha256.Sum256([]byte(style))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		var out bytes.Buffer
		err := page.Execute(&out, struct {
			Mails []Mail
			Texts []Text
			Keep  int
			Still bool
			Style template.CSS
		}{b.Mails(), b.Texts(), b.keep, r.URL.Query().Has("still"), style})
		if err != nil {
			http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = out.WriteTo(w)
	})
	mux.HandleFunc("GET /mails.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string][]Mail{"mails": b.Mails()})
	})
	mux.HandleFunc("GET /texts.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string][]Text{"texts": b.Texts()})
	})
	mux.HandleFunc("POST /sms", b.take)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}
