package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/sandbox"
	"github.com/tunnus-id/tunnus/sandbox/mailbox"
)

// What the demonstration's person types, and the service that asks.
const (
	demoPassphrase = "correct horse"
	demoPIN1       = "4719"
	demoPIN2       = "83052"
	demoUUID       = "00000000-0000-4000-8000-000000000000"
	demoName       = "DEMO"
)

// A show is one run of the demonstration: what it has started and found out.
type show struct {
	opt         Options
	hand        handset // the phone that registers, and logs in
	report      Report
	world       *sandbox.World
	box         *mailbox.Box
	smtp        string // address of the sink
	inbox       string
	public      string // address of what the authority publishes
	cards       string // address of what answers for ID-cards, if it does
	server      *exec.Cmd
	serverEnded chan error
	serverLog   *tail
	url         string
	kept        bool          // the account is of an earlier run
	notOurs     bool          // its PIN1 is not the demonstration's, as far as can be seen
	behind      time.Duration // how far the server's clock is behind
	client      *http.Client
}

// A handset is somebody's phone.
type handset struct{ person, name string }

func (s *show) statePath() string      { return filepath.Join(s.opt.Data, s.hand.name+".phone") }
func (s *show) passphrasePath() string { return filepath.Join(s.opt.Data, "passphrase") }
func (s *show) configPath() string     { return filepath.Join(s.opt.Data, "config.json") }
func (s *show) logPath() string        { return filepath.Join(s.opt.Data, "server.log") }

// checkPorts finds all addresses free, or says what to do.
func (s *show) checkPorts() error {
	for _, a := range []struct{ address, flag string }{{s.opt.Listen, "--listen"}, {s.opt.Inbox, "--inbox"}, {s.opt.Public, "--public"}} {
		if _, err := freeAddress(a.address); err != nil {
			return fmt.Errorf("%w; %s names another address, such as 127.0.0.1:0 for any that is free", err, a.flag)
		}
	}
	return nil
}

func (s *show) makeWorld(context.Context) (err error) {
	clock := tunnus.ClockFunc(func() time.Time { return time.Now().Add(-s.began()) })
	if s.world, err = sandbox.Open(filepath.Join(s.opt.Data, "world"), clock); err != nil {
		return err
	}
	if s.opt.Film {
		if err := s.world.Film(); err != nil {
			return err
		}
	}
	if _, err := s.world.Passport(s.opt.Person); err != nil {
		return err
	}
	return os.WriteFile(s.passphrasePath(), []byte(demoPassphrase+"\n"), 0o600)
}

// startMail opens the SMTP sink and the page that shows what came.
func (s *show) startMail(ctx context.Context) error {
	s.box = mailbox.New(tunnus.SystemClock{}, 50)
	smtp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	page, err := net.Listen("tcp", s.opt.Inbox)
	if err != nil {
		return err
	}
	s.smtp, s.inbox = smtp.Addr().String(), page.Addr().String()
	go func() { _ = s.box.Serve(ctx, smtp) }()
	srv := &http.Server{Handler: s.box.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(page) }()
	return nil
}

// startServer writes the configuration and starts `tunnus serve` as a stranger would.
func (s *show) startServer(ctx context.Context) error {
	address, err := freeAddress(s.opt.Listen)
	if err != nil {
		return err
	}
	if s.public, err = freeAddress(s.opt.Public); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.opt.Data, "second"), 0o700); err != nil { // elsewhere, another disk
		return err
	}
	s.opt.Listen, s.opt.Public = address, s.public // the same, should it be started again
	config, err := s.writeConfig(address)
	if err != nil {
		return err
	}
	s.url, s.serverLog = "https://"+address, &tail{}
	if err := s.trust(); err != nil {
		return err
	}
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	s.server = exec.Command(s.opt.Program, "serve", "--config", config)
	s.server.Stderr = io.MultiWriter(s.serverLog, log)
	if err := s.server.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	s.serverEnded = make(chan error, 1)
	go func() {
		err := errors.Join(s.server.Wait(), log.Close())
		s.serverEnded <- fmt.Errorf("the server ended: %v: %s", err, s.serverLog)
		close(s.serverEnded) // whoever asks later hears at once that it has
	}()
	return s.await(ctx)
}

// trust makes the client that asks for the server's health.
func (s *show) trust() error {
	pem, err := os.ReadFile(s.world.Path("tls", "ca.pem"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	return nil
}

// await asks for the server's health until it answers.
func (s *show) await(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/health", nil)
		if err != nil {
			return err
		}
		if resp, err := s.client.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case err := <-s.serverEnded:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *show) writeConfig(address string) (string, error) {
	host, port, err := net.SplitHostPort(s.smtp)
	if err != nil {
		return "", err
	}
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		return "", err
	}
	c := map[string]any{
		"listen": address, "data": "server", "keys": "keys", "scheme": "tunnus-demo", "sandbox": true,
		"tls":           map[string]string{"certificate_file": "world/tls/server.pem", "key_file": "world/tls/server.key"},
		"public_listen": s.public, "public_url": "http://" + s.public, "second": "second/tunnus.db",
		"origin":    "https://" + address,
		"authority": "world/authority", "trust_list": "world/trust", "scheme_file": "world/scheme.json", "register_file": "world/register.json",
		"smtp": map[string]any{"host": host, "port": n, "from": "tunnus <no-reply@id.example>", "tls": "none"},
		"sms":  map[string]any{"from": "tunnus", "http": map[string]any{"url": "http://" + s.inbox + "/sms", "body": json.RawMessage(mailbox.SMSBody)}},
		"relying_parties": []any{
			map[string]any{"uuid": demoUUID, "names": []string{demoName}, "networks": []string{"127.0.0.0/8", "::1/128"}},
		},
	}
	if s.cards != "" {
		if c["portal"], err = s.world.PortalConfig(s.opt.Data, s.cards); err != nil {
			return "", err
		}
	}
	if s.behind != 0 {
		c["sandbox_clock_offset"] = (-s.behind).String()
	}
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return "", err
	}
	path := s.configPath()
	return path, os.WriteFile(path, b, 0o600)
}

// freeAddress turns port 0 into a port that is free now.
func freeAddress(want string) (string, error) {
	l, err := net.Listen("tcp", want)
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// phone are the flags of every call of the app.
func (s *show) phone(command string, more ...string) []string {
	return append([]string{
		"app", command, "--server", s.url, "--ca", s.world.Path("tls", "ca.pem"),
		"--state", s.statePath(), "--passphrase-file", s.passphrasePath(),
	}, more...)
}

// accounts asks the app which accounts its phone has, and how their PINs stand.
func (s *show) accounts(ctx context.Context) (Phone, error) {
	var failed tail
	cmd := exec.CommandContext(ctx, s.opt.Program, s.phone("accounts", "--json")...)
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		return Phone{}, fmt.Errorf("tunnus app accounts: %w: %s", err, &failed)
	}
	var has Phone
	return has, json.Unmarshal(out, &has)
}

// register drives the app through a registration, unless this phone has an
// account from an earlier run. Each step that the app tells becomes a line.
func (s *show) register(ctx context.Context) error {
	if _, err := os.Stat(s.statePath()); !errors.Is(err, fs.ErrNotExist) {
		has, err := s.accounts(ctx)
		if err != nil {
			return err
		}
		if s.kept = len(has.Accounts.Accounts) > 0; s.kept {
			err := s.keep(has.Accounts.Accounts)
			s.tell("account", "kept from the last time", err == nil, 0)
			return err
		} // else that registration was cut short
	}
	return s.apply(ctx, "passport", "new", answers{})
}

// stepNames says what each step of a way is about.
var stepNames = map[string]string{
	wire.StepTerms:       "terms accepted",
	wire.StepConsent:     "biometric consent, by itself",
	wire.StepForm:        "the form, as printed on the passport",
	wire.StepChip:        "chip read; passive authentication and its own proof hold",
	wire.StepContact:     "one-time code by SMTP, typed back",
	wire.StepRegister:    "the population register agrees",
	wire.StepFace:        "live frames match the portrait in the chip",
	wire.StepKeys:        "two PINs, two keys of 6144 bits, two certificates",
	wire.StepApplication: "application signed with the new PIN2",
	wire.StepPINs:        "two PINs, the phone's halves of two keys",
	wire.StepCard:        "in the portal: log-in with the card, questions, one-time code, the app's code, signature",
	wire.StepIsMe:        "the app names whom the portal means: it is me",
	wire.StepVouched:     "another account of the person confirms with PIN1 and PIN2",
	wire.StepOldDevice:   "the phone with the older account confirms with PIN1 and PIN2",
	wire.StepGuardian:    "a guardian is asked for; the registration waits",
	wire.StepOfficer:     "an officer has read the chip, compared and signed",
	wire.StepActivation:  "the officer's activation code, typed in the app",
	wire.StepRecalled:    "both new PINs entered once more",
	wire.StepReplacement: "agreed that the older account is closed",
}

func (s *show) haveAccount(ctx context.Context) error {
	has, err := s.accounts(ctx)
	if err != nil {
		return err
	}
	return s.keep(has.Accounts.Accounts)
}

// keep takes the account to log in with, or says how to get one.
func (s *show) keep(list []wire.Account) error {
	for _, a := range list {
		if a.State == "active" {
			s.report.Account = &Account{a.Document, a.Level, a.State}
			return nil
		}
	}
	if len(list) == 0 {
		return errors.New("no account on this phone")
	}
	return fmt.Errorf("the account of %s on this phone is %s, so nobody can log in with it: delete %s to begin with a new phone, or choose another --person",
		s.hand.person, list[0].State, s.statePath())
}

// applicant is what the person types.
func (s *show) applicant(who sandbox.Person) answers {
	return answers{
		wire.StepTerms: say("yes"), wire.StepConsent: say("yes"),
		"country": say(who.Code.Country()), "surname": say(who.Surname), "given-names": say(who.GivenNames),
		"person-code": say(who.Code.Value()), "document": say(who.Number),
		"email": say(who.Name + "@example.test"), "otp": s.readCode(time.Now()), "face": say("ready"),
		"contact": say("1"), "pin1": say(demoPIN1), "pin1-again": say(demoPIN1), "pin2": say(demoPIN2), "pin2-again": say(demoPIN2),
	}
}

var codeInMail = regexp.MustCompile(`Your code is ([0-9]{6})`)

// readCode waits for the newest mail with a code.
func (s *show) readCode(since time.Time) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		ctx, stop := context.WithTimeout(ctx, 20*time.Second)
		defer stop()
		for {
			for _, m := range s.box.Mails() {
				if found := codeInMail.FindStringSubmatch(m.Text); found != nil && m.At.After(since) {
					return found[1], nil
				}
			}
			select {
			case <-ctx.Done():
				return "", errors.New("no mail with a code came")
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

// container saves the signed application, and verifies it as a stranger would.
func (s *show) container(ctx context.Context) error {
	dir := s.opt.Keep
	if dir == "" {
		dir = s.opt.Data
	}
	file := filepath.Join(dir, "application.asice")
	for _, args := range [][]string{
		s.phone("container", "--out", file),
		{"verify", file, "--root", s.world.Path("authority", "root.pem")},
	} {
		var said tail
		cmd := exec.CommandContext(ctx, s.opt.Program, args...)
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("tunnus %s: %w: %s", strings.Join(args[:2], " "), err, &said)
		}
	}
	return nil
}

// resident tells how much memory the server holds, as the kernel counts it.
func (s *show) resident() string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.server.Process.Pid))
	if err != nil {
		return "memory unknown"
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "memory unknown"
}

// end stops the server and waits for it.
func (s *show) end() {
	if s.server == nil || s.server.Process == nil {
		return
	}
	_ = s.server.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.serverEnded:
	case <-time.After(15 * time.Second):
		_ = s.server.Process.Kill()
	}
}
