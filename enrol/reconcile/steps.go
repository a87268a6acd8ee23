package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// account does what is demanded for one account.
func (w *walk) account(ctx context.Context, code tunnus.PersonCode, a account.Account, p match.Person, gone error) error {
	c, err := w.cfg.Store.Case(ctx, a.ID)
	if err != nil {
		return err
	}
	now := w.cfg.Clock.Now()
	f := Find(p, gone, a, now)
	step := Next(f, c, now)
	switch step {
	case Keep:
		return nil
	case Settle:
		c.Settled = true
		return w.write(ctx, &c, step, nil)
	}
	if err := w.allowed(ctx); err != nil {
		return err
	}
	c.Account = a.ID
	switch step {
	case Open:
		c.Finding, c.Since, c.Due, c.Settled = f, now, time.Time{}, false
		return w.write(ctx, &c, step, nil)
	case Tell:
		return w.tell(ctx, a, c, now)
	default:
		return w.end(ctx, code, a, c, f, step)
	}
}

// allowed is the brake: it counts one more account that is touched tonight.
func (w *walk) allowed(ctx context.Context) error {
	if w.touched >= max(w.cfg.Rules.Floor, w.asked*w.cfg.Rules.PerCen/100) {
		line := tunnus.Event{
			At: w.cfg.Clock.Now(), Kind: "reconcile.brake", Subject: "register",
			Detail: map[string]string{"asked": strconv.Itoa(w.asked), "touched": strconv.Itoa(w.touched)},
		}
		w.run.Braked = line.At
		if err := w.save(ctx, w.run.Lease, line); err != nil {
			return err
		}
		return ErrBrake
	}
	w.touched++
	return nil
}

// tell tells the holder first and opens the case then: cut short, the holder is
// told twice, and has never less time than was said.
func (w *walk) tell(ctx context.Context, a account.Account, c Case, now time.Time) error {
	c.Finding, c.Since, c.Due, c.Settled = Renamed, now, now.Add(w.cfg.Rules.Renew), false
	told, err := w.cfg.Teller.Renamed(ctx, a, c.Due)
	if err != nil {
		return fmt.Errorf("telling the holder: %w", err)
	}
	return w.write(ctx, &c, Tell, map[string]string{"told": strconv.FormatBool(told), "due": c.Due.UTC().Format(time.DateOnly)})
}

// end ends an account. The register is asked once more before: what cannot be
// undone does not rest on one answer. The intent is written before anything is
// done, and the case is settled when all is.
func (w *walk) end(ctx context.Context, code tunnus.PersonCode, a account.Account, c Case, f Finding, step Step) error {
	p, gone, err := w.ask(ctx, code)
	if err != nil {
		if w.cfg.Down(err) {
			return fmt.Errorf("%w: %w", ErrDown, err)
		}
		return err
	}
	now := w.cfg.Clock.Now()
	if Find(p, gone, a, now) != f {
		return errors.New("the register said one thing and then another; nothing was done")
	}
	if c.Finding != f || c.Settled || c.Rev == 0 {
		c.Finding, c.Since, c.Due, c.Settled = f, now, time.Time{}, false
	}
	if err := w.write(ctx, &c, step, nil); err != nil {
		return err
	}
	how, told := why(f)
	if err := w.cfg.Ender.End(ctx, a, how, told); err != nil {
		return fmt.Errorf("ending it: %w", err)
	}
	c.Settled = true
	return w.write(ctx, &c, Settle, nil)
}

// write saves a case with its line.
func (w *walk) write(ctx context.Context, c *Case, s Step, more map[string]string) error {
	detail := map[string]string{"finding": string(c.Finding), "step": string(s)}
	for k, v := range more {
		detail[k] = v
	}
	line := tunnus.Event{At: w.cfg.Clock.Now(), Kind: "reconcile." + string(s), Subject: c.Account, Detail: detail}
	if s == Open {
		line.Kind = "reconcile.review"
	}
	if err := w.cfg.Store.SaveCase(ctx, *c, []tunnus.Event{line}); err != nil {
		return err
	}
	c.Rev++
	return nil
}
