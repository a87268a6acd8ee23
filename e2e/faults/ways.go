package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/sandbox"
)

// Who takes part beside the person that registers.
const (
	child   = "ida"
	parent  = "ada"
	officer = "finn"
)

// old is how far the clock is behind while an account is made that has to be some
// days old to vouch (R3).
const old = 96 * time.Hour

// passport registers somebody with a passport.
func passport(ctx context.Context, h *House, name string) error {
	return h.goes(ctx, name, name, wire.Begin{}, func(*Holder) {})
}

// goes lets somebody register by a way, with what others have to do for it.
func (h *House) goes(ctx context.Context, name, phone string, by wire.Begin, with func(p *Holder)) error {
	p, err := h.Phone(name, phone)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // what it holds is written already
	p.by = by
	with(p)
	return p.Register(ctx)
}

// renew puts a second phone in the place of the first, which agrees.
func renew(ctx context.Context, h *House, name string) error {
	return h.goes(ctx, name, name+"-second", wire.Begin{Way: "passport", Purpose: "renew"}, func(p *Holder) { h.follow(ctx, p, name, name) })
}

// byAccount lets the account of one phone vouch for a second one.
func byAccount(ctx context.Context, h *House, name string) error {
	return h.goes(ctx, name, name+"-second", wire.Begin{Way: "account", Purpose: "new"}, func(p *Holder) { h.follow(ctx, p, name, name) })
}

// minor registers a child, whose parent agrees.
func minor(ctx context.Context, h *House, _ string) error {
	return h.goes(ctx, child, child, wire.Begin{Way: "passport", Purpose: "new"}, func(p *Holder) { h.follow(ctx, p, parent, parent) })
}

// earlierByDays makes one that is some days old. Its session is forgotten by then, so
// the diary must not tell of it.
func earlierByDays(ctx context.Context, h *House, name string) error {
	kept := h.http
	h.http = h.unkept
	defer func() { h.http = kept }()
	if err := h.Shift(-old); err != nil {
		return err
	}
	return errors.Join(passport(ctx, h, name), h.Shift(0))
}

// parentsAccount makes that of the parent.
func parentsAccount(ctx context.Context, h *House, _ string) error { return passport(ctx, h, parent) }

// follow lets another phone follow the link that this one shows, as often as it is
// shown without an answer having come to it.
func (h *House) follow(ctx context.Context, p *Holder, name, phone string) {
	var mu sync.Mutex
	done := map[string]bool{}
	p.hear = func(text string) {
		mu.Lock()
		defer mu.Unlock()
		if !strings.HasPrefix(text, steps.Confirming) || done[text] {
			return
		}
		done[text] = true
		go func() {
			if err := h.confirm(ctx, name, phone, text); err != nil {
				p.note("the other phone: " + app.Explain(err))
				mu.Lock()
				defer mu.Unlock()
				done[text] = false
			}
		}()
	}
}

// confirm has the other phone say yes, by both PINs.
func (h *House) confirm(ctx context.Context, name, phone, link string) error {
	p, err := h.Phone(name, phone)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // what it holds is written already
	for range patience {
		if err = p.Phone.Start(ctx); err == nil {
			_, err = p.Phone.Confirm(ctx, link)
		}
		if !errors.Is(err, line.ErrBroken) {
			break
		}
	}
	return err
}

// note keeps what should be told if it ends badly.
func (p *Holder) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, text)
}

// atDesk registers somebody whom an officer sees.
func atDesk(ctx context.Context, h *House, name string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	return h.goes(ctx, name, name, wire.Begin{Way: "desk", Purpose: "new"}, func(p *Holder) {
		var once sync.Once
		p.hear = func(text string) {
			if !strings.HasPrefix(text, "tunnus:desk:") {
				return
			}
			once.Do(func() {
				go func() {
					code, err := h.attend(ctx, name, text)
					if err != nil {
						p.note("the officer: " + err.Error())
						return
					}
					for { // it is typed as often as it is asked for
						select {
						case p.shown <- code:
						case <-ctx.Done():
							return
						}
					}
				}()
			})
		}
	})
}

// employed is the officer of a desk, who is there before anybody comes.
func employed(ctx context.Context, h *House, _ string) error {
	key, person := h.path("officer.key"), h.path("officer.person")
	if _, err := os.Stat(key); err == nil {
		return nil
	}
	who, err := sandbox.Find(officer)
	if err != nil {
		return err
	}
	if err := os.WriteFile(person, []byte(who.Code.SemanticsID()), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"staff", "key", key},
		{"staff", "add", "reg-01", "--config", h.config, "--role", "registration-officer", "--public-key", key + ".pub", "--person", person},
	} {
		if out, err := h.Command(ctx, args...); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args[:2], " "), err, out)
		}
	}
	return nil
}

// attend is the officer's part: it returns the activation code. A command that got no
// answer is given again.
func (h *House) attend(ctx context.Context, name, ticket string) (string, error) {
	as := []string{"--server", h.url, "--ca", h.world.Path("tls", "ca.pem"), "--scheme", "tunnus-demo", "--as", "reg-01", "--with", h.path("officer.key")}
	ticks := make([]string, len(desk.Ticks()))
	for i, t := range desk.Ticks() {
		ticks[i] = string(t)
	}
	var opened struct{ ID string }
	var signed struct{ Code string }
	for _, act := range []struct {
		args func() []string
		out  any
	}{
		{func() []string { return []string{"desk", "open", ticket} }, &opened},
		{func() []string {
			return []string{"desk", "read", opened.ID, "--virtual", name, "--world", h.world.Path()}
		}, nil},
		{func() []string { return []string{"desk", "sign", opened.ID, "--tick", strings.Join(ticks, ",")} }, &signed},
	} {
		out, err := "", error(nil)
		for range 3 * patience {
			if out, err = h.Command(ctx, slices.Concat([]string{"staff"}, act.args(), as)...); err == nil || ctx.Err() != nil {
				break
			}
			time.Sleep(250 * time.Millisecond)
		}
		if err == nil && act.out != nil {
			err = json.Unmarshal([]byte(strings.TrimSpace(out)), act.out)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w: %s", strings.Join(act.args()[:2], " "), err, out)
		}
	}
	return signed.Code, nil
}
