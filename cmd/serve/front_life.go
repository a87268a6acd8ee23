package serve

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/act"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/notme"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/app/server/holding"
	"github.com/tunnus-id/tunnus/cmd/serve/bridge"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// joinLife makes what leads accounts beside registration and log-in.
func (f *front) joinLife() error {
	secret, err := f.own.Secret()
	if err != nil {
		return err
	}
	// The same key as registrations have, so that contacts and budgets are the same.
	codes, err := hkdf.Key(sha256.New, secret.Reveal(), nil, "tunnus/enrol/otp/v1", 32)
	if err != nil {
		return err
	}
	f.history = history.Book{Store: f.store.History(), Sealer: f.sealer, Secret: secret, Clock: f.clock}
	f.contacts = contact.Service{
		Store: f.store.Contacts(), Accounts: f.store.Accounts(), Sealer: f.sealer, Secret: secret, Clock: f.clock,
		Hold: f.in.Rules.Accounts.ContactHold.Duration,
	}
	at := f.in.Rules.Accounts
	f.life = life.New(life.Config{
		Rules: life.Rules{
			Freeze: at.Freeze.Duration, Retire: at.ReplaceHold.Duration,
			Reminders: [2]time.Duration{at.Reminders[0].Duration, at.Reminders[1].Duration},
		},
		Store: f.store.Life(), Accounts: f.store.Accounts(), Contacts: f.contacts, History: f.history,
		Teller:    f.teller(),
		Keys:      f.keys,
		Authority: f.ca,
		Codes:     otp.New(f.store.Codes(), f.sealer, f.in.Rules.OTP, tunnus.NewSecret(codes), f.clock),
		Clock:     f.clock,
	})
	return nil
}

// teller writes letters about accounts.
func (f *front) teller() tell.Teller {
	return tell.Teller{Sealer: f.sealer, Contacts: f.contacts, URL: strings.TrimRight(f.cfg.Origin, "/"), Clock: f.clock}
}

// lived is the part of the app's server that all this is.
func (f *front) lived() *holding.Server {
	return &holding.Server{
		Accounts: f.store.Accounts(), Service: f.life, History: f.history, Login: f.login, Staff: f.desks,
		Prover: act.Prover{Scheme: f.cfg.Scheme, Keys: bridge.ActKeys{Keys: f.keys}, Clock: f.clock},
		Own: func(ctx context.Context, device string) (account.Account, error) {
			return server.Own(ctx, f.store.Accounts(), device)
		},
	}
}

// notMe serves the links of letters.
func (f *front) notMe(mux *http.ServeMux) error {
	h, err := notme.Handler(f.life, phrases.Spoken(f.in.Rules.Languages), f.log)
	if err == nil {
		mux.Handle(tell.Path, h)
	}
	return err
}

// lifeJobs are what accounts need without a request.
func (f *front) lifeJobs() []job {
	logins := bridge.Logins{Rows: f.store.Life(), Flow: f.login, Clock: f.clock}
	count := func(do func(context.Context) (int, error)) func(context.Context) error {
		return func(ctx context.Context) error { _, err := do(ctx); return err }
	}
	return []job{
		{"accounts", 2 * time.Second, f.life.Run},
		{"uses", time.Second, func(ctx context.Context) error { return f.life.Note(ctx, logins) }},
		{"contacts", time.Hour, count(f.contacts.Sweep)},
	}
}
