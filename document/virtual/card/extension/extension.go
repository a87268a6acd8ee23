// Package extension puts the Web eID extension, with a virtual ID-card and its
// user, into the pages of a headless Chromium. It is for browser tests.
//
// [Browser] starts a tab; [Attach] gives it an extension. The page sees what it
// would see of the real one: messages of its own window, an acknowledgement, an
// answer. The card stays in the test. What the person does, and how broken the
// extension is, can be changed while the page is open.
package extension

import (
	"context"
	_ "embed"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/need"
)

// shim is the extension's script in the page.
//
//go:embed shim.js
var shim string

// A State is how far the extension works.
type State string

// The states.
const (
	Working State = ""
	Absent  State = "absent"  // as if it was not installed
	Hanging State = "hanging" // it acknowledges, and then nothing comes
)

// An Extension is one in a tab. Its methods may be called at any time.
type Extension struct {
	mu    sync.Mutex
	card  *card.Card
	user  card.User
	state State
	heard []string
}

// Attach puts an extension with a card into the tab of the context, for all pages
// that are loaded from now on. The user is the card's owner until [Extension.Sit].
func Attach(ctx context.Context, c *card.Card) (*Extension, error) {
	e := &Extension{card: c, user: c.Owner()}
	return e, chromedp.Do(ctx,
		chromedp.ExposeFunc("virtualCard", e.answer),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: shim})
			return err
		}),
	)
}

// Insert puts another card into the reader, with its owner before it.
func (e *Extension) Insert(c *card.Card) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.card, e.user = c, c.Owner()
}

// Sit puts another person before the card, who knows other PINs or cancels.
func (e *Extension) Sit(u card.User) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.user = u
}

// Set changes how far the extension works.
func (e *Extension) Set(s State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = s
}

// Heard lists the messages of the page so far, JSON each.
func (e *Extension) Heard() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.heard...)
}

// call is what the script in the page hands over.
type call struct {
	Message string `json:"message"` // of the page, JSON
	Origin  string `json:"origin"`  // as the browser knows it
}

// reply is what the script posts: nothing where a field is empty.
type reply struct {
	Ack    bool   `json:"ack"`
	Answer string `json:"answer"` // JSON
}

func (e *Extension) answer(_ context.Context, c call) (reply, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.heard = append(e.heard, c.Message); e.state == Absent {
		return reply{}, nil
	}
	if e.state == Hanging {
		return reply{Ack: true}, nil
	}
	return reply{Ack: true, Answer: string(e.card.Handle([]byte(c.Message), c.Origin, e.user))}, nil
}

// Browser starts a headless Chromium with one tab, which takes any TLS
// certificate, and ends it with the test. Without Chromium the test is left out.
func Browser(t testing.TB) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(need.Tool(t, "chromium")), chromedp.IgnoreCertErrors)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to sandbox as root
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return ctx
}
