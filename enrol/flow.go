package enrol

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/elsewhere"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/staff"
)

// Config is what a flow is put together from.
type Config struct {
	Rules scheme.Rules
	Trust *trustlist.List
	// Secret (at least 32 bytes) keys challenges, one-time codes and the names
	// of ledgers. Whoever changes it forgets every lock: it never changes.
	Secret tunnus.Secret
	Clock  tunnus.Clock

	Store    sitting.Store
	Locks    lock.Store
	Paces    lock.Paces // nil slows no address
	Sheets   otp.Store
	Accounts Accounts
	Contacts Contacts
	Sealer   otp.Sealer

	Population people.Source
	Faces      proofs.Faces
	Films      proofs.Films // where the rules ask for liveness
	Keys       binding.Keys
	Issuer     binding.Issuer

	// What follows may be left out: then the ways that need it are closed, and a
	// face that no machine may decide ends the session.
	Confirm *confirm.Service
	Cards   elsewhere.Cards
	Places  elsewhere.Places // where phones are; nil: nobody knows
	Teller  tell.Teller      // writes to the other guardians of a child
	// Activated tells everybody of an account that has become active, and lets it
	// take the place of an older one. That it fails is no failure: it is done later.
	Activated func(ctx context.Context, accountID string) error
	Desk      elsewhere.Desk
	Reviews   proofs.Reviews
	Marker    staff.Marker // with Reviews
}

// A Flow takes applicants through their way. It keeps nothing of its own. Chip and
// face are judged by its [proofs.Proofs]; what is found on other devices is taken by
// its [elsewhere.Elsewhere].
type Flow struct {
	*proofs.Proofs
	*elsewhere.Elsewhere

	cfg    Config
	book   sitting.Book
	tab    lock.Tab
	codes  *otp.Codes
	binder binding.Binder
}

// New makes a flow.
func New(cfg Config) (*Flow, error) {
	if len(cfg.Secret.Reveal()) < 32 {
		return nil, errors.New("enrol: the secret has less than 32 bytes")
	}
	if cfg.Rules.Faces.Liveness && cfg.Films == nil {
		return nil, errors.New("enrol: the rules ask for liveness, and nobody judges it")
	}
	keys := map[string]tunnus.Secret{}
	for _, use := range []string{"lock", "otp", "challenge"} {
		k, err := hkdf.Key(sha256.New, cfg.Secret.Reveal(), nil, "tunnus/enrol/"+use+"/v1", 32)
		if err != nil {
			return nil, fmt.Errorf("enrol: deriving keys: %w", err)
		}
		keys[use] = tunnus.NewSecret(k)
	}
	f := &Flow{
		cfg:  cfg,
		book: sitting.Book{Store: cfg.Store, Sealer: cfg.Sealer, Clock: cfg.Clock, Rules: cfg.Rules.Revision(), Life: cfg.Rules.SessionLife},
		tab: lock.Tab{
			Documents: lock.New(cfg.Locks, cfg.Rules.Judgement, keys["lock"], cfg.Clock),
			Devices:   lock.New(cfg.Locks, cfg.Rules.Proof, keys["lock"], cfg.Clock),
			Addresses: lock.Addresses{
				Paces: cfg.Paces, Rules: lock.DefaultPace, Clock: cfg.Clock,
				Names: lock.New(cfg.Locks, cfg.Rules.Proof, keys["lock"], cfg.Clock),
			},
		},
		codes:  otp.New(cfg.Sheets, cfg.Sealer, cfg.Rules.OTP, keys["otp"], cfg.Clock),
		binder: binding.Binder{Keys: cfg.Keys, Issuer: cfg.Issuer},
	}
	f.Proofs = &proofs.Proofs{
		Rules: cfg.Rules, Trust: cfg.Trust, Secret: keys["challenge"], Book: f.book, Tab: f.tab, Faces: cfg.Faces, Films: cfg.Films, Reviews: cfg.Reviews,
		Marker: cfg.Marker, Again: f.again, Step: f.step,
	}
	f.Elsewhere = &elsewhere.Elsewhere{
		Rules: cfg.Rules, Secret: keys["challenge"], Book: f.book, Binder: f.binder, Accounts: cfg.Accounts, Population: cfg.Population,
		Confirm: cfg.Confirm, Places: cfg.Places, Cards: cfg.Cards, Desk: cfg.Desk, Again: f.again, ForNew: f.forNew, Bare: f.bare, Step: f.step,
	}
	return f, nil
}

// A Status says where a session stands.
type Status struct {
	Route       way.Route
	Reference   string // number under which people speak of it
	State       way.State
	Next        way.Fact    // "" if none is open
	Why         tunnus.Code // why it ended without an account
	Deadline    time.Time
	Terms       string // versions to accept
	Consent     string
	Account     string // id, once it is issued
	Transaction string // of the application, once it is offered
	Counter     string // two digits that stand beside every code and link
	Ticket      string // what an officer scans, while a desk is waited for
	DeskCounter string // and the two digits that the officer sees beside it
	Filmed      bool   // the face is filmed, not photographed
}

// Status tells where a session stands. That of another device is not-found; one whose
// time ran out, and which was forgotten since, ses-timeout.
func (f *Flow) Status(ctx context.Context, ref sitting.Ref) (Status, error) {
	s, err := f.book.Load(ctx, ref)
	if err != nil {
		return Status{}, f.book.Missed(ctx, ref, err)
	}
	return f.status(s), nil
}

func (f *Flow) status(s sitting.Session) Status {
	st := Status{
		Route: s.Route, Reference: sitting.Reference(s.ID), State: s.State, Why: s.Why, Deadline: s.Due, Terms: f.cfg.Rules.Terms, Consent: f.cfg.Rules.Consent,
		Transaction: s.Transaction,
	}
	if s.Facts.Has(way.KeysMade) {
		st.Account = s.Account
	}
	st.Counter = f.Counter(s.ID)
	if s.State == way.Open {
		st.Next, _ = way.Next(s.Route, s.Facts)
	}
	st.Filmed = st.Next == way.FaceMatches && f.Filmed()
	st.Ticket, st.DeskCounter = f.Elsewhere.Ticket(s)
	return st
}

// maxNumber is how long the document number of an account may be.
const maxNumber = 64

// Start opens a session by a way; repeating it returns where the session
// stands. Whether a guardian is needed follows from the birth date. It fails with app-old or dev-os-old, with req-too-often if the
// device is locked for now, and with [tunnus.CodeStateConflict] if the device
// has a live account; one whose years are over ends here.
func (f *Flow) Start(ctx context.Context, ref sitting.Ref, route way.Route, claim scheme.Claim, replaces string) (Status, error) {
	rules := f.cfg.Rules.Ways[route.Way]
	if len(replaces) > maxNumber || replaces != "" && !route.Purpose.Replaces() {
		return Status{}, tunnus.BadRequest("replaces", errors.New("enrol: no account can be replaced so"))
	}
	if !route.Valid() || route.Minor || !f.Open(route.Way) || !rules.On || !slices.Contains(rules.Purposes, route.Purpose) {
		return Status{}, tunnus.BadRequest("way", errors.New("enrol: no such way here"))
	}
	if ref.Session == "" || ref.Device == "" {
		return Status{}, tunnus.BadRequest("session", errors.New("enrol: no session or device"))
	}
	if s, err := f.book.Load(ctx, ref); err == nil {
		return f.status(s), nil
	} else if tunnus.CodeOf(err) != tunnus.CodeNotFound {
		return Status{}, err
	}
	if err := f.cfg.Rules.Admit(claim); err != nil {
		return Status{}, err
	}
	if err := f.tab.Devices.Check(ctx, f.tab.Devices.DeviceKey(ref.Device)); err != nil {
		return Status{}, err
	}
	over, lines, err := f.vacate(ctx, ref.Device)
	if err != nil {
		return Status{}, err
	}
	now := f.book.Now()
	s := sitting.Session{
		ID: ref.Session, Device: ref.Device, Route: route, Revision: route.Way.Revision(), State: way.Open, Claim: claim,
		CreatedAt: now, ExpiresAt: now.Add(f.cfg.Rules.SessionLife), Due: now.Add(f.cfg.Rules.SessionLife),
	}
	line := f.book.Add(&s, way.Versions, map[string]string{"app": sitting.Clip(claim.App), "os": sitting.Clip(claim.OS), "os_version": sitting.Clip(claim.OSVersion)})
	if err := f.book.Commit(ctx, &s, sitting.Payload{Replaces: replaces}, sitting.Change{Account: over, Events: append(lines, f.book.Begun(s), line)}); err != nil {
		return Status{}, err
	}
	return f.status(s), nil
}

// vacate finds a device without a live account. One whose years are over makes
// room: it comes back expired, to be written with the session.
func (f *Flow) vacate(ctx context.Context, device string) (over *account.Account, lines []tunnus.Event, err error) {
	accounts, err := f.cfg.Accounts.ByDevice(ctx, device)
	if err != nil {
		return nil, nil, fmt.Errorf("enrol: accounts of a device: %w", err)
	}
	for _, a := range accounts {
		switch {
		case a.Over(f.book.Now()):
			expired, line, err := a.After(account.Expire, "", f.book.Now())
			if err != nil {
				return nil, nil, err
			}
			over, lines = &expired, append(lines, line)
		case a.State.Live():
			return nil, nil, tunnus.Conflict(errors.New("enrol: this device has an account"))
		}
	}
	return over, lines, nil
}

// Terms notes that the terms were accepted in the version that is in force. Any
// other version fails with bad-request.
func (f *Flow) Terms(ctx context.Context, ref sitting.Ref, version string) error {
	return f.agree(ctx, ref, way.Terms, version, f.cfg.Rules.Terms)
}

// Consent notes that the use of biometrics was agreed to, or ends the session
// with consent-no if it was not.
func (f *Flow) Consent(ctx context.Context, ref sitting.Ref, version string, accepted bool) error {
	if accepted {
		return f.agree(ctx, ref, way.Consent, version, f.cfg.Rules.Consent)
	}
	s, _, err := f.step(ctx, ref, way.Consent)
	if err != nil {
		return err
	}
	return f.book.Refuse(ctx, &s, noConsent())
}

func (f *Flow) agree(ctx context.Context, ref sitting.Ref, fact way.Fact, version, want string) error {
	if version != want {
		return tunnus.BadRequest("version", errors.New("enrol: not the version in force"))
	}
	if f.book.Stands(ctx, ref, fact) {
		return nil
	}
	s, p, err := f.step(ctx, ref, fact)
	if err != nil {
		return err
	}
	line := f.book.Add(&s, fact, map[string]string{"version": version})
	return f.book.Save(ctx, &s, p, line)
}

// Form takes who the applicant claims to be. It fails with elig-country,
// form-code, elig-age, or bad-request with the field that is empty or too long;
// none of these ends the session.
func (f *Flow) Form(ctx context.Context, ref sitting.Ref, form Form) error {
	s, p, err := f.step(ctx, ref, way.FormFilled)
	if err != nil {
		return err
	}
	form.PersonCode = strings.TrimSpace(form.PersonCode)
	form.Document = strings.ToUpper(strings.Join(strings.Fields(form.Document), ""))
	for field, v := range map[string]string{"surname": form.Surname, "document": form.Document, "given_names": form.GivenNames} {
		if len(v) > 200 || field != "given_names" && strings.TrimSpace(v) == "" {
			return tunnus.BadRequest(field, errors.New("enrol: empty or too long"))
		}
	}
	if _, err := f.cfg.Rules.Person(form.Country, form.PersonCode); err != nil {
		return err
	}
	p.Form = form
	e, err := f.eligible(ctx, s, p, false)
	if err != nil {
		return err
	}
	s.Route.Minor = e.Minor // as far as the code tells the birth date; the register has the last word
	line := f.book.Add(&s, way.FormFilled, map[string]string{"country": form.Country})
	return f.book.Save(ctx, &s, p, line)
}
