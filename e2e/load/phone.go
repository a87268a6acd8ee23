package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/vault"
)

// A phone is a visitor's, who does everything right and thinks no second. It
// implements app.Screen.
type phone struct {
	*visitor
	app   *app.App
	vault *vault.Vault
	house *house
	typed map[string]string
}

// phone gives a visitor a new phone, with an address of its own: the service slows
// addresses that many people come from.
func (h *house) phone(v *visitor, n int, m *meter) (*phone, error) {
	pin1, pin2, err := v.pins()
	if err != nil {
		return nil, err
	}
	p := &phone{visitor: v, house: h, typed: map[string]string{
		"terms": "yes", "consent": "yes", "country": "XX", "surname": v.surname, "given-names": v.given, "person-code": v.code.Value(),
		"document": v.number, "email": v.email(), "face": "ready", "pin1": pin1, "pin1-again": pin1, "pin2": pin2, "pin2-again": pin2,
		"answer": "confirm", "is-me": "yes",
	}}
	if p.vault, err = vault.Open(filepath.Join(h.pockets, v.number), tunnus.NewSecret([]byte("passphrase"))); err != nil {
		return nil, err
	}
	dial := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(1+n/250), byte(1+n%250))}}
	wire := &http.Transport{TLSClientConfig: h.tls, DialContext: dial.DialContext}
	p.app, err = app.New(app.Config{
		Vault: p.vault, Server: h.url, Client: &http.Client{Transport: m.over(wire)}, Screen: p, Body: v, Clock: tunnus.SystemClock{},
		Claim: line.Claim{Version: "0.1.0", OS: "linux", OSVersion: "6", Model: "load"},
	})
	if err != nil {
		return nil, errors.Join(err, p.vault.Close())
	}
	return p, nil
}

// register goes through a whole registration.
func (p *phone) register(ctx context.Context) error {
	if err := p.app.Start(ctx); err != nil {
		return err
	}
	if _, err := p.app.Register(ctx); err != nil {
		return fmt.Errorf("%s: %s", p.number, app.Explain(err))
	}
	return nil
}

// Tell implements app.Screen.
func (p *phone) Tell(string) {}

// Progress implements app.Screen.
func (p *phone) Progress(string, int, int) {}

// Ask implements app.Screen.
func (p *phone) Ask(ctx context.Context, key, _ string) (string, error) {
	if key == "otp" {
		return p.house.codes.wait(ctx, p.email())
	}
	text, ok := p.typed[key]
	if !ok {
		return "", fmt.Errorf("nobody expected the question %q", key)
	}
	return text, nil
}

// AskSecret implements app.Screen.
func (p *phone) AskSecret(ctx context.Context, key, text string) (tunnus.Secret, error) {
	s, err := p.Ask(ctx, key, text)
	return tunnus.NewSecret([]byte(s)), err
}

// Choose implements app.Screen.
func (p *phone) Choose(ctx context.Context, key, text string, _ []string) (string, error) {
	return p.Ask(ctx, key, text)
}

// codes hands the codes that come by mail to who waits for them.
type codes struct {
	mu   sync.Mutex
	come map[string]string
	wake chan struct{} // closed when one has come
}

var codeInMail = regexp.MustCompile(`Your code is ([0-9]{6})`)

// read looks at the mailbox until ctx ends. Nobody else does: a look takes a copy of it.
func (c *codes) read(ctx context.Context, h *house) {
	last := 0
	for ctx.Err() == nil {
		mails := h.box.Mails()
		slices.Reverse(mails) // oldest first
		for _, m := range mails {
			if found := codeInMail.FindStringSubmatch(m.Text); m.ID > last && found != nil && len(m.To) == 1 {
				c.mu.Lock()
				c.come[m.To[0]] = found[1]
				close(c.wake)
				c.wake = make(chan struct{})
				c.mu.Unlock()
			}
			last = max(last, m.ID)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// wait returns the code of an address, once it has come.
func (c *codes) wait(ctx context.Context, address string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, 100*time.Second)
	defer stop()
	for {
		c.mu.Lock()
		code, wake := c.come[address], c.wake
		delete(c.come, address)
		c.mu.Unlock()
		if code != "" {
			return code, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("no mail came: %w", ctx.Err())
		case <-wake:
		}
	}
}
