package problem

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// A Document is what a failed request is answered with (RFC 9457 §3.1); the
// members below Instance are ours.
type Document struct {
	Type     string        `json:"type"`     // always "about:blank"
	Title    string        `json:"title"`    // the words of the status
	Status   int           `json:"status"`   // the HTTP status
	Detail   string        `json:"detail"`   // what may be shown to a person, the next step included
	Instance string        `json:"instance"` // reference number, see [Reference] and [Refer]
	Code     tunnus.Code   `json:"code"`
	Left     *int          `json:"left,omitempty"`  // tries that are left
	Until    *time.Time    `json:"until,omitempty"` // when a lock ends
	Field    string        `json:"field,omitempty"` // which field of the request is meant
	Hint     string        `json:"hint,omitempty"`  // what would make a capture better, [phrases.Hint]
	Next     *Next         `json:"next,omitempty"`  // what to do now
	Ways     []phrases.Way `json:"ways,omitempty"`  // other ways that are open
	Errors   []Item        `json:"errors,omitempty"`
}

// An Item says the same in the words of the RP API, in answers of that style.
type Item struct {
	Code    tunnus.Code `json:"code"`
	Detail  string      `json:"detail"`
	Pointer string      `json:"pointer,omitempty"` // JSON pointer into the request
}

// statuses says which HTTP status a code is answered with; a code that is not
// listed is a request that was understood and refused: 422.
var statuses = map[tunnus.Code]int{
	tunnus.CodeInternal:            http.StatusInternalServerError,
	tunnus.CodeStateConflict:       http.StatusConflict,
	tunnus.CodeNotFound:            http.StatusNotFound,
	tunnus.CodeBadRequest:          http.StatusBadRequest,
	tunnus.CodeNotJSON:             http.StatusBadRequest,
	tunnus.CodeTooLarge:            http.StatusRequestEntityTooLarge,
	tunnus.CodeUnknownField:        http.StatusBadRequest,
	tunnus.CodeBadSignature:        http.StatusUnauthorized,
	tunnus.CodeRateLimited:         http.StatusTooManyRequests,
	tunnus.CodeUnknownRelyingParty: http.StatusUnauthorized,
	tunnus.CodeForbidden:           http.StatusForbidden,
	tunnus.CodeAccNone:             http.StatusNotFound,
	tunnus.CodeStaffNoRight:        http.StatusForbidden,
	tunnus.CodeStaffOneself:        http.StatusForbidden,
	tunnus.CodeStaffFourEyes:       http.StatusForbidden,
	tunnus.CodeSlotFull:            http.StatusConflict,
	tunnus.CodeSesTimeout:          http.StatusGone,
	tunnus.CodeOTPResends:          http.StatusTooManyRequests,
	tunnus.CodeDocLockTemp:         http.StatusLocked,
	tunnus.CodeDocLockPerm:         http.StatusLocked,
	tunnus.CodePINLock1:            http.StatusLocked,
	tunnus.CodePINLock2:            http.StatusLocked,
	tunnus.CodePINLockPerm:         http.StatusLocked,
	tunnus.CodeRegiDown:            http.StatusServiceUnavailable,
	tunnus.CodeServiceDown:         http.StatusServiceUnavailable,
}

// Status returns the HTTP status that a code is answered with.
func Status(c tunnus.Code) int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return http.StatusUnprocessableEntity
}

// A Handler answers a request, or says why not. It returns an error before it
// has written anything; what fails later can only be logged.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle makes an [http.Handler] of h for our own interfaces: failures are
// application/problem+json.
func Handle(h Handler, log *slog.Logger) http.Handler {
	return adapter{h, log, "application/problem+json", false}
}

// HandleRP makes an [http.Handler] of h in the manner of the RP API: failures
// are problem documents too, but called application/json, with an "errors" list.
func HandleRP(h Handler, log *slog.Logger) http.Handler {
	return adapter{h, log, "application/json", true}
}

type adapter struct {
	handler     Handler
	log         *slog.Logger
	contentType string
	items       bool
}

// ServeHTTP implements [http.Handler].
func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := &tracker{ResponseWriter: w}
	find := func() string { return "" }
	r = r.WithContext(context.WithValue(r.Context(), referred{}, &find))
	err := a.call(t, r)
	if err == nil {
		return
	}
	ref := find()
	if ref == "" {
		ref = Reference()
	}
	code := tunnus.CodeOf(err)
	if r.Context().Err() != nil {
		a.log.LogAttrs(r.Context(), slog.LevelDebug, "caller left", attrs(r, code, ref, err)...)
		if !t.wrote {
			w.WriteHeader(http.StatusServiceUnavailable) // to whoever may still be there
		}
		return
	}
	level := slog.LevelInfo
	if code == tunnus.CodeInternal {
		level = slog.LevelError
	}
	a.log.LogAttrs(r.Context(), level, "request failed", attrs(r, code, ref, err)...)
	if !t.wrote {
		a.render(w, r, err, ref)
	}
}

func attrs(r *http.Request, code tunnus.Code, ref string, err error) []slog.Attr {
	route := r.Pattern
	if route == "" {
		route = "none"
	}
	return []slog.Attr{
		slog.String("route", route), slog.String("method", r.Method),
		slog.String("code", string(code)), slog.String("reference", ref),
		slog.String("cause", err.Error()),
	}
}

// call runs the handler; a panic becomes an error that carries no code. The
// value of the panic is not kept: it may hold anything.
func (a adapter) call(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if e, ok := p.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			panic(p) // net/http's own way to drop a connection
		}
		err = fmt.Errorf("problem: panic of type %T\n%s", p, debug.Stack())
	}()
	return a.handler(w, r)
}

// render writes the document of an error.
func (a adapter) render(w http.ResponseWriter, r *http.Request, err error, ref string) {
	doc := Tell(r.Context(), err, ref)
	status := Status(doc.Code)
	doc.Type, doc.Title, doc.Status = "about:blank", http.StatusText(status), status
	if a.items { // for a program that asks on behalf of somebody else
		doc.Next, doc.Ways = nil, nil
		item := Item{Code: doc.Code, Detail: doc.Detail}
		if doc.Field != "" {
			item.Pointer = "/" + doc.Field
		}
		doc.Errors = []Item{item}
	}
	body, err := json.Marshal(doc)
	if err != nil {
		http.Error(w, tunnus.CodeInternal.Sentence(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	if doc.Until != nil {
		h.Set("Retry-After", doc.Until.UTC().Format(http.TimeFormat))
	}
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Language", string(Speaker(r.Context()).Language()))
	h.Add("Vary", "Accept-Language")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// referred is the key of the reference that a request's failure gets.
type referred struct{}

// Refer says where the failure of a request finds its reference number, should it
// fail: that of the registration it belongs to, instead of one that stands in the log
// only; "" is none. It is called by a handler, with the request's context.
func Refer(ctx context.Context, find func() string) {
	if to, ok := ctx.Value(referred{}).(*func() string); ok {
		*to = find
	}
}

// Reference returns a new reference number, such as "7K3QZ-M2XWA": 50 random
// bits in an alphabet without look-alikes. A person can read it out, and staff
// find it in the log.
func Reference() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b [10]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b[:5]) + "-" + string(b[5:])
}

// A tracker knows whether an answer has begun.
type tracker struct {
	http.ResponseWriter
	wrote bool
}

// WriteHeader implements [http.ResponseWriter].
func (t *tracker) WriteHeader(status int) {
	t.wrote = t.wrote || status >= 200 // 1xx are not the answer
	t.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (t *tracker) Write(b []byte) (int, error) {
	t.wrote = true
	return t.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (t *tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// Reply answers with v as JSON. Nothing of it is kept by caches.
func Reply(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("problem: reply: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("problem: reply: %w", err)
	}
	return nil
}

// Absent answers a path that nobody serves. It is mounted at "/".
func Absent(_ http.ResponseWriter, _ *http.Request) error {
	return tunnus.NotFound(errors.New("problem: no such route"))
}
