package enrol

import (
	"context"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// endings are how an account that has vouched stops to stand for anybody.
var endings = map[string]func(*account.Account){
	"fraud":         func(a *account.Account) { a.State, a.Fraud = account.Revoked, true },
	"a copy of it":  func(a *account.Account) { a.State = account.Suspended },
	"not me":        func(a *account.Account) { a.State = account.Frozen },
	"its device":    func(a *account.Account) { a.State = account.Blocked },
	"a lower level": func(a *account.Account) { a.Level = tunnus.Advanced },
}

// moves has the row of an account changed.
func (w *world) moves(id string, change func(*account.Account)) {
	a := w.mem.accounts[id]
	change(&a)
	a.Rev++
	w.mem.accounts[id] = a
}

// R3: the account that vouched is looked at again before anything is given away by its
// word, and when the new one would become active, whoever looks first. Whoever ended it
// looked for what it had vouched for when there was nothing yet.
func TestR3VoucherEndsBeforeTheNewAccountIsActive(t *testing.T) {
	for name, change := range endings {
		for _, sweeps := range []bool{false, true} {
			w, r := at(t, byAccount, way.ApplicationSigned)
			w.signApplication(r)
			w.moves("old", change)
			if sweeps {
				w.now = w.now.Add(11 * time.Minute)
				if n, err := w.flow.Sweep(t.Context()); n != 1 || err != nil {
					t.Errorf("%s: Sweep = %d, %v", name, n, err)
				}
			} else {
				_, err := w.flow.Finish(t.Context(), r)
				refused(t, err, tunnus.CodeSrcAccountNo, -1)
			}
			w.ended(r, tunnus.CodeSrcAccountNo)
			if w.standing() != 0 {
				t.Errorf("%s: %d certificates stand", name, w.standing())
			}
		}
		w, r := at(t, byAccount, way.KeysMade)
		w.moves("old", change)
		refused(t, w.step(r, way.KeysMade, nil), tunnus.CodeSrcAccountNo, -1)
		w.ended(r, tunnus.CodeSrcAccountNo)
		if len(w.issued) != 0 || len(w.keys.assigned) != 0 {
			t.Errorf("%s: %d certificates, moduli for %v", name, len(w.issued), w.keys.assigned)
		}
	}
}

// movesOnRead is a store in which an account moves right after it was read.
type movesOnRead struct {
	*memory
	id     string
	change func(*account.Account)
}

func (o *movesOnRead) Get(ctx context.Context, id string) (account.Account, error) {
	a, err := o.memory.Get(ctx, id)
	if err == nil && id == o.id && o.change != nil {
		moved := a
		o.change(&moved)
		moved.Rev++
		o.accounts[id], o.change = moved, nil
	}
	return a, err
}

// R3: nor is there a moment between the look at it and the commit.
func TestR3VoucherEndsBetweenLookAndCommit(t *testing.T) {
	for name, change := range endings {
		w, r := at(t, byAccount, way.ApplicationSigned)
		w.signApplication(r)
		w.cfg.Accounts = &movesOnRead{w.mem, "old", change}
		w.restart()
		_, err := w.flow.Finish(t.Context(), r)
		refused(t, err, tunnus.CodeStateConflict, -1)
		if a := w.mine("phone")[0]; a.State != account.Issued || len(w.mem.containers) != 0 {
			t.Errorf("%s: the account is %s", name, a.State)
		}
		_, err = w.flow.Finish(t.Context(), r)
		refused(t, err, tunnus.CodeSrcAccountNo, -1)
		w.ended(r, tunnus.CodeSrcAccountNo)
	}
	w, r := at(t, byAccount, way.ApplicationSigned) // what changes nothing ends nothing
	w.signApplication(r)
	w.cfg.Accounts = &movesOnRead{w.mem, "old", func(a *account.Account) { a.Reminded++ }}
	w.restart()
	_, err := w.flow.Finish(t.Context(), r)
	refused(t, err, tunnus.CodeStateConflict, -1)
	if a, err := w.flow.Finish(t.Context(), r); err != nil || a.State != account.Active {
		t.Errorf("Finish, again = %s, %v", a.State, err)
	}
}
