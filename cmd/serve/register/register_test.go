package register

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// A world has one account and two contacts.
type world struct {
	account  account.Account
	contacts []contact.Contact
	letters  []otp.Letter
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

func (w *world) All(context.Context, tunnus.PersonCode) ([]contact.Contact, error) {
	return w.contacts, nil
}

func (w *world) Put(_ context.Context, l otp.Letter) error {
	w.letters = append(w.letters, l)
	return w.broken
}

func (w *world) Seal(plain, _ []byte) ([]byte, error) { return plain, nil }
func (w *world) Open(b, _ []byte) ([]byte, error)     { return b, nil }

func newWorld() (*world, Ender) {
	w := &world{
		account:  account.Account{ID: "a", State: account.Active},
		contacts: []contact.Contact{{Address: "a@mail.invalid"}, {Address: "+37255500001"}},
	}
	return w, Ender{Accounts: w, Life: w, Letters: Letters{Contacts: w, Outbox: w, Sealer: w}}
}

func (w *world) kinds() (out []string) {
	for _, l := range w.letters {
		out = append(out, l.Kind)
	}
	return out
}

func TestWhoHasDiedLosesTheAccountAndNobodyIsTold(t *testing.T) {
	w, e := newWorld()
	w.broken = errors.New("the authority is down")
	if err := e.End(t.Context(), w.account, account.Revoke, tunnus.CodeRegiDeceased); err == nil || w.account.State != account.Revoked || !w.account.Behind {
		t.Fatalf("%v: %s, behind %v", err, w.account.State, w.account.Behind)
	}
	w.broken = nil
	if err := e.End(t.Context(), w.account, account.Revoke, tunnus.CodeRegiDeceased); err != nil || w.followed != 2 || len(w.letters) != 0 {
		t.Errorf("again: %v, followed %d times, letters %v", err, w.followed, w.kinds())
	}
}

func TestWhoseAccountIsClosedIsToldBefore(t *testing.T) {
	w, e := newWorld()
	w.broken = errors.New("the outbox is full")
	if err := e.End(t.Context(), w.account, account.Close, tunnus.CodeRegiMismatch); err == nil || w.account.State != account.Active {
		t.Fatalf("%v: %s though nobody could be told", err, w.account.State)
	}
	w.broken, w.letters = nil, nil
	if err := e.End(t.Context(), w.account, account.Close, tunnus.CodeRegiMismatch); err != nil || w.account.State != account.Closed || len(w.letters) != 2 {
		t.Errorf("%v: %s, letters %v", err, w.account.State, w.kinds())
	}
}

func TestRenamed(t *testing.T) {
	w, e := newWorld()
	due := time.Date(2026, 12, 22, 2, 0, 0, 0, time.UTC)
	told, err := e.Letters.Renamed(t.Context(), w.account, due)
	if err != nil || !told || len(w.letters) != 2 {
		t.Fatalf("%v, told %v: %v", err, told, w.kinds())
	}
	m, err := otp.OpenLetter(w, w.letters[1])
	if err != nil || m.To != "+37255500001" || m.About != "2026-12-22" || w.letters[1].Kind != Renamed {
		t.Errorf("%v: about %q", err, m.About)
	}
	w.contacts = nil
	if told, err := e.Letters.Renamed(t.Context(), w.account, due); err != nil || told {
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
