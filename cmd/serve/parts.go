package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
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
	"github.com/tunnus-id/tunnus/enrol/population"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/face"
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

// assemble joins the packages as the configuration says.
func assemble(ctx context.Context, cfg *Config, log *slog.Logger, clock tunnus.Clock) (*parts, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, filepath.Join(cfg.Data, "tunnus.db"))
	if err != nil {
		return nil, err
	}
	own, err := openCustody(ctx, cfg.Keys, db)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keys: %w", err), db.Close())
	}
	p := &parts{store: db, sealer: own.session, rules: scheme.Nordic}
	if cfg.Sandbox {
		p.rules = p.rules.Sandbox()
	}
	p.accounts = account.NewService(db.Accounts(), clock)
	err = errors.Join(p.joinKeys(cfg, own, clock), p.joinMail(cfg, clock), p.joinAuthority(cfg, clock))
	if err == nil {
		err = errors.Join(p.joinEnrol(cfg, own, clock), p.joinLogin(cfg, clock))
	}
	if err == nil {
		err = p.joinApp(cfg, clock, log)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
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

func (p *parts) joinMail(cfg *Config, clock tunnus.Clock) (err error) {
	m := notify.Config{
		Host: cfg.SMTP.Host, Port: cfg.SMTP.Port, TLS: notify.TLS(cfg.SMTP.TLS), From: cfg.SMTP.From, Username: cfg.SMTP.User, Clock: clock,
	}
	if cfg.SMTP.PasswordFile != "" {
		b, err := os.ReadFile(cfg.SMTP.PasswordFile)
		if err != nil {
			return fmt.Errorf("smtp: %w", err)
		}
		m.Password = tunnus.NewSecret(trimmed(b))
	}
	p.mail, err = notify.New(m)
	return err
}

func (p *parts) joinAuthority(cfg *Config, clock tunnus.Clock) error {
	by, err := openIssuer(cfg.Authority)
	if err != nil {
		return fmt.Errorf("authority: %w", err)
	}
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

func (p *parts) joinEnrol(cfg *Config, own custody, clock tunnus.Clock) error {
	trust, err := readTrustList(cfg.TrustList)
	if err != nil {
		return fmt.Errorf("trust_list: %w", err)
	}
	people, err := os.ReadFile(cfg.RegisterFile)
	if err != nil {
		return fmt.Errorf("register_file: %w", err)
	}
	register, err := population.Parse(people)
	if err != nil {
		return fmt.Errorf("register_file: %w", err)
	}
	models, err := modelFolder(cfg.Models)
	if err != nil {
		return err
	}
	if _, err := face.Check(os.DirFS(models)); err != nil {
		return fmt.Errorf("models: %w (make models fetches them)", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	judge := worker.New(self, "worker", "--models", models)
	p.enrol, err = enrol.New(enrol.Config{
		Rules: p.rules, Trust: trust, Secret: own.secret, Clock: clock,
		Store: p.store.Enrolments(), Locks: p.store.Ledger(), Sheets: p.store.Codes(), Accounts: p.store.Accounts(), Sealer: own.session,
		Population: register, Faces: judge, Keys: enrolKeys{p.keys}, Issuer: enrolIssuer{p.ca},
	})
	return err
}

func (p *parts) joinLogin(cfg *Config, clock tunnus.Clock) error {
	var list []login.Party
	for _, c := range cfg.RelyingParties {
		party := login.Party{UUID: c.UUID, Names: c.Names, Advanced: c.Advanced}
		for _, n := range c.Networks {
			party.Sources = append(party.Sources, netip.MustParsePrefix(n)) // Validate has parsed it
		}
		if c.CertificateSHA256 != "" {
			pin, err := login.ParseFingerprint(c.CertificateSHA256)
			if err != nil {
				return err
			}
			party.Pins = []login.Fingerprint{pin}
		}
		list = append(list, party)
	}
	var err error
	if p.parties, err = login.NewParties(!cfg.Sandbox, list...); err != nil {
		return err
	}
	p.login, err = login.New(login.Config{
		Scheme: cfg.Scheme, Rules: login.DefaultRules(), Store: p.store.Logins(), Clock: clock,
		Accounts: loginAccounts{p.accounts, clock}, Signer: loginSigner{p.keys}, Notifier: login.NewHub(),
	})
	return err
}

func (p *parts) joinApp(cfg *Config, clock tunnus.Clock, log *slog.Logger) error {
	by, err := openIssuer(cfg.Authority)
	if err != nil {
		return err
	}
	p.app = server.New(server.Config{
		Scheme: cfg.Scheme, Issuing: by.Certificate.Raw, Sessions: sessions{p.store.AppSessions()}, Replies: replies{p.store.Replies(), p.sealer},
		Enrol: p.enrol, Keys: p.keys, Login: p.login, Accounts: p.store.Accounts(), Clock: clock, Log: log,
	})
	return nil
}

func (p *parts) close(log *slog.Logger) {
	if err := p.store.Close(); err != nil {
		log.Error("closing the database", "error", err)
	}
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
		"expire":   {time.Minute, func(ctx context.Context) error { _, err := p.accounts.ExpireDue(ctx); return err }},
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
