package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

// person makes an invented person's code.
func person(t *testing.T) tunnus.PersonCode {
	t.Helper()
	p, err := tunnus.ParsePersonCode("XX", "199002140017")
	check.Must(t, "person code", err)
	return p
}

func anAccount(t *testing.T, id string, second int) account.Account {
	return account.Account{
		ID: id, Document: "PNOXX-199002140017-" + id + "-Q", Person: person(t), Level: tunnus.Qualified,
		State: account.Issued, Surname: "Tägtgren", GivenNames: "Ada", Device: "device" + id, LoginKey: "login" + id, SignKey: "sign" + id,
		Certificates: []account.Certificate{{Purpose: "login", Serial: "01", DER: []byte{0x30, 0}}, {Purpose: "signature"}},
		Contact:      []byte{0, 0xff}, CreatedAt: check.At(second), ExpiresAt: check.At(second + 1000),
		Purpose: account.ForNew, Proofed: account.ByPassport, Language: "et", Model: "Pixel 8",
	}
}

// AccountPorts are the two ports of accounts over one database.
type AccountPorts struct {
	account.Store
	account.Years
}

// Accounts tests an implementation of [account.Store] and [account.Years].
func Accounts(t *testing.T, fresh func(t *testing.T) check.Fixture[AccountPorts]) {
	t.Run("keeps an account whole", func(t *testing.T) {
		f := fresh(t)
		v := anAccount(t, "a", 0)
		check.Must(t, "Save", f.Port().Save(t.Context(), v, check.Event("account.issued", "a")))
		v.Rev, v.State, v.Application, v.Signature = 1, account.Active, []byte(`{}`), []byte{9}
		v.VouchedBy, v.Replaces, v.ReplacedBy, v.Agreed = "v", "old", "next", true
		v.ActiveAt, v.StoppedAt, v.FrozenUntil, v.RetireAt = check.At(1), check.At(2), check.At(3), check.At(4)
		v.Reminded, v.Fraud, v.Behind, v.Told, v.Language = 2, true, true, true, "ru"
		check.Must(t, "Save", f.Port().Save(t.Context(), v, check.Event("account.active", "a")))
		v.Rev = 2
		f.Reopen()
		got, err := f.Port().Get(t.Context(), "a")
		check.Whole(t, "Get", got, err, v)
		got, err = f.Port().ByDocument(t.Context(), v.Document)
		check.Same(t, "ByDocument", got, err, v)
		check.Events(t, f, "a", "account.issued", "account.active")
		_, err = f.Port().Get(t.Context(), "other")
		check.Code(t, "another id", err, tunnus.CodeNotFound)
		_, err = f.Port().ByDocument(t.Context(), "other")
		check.Code(t, "another number", err, tunnus.CodeNotFound)
	})
	t.Run("save needs the revision", func(t *testing.T) {
		f := fresh(t)
		for rev := range int64(2) {
			check.One(t, "Save", func(int) error {
				v := anAccount(t, "a", 0)
				v.Rev = rev
				return f.Port().Save(t.Context(), v, check.Event("account.saved", "a"))
			})
		}
		check.Events(t, f, "a", "account.saved", "account.saved")
	})
	t.Run("a document number is one account's", func(t *testing.T) {
		f := fresh(t)
		check.One(t, "Save", func(i int) error {
			v := anAccount(t, fmt.Sprint("a", i), 0)
			v.Document = "PNOXX-199002140017-ABCD-Q"
			return f.Port().Save(t.Context(), v, nil)
		})
	})
	t.Run("lists newest first", func(t *testing.T) { newestFirst(t, fresh(t)) })
	t.Run("lists those whose years are over", func(t *testing.T) { over(t, fresh(t)) })
	t.Run("one living account a device", func(t *testing.T) { oneADevice(t, fresh) })
	t.Run("the database refuses to revive an account", func(t *testing.T) {
		f := fresh(t)
		v := anAccount(t, "a", 0)
		v.State = account.Revoked
		check.Must(t, "Save", f.Port().Save(t.Context(), v, nil))
		check.Refused(t, f, "UPDATE account SET state = 'active'", "UPDATE account SET state = 'asleep'")
	})
}

// oneADevice lets every pair of states meet on one device.
func oneADevice(t *testing.T, fresh func(t *testing.T) check.Fixture[AccountPorts]) {
	states := account.States()
	f := fresh(t)
	for i, old := range states {
		for j, state := range states {
			first, second := anAccount(t, fmt.Sprint("a", i, j), 0), anAccount(t, fmt.Sprint("b", i, j), 0)
			first.State, second.State, second.Device = old, state, first.Device
			check.Must(t, "the first", f.Port().Save(t.Context(), first, nil))
			err := f.Port().Save(t.Context(), second, check.Event("account.second", second.ID))
			if both := old.Live() && state.Live(); both {
				check.Code(t, fmt.Sprintf("%s beside %s", state, old), err, tunnus.CodeStateConflict)
				check.Events(t, f, second.ID)
			} else if err != nil {
				t.Errorf("%s beside %s: %v", state, old, err)
			}
		}
	}
	a, b := anAccount(t, "move", 0), anAccount(t, "stay", 0)
	check.Must(t, "Save", f.Port().Save(t.Context(), a, nil))
	check.Must(t, "Save", f.Port().Save(t.Context(), b, nil))
	a.Rev, a.Device = 1, b.Device
	check.Code(t, "moving to a device that is taken", f.Port().Save(t.Context(), a, nil), tunnus.CodeStateConflict)
}

func over(t *testing.T, f check.Fixture[AccountPorts]) {
	for id, v := range map[string]struct {
		state account.State
		ends  int
	}{
		"a": {account.Active, 20}, "b": {account.Suspended, 10}, "c": {account.Active, 21}, "d": {account.Issued, 5},
		"h": {account.Blocked, 11}, "i": {account.Frozen, 12}, "j": {account.Disputed, 13}, "e": {account.Closed, 5}, "f": {account.Revoked, 5}, "g": {account.Expired, 5},
	} {
		a := anAccount(t, id, 0)
		a.State, a.ExpiresAt = v.state, check.At(v.ends)
		check.Must(t, "Save", f.Port().Save(t.Context(), a, nil))
		listed := strings.Contains("abhij", id)
		if a.Over(check.At(20)) != listed {
			t.Errorf("Over of %s is %v", id, !listed)
		}
	}
	got, err := f.Port().Over(t.Context(), check.At(20), 10)
	check.Same(t, "Over", got, err, []string{"b", "h", "i", "j", "a"})
	got, err = f.Port().Over(t.Context(), check.At(20), 1)
	check.Same(t, "Over, one", got, err, []string{"b"})
}

func newestFirst(t *testing.T, f check.Fixture[AccountPorts]) {
	a, b := anAccount(t, "a", 0), anAccount(t, "b", 1)
	a.Device, a.State = b.Device, account.Closed
	for _, v := range []account.Account{a, b} {
		check.Must(t, "Save", f.Port().Save(t.Context(), v, nil))
	}
	a.Rev, b.Rev = 1, 1
	want := []account.Account{b, a}
	got, err := f.Port().ByPerson(t.Context(), person(t))
	check.Same(t, "ByPerson", got, err, want)
	got, err = f.Port().ByDevice(t.Context(), b.Device)
	check.Same(t, "ByDevice", got, err, want)
	none, err := f.Port().ByDevice(t.Context(), "other")
	if len(none) != 0 || err != nil {
		t.Errorf("ByDevice of none = %v, %v", none, err)
	}
}
