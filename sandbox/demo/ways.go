package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/sandbox"
)

// The ways that can be shown.
const (
	ByPassport = "passport"
	ByCard     = "idcard"  // an ID-card in the portal
	ByAccount  = "account" // another account vouches
	ByChild    = "child"   // a minor by passport, with a guardian
	ByDesk     = "desk"    // an officer
	ByRenewal  = "renew"   // by passport, in place of an older account
)

// Who takes part beside the person that registers.
const (
	child    = "ida"
	guardian = "ada"
	officer  = "finn"
)

// old is how far the server's clock is behind while an account is made that has to
// be some days old (security.md R3); a world has to be older still.
const old = 96 * time.Hour

// began is how long ago the world began.
func (s *show) began() time.Duration {
	if s.behind == 0 {
		return 0
	}
	return s.behind + time.Hour
}

// goes takes the way that is shown.
func (s *show) goes(ctx context.Context) error {
	switch s.opt.Way {
	case ByPassport:
		return s.register(ctx)
	case ByCard:
		return s.byCard(ctx)
	case ByAccount:
		return s.byAccount(ctx)
	case ByChild:
		return s.asChild(ctx)
	case ByDesk:
		return s.byDesk(ctx)
	case ByRenewal:
		return s.renew(ctx)
	}
	return fmt.Errorf("no way is called %q here", s.opt.Way)
}

// apply drives the app of the phone in hand through a registration. Each step that
// the app tells becomes a line. What the person types beside the usual is in more;
// each line that is none of a step is handed to heard.
func (s *show) apply(ctx context.Context, way, purpose string, more answers, heard ...func(line string)) error {
	who, err := sandbox.Find(s.hand.person)
	if err != nil {
		return err
	}
	last := time.Now()
	app, err := startPuppet(ctx, s.opt.Program,
		s.phone("register", "--way", way, "--purpose", purpose, "--world", s.world.Path(), "--virtual", who.Name)...)
	if err != nil {
		return err
	}
	types := s.applicant(who)
	maps.Copy(types, more)
	err = app.drive(ctx, types, func(line string) {
		if step, ok := strings.CutPrefix(line, "done "); ok {
			what := stepNames[step]
			if way == ByDesk && step == wire.StepChip { // there the officer has the reader
				what = stepNames[wire.StepOfficer]
			}
			s.tell(step, what, true, time.Since(last))
			last = time.Now()
			return
		}
		for _, h := range heard {
			h(strings.TrimSpace(line))
		}
	})
	if err != nil {
		s.tell("register", "the app ended", false, time.Since(last))
		return fmt.Errorf("registration: %w", err)
	}
	return s.step(ctx, "account", "listed by the app", s.haveAccount)
}

// earlier makes an account by passport that is needed before: one line for all of it.
func (s *show) earlier(ctx context.Context, h handset, name, what string) error {
	return s.step(ctx, name, what, func(ctx context.Context) error {
		q := *s
		q.opt.JSON, q.report, q.hand = true, Report{}, h // its own steps are told nobody
		return q.apply(ctx, "passport", "new", answers{})
	})
}

// confirmed lets another phone follow the link that is shown, with the PINs that it
// asks for, while the registration waits.
func (s *show) confirmed(ctx context.Context, by handset, way, purpose string, more answers) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	asked := false
	err := s.apply(ctx, way, purpose, more, func(line string) {
		if asked || !strings.HasPrefix(line, steps.Confirming) {
			return
		}
		asked = true
		go func() {
			err := s.confirm(ctx, by, line)
			if err != nil {
				stop() // nobody is left who would confirm
			}
			done <- err
		}()
	})
	if !asked {
		return cmp.Or(err, errors.New("no link was shown"))
	}
	return cmp.Or(<-done, err) // the phone that registers has only heard of what the other has met
}

func (s *show) confirm(ctx context.Context, by handset, link string) error {
	q := *s
	q.hand = by
	app, err := startPuppet(ctx, s.opt.Program, q.phone("confirm", link)...)
	if err != nil {
		return err
	}
	err = app.drive(ctx, answers{"answer": say("confirm"), "pin1": once(demoPIN1), "pin2": once(demoPIN2)}, func(string) {})
	if err != nil {
		return fmt.Errorf("confirming on the phone of %s: %w", by.person, err)
	}
	return nil
}

// byAccount: an account of some days ago vouches for a second one.
func (s *show) byAccount(ctx context.Context) error {
	first := s.hand
	if err := s.earlier(ctx, first, "first-account", "an account by passport, made while the server's clock is four days behind"); err != nil {
		return err
	}
	if err := s.step(ctx, "clock", "the server is started again, with the right time", func(ctx context.Context) error {
		s.end()
		s.behind = 0
		return s.startServer(ctx)
	}); err != nil {
		return err
	}
	s.hand = handset{first.person, first.name + "-second"}
	return s.confirmed(ctx, first, "account", "new", nil)
}

// asChild: a guardian with an own account signs for a minor.
func (s *show) asChild(ctx context.Context) error {
	parent := handset{guardian, guardian}
	if err := s.earlier(ctx, parent, "guardian-account", "the account of a parent, by passport"); err != nil {
		return err
	}
	s.hand = handset{child, child}
	return s.confirmed(ctx, parent, "passport", "new", nil)
}

// renew: a second phone takes the place of the first.
func (s *show) renew(ctx context.Context) error {
	first := s.hand
	if err := s.earlier(ctx, first, "older-account", "an account by passport, on an older phone"); err != nil {
		return err
	}
	s.hand = handset{first.person, first.name + "-second"}
	if err := s.confirmed(ctx, first, "passport", "renew", answers{"old-device": say("yes"), "replacement": say("yes")}); err != nil {
		return err
	}
	return s.step(ctx, "replaced", "the older account is closed: OCSP says revoked of its certificates, good of the new ones", func(ctx context.Context) error {
		return s.replaced(ctx, first)
	})
}

// byDesk: the officer scans the app, reads the chip, compares and signs.
func (s *show) byDesk(ctx context.Context) error {
	var as []string
	if err := s.step(ctx, "staff", "an officer begins to work here", func(ctx context.Context) (err error) {
		as, err = s.employ(ctx)
		return err
	}); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	code, failed := make(chan string, 1), make(chan error, 1)
	types := answers{"activation": func(ctx context.Context) (string, error) {
		select {
		case c := <-code:
			return c, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}}
	asked := false
	err := s.apply(ctx, "desk", "new", types, func(line string) {
		if asked || !strings.HasPrefix(line, "tunnus:desk:") {
			return
		}
		asked = true
		go func() {
			c, err := s.attend(ctx, line, as)
			if err != nil {
				failed <- err
				stop()
				return
			}
			code <- c
		}()
	})
	select {
	case why := <-failed:
		return why
	default:
		return err
	}
}

// employ adds an officer, and returns the flags of what he does.
func (s *show) employ(ctx context.Context) ([]string, error) {
	who, err := sandbox.Find(officer)
	if err != nil {
		return nil, err
	}
	key, person := filepath.Join(s.opt.Data, "officer.key"), filepath.Join(s.opt.Data, "officer.person")
	if err := os.WriteFile(person, []byte(who.Code.SemanticsID()), 0o600); err != nil {
		return nil, err
	}
	if _, err := s.staff(ctx, "key", key); err != nil {
		return nil, err
	}
	_, err = s.staff(ctx, "add", "reg-01", "--config", s.configPath(), "--role", "registration-officer", "--public-key", key+".pub", "--person", person)
	return []string{"--server", s.url, "--ca", s.world.Path("tls", "ca.pem"), "--scheme", "tunnus-demo", "--as", "reg-01", "--with", key}, err
}

// attend is the officer's part; it returns the activation code.
func (s *show) attend(ctx context.Context, ticket string, as []string) (string, error) {
	var opened struct{ ID string }
	var signed struct{ Code string }
	ticks := make([]string, len(desk.Ticks()))
	for i, t := range desk.Ticks() {
		ticks[i] = string(t)
	}
	for _, act := range []struct {
		args func() []string
		out  any
	}{
		{func() []string { return []string{"desk", "open", ticket} }, &opened},
		{func() []string {
			return []string{"desk", "read", opened.ID, "--virtual", s.hand.person, "--world", s.world.Path()}
		}, nil},
		{func() []string { return []string{"desk", "sign", opened.ID, "--tick", strings.Join(ticks, ",")} }, &signed},
	} {
		out, err := s.staff(ctx, append(act.args(), as...)...)
		if err == nil && act.out != nil {
			err = json.Unmarshal(out, act.out)
		}
		if err != nil {
			return "", err
		}
	}
	return signed.Code, nil
}

// staff runs a command of a member of staff, and returns what it prints.
func (s *show) staff(ctx context.Context, args ...string) ([]byte, error) {
	var failed tail
	cmd := exec.CommandContext(ctx, s.opt.Program, append([]string{"staff"}, args...)...)
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("tunnus staff %s: %w: %s", strings.Join(args[:2], " "), err, &failed)
	}
	return bytes.TrimSpace(out), nil
}
