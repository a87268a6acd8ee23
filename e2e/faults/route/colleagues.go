package route

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

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/sandbox"
)

// officer is who works at the desk.
const officer = "finn"

// atDesk registers somebody whom an officer sees.
func atDesk(ctx context.Context, h *faults.House, name string) error {
	return h.Goes(ctx, name, name, wire.Begin{Way: "desk", Purpose: "new"}, func(ctx context.Context, p *faults.Holder) { seen(ctx, h, p) })
}

// renewAtDesk puts a second phone in the place of the first, before an officer.
func renewAtDesk(ctx context.Context, h *faults.House, name string) error {
	return h.Goes(ctx, name, name+"-second", wire.Begin{Way: "desk", Purpose: "renew"}, func(ctx context.Context, p *faults.Holder) {
		both(p, func() { seen(ctx, h, p) }, func() { follow(ctx, h, p, name, name) })
	})
}

// minorAtDesk registers a child, whose parent agrees, before an officer.
func minorAtDesk(ctx context.Context, h *faults.House, _ string) error {
	return h.Goes(ctx, child, child, wire.Begin{Way: "desk", Purpose: "new"}, func(ctx context.Context, p *faults.Holder) {
		both(p, func() { seen(ctx, h, p) }, func() { follow(ctx, h, p, parent, parent) })
	})
}

// parentAndOfficer are an officer, and the parent's account.
func parentAndOfficer(ctx context.Context, h *faults.House, name string) error {
	return errors.Join(employed(ctx, h, name), parentsAccount(ctx, h, name))
}

// employedBefore is an officer, and an older account.
func employedBefore(ctx context.Context, h *faults.House, name string) error {
	return errors.Join(employed(ctx, h, name), passport(ctx, h, name))
}

// seen lets the officer see to the ticket that the app shows, and the code be typed that
// this gives, as often as it is asked for.
func seen(ctx context.Context, h *faults.House, p *faults.Holder) {
	var once sync.Once
	p.Hear = func(text string) {
		if !strings.HasPrefix(text, "tunnus:desk:") {
			return
		}
		once.Do(func() {
			go func() {
				code, err := attend(ctx, h, p.Name, text)
				if err != nil {
					p.Note("the officer: " + err.Error())
					return
				}
				for {
					select {
					case p.Shown <- code:
					case <-ctx.Done():
						return
					}
				}
			}()
		})
	}
}

// employed is the officer of a desk, who is there before anybody comes.
func employed(ctx context.Context, h *faults.House, _ string) error {
	who, err := sandbox.Find(officer)
	if err != nil {
		return err
	}
	return employ(ctx, h, "reg-01", "registration-officer", who.Code)
}

// first and second are two who look at faces.
const (
	first  = "rev-01"
	second = "rev-02"
)

// reviewers are there before anybody comes. They are in no register.
func reviewers(ctx context.Context, h *faults.House, name string) error {
	for i, id := range []string{first, second} {
		code, err := sandbox.CodeOf(time.Date(1980+i, 1, 1, 0, 0, 0, 0, time.UTC), 77)
		if err == nil {
			err = employ(ctx, h, id, "reviewer", code)
		}
		if err != nil {
			return err
		}
	}
	return prints(h, name, nothing())
}

// employ gives somebody a role, and a key to act with.
func employ(ctx context.Context, h *faults.House, id, role string, code tunnus.PersonCode) error {
	key, person := h.Path(id+".key"), h.Path(id+".person")
	if _, err := os.Stat(key); err == nil {
		return nil
	}
	if err := os.WriteFile(person, []byte(code.SemanticsID()), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"staff", "key", key},
		{"staff", "add", id, "--config", h.Config(), "--role", role, "--public-key", key + ".pub", "--person", person},
	} {
		if out, err := h.Command(ctx, args...); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args[:2], " "), err, out)
		}
	}
	return nil
}

// as runs a command of a member of the staff, and reads its answer into out, if that is
// not nil.
func as(ctx context.Context, h *faults.House, id string, out any, words ...string) error {
	args := slices.Concat([]string{"staff"}, words, []string{"--server", h.URL(), "--ca", h.World().Path("tls", "ca.pem"), "--scheme", "tunnus-demo", "--as", id, "--with", h.Path(id + ".key")})
	said, err := h.Command(ctx, args...)
	if err == nil && out != nil {
		err = json.Unmarshal([]byte(strings.TrimSpace(said)), out)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(words[:2], " "), err, said)
	}
	return nil
}

// attend is the officer's part: it returns the activation code. A command that got no
// answer is given again.
func attend(ctx context.Context, h *faults.House, name, ticket string) (string, error) {
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
			return []string{"desk", "read", opened.ID, "--virtual", name, "--world", h.World().Path()}
		}, nil},
		{func() []string { return []string{"desk", "sign", opened.ID, "--tick", strings.Join(ticks, ",")} }, &signed},
	} {
		var err error
		for range 3 * faults.Patience {
			if err = as(ctx, h, "reg-01", act.out, act.args()...); err == nil || ctx.Err() != nil {
				break
			}
			time.Sleep(250 * time.Millisecond)
		}
		if err != nil {
			return "", err
		}
	}
	return signed.Code, nil
}

// doubtful registers somebody whose face no machine can judge: two people do.
func doubtful(ctx context.Context, h *faults.House, name string) error {
	return judgedTo(ctx, h, name, "approve")
}

// declined is somebody whom the first of them declines.
func declined(ctx context.Context, h *faults.House, name string) error {
	return told(judgedTo(ctx, h, name, "decline", "--reason", "other-person"), tunnus.CodeRevDeclined)
}

// looking begins what the app shows while people look at a face.
const looking = "A person looks at your registration"

// judgedTo lets people decide about a face, by the words of their command.
func judgedTo(ctx context.Context, h *faults.House, name string, decision ...string) error {
	return h.Goes(ctx, name, name, wire.Begin{}, func(ctx context.Context, p *faults.Holder) {
		var once sync.Once
		p.Again = func(err error) bool { return tunnus.CodeOf(err) == tunnus.CodeRevPending }
		p.Hear = func(text string) {
			if strings.HasPrefix(text, looking) {
				once.Do(func() {
					go func() {
						if err := judge(ctx, h, decision); err != nil {
							p.Note("the reviewers: " + err.Error())
						}
					}()
				})
			}
		}
	})
}

// judge is the reviewers' part: what the queue says of the case is done next, by the one
// whose turn it is, until it has left the queue. An act that got no answer may have been
// decided, so that each begins with another look.
func judge(ctx context.Context, h *faults.House, decision []string) (err error) {
	seen := false
	for range reloads {
		var queue []review.Brief
		if err = as(ctx, h, first, &queue, "review", "queue"); err == nil {
			if len(queue) == 0 && seen {
				return nil
			}
			for _, c := range queue {
				seen = true
				err = errors.Join(err, judgeOne(ctx, h, c, decision))
			}
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(250 * time.Millisecond):
		}
	}
	return fmt.Errorf("the case is not decided: %w", err)
}

func judgeOne(ctx context.Context, h *faults.House, c review.Brief, decision []string) error {
	turn := first
	if c.State == review.Once {
		turn = second
	}
	dir, err := os.MkdirTemp(h.Path(), "seen")
	if err != nil {
		return err
	}
	for _, words := range [][]string{
		{"review", "claim", c.ID}, {"review", "view", c.ID, "--dir", dir + "/pictures"}, append([]string{"review", decision[0], c.ID}, decision[1:]...),
	} {
		if err := as(ctx, h, turn, nil, words...); err != nil {
			return err
		}
	}
	return nil
}
