package enrol

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/sweep"
)

// Sweep ends sessions whose time is over: what they held of a person is
// deleted, certificates of applications that were not signed are revoked and
// their accounts closed. An application that was signed in time makes its account
// active, also if nobody asks any more. It goes on after a failure, may run on
// several nodes at a time, and returns how many sessions it ended.
func (f *Flow) Sweep(ctx context.Context) (int, error) {
	list := func(ctx context.Context, holds bool, after sweep.Place, limit int) ([]sweep.Place, error) {
		return f.cfg.Store.Overdue(ctx, f.now(), holds, after, limit)
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
func (f *Flow) lapse(ctx context.Context, s Session) (ended bool, err error) {
	if s.State == Undoing {
		return f.undo(ctx, s)
	}
	if s.State != Open || f.now().Before(s.Due) {
		return false, nil
	}
	var a *account.Account
	lines := []tunnus.Event{{At: f.now(), Kind: "enrol.end", Subject: s.ID, Code: tunnus.CodeSesTimeout}}
	if s.Facts.Has(KeysMade) {
		done, err := f.lastLook(ctx, s)
		if done || err != nil {
			return done, err
		}
		issued, err := f.cfg.Accounts.Get(ctx, s.Account)
		if err != nil {
			return false, fmt.Errorf("enrol: reading an account: %w", err)
		}
		closed, line, err := issued.After(account.Close, tunnus.CodeSesTimeout, f.now())
		if err != nil {
			return false, err
		}
		a, lines = &closed, append(lines, line)
	}
	if err := f.noteTimeout(ctx, s); err != nil {
		return false, err
	}
	s.State, s.Why = Expired, tunnus.CodeSesTimeout
	if s.Account != "" { // certificates may exist: they are revoked after this is durable
		s.State = Undoing
	}
	if err := f.commit(ctx, &s, payload{}, a, nil, lines); err != nil {
		return false, err
	}
	if s.State == Undoing {
		return f.undo(ctx, s)
	}
	return true, nil
}

// lastLook sees whether the application was signed after all; if it was not, it
// never will be.
func (f *Flow) lastLook(ctx context.Context, s Session) (done bool, err error) {
	signed, ok, err := f.cfg.Keys.Outcome(ctx, s.Transaction)
	if err != nil {
		return false, fmt.Errorf("enrol: asking for the application: %w", err)
	}
	if ok {
		_, err := f.complete(ctx, s, signed)
		return true, err
	}
	if err := f.cfg.Keys.Cancel(ctx, s.Transaction); err != nil {
		return false, fmt.Errorf("enrol: cancelling the application: %w", err)
	}
	return false, nil
}

// noteTimeout writes down that a sitting with this document was not ended: it
// counts when repeated. One with a face attempt open has failed already.
func (f *Flow) noteTimeout(ctx context.Context, s Session) error {
	if s.Document == "" || s.Attempt != "" {
		return nil
	}
	return f.tab.Documents.Note(ctx, s.Document, s.ID, tunnus.CodeSesTimeout, s.Copyable)
}

// undo withdraws what was made for an account that does not come, and tells
// whether that was all. It may be repeated until all of it has succeeded. A
// certificate may still be in the making if they were not made yet when time ran
// out: then it is done again, and not over before none can be.
func (f *Flow) undo(ctx context.Context, s Session) (ended bool, err error) {
	if err := f.binder.Undo(ctx, s.pair(s.LoginKey, s.SignKey), s.Account); err != nil {
		return false, err
	}
	if !s.Facts.Has(KeysMade) && f.now().Before(s.Due.Add(settled)) {
		return false, nil
	}
	s.State = Expired
	line := tunnus.Event{At: f.now(), Kind: "enrol.undone", Subject: s.ID, Detail: map[string]string{"account": s.Account}}
	err = f.commit(ctx, &s, payload{}, nil, nil, []tunnus.Event{line})
	return err == nil, err
}
