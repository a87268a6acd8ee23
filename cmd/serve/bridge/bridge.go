// Package bridge says each part in the words of whoever asks for it: keyshare and
// the certificate authority, in this process or in another, as registrations,
// log-ins and phones see them. Nothing is decided here.
package bridge

import (
	"context"
	"crypto/rsa"
	"errors"
	"math/big"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// EnrolKeys is keyshare as a registration sees it.
type EnrolKeys struct{ Keys Keyshare }

// Enrol gives a registration what it asks of keyshare.
func (k Keyshare) Enrol() binding.Keys {
	e := EnrolKeys{k}
	return binding.Keys{Halves: e, Signatures: e}
}

// Check judges a key: of this device, for this purpose, whole, and of no other session.
func (k EnrolKeys) Check(ctx context.Context, session, device, keyID string, p binding.Purpose) error {
	v, err := k.Keys.Key(ctx, keyID)
	if err != nil {
		return err
	}
	if v.Device != device || string(v.Purpose) != string(p) {
		return tunnus.NotFound(errors.New("a key of another device or purpose"))
	}
	if v.Account != "" && v.Account != session || v.State != keyshare.Sealed && v.State != keyshare.Ready {
		return tunnus.Conflict(errors.New("a key of another registration, or one that is not whole"))
	}
	return nil
}

// Assign gives a key of this device and session its modulus.
func (k EnrolKeys) Assign(ctx context.Context, session, device, keyID string, p binding.Purpose) (*rsa.PublicKey, error) {
	if err := k.Check(ctx, session, device, keyID, p); err != nil {
		return nil, err
	}
	// One registration owns a key for ever: a second one cannot take it over.
	if err := k.Keys.Bind(ctx, keyID, session); err != nil {
		return nil, err
	}
	n, err := k.Keys.AssignModulus(ctx, keyID)
	if err != nil {
		return nil, err
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: splitkey.Exponent}, nil
}

// Offer puts up the application.
func (k EnrolKeys) Offer(ctx context.Context, o binding.Offer) (string, error) {
	t, err := k.Keys.Offer(ctx, keyshare.OfferRequest{ID: o.ID, KeyID: o.KeyID, Kind: o.Kind, Record: o.Record, Hash: o.Hash, Padding: o.Padding, ExpiresAt: o.Expires})
	return t.ID, err
}

// Outcome tells whether the application is signed.
func (k EnrolKeys) Outcome(ctx context.Context, transaction string) (binding.Signed, bool, error) {
	out, err := k.Keys.Outcome(ctx, transaction)
	if err != nil || out.State != keyshare.Signed {
		return binding.Signed{}, false, err
	}
	return binding.Signed{Payload: out.Payload, Signature: out.Signature, Hash: out.Hash}, true, nil
}

// Cancel ends the application.
func (k EnrolKeys) Cancel(ctx context.Context, transaction string) error {
	return k.Keys.Cancel(ctx, transaction)
}

// Revoke ends a key, unless another registration has it.
func (k EnrolKeys) Revoke(ctx context.Context, session, keyID string) error {
	v, err := k.Keys.Key(ctx, keyID)
	if err != nil {
		return err
	}
	if v.Account != "" && v.Account != session {
		return nil
	}
	return k.Keys.Revoke(ctx, keyID, "registration-undone")
}

// LoginSigner is keyshare as a log-in sees it.
type LoginSigner struct{ Keys Keyshare }

// Offer opens a signature request.
func (s LoginSigner) Offer(ctx context.Context, o login.Offer) (string, error) {
	t, err := s.Keys.Offer(ctx, keyshare.OfferRequest{
		KeyID: o.KeyID, Kind: acsp.Kind, Record: o.Record, Hash: splitkey.Hash(o.Hash), ExpiresAt: o.Expires,
	})
	return t.ID, err
}

// Outcome tells where a request stands.
func (s LoginSigner) Outcome(ctx context.Context, id string) (login.Outcome, error) {
	out, err := s.Keys.Outcome(ctx, id)
	if err != nil {
		return login.Outcome{}, err
	}
	switch out.State {
	case keyshare.Signed:
		return login.Outcome{State: login.Signed, Signature: out.Signature, Answer: out.Answer}, nil
	case keyshare.Cancelled:
		return login.Outcome{State: login.Cancelled}, nil
	}
	key, err := s.Keys.Key(ctx, out.Key)
	if err != nil {
		return login.Outcome{}, err
	}
	// A try is charged before its PIN is known to be right: the third may be.
	locked := (key.Tries.Permanent || key.Tries.LockedUntil != nil) && !key.Undecided
	if key.State != keyshare.Ready || locked {
		return login.Outcome{State: login.Unusable}, nil
	}
	return login.Outcome{State: login.Open}, nil
}

// Cancel ends a request.
func (s LoginSigner) Cancel(ctx context.Context, id string) error { return s.Keys.Cancel(ctx, id) }

// LoginAccounts are the accounts as a log-in sees them.
type LoginAccounts struct {
	Accounts *account.Service
	Clock    tunnus.Clock
}

// OfPerson returns a person's usable accounts, newest first.
func (l LoginAccounts) OfPerson(ctx context.Context, code tunnus.PersonCode) ([]login.Account, error) {
	list, err := l.Accounts.ByPerson(ctx, code)
	if err != nil {
		return nil, err
	}
	var out []login.Account
	for _, a := range list {
		if v, ok := l.view(a); ok {
			out = append(out, v)
		}
	}
	return out, nil
}

// ByNumber returns the account with that document number.
func (l LoginAccounts) ByNumber(ctx context.Context, number string) (login.Account, error) {
	a, err := l.Accounts.ByDocument(ctx, number)
	return l.one(a, err)
}

// ByID returns the account with that id.
func (l LoginAccounts) ByID(ctx context.Context, id string) (login.Account, error) {
	a, err := l.Accounts.Get(ctx, id)
	return l.one(a, err)
}

func (l LoginAccounts) one(a account.Account, err error) (login.Account, error) {
	if err != nil {
		return login.Account{}, err
	}
	v, ok := l.view(a)
	if !ok {
		return login.Account{}, tunnus.NotFound(errors.New("the account cannot be used"))
	}
	return v, nil
}

func (l LoginAccounts) view(a account.Account) (login.Account, bool) {
	cert, ok := a.Certificate(string(binding.ForLogin))
	if !ok || !a.Usable(l.Clock.Now()) {
		return login.Account{}, false
	}
	return login.Account{
		ID: a.ID, Person: a.Person.SemanticsID(), Number: a.Document, Level: a.Level, KeyID: a.LoginKey, Certificate: cert.DER,
	}, true
}

// EnrolIssuer is the certificate authority as a registration sees it.
type EnrolIssuer struct{ CA Authority }

// Issue makes a certificate.
func (e EnrolIssuer) Issue(ctx context.Context, r binding.Request) (account.Certificate, error) {
	c, err := e.CA.Issue(ctx, issue.Request{
		ID: r.ID, Account: r.Account, Document: r.Document, Level: r.Level, Purpose: pki.Purpose(r.Purpose), PublicKey: r.PublicKey,
		Device: r.Device, Subject: pki.Subject{Code: r.Person, Surname: r.Surname, GivenNames: r.GivenNames, Birth: r.Birth},
	})
	return account.Certificate{Purpose: string(r.Purpose), Serial: c.Serial, DER: c.DER}, err
}

// Withdraw revokes all certificates of an account.
func (e EnrolIssuer) Withdraw(ctx context.Context, accountID string) error {
	return e.CA.RevokeAccount(ctx, accountID, issue.CessationOfOperation)
}
