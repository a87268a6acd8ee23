package enrol

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
)

// sweepSize is how many sessions one [Flow.Sweep] looks at.
const sweepSize = 100

// Sweep ends sessions whose time is over: what they held of a person is
// deleted, certificates of applications that were not signed are revoked and
// their accounts closed. An application that was signed in time makes its account
// active, also if nobody asks any more. It goes on after a failure, may run on
// several nodes at a time, and returns how many sessions it ended.
func (f *Flow) Sweep(ctx context.Context) (int, error) {
	ids, err := f.cfg.Store.Overdue(ctx, f.now(), sweepSize)
	if err != nil {
		return 0, fmt.Errorf("enrol: looking for overdue sessions: %w", err)
	}
	var errs []error
	n := 0
	for _, id := range ids {
		s, err := f.cfg.Store.Session(ctx, id)
		if err == nil {
			err = f.lapse(ctx, s)
		}
		switch {
		case err == nil:
			n++
		case tunnus.CodeOf(err) != tunnus.CodeStateConflict: // somebody else was faster: the next sweep sees
			errs = append(errs, err)
		}
	}
	return n, errors.Join(errs...)
}

// lapse ends a session whose time is over.
func (f *Flow) lapse(ctx context.Context, s Session) error {
	if s.State == Undoing {
		return f.undo(ctx, s)
	}
	if s.State != Open || f.now().Before(s.Due) {
		return nil
	}
	var a *account.Account
	lines := []tunnus.Event{{At: f.now(), Kind: "enrol.end", Subject: s.ID, Code: tunnus.CodeSesTimeout}}
	if s.Facts.Has(KeysMade) {
		done, err := f.lastLook(ctx, s)
		if done || err != nil {
			return err
		}
		issued, err := f.cfg.Accounts.Get(ctx, s.Account)
		if err != nil {
			return fmt.Errorf("enrol: reading an account: %w", err)
		}
		closed, line, err := issued.After(account.Close, tunnus.CodeSesTimeout, f.now())
		if err != nil {
			return err
		}
		a, lines = &closed, append(lines, line)
	}
	if err := f.noteTimeout(ctx, s); err != nil {
		return err
	}
	s.State, s.Why = Expired, tunnus.CodeSesTimeout
	if s.Account != "" { // certificates may exist: they are revoked after this is durable
		s.State = Undoing
	}
	if err := f.commit(ctx, &s, payload{}, a, nil, lines); err != nil {
		return err
	}
	if s.State == Undoing {
		return f.undo(ctx, s)
	}
	return nil
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

// undo withdraws what was made for an account that does not come. It may be
// repeated until all of it has succeeded.
func (f *Flow) undo(ctx context.Context, s Session) error {
	if err := f.cfg.Issuer.Withdraw(ctx, s.Account); err != nil {
		return fmt.Errorf("enrol: withdrawing certificates: %w", err)
	}
	for _, k := range []string{s.LoginKey, s.SignKey} {
		if err := f.cfg.Keys.Revoke(ctx, k); err != nil {
			return fmt.Errorf("enrol: revoking a key: %w", err)
		}
	}
	s.State = Expired
	line := tunnus.Event{At: f.now(), Kind: "enrol.undone", Subject: s.ID, Detail: map[string]string{"account": s.Account}}
	return f.commit(ctx, &s, payload{}, nil, nil, []tunnus.Event{line})
}
