package faults

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/sandbox"
	"github.com/tunnus-id/tunnus/sandbox/mailbox"
)

// The PINs of everybody here. They are canaries: no log may have them.
const (
	pin1 = "471973"
	pin2 = "8305264"

	phoneNumber = "+447400123456" // an example of libphonenumber
)

// Names are of people who register one after the other, as long as they have no
// account. Who works at the desk is not among them: an officer does not attend to
// himself. Nor are those whose chips have keys of their own: between their facts lies
// one arrow more, a run of chip authentication.
func Names() []string { return []string{"hana", "ben", "ada", "dov", "eve"} }

// A Holder is one of the sandbox's people, with a phone, who does everything right.
type Holder struct {
	*sandbox.Body
	Phone *app.App
	Name  string
	By    wire.Begin               // how it registers; zero: by passport
	Hear  func(line string)        // each line that the app shows
	Again func(refused error) bool // whether it is tried once more
	// Leaves is in a question that is not answered any more.
	Leaves string
	Shown  chan string // what somebody else says that has to be typed: an activation code

	vault *vault.Vault
	box   *mailbox.Box
	since time.Time

	mu    sync.Mutex
	typed map[string]string
	told  []string
	anew  bool // a code has not come, and another one was asked for
}

// Person returns somebody with a new phone.
func (h *House) Person(ctx context.Context, name string) (*Holder, error) { return h.Phone(name, name) }

// Phone returns somebody with a phone that has a name, which may be used already.
func (h *House) Phone(name, phone string) (*Holder, error) {
	who, err := sandbox.Find(name)
	if err != nil {
		return nil, err
	}
	body, err := sandbox.NewBody(h.Path("world"), name, tunnus.SystemClock{})
	if err != nil {
		return nil, err
	}
	p := &Holder{
		Body: body, Name: name, box: h.box, since: time.Now(), Shown: make(chan string), Hear: func(string) {}, Again: func(error) bool { return false },
		typed: map[string]string{
			"terms": "yes", "consent": "yes", "country": "XX", "surname": who.Surname, "given-names": who.GivenNames,
			"person-code": who.Code.Value(), "document": who.Number, "email": name + "@example.test", "face": "ready",
			"pin1": pin1, "pin1-again": pin1, "pin2": pin2, "pin2-again": pin2, "answer": "confirm",
			"is-me": "yes", "old-device": "yes", "replacement": "yes",
		},
	}
	if p.vault, err = vault.Open(h.Path(phone+".phone"), tunnus.NewSecret([]byte("passphrase"))); err != nil {
		return nil, err
	}
	p.Phone, err = app.New(app.Config{
		Vault: p.vault, Server: h.url, Client: h.http, Screen: p, Body: body, Clock: tunnus.SystemClock{},
		Claim: line.Claim{Version: "0.1.0", OS: "linux", OSVersion: "6", Model: "test phone"},
	})
	if err != nil {
		return nil, errors.Join(err, p.vault.Close())
	}
	return p, nil
}

// Patience is how often somebody asks again whose server does not answer.
const Patience = 8

// Register goes on until there is an account, or a refusal. A line that is broken
// is tried again.
func (p *Holder) Register(ctx context.Context) error {
	var err error
	for left := Patience; left > 0 && ctx.Err() == nil; {
		if err = p.Phone.Start(ctx); err == nil {
			_, err = p.Phone.RegisterBy(ctx, p.By)
		}
		if errors.Is(err, line.ErrBroken) {
			left--
		} else if !p.Again(err) {
			break
		}
	}
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		return fmt.Errorf("%s: %s (%w); told before: %q", p.Name, app.Explain(err), err, p.told[max(0, len(p.told)-4):])
	}
	return nil
}

// Goes lets somebody register by a way, with what others have to do for it.
func (h *House) Goes(ctx context.Context, name, phone string, by wire.Begin, with func(while context.Context, p *Holder)) error {
	p, err := h.Phone(name, phone)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // what it holds is written already
	p.By = by
	while, over := context.WithCancel(ctx)
	defer over()
	with(while, p)
	return p.Register(ctx)
}

// ByPassport registers somebody with a passport.
func (h *House) ByPassport(ctx context.Context, name string) error {
	return h.Goes(ctx, name, name, wire.Begin{}, func(context.Context, *Holder) {})
}

// Note keeps what should be told if it ends badly.
func (p *Holder) Note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, text)
}

// Types sets what is typed where a question is asked.
func (p *Holder) Types(question, answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.typed[question] = answer
}

// Close puts the phone away.
func (p *Holder) Close() error { return p.vault.Close() }

// Tell implements app.Screen.
func (p *Holder) Tell(text string) {
	p.mu.Lock()
	p.told = append(p.told, text)
	p.mu.Unlock()
	p.Hear(strings.TrimSpace(text))
}

// Progress implements app.Screen.
func (p *Holder) Progress(string, int, int) {}

// ErrLeft is what the app ends with when its holder has left.
var ErrLeft = errors.New("the holder has left")

// Ask implements app.Screen.
func (p *Holder) Ask(ctx context.Context, key, question string) (string, error) {
	if p.Leaves != "" && strings.Contains(question, p.Leaves) {
		return "", ErrLeft
	}
	p.mu.Lock()
	text, ok := p.typed[key]
	p.mu.Unlock()
	switch {
	case key == "otp" && !ok:
		code, err := p.ReadCode(ctx)
		if errors.Is(err, errNoCode) && !p.anew {
			p.anew = true
			return "new", nil
		}
		return code, err
	case key == "activation":
		select {
		case code := <-p.Shown:
			return code, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if !ok {
		return "", fmt.Errorf("nobody expected the question %q", key)
	}
	return text, nil
}

// AskSecret implements app.Screen.
func (p *Holder) AskSecret(ctx context.Context, key, text string) (tunnus.Secret, error) {
	s, err := p.Ask(ctx, key, text)
	return tunnus.NewSecret([]byte(s)), err
}

// Choose implements app.Screen. Where no code is open a new one is asked for; of the
// contacts on file the first is taken.
func (p *Holder) Choose(ctx context.Context, key, text string, options []string) (string, error) {
	switch key {
	case "otp":
		return "new", nil
	case "contact":
		return options[0], nil
	}
	return p.Ask(ctx, key, text)
}

// newest is the code that has come last, by mail or as a text, "" if there is none.
func (p *Holder) newest() string {
	for _, m := range p.box.Mails() {
		if found := codeIn.FindStringSubmatch(m.Text); found != nil && m.At.After(p.since) && slices.Contains(m.To, p.typed["email"]) {
			return found[1]
		}
	}
	for _, m := range p.box.Texts() {
		if found := codeIn.FindStringSubmatch(m.Text); found != nil && m.At.After(p.since) && m.To == p.typed["email"] {
			return found[1]
		}
	}
	return ""
}

// oneTime are all codes that were sent: canaries too. A log has milliseconds, ports and
// sizes in it, but no number of six digits.
func (h *House) oneTime() (codes []string) {
	var texts []string
	for _, m := range h.box.Mails() {
		texts = append(texts, m.Text)
	}
	for _, m := range h.box.Texts() {
		texts = append(texts, m.Text)
	}
	for _, text := range texts {
		if found := codeIn.FindStringSubmatch(text); found != nil {
			codes = append(codes, found[1])
		}
	}
	return codes
}

var codeIn = regexp.MustCompile(`(?:Your code is |^)([0-9]{6})\b`)

var errNoCode = errors.New("no code has come")

// ReadCode waits for the newest code. A letter that was being sent when the server
// died goes out once more after a minute.
func (p *Holder) ReadCode(ctx context.Context) (string, error) {
	ctx, stop := context.WithTimeoutCause(ctx, 100*time.Second, errNoCode)
	defer stop()
	for {
		if code := p.newest(); code != "" {
			return code, nil
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(30 * time.Millisecond):
		}
	}
}
