package register

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
)

// A world has one account and two contacts.
type world struct {
	account  account.Account
	contacts int
	told     []string
	followed int
	broken   error // of Follow and of the outbox
}

func (w *world) Get(context.Context, string) (account.Account, error) { return w.account, nil }

func (w *world) Apply(_ context.Context, _ string, e account.Event, why tunnus.Code) (account.Account, error) {
	a, _, err := w.account.After(e, why, time.Now())
	if err == nil {
		w.account = a
	}
	return a, err
}

func (w *world) Follow(context.Context, string) error { w.followed++; return w.broken }

func (w *world) Elsewhere(_ context.Context, a account.Account, kind tell.Kind, id, detail string) (int, error) {
	w.told = append(w.told, fmt.Sprintf("%s %s %s %s", a.ID, kind, id, detail))
	return w.contacts, w.broken
}

func newWorld() (*world, Ender) {
	w := &world{account: account.Account{ID: "a", State: account.Active}, contacts: 2}
	return w, Ender{Accounts: w, Life: w}
}

func TestWhoHasDiedLosesTheAccountAndNobodyIsTold(t *testing.T) {
	w, e := newWorld()
	w.broken = errors.New("the authority is down")
	if err := e.End(t.Context(), w.account, account.Revoke, tunnus.CodeRegiDeceased); err == nil || w.account.State != account.Revoked || !w.account.Behind {
		t.Fatalf("%v: %s, behind %v", err, w.account.State, w.account.Behind)
	}
	w.broken = nil
	if err := e.End(t.Context(), w.account, account.Revoke, tunnus.CodeRegiDeceased); err != nil || w.followed != 2 || len(w.told) != 0 {
		t.Errorf("again: %v, followed %d times, told %q", err, w.followed, w.told)
	}
}

func TestWhoseAccountIsClosedIsToldBefore(t *testing.T) {
	w, e := newWorld()
	w.broken = errors.New("the outbox is full")
	if err := e.End(t.Context(), w.account, account.Close, tunnus.CodeRegiMismatch); err == nil || w.account.State != account.Active {
		t.Fatalf("%v: %s though nobody could be told", err, w.account.State)
	}
	w.broken, w.told = nil, nil
	if err := e.End(t.Context(), w.account, account.Close, tunnus.CodeRegiMismatch); err != nil || w.account.State != account.Closed || !slices.Equal(w.told, []string{"a account-ended a "}) {
		t.Errorf("%v: %s, told %q", err, w.account.State, w.told)
	}
}

func TestRenamed(t *testing.T) {
	w, _ := newWorld()
	due := time.Date(2026, 12, 22, 2, 0, 0, 0, time.UTC)
	told, err := Teller{w}.Renamed(t.Context(), w.account, due)
	if err != nil || !told || !slices.Equal(w.told, []string{"a account-renamed a/2026-12-22 2026-12-22"}) {
		t.Fatalf("%v, told %v: %q", err, told, w.told)
	}
	w.contacts = 0
	if told, err := (Teller{w}).Renamed(t.Context(), w.account, due); err != nil || told {
		t.Errorf("without contacts: %v, %v", told, err)
	}
}

func TestEveryEndsWithTheContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	if err := Every(time.Millisecond)(ctx); err != nil {
		t.Error(err)
	}
	stop()
	if err := Every(time.Hour)(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
