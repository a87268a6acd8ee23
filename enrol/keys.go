package enrol

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// applicationHash is the hash under which applications are signed.
const applicationHash = splitkey.SHA512

// Made is what exists once the keys are made: an account that is issued, and the
// application that waits to be signed.
type Made struct {
	Account     account.Account
	Transaction string
	Expires     time.Time
}

// MakeKeys gives the two keys that the phone has made their moduli, has their
// certificates issued, and offers the application. The account is issued then,
// and hidden until the application is signed. A call that was cut short may be
// repeated with the same keys: no second certificate comes of it.
func (f *Flow) MakeKeys(ctx context.Context, ref Ref, login, sign string) (Made, error) {
	if f.stands(ctx, ref, KeysMade) {
		return f.made(ctx, ref, login, sign)
	}
	s, p, err := f.step(ctx, ref, KeysMade)
	if err != nil {
		return Made{}, err
	}
	keys, err := f.assign(ctx, s, login, sign)
	if err != nil {
		return Made{}, err
	}
	a, err := f.plan(ctx, &s, &p, login, sign)
	if err != nil {
		return Made{}, err
	}
	record, err := f.certify(ctx, s, p, &a, keys)
	if err != nil {
		return Made{}, err
	}
	due := f.now().Add(f.cfg.Rules.ApplicationLife)
	if due.After(s.ExpiresAt) {
		due = s.ExpiresAt
	}
	s.Transaction, err = f.cfg.Keys.Offer(ctx, Offer{KeyID: sign, Kind: application.Kind, Record: record, Hash: applicationHash, Expires: due})
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

// assign gives the keys their moduli, or finds that they are not this device's.
func (f *Flow) assign(ctx context.Context, s Session, login, sign string) (map[Purpose]*rsa.PublicKey, error) {
	if login == "" || sign == "" || login == sign {
		return nil, tunnus.BadRequest("keys", errors.New("enrol: two keys are needed"))
	}
	keys := map[Purpose]*rsa.PublicKey{}
	for p, id := range map[Purpose]string{ForLogin: login, ForSignature: sign} {
		pub, err := f.cfg.Keys.Assign(ctx, s.ID, s.Device, id, p)
		if err != nil {
			return nil, fmt.Errorf("enrol: %s key: %w", p, err)
		}
		keys[p] = pub
	}
	return keys, nil
}

// plan decides id, document number and keys of the account in a commit of its
// own, before any certificate is made: what is made can then be found and
// withdrawn, and a repeat makes the same.
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
		if err := f.save(ctx, s, *p, line); err != nil {
			return account.Account{}, err
		}
	case s.LoginKey != login || s.SignKey != sign:
		return account.Account{}, tunnus.Conflict(errors.New("enrol: other keys are being made"))
	}
	a.ID, a.Document = s.Account, p.Number
	a.Contact, err = f.cfg.Sealer.Seal([]byte(p.Contact), []byte("account/"+a.ID+"/contact"))
	if err != nil {
		return account.Account{}, fmt.Errorf("enrol: sealing a contact: %w", err)
	}
	return a, nil
}

// certify has the certificates made and returns the application.
func (f *Flow) certify(ctx context.Context, s Session, p payload, a *account.Account, keys map[Purpose]*rsa.PublicKey) ([]byte, error) {
	app := application.Body{
		Format: application.Version, Person: a.Person.SemanticsID(), Surname: a.Surname, GivenNames: a.GivenNames,
		Document: a.Document, Level: string(a.Level), Device: a.Device,
		Terms: s.Facts[Terms].Detail["version"], Consent: s.Facts[Consent].Detail["version"], Time: a.CreatedAt,
	}
	for _, purpose := range []Purpose{ForLogin, ForSignature} {
		c, err := f.cfg.Issuer.Issue(ctx, Request{
			ID: s.ID + "/" + string(purpose), Account: a.ID, Document: a.Document, Person: a.Person,
			Surname: a.Surname, GivenNames: a.GivenNames, Birth: p.Birth, Level: a.Level,
			Purpose: purpose, PublicKey: keys[purpose], Device: s.Device,
		})
		if err != nil {
			return nil, fmt.Errorf("enrol: %s certificate: %w", purpose, err)
		}
		a.Certificates = append(a.Certificates, c)
		mark, err := application.Thumbprint(keys[purpose])
		if err != nil {
			return nil, err
		}
		app.Keys = append(app.Keys, application.Key{Purpose: string(purpose), Thumbprint: mark, Certificate: c.Serial})
	}
	return app.Canonical()
}

// Finish makes the account active if the application is signed, and tells the
// contact. It fails with [tunnus.CodeStateConflict] as long as it is not, and
// with ses-timeout once it is too late. A repeat returns the account.
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
	if err := f.lapse(context.WithoutCancel(ctx), s); err != nil {
		return account.Account{}, err
	}
	return account.Account{}, timeUp()
}

// complete is the last decision: fact, account, session and letter in one commit.
func (f *Flow) complete(ctx context.Context, s Session, signed Signed) (account.Account, error) {
	p, err := f.open(s)
	if err != nil {
		return account.Account{}, err
	}
	a, err := f.cfg.Accounts.Get(ctx, s.Account)
	if err != nil {
		return account.Account{}, fmt.Errorf("enrol: reading an account: %w", err)
	}
	c, _ := a.Certificate(string(ForSignature))
	if err := application.Verify(a.Application, c.DER, signed.Payload, signed.Signature, signed.Hash); err != nil {
		return account.Account{}, fmt.Errorf("enrol: finishing: %w", err)
	}
	a, active, err := a.After(account.Activate, "", f.now())
	if err != nil {
		return account.Account{}, err
	}
	a.Signature = signed.Signature
	letter, err := otp.Seal(f.cfg.Sealer, "account-active", otp.Message{To: p.Contact, Purpose: purpose, Device: clip(s.Claim.Model)})
	if err != nil {
		return account.Account{}, err
	}
	line := f.add(&s, ApplicationSigned, map[string]string{"account": a.ID, "hash": string(signed.Hash)})
	s.State = Done
	if err := f.commit(ctx, &s, payload{}, &a, []otp.Letter{letter}, []tunnus.Event{line, active}); err != nil {
		return account.Account{}, err
	}
	a.Rev++
	return a, nil
}
