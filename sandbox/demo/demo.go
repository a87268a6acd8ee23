// Package demo shows the whole way once: it makes a sandbox, starts the server,
// and drives the app and a relying party, each a process of its own over
// sockets, as a stranger would.
package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/app/tries"
	"github.com/tunnus-id/tunnus/app/wire"
)

// Options say how the demonstration runs.
type Options struct {
	Program string // this binary
	Out     io.Writer
	Once    bool   // in a temporary folder, and end
	JSON    bool   // one object instead of lines
	Keep    string // folder to leave what others can verify; "" leaves nothing
	Data    string // folder that is kept, unless Once
	Listen  string // address of the server
	Inbox   string // address of the inbox page
	Public  string // address of OCSP, revocation lists, time-stamps and the log: it stands in certificates
	Person  string // who registers
	Film    bool   // the face is filmed, and judged to be a living one; that takes its time
	Way     string // [ByPassport], which is the default, or another one: these need Once
}

// A Step is one line of the demonstration.
type Step struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	MS   int64  `json:"ms"`
	// Skipped says why it was left out, with what to do.
	Skipped string `json:"skipped,omitempty"`
}

// An Account is the account that the demonstration ends with.
type Account struct {
	Document string `json:"document"`
	Level    string `json:"level"`
	State    string `json:"state"`
}

// A Phone is what `tunnus app accounts --json` prints.
type Phone struct {
	wire.Accounts
	PINs []tries.PIN `json:"pins"` // of an active account
}

// A Login is what `tunnus rp login --json` prints. No personal code or name is
// in it but the document number that was asked for.
type Login struct {
	EndResult string `json:"end_result"`
	Verified  bool   `json:"verified"`
	Reason    string `json:"reason,omitempty"` // why it was refused
	Level     string `json:"level,omitempty"`
	Document  string `json:"document,omitempty"`
}

// A Report is what JSON prints.
type Report struct {
	Way     string   `json:"way"`
	Steps   []Step   `json:"steps"`
	Account *Account `json:"account"`
	Login   *Login   `json:"login"`
}

// Run shows the way; without Once it stays up until ctx ends.
func Run(ctx context.Context, o Options) error {
	if o.Way = cmp.Or(o.Way, ByPassport); o.Way != ByPassport && !o.Once {
		return fmt.Errorf("--way %s needs --once", o.Way)
	}
	if o.Once {
		dir, err := os.MkdirTemp("", "tunnus-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.Data, o.Listen, o.Inbox, o.Public = dir, "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	}
	s := &show{opt: o, hand: handset{o.Person, o.Person}, report: Report{Way: o.Way}}
	defer s.end()
	if o.Way == ByAccount {
		s.behind = old
	}
	err := s.perform(ctx)
	if o.JSON {
		err = errors.Join(err, json.NewEncoder(o.Out).Encode(s.report))
	}
	if err != nil || o.Once || o.JSON {
		return err
	}
	s.invite()
	select {
	case <-ctx.Done():
		return nil
	case err = <-s.serverEnded:
		return err
	}
}

// perform goes through the journey; the first step that fails ends it.
func (s *show) perform(ctx context.Context) error {
	if err := s.checkPorts(); err != nil { // before seconds are spent on a world
		return err
	}
	for _, step := range []struct {
		name, what string
		do         func(context.Context) error
	}{
		{"world", "an invented state, its passports, a register, authorities of its own", s.makeWorld},
		{"mail", "a mail sink with an inbox page", s.startMail},
		{"cards", "the state's ID-cards, and what answers for them", s.startStatus},
		{"server", "tunnus serve, a process of its own", s.startServer},
	} {
		if step.name == "cards" && s.opt.Way != ByCard {
			continue
		}
		if err := s.step(ctx, step.name, step.what, step.do); err != nil {
			return err
		}
	}
	if err := s.goes(ctx); err != nil {
		return err
	}
	if err := s.tryLogin(ctx); err != nil {
		return err
	}
	return s.step(ctx, "container", "the signed application with time-stamp and OCSP answers; tunnus verify finds it good off line", s.container)
}

// step does one thing and tells how it went.
func (s *show) step(ctx context.Context, name, what string, do func(context.Context) error) error {
	began := time.Now()
	err := do(ctx)
	s.tell(name, what, err == nil, time.Since(began))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (s *show) tell(name, what string, ok bool, took time.Duration) {
	s.report.Steps = append(s.report.Steps, Step{Name: name, OK: ok, MS: took.Milliseconds()})
	if s.opt.JSON {
		return
	}
	mark := "ok  "
	if !ok {
		mark = "FAIL"
	}
	fmt.Fprintf(s.opt.Out, "%s  %6d ms  %-12s %s\n", mark, took.Milliseconds(), name, what)
}

// skip marks a step as left out.
func (s *show) skip(name, why string) {
	s.report.Steps = append(s.report.Steps, Step{Name: name, Skipped: why})
	if !s.opt.JSON {
		fmt.Fprintf(s.opt.Out, "skip             %-12s %s\n", name, why)
	}
}

// invite says what a newcomer can do while the demonstration is up.
func (s *show) invite() {
	self, ca, other := s.opt.Program, s.world.Path("tls", "ca.pem"), "ben"
	if s.opt.Person == other {
		other = "ada"
	}
	pin1 := demoPIN1
	if s.notOurs {
		pin1 = "the one that was chosen"
	}
	fmt.Fprintf(s.opt.Out, `
The server answers at    %s  (%s resident)
The inbox is at          http://%s/
Certificates point to    http://%s/ (/ocsp, /crl, /ca, /tsa; /log is the transparency log)

Be the holder, in one terminal (PIN1 is %s, the passphrase %s):
  %s

Be a service, in another:
  %s

Register somebody else (of ada, ben, cleo, dov, eve, finn, gus, hana), typing everything yourself:
  %s

The server's log is %s.
Stop with Ctrl-C; %s keeps everything for the next time.
`, s.url, s.resident(), s.inbox, s.public, pin1, demoPassphrase,
		command(self, "app", "wait", "--server", s.url, "--ca", ca, "--state", s.statePath()),
		command(self, "rp", "login", "--status", "--server", s.url, "--ca", ca, "--authority", s.world.Path("authority"),
			"--uuid", demoUUID, "--name", demoName, "--document", s.report.Account.Document),
		command(self, "app", "register", "--server", s.url, "--ca", ca, "--state", filepath.Join(s.opt.Data, other+".phone"),
			"--world", s.world.Path(), "--virtual", other),
		s.logPath(), s.opt.Data)
}

// bare is what a shell takes as it stands.
var bare = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// command is a command line to be copied into a shell.
func command(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; !bare.MatchString(w) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
