package desks

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
	"github.com/tunnus-id/tunnus/staff/support"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/desk"
	"github.com/tunnus-id/tunnus/trust/pki"
)

type plain struct{}

func (plain) Seal(p, _ []byte) ([]byte, error) { return bytes.Clone(p), nil }
func (plain) Open(p, _ []byte) ([]byte, error) { return bytes.Clone(p), nil }

// nothing has no keys and no certificates.
type nothing struct{}

func (nothing) Suspend(context.Context, string, string) error           { return nil }
func (nothing) Resume(context.Context, string) error                    { return nil }
func (nothing) Revoke(context.Context, string, string) error            { return nil }
func (nothing) SuspendAccount(context.Context, string) error            { return nil }
func (nothing) ResumeAccount(context.Context, string) error             { return nil }
func (nothing) RevokeAccount(context.Context, string, pki.Reason) error { return nil }

// office is support over a database.
type office struct {
	*support.Service
	t        *testing.T
	accounts account.Store
}

const ofACase = "7K3QZ-M2XWA"

func open(t *testing.T) *office {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	clock, secret := tunnus.SystemClock{}, tunnus.NewSecret(make([]byte, 32))
	contacts := contact.Service{Store: s.Contacts(), Accounts: s.Accounts(), Sealer: plain{}, Secret: secret, Clock: clock}
	svc := life.New(life.Config{
		Store: s.Life(), Accounts: s.Accounts(), Contacts: contacts, Keys: nothing{}, Authority: nothing{}, Clock: clock,
		History: history.Book{Store: s.History(), Sealer: plain{}, Secret: secret, Clock: clock}, Teller: tell.Teller{Sealer: plain{}, Contacts: contacts, Clock: clock},
	})
	sup, err := support.New(support.Config{
		Store: desk.NewStaff(s.Database()), Findings: desk.NewStaff(s.Database()), Cases: Cases{log{ofACase: {{Kind: "enrol.end"}}}}, Marker: stafftest.Marker(), Secret: secret, Clock: clock,
		Accounts: Accounts{Rows: s.Accounts(), Life: svc, Record: s.Certificates().Record},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &office{sup, t, s.Accounts()}
}

func (o *office) add(id string, change func(*account.Account)) {
	o.t.Helper()
	a, err := account.New(account.Holder{
		Person: stafftest.Person(o.t, "198502020018"), Surname: "U", GivenNames: "A", Level: tunnus.Qualified, Device: "d" + id, LoginKey: "l" + id, SignKey: "s" + id,
		Proofed: account.ByPassport,
	}, time.Now().Add(-100*24*time.Hour))
	if err != nil {
		o.t.Fatal(err)
	}
	a.ID, a.State, a.ActiveAt, a.Told = id, account.Active, a.CreatedAt, true
	change(&a)
	if err := o.accounts.Save(o.t.Context(), a, nil); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) stands(id string, want account.State) account.Account {
	o.t.Helper()
	a, err := o.accounts.Get(o.t.Context(), id)
	if err != nil || a.State != want {
		o.t.Errorf("%s is %s, %v; want %s", id, a.State, err, want)
	}
	return a
}

// Two of the staff find fraud: the account ends, with what it vouched for. One of them
// does not, and closing is no way around.
func TestR3StaffFindFraud(t *testing.T) {
	o := open(t)
	agent, second := stafftest.Actor(t, "ag-1", nil, staff.Agent), stafftest.Actor(t, "ag-2", nil, staff.Agent)
	o.add("root", func(*account.Account) {})
	o.add("vouched", func(a *account.Account) { a.Proofed, a.VouchedBy = account.ByAccount, "root" })
	if err := o.Close(t.Context(), agent, "root", "fraud", ofACase); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
		t.Errorf("one member closes for fraud: %v", err)
	}
	f, err := o.Find(t.Context(), agent, "root", support.OfFraud, ofACase)
	if err != nil {
		t.Fatal(err)
	}
	o.stands("root", account.Active)
	if f, err = o.Second(t.Context(), second, f.ID); err != nil || f.State != support.Applied {
		t.Fatalf("%+v, %v", f, err)
	}
	for _, id := range []string{"root", "vouched"} {
		if a := o.stands(id, account.Revoked); !a.Fraud {
			t.Errorf("%s is not known to be fraud", id)
		}
	}
}

// Two accounts that froze each other: two officers have seen whose is whose.
func TestR4StaffSettleADispute(t *testing.T) {
	o := open(t)
	one, two := stafftest.Actor(t, "reg-1", nil, staff.Officer), stafftest.Actor(t, "reg-2", nil, staff.Officer)
	disputed := func(a *account.Account) { a.State = account.Disputed }
	o.add("old", disputed)
	o.add("new", disputed)
	o.add("blocked", func(a *account.Account) { a.State = account.Blocked })
	for _, c := range []struct {
		id   string
		kind support.Kind
		want support.State
	}{{"old", support.OfHolder, support.Applied}, {"new", support.OfFraud, support.Applied}, {"blocked", support.OfHolder, support.Lapsed}} {
		f, err := o.Find(t.Context(), one, c.id, c.kind, ofACase)
		if err != nil {
			t.Fatal(err)
		}
		f, err = o.Second(t.Context(), two, f.ID)
		if f.State != c.want || (err == nil) != (c.want == support.Applied) {
			t.Errorf("%s: %+v, %v", c.id, f, err)
		}
	}
	o.stands("old", account.Active)
	o.stands("new", account.Revoked)
	o.stands("blocked", account.Blocked)
}
