package life

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/tell"
)

// More means, which only this package and its jobs have.
const (
	ByVoucher Means = "voucher" // the account that vouched ended for fraud
	ByTime    Means = "time"
)

func in(states ...account.State) func(account.Account) bool {
	return func(a account.Account) bool { return slices.Contains(states, a.State) }
}

// Block stops an account whose device is lost. Blocked already, it does nothing. It
// fails with [tunnus.CodeNotFound] for an account of somebody else, and with
// [tunnus.CodeStateConflict] if it is asked for by the account itself, or the
// account cannot be blocked any more.
func (s *Service) Block(ctx context.Context, id string, by By) (account.Account, error) {
	return s.apply(ctx, id, move{event: account.Block, by: by, kind: tell.Blocked, note: history.Block}, in(account.Blocked),
		func(a account.Account) error {
			if err := by.check(a); err != nil {
				return err
			}
			_, err := s.actor(ctx, by, a, in(account.Active))
			return err
		})
}

// Unblock lifts what [Service.Block] did: never by the word of the blocked device,
// but by PIN1 of another account of the person, the card at the portal, or two of
// the staff. The other account must have been in use when this one was blocked, or
// be no longer young: who has just got an account in another's name shall not
// bring back the phone that was stolen with it. A hold because of a copy is not
// lifted by this.
func (s *Service) Unblock(ctx context.Context, id string, by By) (account.Account, error) {
	m := move{event: account.Unblock, by: by, kind: tell.Unblocked, note: history.Unblock}
	return s.apply(ctx, id, m, in(account.Active), func(a account.Account) error {
		if by.Means == ByDevice || by.Means == ByLetter {
			return tunnus.Conflict(fmt.Errorf("life: unblocking by %s", by.Means))
		}
		if err := errors.Join(by.check(a), by.fourEyes()); err != nil {
			return err
		}
		_, err := s.actor(ctx, by, a, func(b account.Account) bool {
			return b.State == account.Active && b.Level.AtLeast(a.Level) && (!b.Young(s.now()) || b.ActiveAt.Before(a.StoppedAt))
		})
		return err
	})
}

// Close ends an account by the wish of its holder: from the app of that account
// itself, the portal, or through support.
func (s *Service) Close(ctx context.Context, id string, by By) (account.Account, error) {
	m := move{event: account.Close, by: by, kind: tell.Ended, note: history.End}
	return s.apply(ctx, id, m, func(a account.Account) bool { return !a.State.Live() }, func(a account.Account) error {
		if by.Means == ByAccount && by.Actor == a.ID { // the holder has typed its own PIN1
			return nil
		}
		if err := by.check(a); err != nil {
			return err
		}
		_, err := s.actor(ctx, by, a, in(account.Active))
		return err
	})
}

// Fraud ends an account that was got by fraud, and all that it vouched for, and
// those that these vouched for (security.md R3). The contacts that only such accounts
// have brought are stopped. Two of the staff are needed.
func (s *Service) Fraud(ctx context.Context, id string, by By) error {
	if by.Means != BySupport || by.fourEyes() != nil || by.Actor == "" {
		return tunnus.Conflict(errors.New("life: fraud is for two of the staff to find"))
	}
	return s.defraud(ctx, id, by)
}

func (s *Service) defraud(ctx context.Context, id string, by By) error {
	err := anew(func() error {
		a, err := s.cfg.Accounts.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("life: fraud: %w", err)
		}
		if a.Fraud && !a.State.Live() {
			return nil
		}
		if !a.State.Live() { // it ended otherwise; what it vouched for ends all the same
			a.Fraud, a.Behind = true, true
			line := tunnus.Event{At: s.now(), Kind: "account.fraud", Subject: a.ID, Detail: map[string]string{"means": string(by.Means), "by": by.Actor, "second": by.Second}}
			return s.commitFraud(ctx, Change{Accounts: []account.Account{a}, Events: []tunnus.Event{line}})
		}
		after, line, err := a.After(account.Revoke, "", s.now())
		if err != nil {
			return refusal{err}
		}
		after.Fraud, line.Detail["cause"] = true, "fraud"
		line.Detail["means"], line.Detail["by"], line.Detail["second"] = string(by.Means), by.Actor, by.Second
		c := Change{Accounts: []account.Account{after}, Events: []tunnus.Event{line}}
		m := move{event: account.Revoke, by: by, kind: tell.Ended, note: history.End}
		if err := s.write(ctx, &c, after, m); err != nil {
			return err
		}
		return s.commitFraud(ctx, c)
	})
	if no, ok := errors.AsType[refusal](err); ok {
		return no.error
	}
	if err != nil {
		return err
	}
	return s.Follow(ctx, id)
}

// Settle ends a dispute: two of the staff have seen the person and say that this
// account is theirs. What becomes of the other one is their word too ([Service.Fraud]).
func (s *Service) Settle(ctx context.Context, id string, by By) (account.Account, error) {
	m := move{event: account.Settle, by: by, kind: tell.Unblocked, note: history.Unblock}
	return s.apply(ctx, id, m, in(account.Active), func(a account.Account) error {
		if by.Means != BySupport {
			return tunnus.Conflict(errors.New("life: a dispute is settled at the desk"))
		}
		return errors.Join(by.check(a), by.fourEyes())
	})
}
