// Package portal puts the pages of people at a computer into a process: what judges
// their ID-cards, the visits, and the pages. Nothing is decided here.
package portal

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/inputs"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/idcard/revocation"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/consent"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/problem/phrases"
	"github.com/tunnus-id/tunnus/store/desk"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/visits"
	web "github.com/tunnus-id/tunnus/web/portal"
)

// Accounts finds the accounts of a person.
type Accounts interface {
	ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error)
}

// Config is what a portal is made of.
type Config struct {
	File     *config.Config
	Inputs   *inputs.Portal
	Rules    scheme.Rules
	Database *engine.Database
	Locks    lock.Store
	Sheets   otp.Store
	Accounts Accounts
	Contacts contact.Service
	Sealer   otp.Sealer
	Secret   tunnus.Secret // of the front
	Clock    tunnus.Clock
	Log      *slog.Logger
}

// A Portal is that of a process.
type Portal struct {
	cfg   Config
	Cards *card.Service // for registrations
}

// Join makes the visits, which registrations ask for.
func Join(cfg Config) (*Portal, error) {
	status, err := revocation.New(cfg.File.Portal.Responders)
	if err != nil {
		return nil, err
	}
	validator, err := idcard.New(idcard.Config{
		Origin: strings.TrimRight(cfg.File.Origin, "/"), Issuers: cfg.Inputs.Issuers, NoNonce: cfg.File.Portal.NoNonce, Status: status,
	})
	if err != nil {
		return nil, err
	}
	// The ledger's key is that of registrations, so that its rows can be read again.
	ledger, err := hkdf.Key(sha256.New, cfg.Secret.Reveal(), nil, "tunnus/enrol/lock/v1", 32)
	if err != nil {
		return nil, err
	}
	people := lock.New(cfg.Locks, cfg.Rules.Proof, tunnus.NewSecret(ledger), cfg.Clock)
	rules := card.DefaultRules
	rules.Visit, rules.CodeLife, rules.CodeTries = cfg.Rules.SessionLife, cfg.Rules.Lives.Code.Duration, cfg.Rules.Lives.CodeTries
	if n := cfg.File.Portal.Guesses; n > 0 {
		rules.Guesses = n
	}
	p := &Portal{cfg: cfg}
	p.Cards, err = card.New(card.Config{
		Rules: rules, Cards: validator, Store: visits.New(cfg.Database), Sheets: cfg.Sheets, OTP: cfg.Rules.OTP, Contacts: cfg.Contacts,
		OnFile: p.onFile, People: people,
		Paces:  lock.Addresses{Paces: desk.NewPaces(cfg.Database), Rules: lock.DefaultPace, Names: people, Clock: cfg.Clock},
		Places: cfg.Inputs.Places, Sealer: cfg.Sealer, Secret: cfg.Secret, Clock: cfg.Clock,
	})
	return p, err
}

// onFile tells whether the rules want a contact on file of this person. Whether
// they are served at all is told by the registration, not here.
func (p *Portal) onFile(ctx context.Context, person tunnus.PersonCode) (bool, error) {
	all, err := p.cfg.Accounts.ByPerson(ctx, person)
	if err != nil {
		return false, err
	}
	q := scheme.Question{Way: way.IDCard, Purpose: way.New, Country: person.Country(), Prior: scheme.PriorNone}
	q.Birth, _ = person.BirthDate()
	if slices.ContainsFunc(all, func(a account.Account) bool { return a.State != account.Issued && !a.ActiveAt.IsZero() }) {
		q.Prior = scheme.PriorFound
	}
	e, err := p.cfg.Rules.Eligible(q, p.cfg.Clock.Now())
	if tunnus.CodeOf(err).Decided() {
		return false, nil
	}
	return e.Contact == scheme.OnFile, err
}

// Parts are what the pages need that is made after the visits.
type Parts struct {
	Accounts web.Accounts
	History  history.Book
	Confirm  *confirm.Service
	Register consent.Wards
}

// Serve makes the pages.
func (p *Portal) Serve(parts Parts) (http.Handler, error) {
	pages, err := web.New(web.Config{
		Cards: p.Cards, Accounts: parts.Accounts, History: parts.History,
		Consents: &consent.Service{Confirm: parts.Confirm, Cards: p.Cards, Register: parts.Register, Clock: p.cfg.Clock},
		Contacts: p.cfg.Contacts, Browsers: visits.NewBrowsers(p.cfg.Database),
		Sealer: p.cfg.Sealer, Languages: phrases.Spoken(p.cfg.Rules.Languages), Clock: p.cfg.Clock, Log: p.cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	return pages.Handler(), nil
}

const (
	// keepPayload is how long a visit that is over still holds what it knows of a
	// person: the app may take its outcome late.
	keepPayload = time.Hour
	// page is how many visits are seen to at once.
	page = 500
)

// Tidy takes from visits that are over what they hold of a person.
func (p *Portal) Tidy(ctx context.Context) error {
	_, err := visits.New(p.cfg.Database).DropPayloads(ctx, p.cfg.Clock.Now().Add(-keepPayload), page)
	return err
}
