package closing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/cmd/serve/bridge"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// A closingWorld is a real store with keys whose rows the tests write, and a CA
// that only notes what it was asked.
type closingWorld struct {
	*testing.T
	Closer
	keys     *keyshare.Service
	sealer   otp.Sealer
	contacts contact.Service
	store    *store.Store
	now      time.Time
	revoked  map[string]issue.Reason

	suspended []string         // accounts
	fails     map[string]error // by account, once
}

func newClosingWorld(t *testing.T) *closingWorld {
	t.Helper()
	w := &closingWorld{
		T: t, now: time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC), revoked: map[string]issue.Reason{}, fails: map[string]error{},
	}
	clock := tunnus.ClockFunc(func() time.Time { return w.now })
	sealer, err := hsm.Ephemeral()
	w.ok(err)
	w.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db"))
	w.ok(err)
	t.Cleanup(func() { _ = w.store.Close() })
	keys, err := keyshare.New(keyshare.Config{
		Store: w.store.Keyshare(), Clock: clock, SealVOPRF: sealer, SealModulus: sealer,
		Formats: map[string]keyshare.Format{acsp.Kind: acsp.Format{}},
	})
	w.ok(err)
	w.keys = keys
	w.sealer = sealer
	secret := tunnus.NewSecret([]byte("0123456789abcdef0123456789abcdef"))
	w.contacts = contact.Service{Store: w.store.Contacts(), Accounts: w.store.Accounts(), Sealer: sealer, Secret: secret, Clock: clock}
	w.Closer = Closer{keys, account.NewService(w.store.Accounts(), clock), w, life.New(life.Config{
		Store: w.store.Life(), Accounts: w.store.Accounts(), Contacts: w.contacts, Clock: clock,
		History: history.Book{Store: w.store.History(), Sealer: sealer, Secret: secret, Clock: clock},
		Teller:  tell.Teller{Sealer: sealer, Contacts: w.contacts, Clock: clock},
	})}
	return w
}

func (w *closingWorld) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// SuspendAccount is the CA.
func (w *closingWorld) SuspendAccount(_ context.Context, id string) error {
	err := w.fails[id]
	delete(w.fails, id)
	if err == nil {
		w.suspended = append(w.suspended, id)
	}
	return err
}

// RevokeAccount is the CA.
func (w *closingWorld) RevokeAccount(_ context.Context, id string, why issue.Reason) error {
	err := w.fails[id]
	delete(w.fails, id)
	if err == nil {
		w.revoked[id] = why
	}
	return err
}

// account makes an active account with two keys that sign.
func (w *closingWorld) account(name string) account.Account {
	w.Helper()
	person, err := tunnus.ParsePersonCode("XX", "199002140017")
	w.ok(err)
	a, err := account.New(account.Holder{
		Person: person, Surname: "EXAMPLE", GivenNames: "ADA", Level: tunnus.Advanced,
		Device: "device-" + name, LoginKey: "login-" + name, SignKey: "sign-" + name,
	}, w.now)
	w.ok(err)
	a.Contact, err = w.sealer.Seal([]byte(name+"@example.test"), a.ContactPlace())
	w.ok(err)
	w.ok(w.store.Accounts().Save(w.Context(), a, nil))
	for _, id := range []string{a.LoginKey, a.SignKey} {
		w.ok(w.store.Keyshare().Keys.Create(w.Context(), keyshare.Key{
			ID: id, Device: a.Device, Account: "session", State: keyshare.Ready, Purpose: splitkey.Login, Generation: 1, Modulus: []byte(id),
		}, nil))
	}
	a, err = w.Accounts.Apply(w.Context(), a.ID, account.Activate, "")
	w.ok(err)
	return a
}

// key changes the row of a key.
func (w *closingWorld) key(id string, change func(*keyshare.Key)) {
	w.Helper()
	k, err := w.store.Keyshare().Keys.Key(w.Context(), id)
	w.ok(err)
	change(&k)
	w.ok(w.store.Keyshare().Keys.Save(w.Context(), k, nil))
}

func (w *closingWorld) worn(id string) {
	w.key(id, func(k *keyshare.Key) { k.DueAt = w.now })
}

func (w *closingWorld) copied(id string) {
	w.key(id, func(k *keyshare.Key) {
		k.State, k.Reason, k.DueAt, k.EndsAt = keyshare.Held, keyshare.ReasonCopy, w.now, w.now.Add(72*time.Hour)
	})
}

// wants demands what became of an account, and what its holder is told of that.
func (w *closingWorld) wants(a account.Account, state account.State, code tunnus.Code, letters int) {
	w.Helper()
	got, err := w.Accounts.Get(w.Context(), a.ID)
	w.ok(err)
	events, err := w.store.Audit().Events(w.Context(), a.ID)
	w.ok(err)
	waiting, err := w.store.Outbox().Waiting(w.Context())
	w.ok(err)
	if last := events[len(events)-1]; got.State != state || last.Code != code || waiting != letters {
		w.Errorf("the account is %s (%q) with %d letters; want %s (%q) with %d", got.State, last.Code, waiting, state, code, letters)
	}
}

func (w *closingWorld) states(a account.Account, login, sign keyshare.State) {
	w.Helper()
	for id, want := range map[string]keyshare.State{a.LoginKey: login, a.SignKey: sign} {
		if v, err := w.keys.Key(w.Context(), id); err != nil || v.State != want {
			w.Errorf("%s is %s, %v; want %s", id, v.State, err, want)
		}
	}
}

// An account ends with either of its keys, for the reason of that key.
func TestAccountEndsWithItsKey(t *testing.T) {
	for _, tt := range []struct {
		name    string
		end     func(w *closingWorld, a account.Account)
		code    tunnus.Code
		public  issue.Reason
		letters int
	}{
		{"PIN1", func(w *closingWorld, a account.Account) { w.worn(a.LoginKey) }, tunnus.CodePINLockPerm, issue.PrivilegeWithdrawn, 1},
		{"PIN2", func(w *closingWorld, a account.Account) { w.worn(a.SignKey) }, tunnus.CodePINLockPerm, issue.PrivilegeWithdrawn, 1},
		{"by somebody", func(w *closingWorld, a account.Account) {
			w.ok(w.keys.Revoke(w.Context(), a.LoginKey, "weak"))
		}, tunnus.CodeKeyUnusable, issue.PrivilegeWithdrawn, 1},
		{"a modulus that shares a factor", func(w *closingWorld, a account.Account) {
			w.ok(w.keys.Revoke(w.Context(), a.SignKey, keyshare.ReasonFactor))
		}, tunnus.CodeKeyUnusable, issue.KeyCompromise, 1},
		{"a copy that nobody saw to for 72 hours", func(w *closingWorld, a account.Account) {
			w.copied(a.LoginKey)
			w.now = w.now.Add(72 * time.Hour)
		}, tunnus.CodeAccCloned, issue.KeyCompromise, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newClosingWorld(t)
			a := w.account("ada")
			tt.end(w, a)
			w.ok(w.Closer.Run(t.Context()))
			w.wants(a, account.Revoked, tt.code, tt.letters)
			w.states(a, keyshare.Ended, keyshare.Ended)
			if w.revoked[a.ID] != tt.public {
				t.Errorf("certificates: %q", w.revoked[a.ID])
			}
			w.quiet()
		})
	}
}

// quiet demands that nothing more is due, now and later.
func (w *closingWorld) quiet() {
	w.Helper()
	w.now = w.now.Add(time.Hour)
	if list, err := w.keys.Settle(w.Context()); err != nil || len(list) != 0 {
		w.Errorf("still due: %v, %v", list, err)
	}
}

// A second copy: the account and its other key stop at once, the holder is told,
// and 72 hours later it ends for that reason (K14).
func TestCopiedAccountIsHeldAtOnce(t *testing.T) {
	w := newClosingWorld(t)
	a := w.account("ada")
	w.copied(a.LoginKey)
	w.ok(w.Closer.Run(t.Context()))
	w.wants(a, account.Suspended, tunnus.CodeAccCloned, 1)
	w.states(a, keyshare.Held, keyshare.Suspended)
	if len(w.suspended) != 1 || w.suspended[0] != a.ID {
		t.Errorf("certificates are suspended of %v", w.suspended)
	}
	w.now = w.now.Add(time.Hour)
	w.ok(w.Closer.Run(t.Context()))
	w.wants(a, account.Suspended, tunnus.CodeAccCloned, 1)
	w.now = w.now.Add(71 * time.Hour)
	w.ok(w.Closer.Run(t.Context()))
	w.wants(a, account.Revoked, tunnus.CodeAccCloned, 2)
	w.states(a, keyshare.Ended, keyshare.Ended)
	w.quiet()
	if got, want := w.letters(), []string{"account-held ada@example.test", "account-ended ada@example.test"}; !slices.Equal(got, want) {
		t.Errorf("letters: %q; want %q", got, want)
	}
}

// letters are those that wait, oldest first.
func (w *closingWorld) letters() (out []string) {
	w.Helper()
	waiting, err := w.store.Outbox().Pending(w.Context(), time.Now().Add(time.Minute), 10)
	w.ok(err)
	for _, l := range waiting {
		m, err := otp.OpenLetter(w.sealer, l)
		w.ok(err)
		out = append(out, l.Kind+" "+m.To)
	}
	return out
}

// Of a copy the holder hears on all channels: at every contact, not only at that of
// the account, and on the other devices; once, however often it is seen to.
func TestCopyIsToldOnAllChannels(t *testing.T) {
	w := newClosingWorld(t)
	a := w.account("ada")
	w.now = w.now.Add(time.Second)
	other := w.account("other")
	svc := w.Closer.Life.(*life.Service)
	at, err := address.Parse("new@example.test")
	w.ok(err)
	c := w.contacts.New(a.Person, at)
	c.State = contact.Confirmed
	row, err := w.contacts.Row(c)
	w.ok(err)
	w.ok(w.store.Contacts().Save(t.Context(), row, nil))
	w.copied(a.LoginKey)
	w.fails[a.ID] = errors.New("no")
	if err := w.Closer.Run(t.Context()); err == nil {
		t.Error("the authority said nothing")
	}
	w.now = w.now.Add(time.Minute)
	w.ok(w.Closer.Run(t.Context()))
	w.ok(w.Closer.tell(t.Context(), a, tell.Held))
	got := w.letters()
	slices.Sort(got)
	if want := []string{"account-held ada@example.test", "account-held new@example.test", "account-held other@example.test"}; !slices.Equal(got, want) {
		t.Errorf("letters: %q; want %q", got, want)
	}
	list, err := svc.Notices(t.Context(), other)
	if err != nil || len(list) != 1 || list[0].Kind != tell.Held || list[0].About != a.ID {
		t.Errorf("the other device: %+v, %v", list, err)
	}
}

// A contact that cannot be read is told to the operator, and stops nothing.
func TestHoldWithoutContact(t *testing.T) {
	w := newClosingWorld(t)
	a := w.account("ada")
	a.Contact = bytes.Repeat([]byte{1}, 40)
	w.ok(w.store.Accounts().Save(t.Context(), a, nil))
	w.copied(a.SignKey)
	if err := w.Closer.Run(t.Context()); err == nil {
		t.Error("nobody is told")
	}
	got, err := w.Accounts.Get(t.Context(), a.ID)
	if err != nil || got.State != account.Suspended {
		t.Errorf("the account is %s, %v", got.State, err)
	}
	w.now = w.now.Add(time.Minute)
	w.ok(w.Closer.Run(t.Context()))
}

// An account that cannot be closed keeps no other open, and is closed later, for
// its own reason.
func TestClosingGoesOnAfterAnError(t *testing.T) {
	w := newClosingWorld(t)
	var all []account.Account
	for i := range 4 {
		a := w.account(fmt.Sprint(i))
		w.worn(a.LoginKey)
		all = append(all, a)
	}
	w.fails[all[0].ID], w.fails[all[2].ID] = errors.New("no"), errors.New("no")
	if err := w.Closer.Run(t.Context()); err == nil {
		t.Error("nobody is told")
	}
	for i, a := range all {
		want := account.Revoked
		if i%2 == 0 {
			want = account.Active
		}
		if got, err := w.Accounts.Get(t.Context(), a.ID); err != nil || got.State != want {
			t.Errorf("account %d is %s, %v; want %s", i, got.State, err, want)
		}
	}
	w.now = w.now.Add(time.Minute)
	w.ok(w.Closer.Run(t.Context()))
	for _, a := range all {
		w.wants(a, account.Revoked, tunnus.CodePINLockPerm, 16)
	}
	w.quiet()
}

// What a registration undoes is its own matter, and makes no endless work.
func TestKeysOfAnUndoneRegistration(t *testing.T) {
	w := newClosingWorld(t)
	a := w.account("ada")
	_, err := w.Accounts.Apply(t.Context(), a.ID, account.Close, tunnus.CodeSesTimeout)
	w.ok(err)
	w.ok(w.keys.Revoke(t.Context(), a.LoginKey, "registration-undone"))
	w.ok(w.keys.Revoke(t.Context(), a.SignKey, "registration-undone"))
	w.ok(w.Closer.Run(t.Context()))
	w.wants(a, account.Closed, tunnus.CodeSesTimeout, 0)
	w.quiet()
}

// An account that is not active yet is closed once it is.
func TestKeyEndsBeforeTheAccountIsActive(t *testing.T) {
	w := newClosingWorld(t)
	a := w.account("ada")
	a.State = account.Issued
	w.ok(w.store.Accounts().Save(t.Context(), a, nil))
	w.worn(a.LoginKey)
	w.ok(w.Closer.Run(t.Context()))
	_, err := w.Accounts.Apply(t.Context(), a.ID, account.Activate, "")
	w.ok(err)
	w.now = w.now.Add(time.Minute)
	w.ok(w.Closer.Run(t.Context()))
	w.wants(a, account.Revoked, tunnus.CodePINLockPerm, 1)
	w.quiet()
}

// What a log-in hears of its key: a lock counts as long as it lasts.
func TestOutcomeOfALockedKey(t *testing.T) {
	lock := func(w *closingWorld, id string) {
		for seq := range int64(3) {
			k, err := w.store.Keyshare().Keys.Key(w.Context(), id)
			w.ok(err)
			w.ok(w.store.Keyshare().Evaluations.Reserve(w.Context(), k, keyshare.EvaluationRow{
				Key: id, Seq: seq + 1, Generation: 1, Nonce: fmt.Append(nil, seq), State: keyshare.Answered, At: w.now,
			}, nil))
		}
	}
	for _, tt := range []struct {
		name  string
		after func(w *closingWorld, key, txn string)
		want  login.OutcomeState
	}{
		{"open", func(*closingWorld, string, string) {}, login.Open},
		{"perhaps locked: the third may be right", func(w *closingWorld, key, _ string) { lock(w, key) }, login.Open},
		{"locked", func(w *closingWorld, key, _ string) { lock(w, key); w.now = w.now.Add(5 * time.Second) }, login.Unusable},
		{"just before the lock ends", func(w *closingWorld, key, _ string) {
			lock(w, key)
			w.now = w.now.Add(3*time.Hour - time.Millisecond)
		}, login.Unusable},
		{"after the lock", func(w *closingWorld, key, _ string) { lock(w, key); w.now = w.now.Add(3 * time.Hour) }, login.Open},
		{"held", func(w *closingWorld, key, _ string) { w.copied(key) }, login.Unusable},
		{"ended", func(w *closingWorld, key, _ string) { w.ok(w.keys.Revoke(w.Context(), key, "x")) }, login.Unusable},
		{"cancelled", func(w *closingWorld, _, txn string) { w.ok(w.keys.Cancel(w.Context(), txn)) }, login.Cancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newClosingWorld(t)
			a := w.account("ada")
			s := bridge.LoginSigner{Keys: bridge.Local(w.keys)}
			txn, err := s.Offer(t.Context(), login.Offer{KeyID: a.LoginKey, Record: []byte("{}"), Hash: string(acsp.SHA512), Expires: w.now.Add(time.Minute)})
			w.ok(err)
			tt.after(w, a.LoginKey, txn)
			if out, err := s.Outcome(t.Context(), txn); err != nil || out.State != tt.want {
				t.Errorf("Outcome = %v, %v; want %v", out.State, err, tt.want)
			}
		})
	}
}
