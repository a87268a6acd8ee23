package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/face/worker"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/notify"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// parts are what a running server is made of.
type parts struct {
	lock     *os.File
	tls      []tls.Certificate
	store    *store.Store
	keys     *keyshare.Service
	ca       *issue.Service
	accounts *account.Service
	enrol    *enrol.Flow
	login    *login.Flow
	parties  *login.Parties
	app      *server.Server
	mail     *notify.Mailer
	sealer   otp.Sealer
	rules    scheme.Rules
}

// assemble joins the packages as the configuration says. It makes nothing before
// all that the configuration names is there and right.
func assemble(ctx context.Context, cfg *Config, log *slog.Logger, clock tunnus.Clock) (*parts, error) {
	in, err := readInputs(cfg, clock)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFolder(filepath.Join(cfg.Data, "lock"))
	if err != nil {
		return nil, err
	}
	p := &parts{lock: lock, tls: in.tls, mail: in.mail, parties: in.parties, rules: scheme.Nordic}
	if cfg.Sandbox {
		p.rules = p.rules.Sandbox()
	}
	if err := p.join(ctx, cfg, in, log, clock); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *parts) join(ctx context.Context, cfg *Config, in inputs, log *slog.Logger, clock tunnus.Clock) (err error) {
	if p.store, err = store.Open(ctx, filepath.Join(cfg.Data, "tunnus.db")); err != nil {
		return err
	}
	own, err := openCustody(ctx, cfg.Keys, p.store)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	p.sealer, p.accounts = own.session, account.NewService(p.store.Accounts(), clock)
	if err := errors.Join(p.joinKeys(cfg, own, clock), p.joinAuthority(cfg, in.issuer, clock)); err != nil {
		return err
	}
	if err := errors.Join(p.joinEnrol(in, own, clock), p.joinLogin(cfg, clock)); err != nil {
		return err
	}
	p.joinApp(cfg, in.issuer, clock, log)
	return nil
}

func (p *parts) joinKeys(cfg *Config, own custody, clock tunnus.Clock) (err error) {
	p.keys, err = keyshare.New(keyshare.Config{
		Store: p.store.Keyshare(), Clock: clock, SealVOPRF: own.voprf, SealModulus: own.modulus,
		Formats: map[string]keyshare.Format{
			acsp.Kind: acsp.Format{Scheme: cfg.Scheme}, application.Kind: application.Format{},
		},
	})
	return err
}

func (p *parts) joinAuthority(cfg *Config, by issue.Issuer, clock tunnus.Clock) error {
	who := by.Certificate.Subject
	naming := pki.Scheme{Name: cfg.Scheme, Country: strings.Join(who.Country, ""), Organisation: strings.Join(who.Organization, "")}
	profiles, err := naming.Profiles()
	if err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	p.ca, err = issue.New(issue.Config{
		Scheme: naming, Profiles: profiles, Store: p.store.Certificates(), Clock: clock,
		Issuer: func(context.Context) (issue.Issuer, error) { return by, nil },
	})
	return err
}

func (p *parts) joinEnrol(in inputs, own custody, clock tunnus.Clock) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	judge := worker.New(self, "worker", "--models", in.models)
	p.enrol, err = enrol.New(enrol.Config{
		Rules: p.rules, Trust: in.trust, Secret: own.secret, Clock: clock,
		Store: p.store.Enrolments(), Locks: p.store.Ledger(), Sheets: p.store.Codes(), Accounts: p.store.Accounts(), Sealer: own.session,
		Population: in.register, Faces: judge, Keys: halves(p.keys), Issuer: enrolIssuer{p.ca},
	})
	return err
}

func (p *parts) joinLogin(cfg *Config, clock tunnus.Clock) (err error) {
	p.login, err = login.New(login.Config{
		Scheme: cfg.Scheme, Rules: login.DefaultRules(), Store: p.store.Logins(), Clock: clock,
		Accounts: loginAccounts{p.accounts, clock}, Signer: loginSigner{p.keys}, Notifier: login.NewHub(),
	})
	return err
}

func (p *parts) joinApp(cfg *Config, by issue.Issuer, clock tunnus.Clock, log *slog.Logger) {
	p.app = server.New(server.Config{
		Scheme: cfg.Scheme, Issuing: by.Certificate.Raw, Sessions: sessions{p.store.AppSessions()}, Replies: replies{p.store.Replies(), p.sealer},
		Enrol: p.enrol, Keys: p.keys, Login: p.login, Accounts: p.store.Accounts(), Clock: clock, Log: log,
	})
}

func (p *parts) close() error {
	var err error
	if p.store != nil {
		err = p.store.Close()
	}
	return errors.Join(err, p.lock.Close())
}

// background runs what goes on without a request. The channel closes when all
// of it has ended.
func (p *parts) background(ctx context.Context, cfg *Config, log *slog.Logger) <-chan struct{} {
	var all sync.WaitGroup
	for name, job := range map[string]struct {
		every time.Duration
		do    func(context.Context) error
	}{
		"mail":     {500 * time.Millisecond, p.sendMail},
		"sweep":    {10 * time.Second, func(ctx context.Context) error { _, err := p.enrol.Sweep(ctx); return err }},
		"expire":   {time.Minute, func(ctx context.Context) error { _, err := p.accounts.ExpireDue(ctx, p.store.Accounts()); return err }},
		"settle":   {5 * time.Second, p.closer().run},
		"sessions": {time.Hour, p.sweepSessions},
		"key-pool": {5 * time.Second, func(ctx context.Context) error { return p.keys.FillPool(ctx, cfg.KeyPool) }},
	} {
		all.Go(func() { every(ctx, job.every, log.With("job", name), job.do) })
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	return done
}

// keepSessions is how long sessions of apps and their replies are kept: longer
// than the server lets an app go on with one.
const keepSessions = 24 * time.Hour

func (p *parts) sweepSessions(ctx context.Context) error {
	_, err := p.store.AppSessions().Sweep(ctx, time.Now().Add(-keepSessions))
	return err
}

// every does a job now and then again, until ctx ends; a failure is logged and
// the next round tries again.
func every(ctx context.Context, pause time.Duration, log *slog.Logger, do func(context.Context) error) {
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			log.Error("a background job failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
