// Package desks puts the people of the service into a process: members of staff,
// the review queue, desks, appointments, support and incidents. Nothing is decided here.
package desks

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/enrol/appointment"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/incident"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/api"
	"github.com/tunnus-id/tunnus/staff/roster"
	"github.com/tunnus-id/tunnus/staff/support"
	store "github.com/tunnus-id/tunnus/store/desk"
	"github.com/tunnus-id/tunnus/store/engine"
)

// Config is what the people of a process are made of.
type Config struct {
	Database *engine.Database
	Sittings sitting.Book // of this process: its store, sealer and clock
	Locks    lock.Store
	Rules    scheme.Rules
	Trust    *trustlist.List
	Secret   tunnus.Secret // of the front
	Sealer   otp.Sealer
	Offices  []appointment.Office
	Scheme   string // its name, which staff sign
	Clock    tunnus.Clock
	Log      *slog.Logger
}

// Desks are the people of a process.
type Desks struct {
	cfg       Config
	Marker    staff.Marker
	Reviews   *review.Service
	Desk      *desk.Service
	Diary     *appointment.Diary
	Addresses lock.Addresses
	Support   *support.Service // after Serve
	incidents *incident.Service
	secret    tunnus.Secret
}

// secret derives one key of the front's secret. The names "enrol" are those of
// registrations, whose ledgers are the same.
func secret(from tunnus.Secret, use string) (tunnus.Secret, error) {
	k, err := hkdf.Key(sha256.New, from.Reveal(), nil, "tunnus/"+use+"/v1", 32)
	return tunnus.NewSecret(k), err
}

// Marker is the marker of a front's secret.
func Marker(front tunnus.Secret) (staff.Marker, error) {
	k, err := secret(front, "staff/person")
	return staff.NewMarker(k), err
}

// Join makes what registrations ask for.
func Join(cfg Config) (*Desks, error) {
	d := &Desks{cfg: cfg}
	lockKey, err1 := secret(cfg.Secret, "enrol/lock")
	deskKey, err2 := secret(cfg.Secret, "staff/desk")
	own, err3 := secret(cfg.Secret, "staff/support")
	var err4 error
	d.Marker, err4 = Marker(cfg.Secret)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, fmt.Errorf("desks: deriving keys: %w", err)
	}
	d.secret = own
	rules := review.DefaultRules
	rules.Life, rules.Pictures = cfg.Rules.Review.Parked.Duration, cfg.Rules.Retention.Images.Duration
	d.Reviews = review.New(store.NewReviews(cfg.Database), cfg.Sealer, rules, cfg.Clock)
	documents, devices := lock.New(cfg.Locks, cfg.Rules.Judgement, lockKey, cfg.Clock), lock.New(cfg.Locks, cfg.Rules.Proof, lockKey, cfg.Clock)
	d.Addresses = lock.Addresses{Paces: store.NewPaces(cfg.Database), Rules: lock.DefaultPace, Names: devices, Clock: cfg.Clock}
	at := desk.DefaultRules
	at.CodeLife = cfg.Rules.Desk.Code.Duration
	var err error
	d.Desk, err = desk.New(desk.Config{
		Rules: at, Scheme: served{cfg.Rules}, Trust: cfg.Trust, Secret: deskKey, Marker: d.Marker, Store: store.NewDesks(cfg.Database),
		Sittings: sittings{cfg.Sittings}, Tab: lock.Tab{Documents: documents, Devices: devices}, Sealer: cfg.Sealer, Clock: cfg.Clock,
	})
	if err != nil {
		return nil, err
	}
	d.incidents = incident.New(store.NewIncidents(cfg.Database), documents, cfg.Rules.Judgement.Grace, cfg.Clock)
	d.Diary, err = appointment.New(store.NewBookings(cfg.Database), cfg.Offices, cfg.Sealer, cfg.Clock)
	return d, err
}

// Serve makes the interface of staff and of appointments, once accounts are there.
func (d *Desks) Serve(log Log, accounts support.Accounts) (http.Handler, error) {
	rows := store.NewStaff(d.cfg.Database)
	var err error
	d.Support, err = support.New(support.Config{
		Store: rows, Findings: rows, Cases: Cases{log}, Accounts: accounts, Marker: d.Marker, Secret: d.secret, Clock: d.cfg.Clock,
	})
	if err != nil {
		return nil, err
	}
	return api.New(api.Config{
		Roster: roster.New(rows, d.cfg.Scheme, d.cfg.Clock), Support: d.Support, Reviews: d.Reviews, Desks: d.Desk, Diary: d.Diary, Incidents: d.incidents,
		Scheme: d.cfg.Scheme, Slow: d.Addresses, Clock: d.cfg.Clock, Log: d.cfg.Log,
	}).Routes(), nil
}

// History implements [holding.Staff], once there is support.
func (d *Desks) History(ctx context.Context, account string) ([]support.LookUp, error) {
	return d.Support.History(ctx, account)
}

// Consent implements [holding.Staff].
func (d *Desks) Consent(ctx context.Context, account string) (tunnus.Secret, time.Time, error) {
	return d.Support.Consent(ctx, account)
}

// Tidy does what goes on without a request: pictures, claims and cases whose time
// is over, desks, appointments, incidents, findings, paces. Each part goes on though
// another fails.
func (d *Desks) Tidy(ctx context.Context) error {
	var err4 error
	if d.Support != nil {
		err4 = d.Support.Run(ctx)
	}
	_, err1 := d.Reviews.Sweep(ctx)
	_, err2 := d.Desk.Sweep(ctx)
	_, err3 := d.Diary.Sweep(ctx)
	return errors.Join(err1, err2, err3, err4, d.incidents.Run(ctx), d.Addresses.Sweep(ctx))
}

// Release names the software of this process, as incidents do: the revision that it
// was built of, or its version.
func Release() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}

// served is the scheme as a desk asks for it.
type served struct{ scheme.Rules }

// Issuer implements [desk.Scheme].
func (s served) Issuer(state string) string { return s.Issuers[state] }

// sittings is what desks ask of sittings.
type sittings struct{ book sitting.Book }

// AtDesk implements [desk.Sittings].
func (s sittings) AtDesk(ctx context.Context, id, device string) (string, error) {
	at, err := s.book.Load(ctx, sitting.Ref{Session: id, Device: device})
	if err != nil {
		return "", err
	}
	next, _ := way.Next(at.Route, at.Facts)
	if at.Route.Way != way.Desk || at.State != way.Open || s.book.Over(at) || next != way.ChipProved {
		return "", tunnus.Conflict(errors.New("desks: the sitting does not wait for a desk"))
	}
	return at.Claim.Model, nil
}
