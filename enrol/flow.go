package enrol

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
)

// Config is what a flow is put together from.
type Config struct {
	Rules scheme.Rules
	Trust *emrtd.TrustList
	// Secret (at least 32 bytes) keys challenges, one-time codes and the names
	// of ledgers. Whoever changes it forgets every lock: it never changes.
	Secret tunnus.Secret
	Clock  tunnus.Clock

	Store    Store
	Locks    lock.Store
	Sheets   otp.Store
	Accounts Accounts
	Sealer   otp.Sealer

	Population Population
	Faces      Faces
	Keys       binding.Keys
	Issuer     binding.Issuer
}

// A Flow takes applicants through their way. It keeps nothing of its own.
type Flow struct {
	cfg       Config
	tab       lock.Tab
	codes     *otp.Codes
	binder    binding.Binder
	challenge tunnus.Secret
}

// New makes a flow.
func New(cfg Config) (*Flow, error) {
	if len(cfg.Secret.Reveal()) < 32 {
		return nil, errors.New("enrol: the secret has less than 32 bytes")
	}
	keys := map[string]tunnus.Secret{}
	for _, use := range []string{"lock", "otp", "challenge"} {
		k, err := hkdf.Key(sha256.New, cfg.Secret.Reveal(), nil, "tunnus/enrol/"+use+"/v1", 32)
		if err != nil {
			return nil, fmt.Errorf("enrol: deriving keys: %w", err)
		}
		keys[use] = tunnus.NewSecret(k)
	}
	return &Flow{
		cfg: cfg,
		tab: lock.Tab{
			Documents: lock.New(cfg.Locks, cfg.Rules.Judgement, keys["lock"], cfg.Clock),
			Devices:   lock.New(cfg.Locks, cfg.Rules.Proof, keys["lock"], cfg.Clock),
		},
		codes:     otp.New(cfg.Sheets, cfg.Sealer, cfg.Rules.OTP, keys["otp"], cfg.Clock),
		binder:    binding.Binder{Keys: cfg.Keys, Issuer: cfg.Issuer},
		challenge: keys["challenge"],
	}, nil
}

func (f *Flow) now() time.Time { return f.cfg.Clock.Now().UTC().Truncate(time.Millisecond) }

// A Status says where a session stands.
type Status struct {
	State       State
	Next        Fact        // "" if none is open
	Why         tunnus.Code // why it ended without an account
	Deadline    time.Time
	Terms       string // versions to accept
	Consent     string
	Account     string // id, once it is issued
	Transaction string // of the application, once it is offered
}

// Status tells where a session stands. That of another device is not-found.
func (f *Flow) Status(ctx context.Context, ref Ref) (Status, error) {
	s, err := f.load(ctx, ref)
	if err != nil {
		return Status{}, err
	}
	return f.status(s), nil
}

func (f *Flow) status(s Session) Status {
	st := Status{
		State: s.State, Why: s.Why, Deadline: s.Due, Terms: f.cfg.Rules.Terms, Consent: f.cfg.Rules.Consent,
		Transaction: s.Transaction,
	}
	if s.Facts.Has(KeysMade) {
		st.Account = s.Account
	}
	if s.State == Open {
		st.Next, _ = Next(s.Way, s.Facts)
	}
	return st
}

// Start opens a session by the passport way; repeating it returns where the
// session stands. It fails with app-old or dev-os-old, with req-too-often if the
// device is locked for now, and with [tunnus.CodeStateConflict] if the device
// has a live account; one whose years are over ends here.
func (f *Flow) Start(ctx context.Context, ref Ref, claim scheme.Claim) (Status, error) {
	if ref.Session == "" || ref.Device == "" {
		return Status{}, tunnus.BadRequest("session", errors.New("enrol: no session or device"))
	}
	if s, err := f.load(ctx, ref); err == nil {
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
	now := f.now()
	s := Session{
		ID: ref.Session, Device: ref.Device, Way: Passport, Revision: revisions[Passport], State: Open, Claim: claim,
		CreatedAt: now, ExpiresAt: now.Add(f.cfg.Rules.SessionLife), Due: now.Add(f.cfg.Rules.SessionLife),
	}
	line := f.add(&s, Versions, map[string]string{"app": clip(claim.App), "os": clip(claim.OS), "os_version": clip(claim.OSVersion)})
	if err := f.commit(ctx, &s, payload{}, over, nil, append(lines, line)); err != nil {
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
		case a.Over(f.now()):
			expired, line, err := a.After(account.Expire, "", f.now())
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
func (f *Flow) Terms(ctx context.Context, ref Ref, version string) error {
	return f.agree(ctx, ref, Terms, version, f.cfg.Rules.Terms)
}

// Consent notes that the use of biometrics was agreed to, or ends the session
// with consent-no if it was not.
func (f *Flow) Consent(ctx context.Context, ref Ref, version string, accepted bool) error {
	if accepted {
		return f.agree(ctx, ref, Consent, version, f.cfg.Rules.Consent)
	}
	s, _, err := f.step(ctx, ref, Consent)
	if err != nil {
		return err
	}
	return f.refuse(ctx, &s, tunnus.Fail(tunnus.CodeConsentNo, errors.New("enrol: no consent")))
}

func (f *Flow) agree(ctx context.Context, ref Ref, fact Fact, version, want string) error {
	if version != want {
		return tunnus.BadRequest("version", errors.New("enrol: not the version in force"))
	}
	if f.stands(ctx, ref, fact) {
		return nil
	}
	s, p, err := f.step(ctx, ref, fact)
	if err != nil {
		return err
	}
	line := f.add(&s, fact, map[string]string{"version": version})
	return f.save(ctx, &s, p, line)
}

// stands reports whether an open session has the fact already: then a repeat of
// a step that can only be answered one way is answered so.
func (f *Flow) stands(ctx context.Context, ref Ref, fact Fact) bool {
	s, err := f.load(ctx, ref)
	return err == nil && s.State == Open && s.Facts.Has(fact)
}

// Form takes who the applicant claims to be. It fails with elig-country,
// form-code, elig-age, or bad-request with the field that is empty or too long;
// none of these ends the session.
func (f *Flow) Form(ctx context.Context, ref Ref, form Form) error {
	s, p, err := f.step(ctx, ref, FormFilled)
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
	person, err := f.cfg.Rules.Person(form.Country, form.PersonCode)
	if err != nil {
		return err
	}
	birth, ok := person.BirthDate()
	if !ok {
		return errors.New("enrol: a personal code that tells no birth date")
	}
	if err := f.cfg.Rules.OldEnough(birth, f.now()); err != nil {
		return err
	}
	p.Form = form
	line := f.add(&s, FormFilled, map[string]string{"country": form.Country})
	return f.save(ctx, &s, p, line)
}

// clip shortens what a client says of itself before it enters a row.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40]
	}
	return s
}
