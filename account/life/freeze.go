package life

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/tell"
)

// Freeze stops a new account for 72 hours by the word of another device of the
// person, without a PIN (security.md R1, R4): one that is older than it. The other
// way round only the account that is to be replaced can be frozen, by the one that
// replaces it; if then both are, the desk decides. Whoever has no other device freezes
// a new account at the portal, with the ID-card.
func (s *Service) Freeze(ctx context.Context, id string, by By) (account.Account, error) {
	if by.Means != ByDevice && by.Means != ByPortal {
		return account.Account{}, tunnus.Conflict(errors.New("life: freezing is for a device, the card at the portal, or a link"))
	}
	return s.freeze(ctx, id, by, nil)
}

// mayFreeze reports whether b's device may freeze a. One that was in dispute with a does
// not begin again, or it would undo what the desk has found.
func (s *Service) mayFreeze(b, a account.Account) bool {
	elsewhere := b.State == account.Disputed && b.Replaces != a.ID && a.Replaces != b.ID
	if b.State != account.Active && b.State != account.Frozen && !elsewhere {
		return false
	}
	return a.Young(s.now()) && b.ActiveAt.Before(a.ActiveAt) || b.Replaces == a.ID && a.State.Begun()
}

// freeze does it once: what is frozen, or blocked and held up, stays so. One that is
// only held for the first day, for its portal was far from its phone, is not frozen yet.
func (s *Service) freeze(ctx context.Context, id string, by By, tap *tell.Tap) (account.Account, error) {
	stopped := func(a account.Account) bool {
		return a.State == account.Frozen && !a.FrozenUntil.Before(a.StoppedAt.Add(s.cfg.Rules.Freeze)) || a.State == account.Disputed || a.State == account.Suspended ||
			a.State == account.Blocked && s.now().Before(a.FrozenUntil)
	}
	m := move{event: account.Freeze, by: by, kind: tell.Frozen, note: history.Freeze, tap: tap, open: CaseFrozen}
	a, err := s.apply(ctx, id, m, stopped, func(a account.Account) error {
		if by.Means == ByLetter {
			return nil // the link was made for this account, and has its own end
		}
		if err := by.check(a); err != nil {
			return err
		}
		if by.Means == ByPortal && !a.Young(s.now()) {
			return tunnus.Conflict(errors.New("life: an account that is not new is blocked, not frozen"))
		}
		_, err := s.actor(ctx, by, a, func(b account.Account) bool { return s.mayFreeze(b, a) })
		return err
	})
	if err != nil {
		return account.Account{}, err
	}
	return a, s.dispute(ctx, a)
}

// counterpart returns the account that this one replaces, or that replaces it.
func (s *Service) counterpart(ctx context.Context, a account.Account) (account.Account, bool, error) {
	for _, id := range []string{a.Replaces, a.ReplacedBy} {
		if id == "" {
			continue
		}
		b, err := s.cfg.Accounts.Get(ctx, id)
		if err != nil {
			return account.Account{}, false, fmt.Errorf("life: the other account: %w", err)
		}
		if b.State == account.Frozen || b.State == account.Disputed {
			return b, true, nil
		}
	}
	return account.Account{}, false, nil
}

// dispute leaves two accounts that froze each other to the desk, in one commit. It
// looks after its own freeze is durable: of two that freeze at once, the later one
// sees the other. One that dies before is found when it would thaw.
func (s *Service) dispute(ctx context.Context, a account.Account) error {
	return anew(func() error {
		a, err := s.cfg.Accounts.Get(ctx, a.ID)
		if err != nil || a.State != account.Frozen {
			return err
		}
		b, both, err := s.counterpart(ctx, a)
		if err != nil || !both {
			return err
		}
		c := Change{}
		for _, v := range []account.Account{a, b} {
			if v.State != account.Frozen {
				continue
			}
			after, line, err := v.After(account.Dispute, "", s.now())
			if err != nil {
				return err
			}
			c.Accounts, c.Events = append(c.Accounts, after), append(c.Events, line)
		}
		m := move{event: account.Dispute, by: By{Means: ByTime}, kind: tell.Disputed, note: history.Freeze, open: CaseDisputed}
		if err := s.write(ctx, &c, c.Accounts[0], m); err != nil {
			return err
		}
		return s.cfg.Store.Commit(ctx, c)
	})
}

// thaw ends a freeze whose time is over, unless the other account is frozen too.
func (s *Service) thaw(ctx context.Context, id string) error {
	a, err := s.cfg.Accounts.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("life: thaw: %w", err)
	}
	if a.State != account.Frozen {
		return nil
	}
	if _, both, err := s.counterpart(ctx, a); err != nil || both {
		return errors.Join(err, s.dispute(ctx, a))
	}
	m := move{event: account.Thaw, by: By{Means: ByTime}, kind: tell.Unblocked, note: history.Unblock}
	_, err = s.apply(ctx, id, m, func(a account.Account) bool { return a.State != account.Frozen }, func(account.Account) error { return nil })
	return err
}

// A Link is what a page shows of a link before it is tapped: nothing that names a
// person.
type Link struct {
	Purpose tell.Purpose
	Used    bool
}

// Look tells what a link would do, and does nothing: programs that look at mail
// follow links too. It fails with [tunnus.CodeNotFound] if there is no such link,
// or it is past its time.
func (s *Service) Look(ctx context.Context, token string) (Link, error) {
	t, err := s.link(ctx, token)
	return Link{t.Purpose, !t.UsedAt.IsZero()}, err
}

func (s *Service) link(ctx context.Context, token string) (tell.Tap, error) {
	hash := tell.HashOf(token)
	if hash == "" {
		return tell.Tap{}, tunnus.NotFound(errors.New("life: not a token"))
	}
	t, err := s.cfg.Store.Tap(ctx, hash)
	if err != nil {
		return tell.Tap{}, err
	}
	if !s.now().Before(t.ExpiresAt) {
		return tell.Tap{}, tunnus.NotFound(errors.New("life: a link that is past its time"))
	}
	return t, nil
}

// Tap does what a link is for. Tapped again, it succeeds again and does nothing:
// an account that thawed is not frozen once more.
func (s *Service) Tap(ctx context.Context, token string) (Link, error) {
	t, err := s.link(ctx, token)
	if err != nil {
		return Link{}, err
	}
	out := Link{t.Purpose, true}
	if !t.UsedAt.IsZero() {
		return out, nil
	}
	t.UsedAt = s.now()
	switch t.Purpose {
	case tell.FreezeAccount:
		_, err = s.freeze(ctx, t.Target, By{Means: ByLetter}, &t)
	case tell.StopContact:
		err = s.stop(ctx, t)
	default:
		err = fmt.Errorf("life: a link for %q", t.Purpose)
	}
	return out, err
}
