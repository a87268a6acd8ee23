package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/tunnus-id/tunnus/app/tries"
	"github.com/tunnus-id/tunnus/key/pin"
)

// allTries is how many wrong PINs lead to a lock. With fewer left, a wrong one
// was typed since the last right one.
const allTries = 3

// errOtherPIN ends a log-in for which the demonstration's PIN1 was wrong.
var errOtherPIN = errors.New("the PIN1 of the demonstration is wrong for this account")

// tryLogin shows a log-in. On an account of an earlier run PIN1 may be whatever
// its holder made of it: there it is typed once at most and never where it may
// lead to a lock, and that it does not fit ends nothing.
func (s *show) tryLogin(ctx context.Context) error {
	const name, what = "login", "a service asks by the RP API, the app answers with PIN1, the client verifies"
	if s.kept {
		has, err := s.accounts(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		var why string
		if why, s.notOurs = hold(has.PINs, time.Now()); why != "" {
			s.left(why)
			return nil
		}
	}
	began := time.Now()
	err := s.login(ctx)
	if s.kept && errors.Is(err, errOtherPIN) {
		s.notOurs = true
		s.left("PIN1 of this account is another than the demonstration's. " + yourself)
		return nil
	}
	s.tell(name, what, err == nil, time.Since(began))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// hold says why PIN1 is not typed for its holder and what to do instead, "" if it
// may be typed; other reports whether it is known to be another than ours.
func hold(pins []tries.PIN, now time.Time) (why string, other bool) {
	for _, p := range pins {
		switch {
		case p.Kind != pin.PIN1:
		case p.Tries.Permanent:
			return tries.Say(p.Kind, p.Tries, now), p.Changed
		case tries.Locked(p.Tries, now):
			return tries.Say(p.Kind, p.Tries, now) + " Log in yourself then, with the commands below.", p.Changed
		case tries.Barred(p.Tries, now):
			return tries.Say(p.Kind, p.Tries, now), p.Changed
		case p.Changed:
			return "PIN1 of this account was changed. " + yourself, true
		case p.Tries.Left < allTries:
			return "A wrong PIN1 was typed on this account, and more would lock it. " + yourself, false
		}
	}
	return "", false
}

const yourself = "Log in yourself with the commands below."

// left marks the log-in as left out, with the way to a new beginning.
func (s *show) left(why string) {
	s.report.Login = nil
	s.skip("login", why+" To start afresh, give --data another folder, or remove "+s.opt.Data+".")
}

// login starts the holder's app and a service, and lets the one answer the other.
func (s *show) login(ctx context.Context) error {
	rpCtx, stop := context.WithCancel(ctx)
	defer stop()
	app, err := startPuppet(ctx, s.opt.Program, s.phone("wait", "--once")...)
	if err != nil {
		return err
	}
	answered := make(chan error, 1)
	go func() {
		err := app.drive(ctx, answers{"answer": say("confirm"), "pin1": once(demoPIN1)}, func(string) {})
		if errors.Is(err, errOtherPIN) {
			s.refuse(ctx)
			err = errOtherPIN // how the app was ended is nothing to anybody
		}
		if err != nil {
			stop() // nobody is left who would answer
		}
		answered <- err
	}()
	r, err := s.ask(rpCtx)
	s.report.Login = r
	if err != nil {
		var given error
		select {
		case given = <-answered:
		case <-time.After(time.Second): // it waits for a request that will not come
			_ = app.cmd.Process.Kill()
			if given = <-answered; !errors.Is(given, errOtherPIN) {
				return err
			}
		}
		return cmp.Or(given, err) // the service has only heard of what the app has met
	}
	return <-answered
}

// once answers with a PIN; that it is asked for again means that it was wrong.
func once(pin string) func(context.Context) (string, error) {
	asked := false
	return func(context.Context) (string, error) {
		if asked {
			return "", errOtherPIN
		}
		asked = true
		return pin, nil
	}
}

// refuse ends the request that waits, so that nobody finds it later; it needs no
// PIN. If it fails, the request ends by its time.
func (s *show) refuse(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	if app, err := startPuppet(ctx, s.opt.Program, s.phone("wait", "--once")...); err == nil {
		_ = app.drive(ctx, answers{"answer": say("refuse")}, func(string) {})
	}
}

// ask is the service: it fails unless the log-in is accepted.
func (s *show) ask(ctx context.Context) (*Login, error) {
	args := []string{
		"rp", "login", "--json", "--status", "--server", s.url, "--ca", s.world.Path("tls", "ca.pem"), "--authority", s.world.Path("authority"),
		"--uuid", demoUUID, "--name", demoName, "--document", s.report.Account.Document, "--text", "Log in to the demonstration",
	}
	if s.opt.Keep != "" {
		args = append(args, "--keep", s.opt.Keep)
	}
	failed := &tail{}
	rp := exec.CommandContext(ctx, s.opt.Program, args...)
	rp.Stderr = failed
	out, err := rp.Output()
	var r *Login
	if json.Unmarshal(bytes.TrimSpace(out), &r) != nil {
		r = nil
	}
	switch {
	case r != nil && !r.Verified:
		return r, fmt.Errorf("the service did not accept the log-in: %s %s", r.EndResult, r.Reason)
	case err != nil:
		return r, fmt.Errorf("tunnus rp login: %w: %s", err, failed)
	case r == nil:
		return r, errors.New("tunnus rp login: it printed no answer")
	}
	return r, nil
}
