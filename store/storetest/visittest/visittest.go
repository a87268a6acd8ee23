// Package visittest holds what every implementation of the ports of the portal must do.
package visittest

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

func visit(id string) card.Visit {
	return card.Visit{
		ID: id, State: card.Matched, Person: "person", Tries: 2, TriedAt: check.At(3), Slip: "slip", Pairing: "pairing",
		Began: check.At(1), Expires: check.At(60), Payload: []byte{1}, Record: []byte{2},
	}
}

func slip(id, session string) card.Slip {
	return card.Slip{
		ID: id, Session: session, Number: 3, Device: "device", State: card.Used, Visit: "visit", Pairing: "pairing",
		Made: check.At(1), Until: check.At(20), Due: check.At(30), Phone: []byte{1},
	}
}

// Ports are both ports over one database.
type Ports struct {
	card.Store
	Rest card.Rest
}

// Visits tests implementations of [card.Store] and [card.Rest].
func Visits(t *testing.T, fresh func(t *testing.T) check.Fixture[Ports]) {
	t.Run("keeps visits whole", func(t *testing.T) { whole(t, fresh(t)) })
	t.Run("keeps codes whole", func(t *testing.T) { codes(t, fresh(t)) })
	t.Run("writes all of a change or nothing", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Save", f.Port().Save(t.Context(), card.Change{Visits: []card.Visit{visit("a")}}))
		c := slip("slip", "sitting")
		err := f.Port().Save(t.Context(), card.Change{Visits: []card.Visit{visit("b"), visit("a")}, Slip: &c, Events: check.Event("card.matched", "b")})
		check.Code(t, "an old revision among others", err, tunnus.CodeStateConflict)
		_, err = f.Port().Visit(t.Context(), "b")
		check.Code(t, "the visit before it", err, tunnus.CodeNotFound)
		_, err = f.Port().Slip(t.Context(), "slip")
		check.Code(t, "the code", err, tunnus.CodeNotFound)
		check.Events(t, f, "b")
	})
	t.Run("R7: of 50 visits one gets a code", func(t *testing.T) {
		f := fresh(t)
		live := slip("slip", "sitting")
		live.State, live.Visit, live.Pairing = card.Live, "", ""
		check.Must(t, "Save", f.Port().Save(t.Context(), card.Change{Slip: &live}))
		check.One(t, "Save", func(i int) error {
			mine := slip("slip", "sitting")
			mine.Rev, mine.Visit = 1, fmt.Sprint(i)
			return f.Port().Save(t.Context(), card.Change{Slip: &mine, Visits: []card.Visit{visit(fmt.Sprint(i))}, Events: check.Event("card.matched", "x")})
		})
		check.Events(t, f, "x", "card.matched")
	})
	t.Run("sums tries of a person, and of all", func(t *testing.T) {
		f := fresh(t)
		for i, person := range []string{"a", "a", "b"} {
			v := visit(fmt.Sprint(i))
			v.Person, v.Tries, v.TriedAt = person, i+1, check.At(i)
			check.Must(t, "Save", f.Port().Save(t.Context(), card.Change{Visits: []card.Visit{v}}))
		}
		for _, tt := range []struct {
			person      string
			after, want int
		}{{"a", -1, 3}, {"a", 0, 2}, {"", -1, 6}, {"", 1, 3}, {"c", -1, 0}} {
			got, err := f.Port().Tries(t.Context(), tt.person, check.At(tt.after))
			check.Same(t, fmt.Sprintf("Tries of %q", tt.person), got, err, tt.want)
		}
	})
	t.Run("forgets what is over, and evidence last", func(t *testing.T) { forgets(t, fresh(t)) })
}

func whole(t *testing.T, f check.Fixture[Ports]) {
	_, err := f.Port().Visit(t.Context(), "a")
	check.Code(t, "Visit of none", err, tunnus.CodeNotFound)
	want := visit("a")
	check.Must(t, "Save", f.Port().Save(t.Context(), card.Change{Visits: []card.Visit{want}, Events: check.Event("card.matched", "a")}))
	f.Reopen()
	want.Rev = 1
	got, err := f.Port().Visit(t.Context(), "a")
	check.Whole(t, "Visit", got, err, want)
	check.One(t, "Save", func(int) error {
		return f.Port().Save(t.Context(), card.Change{Visits: []card.Visit{want}, Events: check.Event("card.signed", "a")})
	})
	check.Events(t, f, "a", "card.matched", "card.signed")
	check.Refused(t, f,
		"UPDATE card_visit SET state = 'other'", "UPDATE card_visit SET person = ''", "UPDATE card_visit SET pairing = ''",
		"UPDATE card_visit SET state = 'ended'", "UPDATE card_visit SET tries = -1")
	for _, s := range card.States() {
		if err := f.Exec("UPDATE card_visit SET payload = record WHERE state = '" + string(s) + "'"); err != nil {
			t.Errorf("state %s: %v", s, err)
		}
	}
}

func codes(t *testing.T, f check.Fixture[Ports]) {
	_, err := f.Port().Slip(t.Context(), "a")
	check.Code(t, "Slip of none", err, tunnus.CodeNotFound)
	_, err = f.Port().SlipOf(t.Context(), "sitting")
	check.Code(t, "SlipOf none", err, tunnus.CodeNotFound)
	want := slip("a", "sitting")
	check.Must(t, "Save", f.Port().Save(t.Context(), card.Change{Slip: &want}))
	f.Reopen()
	again, other := slip("a", "another"), slip("b", "sitting")
	check.Code(t, "the same code of another sitting", f.Port().Save(t.Context(), card.Change{Slip: &again}), tunnus.CodeStateConflict)
	check.Code(t, "another code of the same sitting", f.Port().Save(t.Context(), card.Change{Slip: &other}), tunnus.CodeStateConflict)
	want.Rev = 1
	got, err := f.Port().Slip(t.Context(), "a")
	check.Whole(t, "Slip", got, err, want)
	got, err = f.Port().SlipOf(t.Context(), "sitting")
	check.Whole(t, "SlipOf", got, err, want)
	check.Refused(t, f, "UPDATE card_slip SET state = 'other'", "UPDATE card_slip SET state = 'live'", "UPDATE card_slip SET visit = ''", "UPDATE card_slip SET until = due + 1")
	for _, s := range card.SlipStates() {
		if s == card.Live {
			continue
		}
		if err := f.Exec("UPDATE card_slip SET state = '" + string(s) + "'"); err != nil {
			t.Errorf("state %s: %v", s, err)
		}
	}
}

func forgets(t *testing.T, f check.Fixture[Ports]) {
	for i := range 4 {
		v := visit(fmt.Sprint(i))
		if v.Expires = check.At(i); i%2 == 0 {
			v.Record = nil
		}
		c := slip(fmt.Sprint(i), fmt.Sprint("sitting", i))
		c.Until, c.Due = check.At(i), check.At(i)
		check.Must(t, "Save", f.Port().Save(t.Context(), card.Change{Visits: []card.Visit{v}, Slip: &c}))
	}
	n, err := f.Port().Rest.DropPayloads(t.Context(), check.At(2), 9)
	check.Same(t, "DropPayloads", n, err, 2)
	v, err := f.Port().Visit(t.Context(), "1")
	if err != nil || v.Payload != nil || v.State != card.Ended || len(v.Record) == 0 {
		t.Errorf("a visit that is over: %+v, %v", v, err)
	}
}
