package life

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// What keys are told: words of the system.
const (
	stopped = "account-stopped"
	ended   = "account-ended" // as package cmd/serve/closing knows it
)

// page is how many accounts a job asks for at a time.
const page = 100

// Follow brings keys and certificates of an account to where it stands, and, if it
// ended for fraud, ends those that it vouched for. It may be repeated, by several
// at a time: whoever is last leaves them as the last state wants, for the row says
// so only under the revision that was read.
func (s *Service) Follow(ctx context.Context, id string) error {
	ctx = context.WithoutCancel(ctx) // the move is committed
	return anew(func() error {
		a, err := s.cfg.Accounts.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("life: follow: %w", err)
		}
		if !a.Behind {
			return nil
		}
		if a.Fraud {
			more, err := s.descend(ctx, a)
			if err != nil || more {
				return err
			}
		}
		if err := s.align(ctx, a); err != nil {
			return fmt.Errorf("life: keys and certificates of account %s, which is %s: %w", a.ID, a.State, err)
		}
		a.Behind = false
		return s.cfg.Store.Commit(ctx, Change{Accounts: []account.Account{a}})
	})
}

// align does what a state wants of keys and certificates. Keys first, when less is
// allowed; certificates first, when more is.
func (s *Service) align(ctx context.Context, a account.Account) error {
	keys := func(do func(string) error) error {
		var errs []error
		for _, id := range []string{a.LoginKey, a.SignKey} {
			err := do(id)
			if err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict { // it has gone its own way: held or ended
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	switch {
	case a.State == account.Active:
		if err := s.cfg.Authority.ResumeAccount(ctx, a.ID); err != nil {
			return err
		}
		return keys(func(id string) error { return s.cfg.Keys.Resume(ctx, id) })
	case a.State.Begun():
		if err := keys(func(id string) error { return s.cfg.Keys.Suspend(ctx, id, stopped) }); err != nil {
			return err
		}
		return s.cfg.Authority.SuspendAccount(ctx, a.ID)
	case a.State == account.Issued:
		return nil
	}
	if err := keys(func(id string) error { return s.cfg.Keys.Revoke(ctx, id, ended) }); err != nil {
		return err
	}
	return s.cfg.Authority.RevokeAccount(ctx, a.ID, reason(a))
}

// reason is what the list of revoked certificates says of an account that ended. A
// certificate that was revoked before keeps its own.
func reason(a account.Account) pki.Reason {
	switch {
	case a.State == account.Revoked:
		return pki.PrivilegeWithdrawn
	case a.ReplacedBy != "":
		return pki.Superseded
	}
	return pki.CessationOfOperation
}

// descend ends up to a page of accounts that one which ended for fraud has vouched
// for, and tells whether there are more: their own turn ends those below. An
// account that has ended is met no second time, so a ring has an end too.
func (s *Service) descend(ctx context.Context, a account.Account) (more bool, err error) {
	ids, err := s.cfg.Store.List(ctx, Vouched, s.now(), a.ID, page)
	if err != nil {
		return false, fmt.Errorf("life: accounts that were vouched for: %w", err)
	}
	for _, id := range ids {
		if err := s.defraud(ctx, id, By{Means: ByVoucher, Actor: a.ID}); err != nil {
			return false, err
		}
	}
	return len(ids) == page, nil
}

// Run does what is due: it tells of new accounts, lets keys and certificates
// follow, thaws, replaces and reminds. It goes on after a failure, and may run on
// several nodes at a time.
func (s *Service) Run(ctx context.Context) error {
	var errs []error
	for _, work := range []struct {
		queue Queue
		do    func(context.Context, string) error
	}{
		{Untold, s.Activated}, {Behind, s.Follow}, {Thawing, s.thaw}, {Retiring, s.retire}, {Last, s.remind}, {Remind, s.remind},
	} {
		errs = append(errs, s.work(ctx, work.queue, work.do))
	}
	return errors.Join(errs...)
}

// work goes through a queue. What fails is met again in the next round; it does not
// keep the others waiting, for queues of ids are walked to their end.
func (s *Service) work(ctx context.Context, q Queue, do func(context.Context, string) error) error {
	at, after := s.now(), ""
	switch q {
	case Remind:
		at = at.Add(s.cfg.Rules.Reminders[0])
	case Last:
		at = at.Add(s.cfg.Rules.Reminders[1])
	}
	var errs []error
	for {
		ids, err := s.cfg.Store.List(ctx, q, at, after, page)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("life: queue %s: %w", q, err))...)
		}
		failed := 0
		for _, id := range ids {
			if err := do(ctx, id); err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict {
				errs = append(errs, err)
				failed++
			}
			after = id
		}
		byTime := q != Untold && q != Behind
		if len(ids) < page || byTime && failed > 0 || ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
	}
}
