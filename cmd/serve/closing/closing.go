// Package closing sees to the accounts of keys that were held or have ended:
// account, keys and certificates stand or fall together, whichever was first.
package closing

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// Keys is keyshare, as far as accounts depend on it; see [keyshare.Service].
type Keys interface {
	Settle(ctx context.Context) ([]keyshare.Notice, error)
	Done(ctx context.Context, n keyshare.Notice) error
	Key(ctx context.Context, keyID string) (keyshare.View, error)
	Suspend(ctx context.Context, keyID, reason string) error
	Revoke(ctx context.Context, keyID, reason string) error
}

// Authority is the certificate authority; see [issue.Service].
type Authority interface {
	SuspendAccount(ctx context.Context, account string) error
	RevokeAccount(ctx context.Context, account string, why issue.Reason) error
}

// A Closer sees to the accounts of keys that were held or have ended.
type Closer struct {
	Keys     Keys
	Accounts *account.Service
	CA       Authority
	// Life tells the holder, on all channels.
	Life interface {
		Elsewhere(ctx context.Context, a account.Account, kind tell.Kind, id, detail string) (letters int, err error)
	}
}

// Run sees to all that keyshare tells of. What fails is told again; it keeps
// nobody else's account open.
func (c Closer) Run(ctx context.Context) error {
	var errs []error
	for {
		list, err := c.Keys.Settle(ctx)
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
func (c Closer) see(ctx context.Context, n keyshare.Notice) error {
	list, err := c.Accounts.ByDevice(ctx, n.Device)
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
	return c.Keys.Done(ctx, n)
}

// hold stops a copied account at once: its other key first, then its certificates
// (they are answered as revoked, with the reason certificateHold), then the letters,
// and the account itself. Cut short, it is done again. Contacts that cannot be read
// stop nothing.
func (c Closer) hold(ctx context.Context, a account.Account, reason string) error {
	for _, id := range []string{a.LoginKey, a.SignKey} {
		v, err := c.Keys.Key(ctx, id)
		if err == nil && v.State == keyshare.Ready {
			err = c.Keys.Suspend(ctx, id, reason)
		}
		if err != nil {
			return err
		}
	}
	if err := c.CA.SuspendAccount(ctx, a.ID); err != nil {
		return err
	}
	if !a.State.Begun() || a.State == account.Suspended {
		return nil
	}
	untold := c.tell(ctx, a, tell.Held)
	_, err := c.Accounts.Apply(ctx, a.ID, account.Suspend, tunnus.CodeAccCloned)
	return errors.Join(untold, err)
}

// tell writes to all contacts of a holder, and to the other devices.
func (c Closer) tell(ctx context.Context, a account.Account, kind tell.Kind) error {
	_, err := c.Life.Elsewhere(ctx, a, kind, a.ID, "")
	return err
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
	keyshare.ReasonPIN:    {tunnus.CodePINLockPerm, issue.PrivilegeWithdrawn},
	keyshare.ReasonCopy:   {tunnus.CodeAccCloned, issue.KeyCompromise},
	keyshare.ReasonFactor: {tunnus.CodeKeyUnusable, issue.KeyCompromise}, // whoever knows the other modulus can sign
}

// end ends both keys and the certificates first, then tells the holder, and ends the
// account last: cut short, it is simply done again.
func (c Closer) end(ctx context.Context, a account.Account, reason string) error {
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
		if err := c.Keys.Revoke(ctx, id, accountEnded); err != nil {
			return err
		}
	}
	if err := c.CA.RevokeAccount(ctx, a.ID, why.public); err != nil {
		return err
	}
	untold := c.tell(ctx, a, tell.Ended)
	_, err := c.Accounts.Apply(ctx, a.ID, account.Revoke, why.code)
	return errors.Join(untold, err)
}
