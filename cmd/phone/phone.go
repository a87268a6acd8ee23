// Package phone has the commands of the app in a terminal: register, confirm for
// another phone, answer requests, change PINs, look at accounts.
//
// [Flags] say which phone is meant and open it. What the app does stands in package
// app; what is beside registration and log-in, in package holder.
package phone

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/term"
	"github.com/tunnus-id/tunnus/app/tries"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/cmd/holder"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/document/pcsc"
	"github.com/tunnus-id/tunnus/sandbox"
	"github.com/tunnus-id/tunnus/sandbox/demo"
)

// Command is the app in a terminal.
type Command struct {
	Register     Register     `cmd:"" help:"Make an account on this phone."`
	Confirm      Confirm      `cmd:"" help:"Follow a link that another phone shows while it registers, and confirm what it asks with your PINs."`
	Accounts     Accounts     `cmd:"" help:"List the accounts of this phone."`
	Wait         Wait         `cmd:"" help:"Wait for requests and answer them."`
	PIN1         PIN1         `cmd:"" name:"pin1" help:"Change PIN1, with which you log in."`
	PIN2         PIN2         `cmd:"" name:"pin2" help:"Change PIN2, with which you sign."`
	Certificates Certificates `cmd:"" help:"Show the certificates of this phone, and that each is in the transparency log."`
	Container    Container    `cmd:"" help:"Save the signed application of this phone's account, which anybody can check."`

	Holder holder.Commands[Flags, *Flags] `embed:""`
}

// Version is the app's and the server's version; minimum versions of a scheme
// are compared with it.
const Version = "0.1.0"

// Flags are the flags of all commands of the app.
type Flags struct {
	Server         string `help:"Address of the server." default:"https://127.0.0.1:8443"`
	CA             string `help:"Certificate authority of the server's TLS certificate, PEM. Default: those of the system." type:"existingfile"`
	State          string `help:"The app's sealed state file." default:"${app_state}" type:"path"`
	PassphraseFile string `help:"File with the passphrase of the state; asked for if not given." type:"existingfile"`
	Virtual        string `help:"Use the virtual passport and face of this person of the sandbox." placeholder:"NAME"`
	World          string `help:"Folder of the sandbox, for --virtual." type:"existingdir"`
	Reader         bool   `help:"Read the document on a card reader of this computer (PC/SC). Lines of the document are typed, pictures are files; with --virtual, only the chip is on the reader."`
	ReaderName     string `help:"A word in the name of the reader, if there are several." placeholder:"WORD"`
	Film           string `help:"What the camera sees: a folder of JPEG files, a .y4m or an .mjpeg file. Such a film knows nothing of the colours on the screen, and no liveness check should take it." placeholder:"FILE" type:"path"`
	Lang           string `help:"Language in which failures are told: en, et, lt, lv, da or ru. Default: that of the environment (LC_ALL, LC_MESSAGES, LANG)." placeholder:"CODE" enum:",en,et,lt,lv,da,ru" default:""`

	virtual *sandbox.Body // with --virtual, once open
}

// errNoAccount ends what needs an account on a phone that has none.
var errNoAccount = errors.New("no account on this phone; `tunnus app register` makes one")

// openMade is open for commands that need what a registration has made; they make no file.
func (p *Flags) openMade(ctx context.Context) (*app.App, *vault.Vault, *term.Screen, error) {
	if _, err := Client(p.Server, p.CA); err != nil {
		return nil, nil, nil, err
	}
	if _, err := os.Stat(p.State); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, errNoAccount
	}
	return p.open(ctx)
}

// open makes the app of the flags; close it when done.
func (p *Flags) open(ctx context.Context) (*app.App, *vault.Vault, *term.Screen, error) {
	screen := term.New(os.Stdin, os.Stdout)
	client, err := Client(p.Server, p.CA)
	if err != nil {
		return nil, nil, nil, err
	}
	body, err := p.body(screen)
	if err != nil {
		return nil, nil, nil, err
	}
	passphrase, err := p.passphrase(ctx, screen)
	if err != nil {
		return nil, nil, nil, err
	}
	defer passphrase.Wipe()
	vault, err := vault.Open(p.State, passphrase)
	if err != nil {
		return nil, nil, nil, err
	}
	a, err := app.New(app.Config{
		Vault: vault, Server: p.Server, Client: client, Screen: screen, Body: body, Clock: tunnus.SystemClock{}, Language: p.language(),
		Claim: line.Claim{Version: Version, OS: runtime.GOOS, OSVersion: "0", Model: "tunnus app in a terminal"},
	})
	if err == nil {
		err = a.Start(ctx)
	}
	if err != nil {
		return nil, nil, nil, errors.Join(err, vault.Close())
	}
	return a, vault, screen, nil
}

// body is what the phone senses; nil without --virtual and --reader, as a terminal
// has neither camera nor reader.
func (p *Flags) body(screen app.Screen) (body app.Body, err error) {
	if p.Virtual != "" {
		if p.virtual, err = sandbox.NewBody(p.World, p.Virtual, tunnus.SystemClock{}); err != nil {
			return nil, err
		}
		body = p.virtual
	}
	if !p.Reader {
		return withFilm(body, p.Film), nil
	}
	if !pcsc.Built {
		return nil, pcsc.ErrNotBuilt
	}
	return withFilm(&readerBody{screen: screen, name: p.ReaderName, person: body, wait: pcsc.Wait}, p.Film), nil
}

func (p *Flags) passphrase(ctx context.Context, s app.Screen) (tunnus.Secret, error) {
	if p.PassphraseFile != "" {
		b, err := os.ReadFile(p.PassphraseFile)
		return tunnus.NewSecret(bytes.TrimRight(b, "\r\n")), err
	}
	first, err := s.AskSecret(ctx, "passphrase", "Passphrase of this phone")
	if _, missing := os.Stat(p.State); err != nil || missing == nil {
		return first, err
	}
	again, err := s.AskSecret(ctx, "passphrase-again", "It is a new phone. The same passphrase again")
	if err == nil && !first.Equal(again) {
		err = errors.New("the two passphrases differ")
	}
	return first, err
}

// listed is an account as it is listed.
func listed(a wire.Account) string {
	return fmt.Sprintf("%s  %s  %s  %s  until %s", a.Document, a.Name, a.Level, a.State, a.Expires.Local().Format(time.DateOnly))
}

type Accounts struct {
	Flags `embed:""`
	JSON  bool `help:"Print one JSON object."`
}

// Run lists accounts.
func (c *Accounts) Run(ctx context.Context) error {
	a, vault, screen, err := c.openMade(ctx)
	if err != nil {
		return err
	}
	defer vault.Close()
	list, err := a.Accounts(ctx)
	if err != nil {
		return err
	}
	var pins []tries.PIN // of an account that ends, there are none that anything could be said of
	if len(vault.State.Accounts) > 0 && slices.ContainsFunc(list, func(acc wire.Account) bool { return account.State(acc.State) == account.Active }) {
		pins, err = a.PINs(ctx)
	}
	if c.JSON {
		return errors.Join(err, json.NewEncoder(os.Stdout).Encode(demo.Phone{Accounts: wire.Accounts{Accounts: list}, PINs: pins}))
	}
	if len(list) == 0 {
		return errNoAccount
	}
	for _, acc := range list {
		screen.Tell(listed(acc))
	}
	for _, p := range pins {
		if line := tries.Say(p.Kind, p.Tries, time.Now()); line != "" {
			screen.Tell(line)
		}
	}
	return err
}

type Wait struct {
	Flags `embed:""`
	Once  bool `help:"Answer one request, then end."`
}

// Run answers requests until it is interrupted.
func (c *Wait) Run(ctx context.Context) error {
	a, vault, screen, err := c.openMade(ctx)
	if err != nil {
		return err
	}
	defer vault.Close()
	if len(vault.State.Accounts) == 0 {
		return errNoAccount
	}
	for {
		if held, err := a.Phone(); err == nil {
			_ = holder.News(ctx, held, screen) // what cannot be asked for now is told at the next round
		}
		screen.Tell("Waiting for requests …")
		verdict, err := a.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (c.Once || !recoverable(err)):
			return err
		case err != nil:
			screen.Tell(a.Explain(err))
			time.Sleep(2 * time.Second) // a fault that stays must not be asked for in a loop
		default:
			screen.Tell("Request " + string(verdict) + ".")
		}
		if c.Once {
			return nil
		}
	}
}

// recoverable reports whether the app may go on waiting after a failure: the
// request is over, or the line was; not if the account is, or its PIN is locked.
func recoverable(err error) bool {
	switch tunnus.CodeOf(err) {
	case tunnus.CodeAccCloned, tunnus.CodeAccUnusable, tunnus.CodeAccExpired, tunnus.CodeKeyUnusable, tunnus.CodeBadSignature,
		tunnus.CodePINLock1, tunnus.CodePINLock2, tunnus.CodePINLockPerm:
		return false
	}
	_, refused := errors.AsType[*tunnus.Error](err)
	return refused || errors.Is(err, line.ErrBroken) || errors.Is(err, app.ErrOver)
}

// Client trusts one authority only, if it is given. Plain HTTP is for
// loopback addresses.
func Client(base, ca string) (*http.Client, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !config.Loopback(u.Host)) {
		return nil, fmt.Errorf("%s: https is needed; plain http is for loopback addresses with a port", base)
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", ca)
		}
	}
	return &http.Client{
		Transport: &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true, ResponseHeaderTimeout: 3 * time.Minute},
	}, nil
}

// DefaultState is where the app keeps its state if nothing else is said.
func DefaultState() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		dir = "."
	}
	return filepath.Join(dir, "tunnus", "phone.json")
}
