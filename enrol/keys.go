package enrol

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/enrol/notice"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// Made is what exists once the keys are made: an account that is issued, and the
// application that waits to be signed.
type Made struct {
	Account     account.Account
	Transaction string
	Expires     time.Time
}

// makeWithin bounds a [Flow.MakeKeys] that is under way; settled is when none can
// be any more that began before its session's end.
const (
	makeWithin = time.Minute
	settled    = 5 * makeWithin
)

// MakeKeys gives the two keys that the phone has made their moduli, has their
// certificates issued, and offers the application. The account is issued then,
// and hidden until the application is signed. A call that was cut short may be
// repeated with the same keys: no second certificate comes of it, and a session
// never has other keys. Every contact that was known of the person is told.
func (f *Flow) MakeKeys(ctx context.Context, ref Ref, login, sign string) (Made, error) {
	ctx, cancel := context.WithTimeout(ctx, makeWithin)
	defer cancel()
	if f.stands(ctx, ref, KeysMade) {
		return f.made(ctx, ref, login, sign)
	}
	s, p, err := f.step(ctx, ref, KeysMade)
	if err != nil {
		return Made{}, err
	}
	// First all is judged, then it is written down which keys are made, and only
	// then something is given away: a session gets two server halves (K11).
	if err := f.binder.Check(ctx, s.pair(login, sign)); err != nil {
		return Made{}, err
	}
	a, err := f.plan(ctx, &s, &p, login, sign)
	if err != nil {
		return Made{}, err
	}
	made, err := f.bind(ctx, s, p, a)
	if err != nil {
		return Made{}, f.crossed(context.WithoutCancel(ctx), ref, err)
	}
	return made, nil
}

// bind makes what was planned, and lets the account be issued.
func (f *Flow) bind(ctx context.Context, s Session, p payload, a account.Account) (Made, error) {
	agreed := binding.Terms{Terms: s.Facts[Terms].Detail["version"], Consent: s.Facts[Consent].Detail["version"]}
	record, err := f.binder.Bind(ctx, s.pair(s.LoginKey, s.SignKey), &a, p.Birth, agreed)
	if err != nil {
		return Made{}, err
	}
	due := f.now().Add(f.cfg.Rules.ApplicationLife)
	if due.After(s.ExpiresAt) {
		due = s.ExpiresAt
	}
	s.Transaction, err = f.cfg.Keys.Offer(ctx, binding.Offer{
		KeyID: s.SignKey, Kind: application.Kind, Record: record, Hash: application.Hash, Padding: application.Padding, Expires: due,
	})
	if err != nil {
		return Made{}, fmt.Errorf("enrol: offering the application: %w", err)
	}
	a.Application, s.Due = record, due
	line := f.add(&s, KeysMade, map[string]string{"account": a.ID, "level": string(a.Level)})
	if err := f.commit(ctx, &s, p, &a, nil, []tunnus.Event{line, account.Created(a)}); err != nil {
		return Made{}, err
	}
	a.Rev++
	return Made{a, s.Transaction, due}, nil
}

// crossed looks whether the session was ended while its certificates were made:
// then what came too late for that end is withdrawn too. It returns why the
// making failed.
func (f *Flow) crossed(ctx context.Context, ref Ref, why error) error {
	s, err := f.load(ctx, ref)
	if err != nil {
		return errors.Join(why, err)
	}
	if s.State != Undoing && s.State != Expired {
		return why
	}
	if err := f.binder.Undo(ctx, s.pair(s.LoginKey, s.SignKey), s.Account); err != nil {
		return errors.Join(why, err) // Sweep tries again
	}
	return timeUp()
}

// made answers a repeat.
func (f *Flow) made(ctx context.Context, ref Ref, login, sign string) (Made, error) {
	s, err := f.load(ctx, ref)
	if err != nil {
		return Made{}, err
	}
	if s.LoginKey != login || s.SignKey != sign {
		return Made{}, tunnus.Conflict(errors.New("enrol: other keys were made"))
	}
	a, err := f.cfg.Accounts.Get(ctx, s.Account)
	if err != nil {
		return Made{}, fmt.Errorf("enrol: reading an account: %w", err)
	}
	return Made{a, s.Transaction, s.Due}, nil
}

// plan decides id, document number and keys of the account in a commit of its
// own, before any certificate is made: what is made can then be found and
// withdrawn, and a repeat makes the same. The letters to the known contacts of
// the person go out with it.
func (f *Flow) plan(ctx context.Context, s *Session, p *payload, login, sign string) (account.Account, error) {
	person, err := p.person()
	if err != nil {
		return account.Account{}, err
	}
	a, err := account.New(account.Holder{
		Person: person, Surname: p.Surname, GivenNames: p.GivenNames, Level: f.cfg.Rules.Level(),
		Device: s.Device, LoginKey: login, SignKey: sign,
	}, f.now())
	if err != nil {
		return account.Account{}, err
	}
	switch {
	case s.Account == "":
		s.Account, s.LoginKey, s.SignKey, p.Number = a.ID, login, sign, a.Document
		line := tunnus.Event{At: f.now(), Kind: "enrol.plan", Subject: s.ID, Detail: map[string]string{"account": a.ID}}
		letters, err := f.tell(ctx, notice.Started, a, *s, "")
		if err != nil {
			return account.Account{}, err
		}
		if err := f.commit(ctx, s, *p, nil, letters, []tunnus.Event{line}); err != nil {
			return account.Account{}, err
		}
	case s.LoginKey != login || s.SignKey != sign:
		return account.Account{}, tunnus.Conflict(errors.New("enrol: other keys are being made"))
	}
	a.ID, a.Document = s.Account, p.Number
	a.Contact, err = f.cfg.Sealer.Seal([]byte(p.Contact), a.ContactPlace())
	if err != nil {
		return account.Account{}, fmt.Errorf("enrol: sealing a contact: %w", err)
	}
	return a, nil
}

// tell writes letters to the contacts of the person's other accounts, except to
// the address given.
func (f *Flow) tell(ctx context.Context, kind string, a account.Account, s Session, but string) ([]otp.Letter, error) {
	accounts, err := f.cfg.Accounts.ByPerson(ctx, a.Person)
	if err != nil {
		return nil, fmt.Errorf("enrol: accounts of a person: %w", err)
	}
	known, err := notice.Known(f.cfg.Sealer, accounts, a.ID)
	if err != nil {
		return nil, err
	}
	return notice.Letters(f.cfg.Sealer, kind, known, but, otp.Message{Purpose: purpose, Device: clip(s.Claim.Model)})
}

// Finish makes the account active if the application is signed, and tells its
// contact and all known ones. It fails with [tunnus.CodeStateConflict] as long
// as it is not, and with ses-timeout once it is too late. A repeat returns the
// account.
func (f *Flow) Finish(ctx context.Context, ref Ref) (account.Account, error) {
	s, err := f.load(ctx, ref)
	if err != nil {
		return account.Account{}, err
	}
	if s.State == Done {
		a, err := f.cfg.Accounts.Get(ctx, s.Account)
		if err != nil {
			return account.Account{}, fmt.Errorf("enrol: reading an account: %w", err)
		}
		return a, nil
	}
	if s, _, err = f.admit(s, ApplicationSigned); err != nil {
		return account.Account{}, err
	}
	signed, ok, err := f.cfg.Keys.Outcome(ctx, s.Transaction)
	switch {
	case err != nil:
		return account.Account{}, fmt.Errorf("enrol: asking for the application: %w", err)
	case ok: // signed in time, for keyshare lets no late one through
		return f.complete(context.WithoutCancel(ctx), s, signed)
	case f.now().Before(s.Due):
		return account.Account{}, tunnus.Conflict(errors.New("enrol: the application is not signed yet"))
	}
	if _, err := f.lapse(context.WithoutCancel(ctx), s); err != nil {
		return account.Account{}, err
	}
	return account.Account{}, timeUp()
}

// complete is the last decision: fact, account, session and letters in one commit.
func (f *Flow) complete(ctx context.Context, s Session, signed binding.Signed) (account.Account, error) {
	p, err := f.open(s)
	if err != nil {
		return account.Account{}, err
	}
	a, err := f.cfg.Accounts.Get(ctx, s.Account)
	if err != nil {
		return account.Account{}, fmt.Errorf("enrol: reading an account: %w", err)
	}
	waiting, err := container.Begin(a.ID, a.Application, signed.Payload, signed.Signature, f.now())
	if err != nil {
		return account.Account{}, fmt.Errorf("enrol: finishing: %w", err)
	}
	a, active, err := a.After(account.Activate, "", f.now())
	if err != nil {
		return account.Account{}, err
	}
	a.Signature = signed.Signature
	letters, err := f.tell(ctx, notice.New, a, s, p.Contact)
	if err != nil {
		return account.Account{}, err
	}
	own, err := otp.Seal(f.cfg.Sealer, notice.Active, otp.Message{To: p.Contact, Purpose: purpose, Device: clip(s.Claim.Model)})
	if err != nil {
		return account.Account{}, err
	}
	line := f.add(&s, ApplicationSigned, map[string]string{"account": a.ID, "hash": string(signed.Hash)})
	s.State, s.Payload = Done, nil
	change := Change{Session: s, Account: &a, Container: &waiting, Letters: append(letters, own), Events: []tunnus.Event{line, active}}
	if err := f.cfg.Store.Commit(ctx, change); err != nil {
		return account.Account{}, fmt.Errorf("enrol: writing a session: %w", err)
	}
	a.Rev++
	return a, nil
}
