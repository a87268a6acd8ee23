package route

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/e2e/faults"
)

// Who takes part beside the person that registers.
const (
	child  = "ida"
	parent = "ada"
)

// passport registers somebody with a passport.
func passport(ctx context.Context, h *faults.House, name string) error {
	return h.ByPassport(ctx, name)
}

// renew puts a second phone in the place of the first, which agrees.
func renew(ctx context.Context, h *faults.House, name string) error {
	return h.Goes(ctx, name, name+"-second", wire.Begin{Way: "passport", Purpose: "renew"}, func(_ context.Context, p *faults.Holder) { follow(ctx, h, p, name, name) })
}

// byAccount lets the account of one phone vouch for a second one.
func byAccount(ctx context.Context, h *faults.House, name string) error {
	return h.Goes(ctx, name, name+"-second", wire.Begin{Way: "account", Purpose: "new"}, func(_ context.Context, p *faults.Holder) { follow(ctx, h, p, name, name) })
}

// minor registers a child, whose parent agrees.
func minor(ctx context.Context, h *faults.House, _ string) error {
	return h.Goes(ctx, child, child, wire.Begin{Way: "passport", Purpose: "new"}, func(_ context.Context, p *faults.Holder) { follow(ctx, h, p, parent, parent) })
}

// earlierByDays makes one that is some days old, as whoever vouches must be (R3).
func earlierByDays(ctx context.Context, h *faults.House, name string) error {
	return h.Earlier(faults.Old, func() error { return passport(ctx, h, name) })
}

// parentsAccount makes that of the parent.
func parentsAccount(ctx context.Context, h *faults.House, _ string) error {
	return passport(ctx, h, parent)
}

// follow lets another phone follow the link that this one shows, as often as it is
// shown without an answer having come to it.
func follow(ctx context.Context, h *faults.House, p *faults.Holder, name, phone string) {
	var mu sync.Mutex
	done := map[string]bool{}
	p.Hear = func(text string) {
		mu.Lock()
		defer mu.Unlock()
		if !strings.HasPrefix(text, steps.Confirming) || done[text] {
			return
		}
		done[text] = true
		go func() {
			if err := confirm(ctx, h, name, phone, text); err != nil {
				p.Note("the other phone: " + app.Explain(err))
				mu.Lock()
				defer mu.Unlock()
				done[text] = false
			}
		}()
	}
}

// confirm has the other phone say yes, by both PINs.
func confirm(ctx context.Context, h *faults.House, name, phone, link string) error {
	p, err := h.Phone(name, phone)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // what it holds is written already
	for range faults.Patience {
		if err = p.Phone.Start(ctx); err == nil {
			_, err = p.Phone.Confirm(ctx, link)
		}
		if !errors.Is(err, line.ErrBroken) {
			break
		}
	}
	return err
}

// lost puts a second phone in the place of the first, of which nothing is heard any more:
// the older account stays for three days (R4), and they pass.
func lost(ctx context.Context, h *faults.House, name string) error {
	err := h.Goes(ctx, name, name+"-second", wire.Begin{Way: "passport", Purpose: "renew"}, func(_ context.Context, p *faults.Holder) { p.Types("old-device", "no") })
	for err == nil {
		var have map[string]int
		if have, err = h.Arrows(ctx); have["account.replace"] > 0 {
			return h.Forward(73 * time.Hour)
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return err
}

// both lets two listen to what the app shows.
func both(p *faults.Holder, one, other func()) {
	one()
	first := p.Hear
	other()
	second := p.Hear
	p.Hear = func(text string) { first(text); second(text) }
}
