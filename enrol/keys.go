package enrol

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
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
func (f *Flow) MakeKeys(ctx context.Context, ref sitting.Ref, login, sign string) (Made, error) {
	ctx, cancel := context.WithTimeout(ctx, makeWithin)
	defer cancel()
	if f.book.Stands(ctx, ref, way.KeysMade) {
		return f.made(ctx, ref, login, sign)
	}
	s, p, err := f.step(ctx, ref, way.KeysMade)
	if err != nil {
		return Made{}, err
	}
	// First all is judged, then it is written down which keys are made, and only
	// then something is given away: a session gets two server halves (K11).
	if err := f.binder.Check(ctx, s.Pair(login, sign)); err != nil {
		return Made{}, err
	}
	if _, err := f.vouched(ctx, s, p); err != nil {
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
func (f *Flow) bind(ctx context.Context, s sitting.Session, p sitting.Payload, a account.Account) (Made, error) {
	agreed := binding.Terms{Terms: s.Facts[way.Terms].Detail["version"], Consent: s.Facts[way.Consent].Detail["version"]}
	record, err := f.binder.Bind(ctx, s.Pair(s.LoginKey, s.SignKey), &a, p.Birth, agreed)
	if err != nil {
		return Made{}, err
	}
	due := f.book.Now().Add(f.cfg.Rules.ApplicationLife)
	if due.After(s.ExpiresAt) {
		due = s.ExpiresAt
	}
	a.Application, s.Due = record, due
	line := f.book.Add(&s, way.KeysMade, map[string]string{"account": a.ID, "level": string(a.Level)})
	if err := f.offer(ctx, &s, record); err != nil {
		return Made{}, err
	}
	change := sitting.Change{Account: &a, Most: f.cfg.Rules.File.Accounts.PerPerson, Events: []tunnus.Event{line, account.Created(a)}}
	if err := f.book.Commit(ctx, &s, p, change); err != nil {
		return Made{}, err
	}
	a.Rev++
	return Made{a, s.Transaction, due}, nil
}

// offer puts the application up, once nothing but it is missing. Put up again, it
// is the same.
func (f *Flow) offer(ctx context.Context, s *sitting.Session, record []byte) (err error) {
	if next, _ := way.Next(s.Route, s.Facts); next != way.ApplicationSigned {
		return nil
	}
	s.Transaction, err = f.cfg.Keys.Offer(ctx, binding.Offer{
		KeyID: s.SignKey, Kind: application.Kind, Record: record, Hash: application.Hash, Padding: application.Padding, Expires: s.Due,
	})
	if err != nil {
		return fmt.Errorf("enrol: offering the application: %w", err)
	}
	return nil
}

// behindKeys lets a fact stand that comes between the keys and the application.
func (f *Flow) behindKeys(ctx context.Context, s sitting.Session, p sitting.Payload, fact way.Fact) error {
	a, err := f.cfg.Accounts.Get(ctx, s.Account)
	if err != nil {
		return fmt.Errorf("enrol: reading an account: %w", err)
	}
	line := f.book.Add(&s, fact, nil)
	if err := f.offer(ctx, &s, a.Application); err != nil {
		return err
	}
	return f.book.Save(ctx, &s, p, line)
}

// crossed looks whether the session was ended while its certificates were made:
// then what came too late for that end is withdrawn too. It ends the session if
// another registration of the person has taken the last place meanwhile. It returns
// why the making failed.
func (f *Flow) crossed(ctx context.Context, ref sitting.Ref, why error) error {
	s, err := f.book.Load(ctx, ref)
	if err != nil {
		return errors.Join(why, err)
	}
	if s.State == way.Open && tunnus.CodeOf(why) == tunnus.CodeDevTooMany { // another one came first
		return f.end(ctx, s, why)
	}
	if s.State != way.Undoing && s.State != way.Expired {
		return why
	}
	if err := f.binder.Undo(ctx, s.Pair(s.LoginKey, s.SignKey), s.Account); err != nil {
		return errors.Join(why, err) // Sweep tries again
	}
	return sitting.TimeUp()
}

// made answers a repeat.
func (f *Flow) made(ctx context.Context, ref sitting.Ref, login, sign string) (Made, error) {
	s, err := f.book.Load(ctx, ref)
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
func (f *Flow) plan(ctx context.Context, s *sitting.Session, p *sitting.Payload, login, sign string) (account.Account, error) {
	person, err := p.Person()
	if err != nil {
		return account.Account{}, err
	}
	confirmed := s.Facts[way.DeviceConfirms].Mark == way.Proved
	proof := account.Proof(s.Route.Way)
	if s.Route.Minor {
		proof = account.ByChild
	}
	a, err := account.New(account.Holder{
		Person: person, Surname: p.Surname, GivenNames: p.GivenNames, Level: f.cfg.Rules.Level(s.Route.Way, scheme.Software, p.Level),
		Device: s.Device, LoginKey: login, SignKey: sign, Purpose: account.Purpose(s.Route.Purpose), Proofed: proof,
		VouchedBy: s.Vouched, Replaces: s.Replaces, Agreed: confirmed, Language: s.Claim.Language,
		Model: sitting.Clip(s.Claim.Model),
	}, f.book.Now())
	if err != nil {
		return account.Account{}, err
	}
	var others []account.Account
	if s.Account == "" {
		if others, err = f.room(ctx, person, s.Replaces); err != nil {
			return account.Account{}, err
		}
	}
	switch {
	case s.Account == "" && s.LoginKey != "" && (s.LoginKey != login || s.SignKey != sign):
		return account.Account{}, tunnus.Conflict(errors.New("enrol: other keys were made under these PINs"))
	case s.Account == "":
		s.Account, s.LoginKey, s.SignKey, p.Number = a.ID, login, sign, a.Document
		line := tunnus.Event{At: f.book.Now(), Kind: "enrol.plan", Subject: s.ID, Detail: map[string]string{"account": a.ID}}
		letters, err := f.warn(ctx, a, others, *s)
		if err != nil {
			return account.Account{}, err
		}
		if err := f.book.Commit(ctx, s, *p, sitting.Change{Letters: letters, Events: []tunnus.Event{line}}); err != nil {
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

// first writes to the register's channels that a person has a first account (R6);
// whoever had one before is told by package life.
func (f *Flow) first(ctx context.Context, a account.Account, s sitting.Session) ([]otp.Letter, error) {
	all, err := f.cfg.Accounts.ByPerson(ctx, a.Person)
	if err != nil {
		return nil, fmt.Errorf("enrol: accounts of a person: %w", err)
	}
	if slices.ContainsFunc(all, func(b account.Account) bool { return b.ID != a.ID && !b.ActiveAt.IsZero() }) {
		return nil, nil
	}
	return tell.Letters(f.cfg.Sealer, tell.New, f.channels(ctx, a.Person), otp.Message{
		Purpose: string(s.Route.Purpose), Device: sitting.Clip(s.Claim.Model), Language: s.Claim.Language,
	})
}

// room returns the accounts of a person, and refuses one more than there may be.
func (f *Flow) room(ctx context.Context, person tunnus.PersonCode, replaces string) ([]account.Account, error) {
	all, err := f.cfg.Accounts.ByPerson(ctx, person)
	if err != nil {
		return nil, fmt.Errorf("enrol: accounts of a person: %w", err)
	}
	return all, account.Room(all, replaces, f.cfg.Rules.File.Accounts.PerPerson)
}

// warn writes letters to all contacts that are known of the person: somebody makes
// keys in your name.
func (f *Flow) warn(ctx context.Context, a account.Account, others []account.Account, s sitting.Session) ([]otp.Letter, error) {
	all, err := f.cfg.Contacts.All(ctx, a.Person)
	if err != nil {
		return nil, fmt.Errorf("enrol: contacts of a person: %w", err)
	}
	var known []string
	for _, c := range all {
		known = append(known, c.Address)
	}
	if len(known) == 0 {
		known = f.channels(ctx, a.Person)
	}
	return tell.Letters(f.cfg.Sealer, tell.Started, known, otp.Message{
		Purpose: string(s.Route.Purpose), Device: sitting.Clip(s.Claim.Model), Language: tell.Language(a, others, f.book.Now()),
	})
}

// channels are how the register reaches a person of whom no contact is known: a first
// account is announced there too (R6). It is not known of whoever the register does
// not reach, and a register that does not answer now must not stop the registration.
func (f *Flow) channels(ctx context.Context, person tunnus.PersonCode) (known []string) {
	c, err := f.cfg.Population.Channels(ctx, person)
	if err != nil {
		return nil
	}
	for _, to := range []string{c.Email, c.Phone} {
		if at, err := address.Parse(to); err == nil {
			known = append(known, at.Text)
		}
	}
	return known
}

// Finish makes the account active if the application is signed, and tells its
// contact and all known ones. It fails with [tunnus.CodeStateConflict] as long
// as it is not, and with ses-timeout once it is too late. A repeat returns the
// account.
func (f *Flow) Finish(ctx context.Context, ref sitting.Ref) (account.Account, error) {
	s, err := f.book.Load(ctx, ref)
	if err != nil {
		return account.Account{}, err
	}
	if s.State == way.Done {
		a, err := f.cfg.Accounts.Get(ctx, s.Account)
		if err != nil {
			return account.Account{}, fmt.Errorf("enrol: reading an account: %w", err)
		}
		return a, nil
	}
	s, _, err = f.book.Admit(s, way.ApplicationSigned)
	if err != nil {
		return account.Account{}, err
	}
	signed, ok, err := f.cfg.Keys.Outcome(ctx, s.Transaction)
	switch {
	case err != nil:
		return account.Account{}, fmt.Errorf("enrol: asking for the application: %w", err)
	case ok: // signed in time, for keyshare lets no late one through
		return f.complete(context.WithoutCancel(ctx), s, signed)
	case f.book.Now().Before(s.Due):
		return account.Account{}, tunnus.Conflict(errors.New("enrol: the application is not signed yet"))
	}
	if _, err := f.lapse(context.WithoutCancel(ctx), s); err != nil {
		return account.Account{}, err
	}
	return account.Account{}, sitting.TimeUp()
}

// vouched reads the account that vouches again, nil if none does: before anything is
// given away by its word, and once more at the end (R3). It ends the session with
// src-account-no if it may not any more.
func (f *Flow) vouched(ctx context.Context, s sitting.Session, p sitting.Payload) (*account.Account, error) {
	by, err := f.StillVouches(ctx, s, p)
	if tunnus.CodeOf(err) == tunnus.CodeSrcAccountNo {
		err = f.end(ctx, s, err)
	}
	return by, err
}

// complete is the last decision: fact, account, session and letters in one commit.
// It ends the session if who signed for a child does not answer for it any more, or the
// account that vouched may not any more; nothing is written if that moves meanwhile.
func (f *Flow) complete(ctx context.Context, s sitting.Session, signed binding.Signed) (account.Account, error) {
	p, err := f.book.Unseal(s)
	if err != nil {
		return account.Account{}, err
	}
	if err := f.StillGuardian(ctx, s, p); err != nil {
		if tunnus.CodeOf(err) == tunnus.CodeGuardNone {
			err = f.end(ctx, s, err)
		}
		return account.Account{}, err
	}
	voucher, err := f.vouched(ctx, s, p)
	if err != nil {
		return account.Account{}, err
	}
	a, err := f.cfg.Accounts.Get(ctx, s.Account)
	if err != nil {
		return account.Account{}, fmt.Errorf("enrol: reading an account: %w", err)
	}
	waiting, err := container.Begin(a.ID, a.Application, signed.Payload, signed.Signature, f.book.Now())
	if err != nil {
		return account.Account{}, fmt.Errorf("enrol: finishing: %w", err)
	}
	// First the fact, then what it leads to, in the evidence too.
	lines := []tunnus.Event{f.book.Add(&s, way.ApplicationSigned, map[string]string{"account": a.ID, "hash": string(signed.Hash)})}
	a, active, err := a.After(account.Activate, "", f.book.Now())
	if err != nil {
		return account.Account{}, err
	}
	a.Signature = signed.Signature
	lines = append(lines, active)
	if p.Hold { // phone and portal are far from each other (R1)
		var frozen tunnus.Event
		if a, frozen, err = a.After(account.Freeze, "", f.book.Now()); err != nil {
			return account.Account{}, err
		}
		a.FrozenUntil, a.Behind = f.book.Now().Add(f.cfg.Rules.Lives.FarHold.Duration), true
		lines = append(lines, frozen)
	}
	own, err := otp.Seal(f.cfg.Sealer, string(tell.Active), otp.Message{
		To: p.Contact, Purpose: string(s.Route.Purpose), Device: sitting.Clip(s.Claim.Model), Language: s.Claim.Language,
	})
	if err != nil {
		return account.Account{}, err
	}
	told, err := f.tellOthers(ctx, a, s, p)
	if err != nil {
		return account.Account{}, err
	}
	s.State, s.Payload = way.Done, nil
	change := sitting.Change{Session: s, Account: &a, Voucher: voucher, Container: &waiting, Letters: append(told.Letters, own), Taps: told.Taps, Events: lines}
	if err := f.cfg.Store.Commit(ctx, change); err != nil {
		return account.Account{}, fmt.Errorf("enrol: writing a session: %w", err)
	}
	a.Rev++
	if f.cfg.Activated != nil { // a job does what is left undone here
		_ = f.cfg.Activated(ctx, a.ID)
	}
	return a, nil
}
