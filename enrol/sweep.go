package enrol

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/sweep"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Sweep ends sessions whose time is over: what they held of a person is
// deleted, certificates of applications that were not signed are revoked and
// their accounts closed. An application that was signed in time makes its account
// active, also if nobody asks any more. It goes on after a failure, may run on
// several nodes at a time, and returns how many sessions it ended.
func (f *Flow) Sweep(ctx context.Context) (int, error) {
	list := func(ctx context.Context, holds bool, after sweep.Place, limit int) ([]sweep.Place, error) {
		return f.cfg.Store.Overdue(ctx, f.book.Now(), holds, after, limit)
	}
	return sweep.Run(ctx, list, func(ctx context.Context, id string) (bool, error) {
		s, err := f.cfg.Store.Session(ctx, id)
		if err != nil {
			return false, fmt.Errorf("enrol: reading a session: %w", err)
		}
		return f.lapse(ctx, s)
	})
}

// lapse ends a session whose time is over, and tells whether that is done.
func (f *Flow) lapse(ctx context.Context, s sitting.Session) (ended bool, err error) {
	if s.State == way.Undoing {
		return f.undo(ctx, s)
	}
	if !f.book.Over(s) {
		return false, nil
	}
	if s.Facts.Has(way.KeysMade) {
		done, err := f.lastLook(ctx, s)
		if done || err != nil {
			return done, err
		}
	}
	if err := f.noteTimeout(ctx, s); err != nil {
		return false, err
	}
	return f.withdraw(ctx, s, tunnus.CodeSesTimeout)
}

// end ends a session for the reason given, which it returns, and withdraws what
// was made in it.
func (f *Flow) end(ctx context.Context, s sitting.Session, why error) error {
	if s.Account == "" {
		return f.book.Refuse(ctx, &s, why)
	}
	_, err := f.withdraw(context.WithoutCancel(ctx), s, tunnus.CodeOf(why))
	return errors.Join(why, err)
}

// withdraw ends a session that will not end well. Certificates that may exist are
// revoked after this is durable.
func (f *Flow) withdraw(ctx context.Context, s sitting.Session, why tunnus.Code) (ended bool, err error) {
	var a *account.Account
	lines := []tunnus.Event{{At: f.book.Now(), Kind: "enrol.end", Subject: s.ID, Code: why}}
	if s.Facts.Has(way.KeysMade) {
		issued, err := f.cfg.Accounts.Get(ctx, s.Account)
		if err != nil {
			return false, fmt.Errorf("enrol: reading an account: %w", err)
		}
		if issued.State == account.Issued { // else it has ended by itself
			closed, line, err := issued.After(account.Close, why, f.book.Now())
			if err != nil {
				return false, err
			}
			a, lines = &closed, append(lines, line)
		}
	}
	event := way.Lapse
	if s.Account != "" {
		event = way.Undo
	}
	if s.State, err = s.State.After(event); err != nil {
		return false, err
	}
	s.Why = why
	if err := f.book.Commit(ctx, &s, sitting.Payload{}, sitting.Change{Account: a, Events: lines}); err != nil {
		return false, err
	}
	f.Unask(ctx, s.ID)
	if s.State == way.Undoing {
		return f.undo(ctx, s)
	}
	return true, nil
}

// silence is how long a signed application waits for a register that is down and
// has to say once more who answers for a child.
const silence = 24 * time.Hour

// lastLook sees whether the application was signed after all; if it was not, it
// never will be.
func (f *Flow) lastLook(ctx context.Context, s sitting.Session) (done bool, err error) {
	if s.Transaction == "" { // the application was not even put up
		return false, nil
	}
	a, err := f.cfg.Accounts.Get(ctx, s.Account)
	if err != nil {
		return false, fmt.Errorf("enrol: reading an account: %w", err)
	}
	if a.State != account.Issued { // ended, by fraud or its keys: there is nothing to make active
		return false, nil
	}
	signed, ok, err := f.cfg.Keys.Outcome(ctx, s.Transaction)
	if err != nil {
		return false, fmt.Errorf("enrol: asking for the application: %w", err)
	}
	if ok {
		_, err := f.complete(ctx, s, signed)
		switch code := tunnus.CodeOf(err); {
		case code == tunnus.CodeGuardNone, code == tunnus.CodeSrcAccountNo: // it has ended by that
			return true, nil
		case code == tunnus.CodeRegiDown && f.book.Now().After(s.Due.Add(silence)):
			return false, nil
		}
		return true, err
	}
	if err := f.cfg.Keys.Cancel(ctx, s.Transaction); err != nil {
		return false, fmt.Errorf("enrol: cancelling the application: %w", err)
	}
	return false, nil
}

// noteTimeout writes down that a sitting with this document was not ended: it
// counts when repeated. One with a face attempt open has failed already.
func (f *Flow) noteTimeout(ctx context.Context, s sitting.Session) error {
	if s.Document == "" || s.Attempt != "" || s.State != way.Open {
		return nil
	}
	return f.tab.Note(ctx, f.Debtor(s), s.ID, tunnus.CodeSesTimeout)
}

// undo withdraws what was made for an account that does not come, and tells
// whether that was all. It may be repeated until all of it has succeeded. A
// certificate may still be in the making if they were not made yet when time ran
// out: then it is done again, and not over before none can be.
func (f *Flow) undo(ctx context.Context, s sitting.Session) (ended bool, err error) {
	if err := f.binder.Undo(ctx, s.Pair(s.LoginKey, s.SignKey), s.Account); err != nil {
		return false, err
	}
	if !s.Facts.Has(way.KeysMade) && f.book.Now().Before(s.Due.Add(settled)) {
		return false, nil
	}
	s.State = way.Expired
	line := tunnus.Event{At: f.book.Now(), Kind: "enrol.undone", Subject: s.ID, Detail: map[string]string{"account": s.Account}}
	err = f.book.Commit(ctx, &s, sitting.Payload{}, sitting.Change{Events: []tunnus.Event{line}})
	return err == nil, err
}
