package serve

import (
	"context"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/cmd/serve/bridge"
	"github.com/tunnus-id/tunnus/cmd/serve/closing"
	"github.com/tunnus-id/tunnus/cmd/serve/desks"
	"github.com/tunnus-id/tunnus/cmd/serve/inputs"
	"github.com/tunnus-id/tunnus/cmd/serve/portal"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/rpapi"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/problem/phrases"
	"github.com/tunnus-id/tunnus/store/jobs"
	"github.com/tunnus-id/tunnus/store/wake"
)

// front is the role that apps and relying parties call. It holds neither the
// server's halves nor the CA's key.
type front struct {
	*parts
	reach
	accounts *account.Service
	enrol    *enrol.Flow
	confirm  *confirm.Service
	login    *login.Flow
	app      *server.Server
	kept     *container.Service // signed applications
	sealer   otp.Sealer
	crewed   *jobs.Crew // of the durable jobs
	life     *life.Service
	history  history.Book
	contacts contact.Service
	board    *wake.Board // between nodes; nil on SQLite
	desks    *desks.Desks
	portal   *portal.Portal // nil without
}

func (p *parts) joinFront(r reach) (*front, error) {
	f := &front{parts: p, reach: r, accounts: account.NewService(p.store.Accounts(), p.clock), sealer: p.own.Sealer(hsm.Session)}
	if err := f.joinDesks(); err != nil {
		return nil, err
	}
	if err := f.joinLife(); err != nil {
		return nil, err
	}
	if err := f.joinPortal(); err != nil {
		return nil, err
	}
	if err := f.joinEnrol(); err != nil {
		return nil, err
	}
	if err := f.joinLogin(); err != nil {
		return nil, err
	}
	if err := f.joinContainers(); err != nil {
		return nil, err
	}
	var err error
	if f.crewed, err = f.crew(); err != nil {
		return nil, err
	}
	f.app = server.New(server.Config{
		Scheme: p.cfg.Scheme, Issuing: p.in.Issuing.Raw,
		Sessions: bridge.Sessions{Rows: p.store.AppSessions()}, Replies: bridge.Replies{Replies: p.store.Replies(), Sealer: f.sealer},
		Enrol: f.enrol, Confirm: f.confirm, Keys: r.keys, Proofs: r.proofs, Login: f.login, Accounts: p.store.Accounts(), Containers: f.kept, Life: f.lived(), Clock: p.clock, Log: p.log,
	})
	return f, nil
}

func (f *front) joinLogin() error {
	notifier, err := f.notifier()
	if err != nil {
		return err
	}
	f.login, err = login.New(login.Config{
		Scheme: f.cfg.Scheme, Rules: login.DefaultRules(), Store: f.store.Logins(), Clock: f.clock,
		Accounts: bridge.LoginAccounts{Accounts: f.accounts, Clock: f.clock}, Signer: bridge.LoginSigner{Keys: f.keys}, Notifier: notifier,
	})
	return err
}

// joinContainers makes what completes signed applications, with time-stamps and
// answers of the role issue: in this process, or as it publishes them.
func (f *front) joinContainers() (err error) {
	vouch := bridge.Vouch{URL: strings.TrimRight(f.cfg.PublicURL, "/"), Client: &http.Client{Timeout: vouchWithin}}
	if f.authority != nil {
		vouch.Stamps, vouch.Responder = f.authority.Stamps, f.authority.Responder
	}
	vouch.Roots = func() ([][]byte, error) { return inputs.RootLists(f.cfg.Authority) }
	f.kept, err = container.New(container.Config{
		Store: f.store.Containers(), Accounts: f.store.Accounts(), Stamper: vouch, Status: vouch,
		Issuing: []*x509.Certificate{f.in.Issuing}, Roots: []*x509.Certificate{f.in.Root}, Clock: f.clock,
	})
	return err
}

// vouchWithin bounds a question to the published pages.
const vouchWithin = 10 * time.Second

// vouched reports whether there is anybody who makes time-stamps: without,
// containers stay at their first level.
func (f *front) vouched() bool {
	if f.authority != nil {
		return f.authority.Stamps != nil
	}
	return f.cfg.PublicURL != ""
}

// closer sees to accounts whose keys were held or have ended.
func (f *front) closer() closing.Closer {
	return closing.Closer{Keys: f.keys, Accounts: f.accounts, CA: f.ca, Life: f.life}
}

// jobs are what the front does without a request.
func (f *front) jobs() []job {
	jobs := []job{
		{"sweep", 10 * time.Second, func(ctx context.Context) error { _, err := f.enrol.Sweep(ctx); return err }},
		{"questions", time.Minute, func(ctx context.Context) error { _, err := f.confirm.Sweep(ctx); return err }},
		{"expire", time.Minute, func(ctx context.Context) error { _, err := f.accounts.ExpireDue(ctx, f.store.Accounts()); return err }},
		{"settle", 5 * time.Second, f.closer().Run},
		{"locked", time.Second, f.app.TellLocked},
	}
	if f.vouched() {
		jobs = append(jobs, job{"containers", 2 * time.Second, func(ctx context.Context) error { _, err := f.kept.Complete(ctx); return err }})
	}
	return slices.Concat(jobs, f.wakeJobs(), f.lifeJobs(), f.registerJobs(), f.deskJobs(), f.portalJobs())
}

// maxRequest bounds every request; the routes have their own, lower limits.
const maxRequest = 16 << 20

// handler is the whole of what apps and relying parties are answered.
func (f *front) handler() (http.Handler, error) {
	rp, err := rpapi.New(rpapi.Config{Flow: f.login, Parties: f.in.Parties, Log: f.log})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/v3/", rp.Handler())
	mux.Handle("/app/v1/", f.app.Routes())
	mux.HandleFunc("GET /health", healthy)
	if err := f.notMe(mux); err != nil {
		return nil, err
	}
	if err := f.visited(mux); err != nil {
		return nil, err
	}
	if err := f.staffed(mux); err != nil {
		return nil, err
	}
	f.book.Mount(mux)
	if f.authority != nil && f.cfg.PublicListen == "" {
		f.publish(mux)
	}
	mux.Handle("/", problem.Handle(problem.Absent, f.log))
	all := rpapi.Slashes(http.MaxBytesHandler(mux, maxRequest))
	if f.authority != nil && f.cfg.PublicListen == "" {
		all = f.exact(all)
	}
	book, err := phrases.Codes()
	if err != nil {
		return nil, err
	}
	return problem.Speak(breakable(all), f.speech(book)), nil
}

// speech is how failures are told: in the languages of the scheme, with those of
// its ways that are open.
func (f *front) speech(book *phrases.Book) problem.Speech {
	by := problem.Speech{Book: book, Languages: phrases.Spoken(f.in.Rules.Languages)}
	for _, w := range way.All() {
		if f.in.Rules.Ways[w].On {
			by.Ways = append(by.Ways, phrases.Way(w))
		}
	}
	return by
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n"))
}
