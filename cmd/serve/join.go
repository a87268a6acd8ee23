package serve

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// enrolKeys is keyshare as a registration sees it.
type enrolKeys struct{ keys *keyshare.Service }

// halves gives a registration what it asks of keyshare.
func halves(keys *keyshare.Service) binding.Keys {
	k := enrolKeys{keys}
	return binding.Keys{Halves: k, Signatures: k}
}

// Check judges a key: of this device, for this purpose, whole, and of no other session.
func (k enrolKeys) Check(ctx context.Context, session, device, keyID string, p binding.Purpose) error {
	v, err := k.keys.Key(ctx, keyID)
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
func (k enrolKeys) Assign(ctx context.Context, session, device, keyID string, p binding.Purpose) (*rsa.PublicKey, error) {
	if err := k.Check(ctx, session, device, keyID, p); err != nil {
		return nil, err
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
func (k enrolKeys) Offer(ctx context.Context, o binding.Offer) (string, error) {
	t, err := k.keys.Offer(ctx, keyshare.OfferRequest{KeyID: o.KeyID, Kind: o.Kind, Record: o.Record, Hash: o.Hash, ExpiresAt: o.Expires})
	return t.ID, err
}

// Outcome tells whether the application is signed.
func (k enrolKeys) Outcome(ctx context.Context, transaction string) (binding.Signed, bool, error) {
	out, err := k.keys.Outcome(ctx, transaction)
	if err != nil || out.State != keyshare.Signed {
		return binding.Signed{}, false, err
	}
	return binding.Signed{Payload: out.Payload, Signature: out.Signature, Hash: out.Hash}, true, nil
}

// Cancel ends the application.
func (k enrolKeys) Cancel(ctx context.Context, transaction string) error {
	return k.keys.Cancel(ctx, transaction)
}

// Revoke ends a key, unless another registration has it.
func (k enrolKeys) Revoke(ctx context.Context, session, keyID string) error {
	v, err := k.keys.Key(ctx, keyID)
	if err != nil {
		return err
	}
	if v.Account != "" && v.Account != session {
		return nil
	}
	return k.keys.Revoke(ctx, keyID, "registration-undone")
}

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
	cert, ok := a.Certificate(string(binding.ForLogin))
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
func (e enrolIssuer) Issue(ctx context.Context, r binding.Request) (account.Certificate, error) {
	c, err := e.ca.Issue(ctx, issue.Request{
		ID: r.ID, Account: r.Account, Document: r.Document, Level: r.Level, Purpose: pki.Purpose(r.Purpose), PublicKey: r.PublicKey,
		Device: r.Device, Subject: pki.Subject{Code: r.Person, Surname: r.Surname, GivenNames: r.GivenNames, Birth: r.Birth},
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

// replies are kept sealed: an answer may name its holder.
type replies struct {
	*store.Replies
	sealer otp.Sealer
}

func replyPlace(session string, counter int64) []byte {
	return fmt.Appendf(nil, "reply/%s/%d", session, counter)
}

// Get reads the reply to a request.
func (r replies) Get(ctx context.Context, session string, counter int64) (server.Reply, bool, error) {
	v, ok, err := r.Replies.Get(ctx, session, counter)
	if err != nil || !ok {
		return server.Reply{}, false, err
	}
	if v.Body, err = r.sealer.Open(v.Body, replyPlace(session, counter)); err != nil {
		return server.Reply{}, false, err
	}
	return server.Reply(v), true, nil
}

// Put keeps one.
func (r replies) Put(ctx context.Context, session string, counter int64, v server.Reply) (err error) {
	if v.Body, err = r.sealer.Seal(v.Body, replyPlace(session, counter)); err != nil {
		return err
	}
	return r.Replies.Put(ctx, session, counter, store.Reply(v))
}
