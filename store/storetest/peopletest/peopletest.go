// Package peopletest holds what every implementation of the ports of the register
// of people and of the nightly walk must do, as package storetest does for others.
package peopletest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/reconcile"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

// Utopian makes the code of an invented person, born on one day, by serial.
func Utopian(t *testing.T, serial int) tunnus.PersonCode {
	t.Helper()
	for digit := range 10 {
		if c, err := tunnus.ParsePersonCode("XX", fmt.Sprintf("19900214%03d%d", serial, digit)); err == nil {
			return c
		}
	}
	t.Fatal("no check digit fits")
	return tunnus.PersonCode{}
}

// PopulationPorts are the two ports of a register of people over one database.
type PopulationPorts struct {
	people.Source
	people.Shelf
}

func anEntry(t *testing.T, serial int) people.Entry {
	c := Utopian(t, serial)
	born := time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC)
	return people.Entry{
		Person: match.Person{
			Code: c, Surname: "Tägtgren", GivenNames: "Ada", NamesSince: born.AddDate(30, 0, 0), Birth: born,
			Earlier:   []match.Name{{Surname: "Åsk", GivenNames: "Ada", From: born, Until: born.AddDate(30, 0, 0)}},
			Documents: []match.Document{{Number: "X1234567", State: match.Valid}, {Number: "X1234568", State: match.Stolen}},
			Deceased:  true, Restricted: true, Address: match.Abroad, Successor: Utopian(t, serial+50),
		},
		Guardians: []match.Relation{
			{Child: c, Guardian: Utopian(t, 901), Kind: match.Parent, Comprehensive: true, From: born, Until: born.AddDate(18, 0, 0)},
			{Child: c, Guardian: Utopian(t, 902), Kind: match.Guardian, From: born.AddDate(1, 0, 0)},
		},
		Channels: match.Channels{Email: "ada@mail.invalid", Phone: "+37255500001", Postal: true},
	}
}

// Population tests an implementation of [people.Source] and [people.Shelf].
func Population(t *testing.T, fresh func(t *testing.T) check.Fixture[PopulationPorts]) {
	t.Run("keeps an entry whole", func(t *testing.T) {
		f := fresh(t)
		e := anEntry(t, 1)
		check.Must(t, "Apply", f.Port().Apply(t.Context(), []people.Entry{e}, nil, check.Event("population.import", "register")))
		f.Reopen()
		got, err := f.Port().Entry(t.Context(), e.Person.Code)
		check.Same(t, "Entry", got, err, e)
		check.Events(t, f, "register", "population.import")
		wards, err := f.Port().Wards(t.Context(), Utopian(t, 901))
		if !errors.Is(err, match.ErrNoPerson) {
			t.Errorf("wards of somebody who is not in the table: %v, %v", wards, err)
		}
	})
	t.Run("replaces and takes out", func(t *testing.T) {
		f := fresh(t)
		e, parent := anEntry(t, 1), anEntry(t, 901)
		parent.Guardians = nil
		check.Must(t, "Apply", f.Port().Apply(t.Context(), []people.Entry{e, parent}, nil, nil))
		wards, err := f.Port().Wards(t.Context(), parent.Person.Code)
		check.Same(t, "Wards", wards, err, e.Guardians[:1])
		e.Person.Documents, e.Guardians, e.Channels = nil, nil, match.Channels{}
		check.Must(t, "Apply", f.Port().Apply(t.Context(), []people.Entry{e}, nil, nil))
		got, err := f.Port().Entry(t.Context(), e.Person.Code)
		check.Same(t, "Entry", got, err, e)
		check.Must(t, "Apply", f.Port().Apply(t.Context(), nil, []tunnus.PersonCode{e.Person.Code, Utopian(t, 77)}, nil))
		if _, err := f.Port().ByCode(t.Context(), e.Person.Code); !errors.Is(err, match.ErrNoPerson) {
			t.Errorf("who was taken out is there: %v", err)
		}
		if _, err := f.Port().Guardians(t.Context(), e.Person.Code); !errors.Is(err, match.ErrNoPerson) {
			t.Errorf("relations of who was taken out: %v", err)
		}
	})
	t.Run("lists codes in pages", func(t *testing.T) {
		f := fresh(t)
		var want []tunnus.PersonCode
		for i := range 5 {
			check.Must(t, "Apply", f.Port().Apply(t.Context(), []people.Entry{anEntry(t, i+1)}, nil, nil))
			want = append(want, Utopian(t, i+1))
		}
		got, err := f.Port().Codes(t.Context(), "", 3)
		check.Same(t, "Codes", got, err, want[:3])
		got, err = f.Port().Codes(t.Context(), got[2].SemanticsID(), 3)
		check.Same(t, "Codes", got, err, want[3:])
	})
}

// ReconcilePorts are the walk and the accounts over one database.
type ReconcilePorts struct {
	reconcile.Store
	Accounts account.Store
}

// Reconcile tests an implementation of [reconcile.Store].
func Reconcile(t *testing.T, fresh func(t *testing.T) check.Fixture[ReconcilePorts]) {
	t.Run("one of many walks", func(t *testing.T) {
		f := fresh(t)
		none, err := f.Port().Run(t.Context())
		check.Same(t, "Run", none, err, reconcile.Run{})
		r := reconcile.Run{Cursor: "PNOXX-1", Started: check.At(1), Finished: check.At(2), Holder: "h", Lease: check.At(3), Asked: 4, Failed: 5, Braked: check.At(6)}
		for range 2 {
			check.One(t, "SaveRun", func(int) error { return f.Port().SaveRun(t.Context(), r, check.Event("reconcile.done", "register")) })
			r.Rev++
		}
		f.Reopen()
		got, err := f.Port().Run(t.Context())
		check.Whole(t, "Run", got, err, r)
		check.Events(t, f, "register", "reconcile.done", "reconcile.done")
	})
	t.Run("a case is one decision", func(t *testing.T) {
		f := fresh(t)
		c := reconcile.Case{Account: "a", Finding: reconcile.Renamed, Since: check.At(1), Due: check.At(2)}
		for range 2 {
			check.One(t, "SaveCase", func(int) error { return f.Port().SaveCase(t.Context(), c, check.Event("reconcile.tell", "a")) })
			c.Rev++
		}
		c.Settled = true
		check.Must(t, "SaveCase", f.Port().SaveCase(t.Context(), c, nil))
		c.Rev++
		f.Reopen()
		got, err := f.Port().Case(t.Context(), "a")
		check.Whole(t, "Case", got, err, c)
		check.Events(t, f, "a", "reconcile.tell", "reconcile.tell")
		got, err = f.Port().Case(t.Context(), "b")
		check.Same(t, "Case of none", got, err, reconcile.Case{})
		check.Refused(t, f, "UPDATE population_case SET finding = 'dead'", "UPDATE population_case SET due = 0",
			"INSERT INTO population_walk (id, rev, last_person, started_at, finished_at, holder, lease, asked, failed, braked_at) VALUES (2, 1, '', 0, 0, '', 0, 0, 0, 0)")
	})
	t.Run("walks people with living accounts once", func(t *testing.T) {
		f := fresh(t)
		var want []tunnus.PersonCode
		for i, s := range account.States() {
			for n := range 2 {
				a := anAccount(t, fmt.Sprintf("%d%d", i, n))
				a.Person, a.State = Utopian(t, i+1), s
				check.Must(t, "Save", f.Port().Accounts.Save(t.Context(), a, nil))
			}
			if s.Begun() {
				want = append(want, Utopian(t, i+1))
			}
		}
		got, err := f.Port().People(t.Context(), "", 9)
		check.Same(t, "People", got, err, want)
		got, err = f.Port().People(t.Context(), want[0].SemanticsID(), 9)
		check.Same(t, "People", got, err, want[1:])
		if got, err := f.Port().People(t.Context(), "", 1); err != nil || !slices.Equal(got, want[:1]) {
			t.Errorf("a page of one: %d, %v", len(got), err)
		}
	})
}

func anAccount(t *testing.T, id string) account.Account {
	t.Helper()
	a, err := account.New(account.Holder{
		Person: Utopian(t, 1), Surname: "Åsk", GivenNames: "Ada", Level: tunnus.Qualified, Device: "d" + id, LoginKey: "l" + id, SignKey: "s" + id,
	}, check.Start)
	check.Must(t, "account", err)
	return a
}
