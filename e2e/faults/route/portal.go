package route

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/sandbox/visitor"
)

// byCard registers somebody who has an ID-card, at a computer beside the phone.
func byCard(ctx context.Context, h *faults.House, name string) error {
	return h.Goes(ctx, name, name, wire.Begin{Way: "idcard", Purpose: "new"}, func(ctx context.Context, p *faults.Holder) { sits(ctx, h, p) })
}

// minorsCard registers a child with its own ID-card, whose parent agrees.
func minorsCard(ctx context.Context, h *faults.House, _ string) error {
	return h.Goes(ctx, child, child, wire.Begin{Way: "idcard", Purpose: "new"}, func(ctx context.Context, p *faults.Holder) {
		both(p, func() { sits(ctx, h, p) }, func() { follow(ctx, h, p, parent, parent) })
	})
}

// sits lets the holder go to the portal with each code that the app shows.
func sits(ctx context.Context, h *faults.House, p *faults.Holder) {
	code, last, used := "", "", ""
	p.Hear = func(line string) {
		if strings.HasPrefix(last, "Your registration code") {
			code = line
		}
		last = line
		_, rest, found := strings.Cut(line, "the digits ")
		if counter, _, _ := strings.Cut(rest, " "); found && code != used {
			used = code
			go func(code string) {
				if err := atPortal(ctx, h, p, code, counter); err != nil {
					p.Note("the portal: " + err.Error())
				}
			}(code)
		}
	}
}

// reloads is how often somebody loads a page again before giving up.
const reloads = 400

// atPortal goes through the portal's part by what the page at hand asks for. A page
// that does not come is loaded again; where the log-in is gone, it is done again.
func atPortal(ctx context.Context, h *faults.House, p *faults.Holder, code, counter string) error {
	card, err := h.World().Card(p.Name)
	if err != nil {
		return err
	}
	v, err := visitor.New(h.URL(), h.Roots(), card)
	if err != nil {
		return err
	}
	var told error
	for range reloads {
		if err := v.Get(ctx, "/portal/step"); err != nil && !refused(err) {
			told = err
		} else if done, err := atPage(ctx, h, v, p, code, counter); done {
			return err
		} else if err != nil {
			told = err
		} else {
			continue
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), told)
		case <-time.After(250 * time.Millisecond):
		}
	}
	return fmt.Errorf("still at %q: %w", v.Heading(), told)
}

// refused reports whether a page came, be it one that says what went wrong.
func refused(err error) bool {
	var r *visitor.Refusal
	return errors.As(err, &r)
}

// atPage does what a page asks for; done says that there is nothing more to do.
func atPage(ctx context.Context, h *faults.House, v *visitor.Visitor, p *faults.Holder, code, counter string) (done bool, err error) {
	asks := func(step string) bool { return strings.Contains(v.Page().Body, `action="/portal/`+step+`"`) }
	switch {
	case asks("login/start"):
		return false, v.Login(ctx)
	case asks("step/answer"):
		return false, v.Answer(ctx)
	case asks("step/otp"):
		typed, err := p.ReadCode(ctx)
		if err != nil {
			return true, err
		}
		return false, v.ConfirmCode(ctx, typed)
	case asks("step/contact"):
		return false, v.SendCode(ctx, p.Name+"@example.test")
	case asks("step/code"):
		return false, v.Match(ctx, code)
	case asks("step/offer"), asks("step/sign"):
		if v.Counter() != counter {
			return true, fmt.Errorf("the page shows %q, the phone %q", v.Counter(), counter)
		}
		return false, v.Sign(ctx)
	case v.Page().Status == http.StatusOK:
		return true, nil
	}
	return false, fmt.Errorf("a page with status %d", v.Page().Status)
}

// minorByCard registers a child, whose parent has no phone of ours, and agrees at a
// computer.
func minorByCard(ctx context.Context, h *faults.House, _ string) error {
	return h.Goes(ctx, child, child, wire.Begin{Way: "passport", Purpose: "new"}, func(ctx context.Context, p *faults.Holder) {
		var once sync.Once
		p.Hear = func(text string) {
			if strings.HasPrefix(text, steps.Confirming) {
				once.Do(func() {
					go func() {
						if err := consents(ctx, h); err != nil {
							p.Note("the parent: " + err.Error())
						}
					}()
				})
			}
		}
	})
}

// consents signs with the parent's card whatever waits for that, as long as somebody
// asks. Where a page does not come, or the log-in is gone, it is begun again.
func consents(ctx context.Context, h *faults.House) error {
	card, err := h.World().Card(parent)
	if err != nil {
		return err
	}
	v, err := visitor.New(h.URL(), h.Roots(), card)
	if err != nil {
		return err
	}
	for range reloads {
		ids, failed := v.Children(ctx)
		if v.Heading() != "My children" {
			failed = v.Login(ctx)
		}
		for _, id := range ids {
			failed = errors.Join(failed, v.Consent(ctx, id))
		}
		err = failed
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(250 * time.Millisecond):
		}
	}
	return fmt.Errorf("nothing was signed: %w", err)
}

// renewByCard puts a second phone in the place of the first, with the ID-card.
func renewByCard(ctx context.Context, h *faults.House, name string) error {
	return h.Goes(ctx, name, name+"-second", wire.Begin{Way: "idcard", Purpose: "renew"}, func(ctx context.Context, p *faults.Holder) {
		both(p, func() { sits(ctx, h, p) }, func() { follow(ctx, h, p, name, name) })
	})
}
