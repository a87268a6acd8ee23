package serve

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/trust/issue"
)

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

// A closer sees to the accounts of keys that were held or have ended.
type closer struct {
	keys     *keyshare.Service
	accounts *account.Service
	ca       interface {
		RevokeAccount(ctx context.Context, account string, why issue.Reason) error
	}
	outbox interface {
		Put(ctx context.Context, l otp.Letter) error
	}
	sealer otp.Sealer
}

func (p *parts) closer() closer {
	return closer{p.keys, p.accounts, p.ca, p.store.Outbox(), p.sealer}
}

// heldLetter is the kind of the letter about an account that was copied.
const heldLetter = "account-held"

// run sees to all that keyshare tells of. What fails is told again; it keeps
// nobody else's account open.
func (c closer) run(ctx context.Context) error {
	var errs []error
	for {
		list, err := c.keys.Settle(ctx)
		errs = append(errs, err)
		for _, n := range list {
			errs = append(errs, c.see(ctx, n))
		}
		if len(list) == 0 || err != nil || ctx.Err() != nil {
			return errors.Join(errs...)
		}
	}
}

// see brings the accounts of one key to where the key stands. An account that is
// not active yet is left to its registration, which closes it or makes it
// active within minutes: the notice comes again until then, as it does for a
// key that is held and has no account yet.
func (c closer) see(ctx context.Context, n keyshare.Notice) error {
	list, err := c.accounts.ByDevice(ctx, n.Device)
	if err != nil {
		return fmt.Errorf("closing: %w", err)
	}
	done := n.State == keyshare.Ended
	for _, a := range list {
		if a.LoginKey != n.ID && a.SignKey != n.ID {
			continue
		}
		switch {
		case !a.State.Live():
			done = true
		case n.State == keyshare.Held:
			err = c.hold(ctx, a, n.Reason)
			done = a.State != account.Issued
		case a.State == account.Issued || n.Reason == accountEnded:
			done = false // the latter: the key that ended first has its own notice
		default:
			err = c.end(ctx, a, n.Reason)
		}
	}
	if err != nil {
		return fmt.Errorf("closing: the account of a key that is %s (%s): %w", n.State, n.Reason, err)
	}
	if !done {
		return nil
	}
	return c.keys.Done(ctx, n)
}

// hold stops a copied account at once: its other key first, then the letter,
// then the account itself. Cut short, it is done again, and at worst the letter
// is sent twice. A contact that cannot be read stops nothing.
func (c closer) hold(ctx context.Context, a account.Account, reason string) error {
	for _, id := range []string{a.LoginKey, a.SignKey} {
		v, err := c.keys.Key(ctx, id)
		if err == nil && v.State == keyshare.Ready {
			err = c.keys.Suspend(ctx, id, reason)
		}
		if err != nil {
			return err
		}
	}
	if a.State != account.Active {
		return nil
	}
	letter, unread := c.letter(a)
	if unread == nil {
		if err := c.outbox.Put(ctx, letter); err != nil {
			return err
		}
	}
	_, err := c.accounts.Apply(ctx, a.ID, account.Suspend, tunnus.CodeAccCloned)
	return errors.Join(unread, err)
}

// letter tells the contact of an account that it was copied.
func (c closer) letter(a account.Account) (otp.Letter, error) {
	contact, err := c.sealer.Open(a.Contact, a.ContactPlace())
	if err != nil {
		return otp.Letter{}, fmt.Errorf("reading a contact: %w", err)
	}
	return otp.Seal(c.sealer, heldLetter, otp.Message{To: string(contact)})
}

// accountEnded is the reason of a key that ended because its account did.
const accountEnded = "account-ended"

// A closure is what is said of an account that ends: to its holder, and in the
// list of revoked certificates.
type closure struct {
	code   tunnus.Code
	public issue.Reason
}

// closures are by the reason of the key that ended.
var closures = map[string]closure{
	keyshare.ReasonPIN:  {tunnus.CodePINLockPerm, issue.PrivilegeWithdrawn},
	keyshare.ReasonCopy: {tunnus.CodeAccCloned, issue.KeyCompromise},
}

// end ends both keys and the certificates first, and the account last: cut
// short, it is simply done again.
func (c closer) end(ctx context.Context, a account.Account, reason string) error {
	why, ok := closures[reason]
	if !ok {
		why = closure{tunnus.CodeKeyUnusable, issue.PrivilegeWithdrawn}
	}
	if reason == keyshare.ReasonCopy { // if nobody saw to it while it was held
		if err := c.hold(ctx, a, reason); err != nil {
			return err
		}
	}
	for _, id := range []string{a.LoginKey, a.SignKey} {
		if err := c.keys.Revoke(ctx, id, accountEnded); err != nil {
			return err
		}
	}
	if err := c.ca.RevokeAccount(ctx, a.ID, why.public); err != nil {
		return err
	}
	_, err := c.accounts.Apply(ctx, a.ID, account.Revoke, why.code)
	return err
}
