package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// enrolKeys is keyshare as a registration sees it.
type enrolKeys struct{ keys *keyshare.Service }

// Assign gives a key of this device and session its modulus.
func (k enrolKeys) Assign(ctx context.Context, session, device, keyID string, p enrol.Purpose) (*rsa.PublicKey, error) {
	v, err := k.keys.Key(ctx, keyID)
	if err != nil {
		return nil, err
	}
	if v.Device != device || string(v.Purpose) != string(p) {
		return nil, tunnus.NotFound(errors.New("a key of another device or purpose"))
	}
	// One registration owns a key for ever: a second one cannot take it over.
	if err := k.keys.Bind(ctx, keyID, session); err != nil {
		return nil, err
	}
	n, err := k.keys.AssignModulus(ctx, keyID)
	if err != nil {
		return nil, err
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: splitkey.Exponent}, nil
}

// Offer puts up the application.
func (k enrolKeys) Offer(ctx context.Context, o enrol.Offer) (string, error) {
	t, err := k.keys.Offer(ctx, keyshare.OfferRequest{KeyID: o.KeyID, Kind: o.Kind, Record: o.Record, Hash: o.Hash, ExpiresAt: o.Expires})
	return t.ID, err
}

// Outcome tells whether the application is signed.
func (k enrolKeys) Outcome(ctx context.Context, transaction string) (enrol.Signed, bool, error) {
	out, err := k.keys.Outcome(ctx, transaction)
	if err != nil || out.State != keyshare.Signed {
		return enrol.Signed{}, false, err
	}
	return enrol.Signed{Payload: out.Payload, Signature: out.Signature, Hash: out.Hash}, true, nil
}

// Cancel ends the application.
func (k enrolKeys) Cancel(ctx context.Context, transaction string) error {
	return k.keys.Cancel(ctx, transaction)
}

// Revoke ends a key.
func (k enrolKeys) Revoke(ctx context.Context, keyID string) error {
	return k.keys.Revoke(ctx, keyID, "registration-undone")
}

// loginSigner is keyshare as a log-in sees it.
type loginSigner struct{ keys *keyshare.Service }

// Offer opens a signature request.
func (s loginSigner) Offer(ctx context.Context, o login.Offer) (string, error) {
	t, err := s.keys.Offer(ctx, keyshare.OfferRequest{
		KeyID: o.KeyID, Kind: acsp.Kind, Record: o.Record, Hash: splitkey.Hash(o.Hash), ExpiresAt: o.Expires,
	})
	return t.ID, err
}

// Outcome tells where a request stands.
func (s loginSigner) Outcome(ctx context.Context, id string) (login.Outcome, error) {
	out, err := s.keys.Outcome(ctx, id)
	if err != nil {
		return login.Outcome{}, err
	}
	switch out.State {
	case keyshare.Signed:
		return login.Outcome{State: login.Signed, Signature: out.Signature, Answer: out.Answer}, nil
	case keyshare.Cancelled:
		return login.Outcome{State: login.Cancelled}, nil
	}
	key, err := s.keys.Key(ctx, out.Key)
	if err != nil {
		return login.Outcome{}, err
	}
	if key.State != keyshare.Ready || key.Tries.Permanent || key.Tries.LockedUntil != nil {
		return login.Outcome{State: login.Unusable}, nil
	}
	return login.Outcome{State: login.Open}, nil
}

// Cancel ends a request.
func (s loginSigner) Cancel(ctx context.Context, id string) error { return s.keys.Cancel(ctx, id) }

// loginAccounts are the accounts as a log-in sees them.
type loginAccounts struct {
	accounts *account.Service
	clock    tunnus.Clock
}

// OfPerson returns a person's usable accounts, newest first.
func (l loginAccounts) OfPerson(ctx context.Context, code tunnus.PersonCode) ([]login.Account, error) {
	list, err := l.accounts.ByPerson(ctx, code)
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
func (l loginAccounts) ByNumber(ctx context.Context, number string) (login.Account, error) {
	a, err := l.accounts.ByDocument(ctx, number)
	return l.one(a, err)
}

// ByID returns the account with that id.
func (l loginAccounts) ByID(ctx context.Context, id string) (login.Account, error) {
	a, err := l.accounts.Get(ctx, id)
	return l.one(a, err)
}

func (l loginAccounts) one(a account.Account, err error) (login.Account, error) {
	if err != nil {
		return login.Account{}, err
	}
	v, ok := l.view(a)
	if !ok {
		return login.Account{}, tunnus.NotFound(errors.New("the account cannot be used"))
	}
	return v, nil
}

func (l loginAccounts) view(a account.Account) (login.Account, bool) {
	cert, ok := a.Certificate(string(enrol.ForLogin))
	if !ok || !a.Usable(l.clock.Now()) {
		return login.Account{}, false
	}
	return login.Account{
		ID: a.ID, Person: a.Person.SemanticsID(), Number: a.Document, Level: a.Level, KeyID: a.LoginKey, Certificate: cert.DER,
	}, true
}

// enrolIssuer is the certificate authority as a registration sees it.
type enrolIssuer struct{ ca *issue.Service }

// Issue makes a certificate.
func (e enrolIssuer) Issue(ctx context.Context, r enrol.Request) (account.Certificate, error) {
	c, err := e.ca.Issue(ctx, issue.Request{
		ID: r.ID, Account: r.Account, Document: r.Document, Level: r.Level, Purpose: pki.Purpose(r.Purpose), PublicKey: r.PublicKey,
		Subject: pki.Subject{Code: r.Person, Surname: r.Surname, GivenNames: r.GivenNames, Birth: r.Birth},
	})
	return account.Certificate{Purpose: string(r.Purpose), Serial: c.Serial, DER: c.DER}, err
}

// Withdraw revokes all certificates of an account.
func (e enrolIssuer) Withdraw(ctx context.Context, accountID string) error {
	return e.ca.RevokeAccount(ctx, accountID, issue.CessationOfOperation)
}

// sessions and replies are the store's, in the app server's words.
type sessions struct{ s *store.AppSessions }

// Create writes a session.
func (a sessions) Create(ctx context.Context, v server.Session) error {
	return a.s.Create(ctx, store.AppSession(v))
}

// Get reads one.
func (a sessions) Get(ctx context.Context, id string) (server.Session, error) {
	v, err := a.s.Get(ctx, id)
	return server.Session(v), err
}

type replies struct{ *store.Replies }

// Get reads the reply to a request.
func (r replies) Get(ctx context.Context, session string, counter int64) (server.Reply, bool, error) {
	v, ok, err := r.Replies.Get(ctx, session, counter)
	return server.Reply(v), ok, err
}

// Put keeps one.
func (r replies) Put(ctx context.Context, session string, counter int64, v server.Reply) error {
	return r.Replies.Put(ctx, session, counter, store.Reply(v))
}

// closeAccounts ends the accounts of keys that have ended: after the ninth wrong
// PIN, or 72 hours after a copy was seen.
func closeAccounts(ctx context.Context, keys *keyshare.Service, accounts *account.Service, ca *issue.Service) error {
	ended, err := keys.Settle(ctx)
	if err != nil {
		return err
	}
	for _, k := range ended {
		v, err := keys.Key(ctx, k.ID)
		if err != nil {
			return err
		}
		list, err := accounts.ByDevice(ctx, v.Device)
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.LoginKey != k.ID && a.SignKey != k.ID || !a.State.Live() {
				continue
			}
			if err := revokeAccount(ctx, a, keys, accounts, ca); err != nil {
				return fmt.Errorf("closing an account: %w", err)
			}
		}
	}
	return nil
}

// revokeAccount ends both keys and the certificates first, and the account last:
// cut short, it is simply done again.
func revokeAccount(ctx context.Context, a account.Account, keys *keyshare.Service, accounts *account.Service, ca *issue.Service) error {
	for _, id := range []string{a.LoginKey, a.SignKey} {
		if err := keys.Revoke(ctx, id, "account-ended"); err != nil {
			return err
		}
	}
	if err := ca.RevokeAccount(ctx, a.ID, issue.PrivilegeWithdrawn); err != nil {
		return err
	}
	_, err := accounts.Apply(ctx, a.ID, account.Revoke, tunnus.CodePINLockPerm)
	return err
}
