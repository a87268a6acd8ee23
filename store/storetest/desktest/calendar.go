package desktest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/appointment"
	"github.com/tunnus-id/tunnus/enrol/incident"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

func booking(id string, second int) appointment.Booking {
	return appointment.Booking{ID: id, Office: "north", At: check.At(second), State: appointment.Booked, Contact: []byte{1}, Moves: 2}
}

// Bookings tests an implementation of [appointment.Store].
func Bookings(t *testing.T, fresh func(t *testing.T) check.Fixture[appointment.Store]) {
	t.Run("keeps bookings whole", func(t *testing.T) {
		f := fresh(t)
		_, err := f.Port().Booking(t.Context(), "a")
		check.Code(t, "Booking of none", err, tunnus.CodeNotFound)
		want := booking("a", 1)
		check.Must(t, "SaveBooking", f.Port().SaveBooking(t.Context(), want, 1, nil, check.Event("appointment.book", "a")))
		f.Reopen()
		want.Rev = 1
		got, err := f.Port().Booking(t.Context(), "a")
		check.Whole(t, "Booking", got, err, want)
		check.Code(t, "an old revision", f.Port().SaveBooking(t.Context(), booking("a", 2), 1, nil, check.Event("appointment.book", "a")), tunnus.CodeStateConflict)
		check.Events(t, f, "a", "appointment.book")
	})
	t.Run("no race books more than there are seats", func(t *testing.T) {
		f := fresh(t)
		const seats = 3
		var wg sync.WaitGroup
		errs := make([]error, 30)
		for i := range errs {
			wg.Go(func() {
				errs[i] = f.Port().SaveBooking(t.Context(), booking(fmt.Sprint(i), 1), seats, nil, check.Event("appointment.book", fmt.Sprint(i)))
			})
		}
		wg.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
			} else if check.Events(t, f, fmt.Sprint(i)); !errors.Is(err, appointment.ErrFull) {
				t.Errorf("lost by %v; want ErrFull", err)
			}
		}
		taken, err := f.Port().Taken(t.Context(), "north", check.At(0), check.At(2))
		check.Same(t, "Taken", taken, err, map[time.Time]int{check.At(1): seats})
		if won != seats {
			t.Errorf("%d of %d seats were given out", won, seats)
		}
	})
	t.Run("moving frees the old seat and takes the new one, or does neither", func(t *testing.T) { moves(t, fresh(t)) })
	t.Run("past ones are found", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "SaveBooking", f.Port().SaveBooking(t.Context(), booking("a", 1), 1, nil, nil))
		check.Must(t, "SaveBooking", f.Port().SaveBooking(t.Context(), booking("b", 2), 1, nil, nil))
		got, err := f.Port().PastBookings(t.Context(), check.At(2), 9)
		check.Same(t, "PastBookings", got, err, []string{"a"})
		check.Refused(t, f, "UPDATE appointment SET state = 'cancelled'") // holds a contact
	})
}

func moves(t *testing.T, f check.Fixture[appointment.Store]) {
	save := func(b appointment.Booking) error { return f.Port().SaveBooking(t.Context(), b, 1, nil, nil) }
	check.Must(t, "SaveBooking", save(booking("a", 1)))
	check.Must(t, "SaveBooking", save(booking("b", 2)))
	a := booking("a", 2)
	a.Rev = 1
	if err := save(a); !errors.Is(err, appointment.ErrFull) {
		t.Errorf("moved to a taken seat: %v", err)
	}
	a.At = check.At(3)
	check.Must(t, "move", save(a))
	check.Must(t, "the old seat", save(booking("c", 1)))
	a.Rev, a.State, a.Contact = 2, appointment.Cancelled, nil
	check.Must(t, "cancel", save(a))
	check.Must(t, "the freed seat", save(booking("d", 3)))
}

func fault(id string, second int) incident.Incident {
	return incident.Incident{
		ID: id, Release: "1.2", From: check.At(1), Until: check.At(5), Case: "C", State: incident.Seconded, Opened: "op-1", OpenedAt: check.At(second),
		Seconded: "op-2", SecondedAt: check.At(7), Spared: 3,
	}
}

// IncidentPorts are ports over one database.
type IncidentPorts struct {
	Incidents incident.Store
	Ledger    lock.Store
	Paces     lock.Paces
}

// Incidents tests implementations of [incident.Store], [lock.Touched] and [lock.Paces].
func Incidents(t *testing.T, fresh func(t *testing.T) check.Fixture[IncidentPorts]) {
	t.Run("keeps incidents whole, newest first", func(t *testing.T) {
		f := fresh(t)
		_, err := f.Port().Incidents.Incident(t.Context(), "a")
		check.Code(t, "Incident of none", err, tunnus.CodeNotFound)
		check.Must(t, "SaveIncident", f.Port().Incidents.SaveIncident(t.Context(), fault("a", 6), check.Event("incident.open", "a")))
		check.Must(t, "SaveIncident", f.Port().Incidents.SaveIncident(t.Context(), fault("b", 7), nil))
		f.Reopen()
		want := fault("a", 6)
		want.Rev = 1
		got, err := f.Port().Incidents.Incident(t.Context(), "a")
		check.Whole(t, "Incident", got, err, want)
		all, err := f.Port().Incidents.Incidents(t.Context(), 9)
		if err != nil || len(all) != 2 || all[0].ID != "b" {
			t.Errorf("Incidents = %v, %v", all, err)
		}
		check.One(t, "SaveIncident", func(int) error {
			return f.Port().Incidents.SaveIncident(t.Context(), want, check.Event("incident.second", "a"))
		})
		check.Events(t, f, "a", "incident.open", "incident.second")
		check.Refused(t, f, "UPDATE lock_incident SET seconded = opened", "UPDATE lock_incident SET seconded = ''", "UPDATE lock_incident SET release = ''")
	})
	t.Run("finds the ledgers that an incident touches", func(t *testing.T) { touched(t, fresh(t)) })
	t.Run("nothing but notes is written behind a permanent lock", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Append", f.Port().Ledger.Append(t.Context(), "a", 0, lock.Entry{Kind: lock.Permanent, At: check.At(1), Release: "1.2"}, nil))
		e := lock.Entry{Kind: lock.Incident, Attempt: "i", At: check.At(2), Release: "1.2", From: check.At(0), Until: check.At(2)}
		if err := f.Port().Ledger.Append(t.Context(), "a", 1, e, nil); err == nil {
			t.Error("an incident was written behind a permanent lock")
		}
	})
	t.Run("paces count, race and are forgotten", func(t *testing.T) { paces(t, fresh(t)) })
}

func touched(t *testing.T, f check.Fixture[IncidentPorts]) {
	entry := func(key lock.Key, n, second int, kind lock.Kind, release string) {
		t.Helper()
		e := lock.Entry{Kind: kind, Attempt: fmt.Sprint(n), At: check.At(second), Release: release}
		check.Must(t, "Append", f.Port().Ledger.Append(t.Context(), key, n, e, nil))
	}
	entry("a", 0, 1, lock.Charged, "1.2")
	entry("a", 1, 2, lock.Failed, "1.2")
	entry("b", 0, 2, lock.Charged, "1.3")
	entry("c", 0, 5, lock.Charged, "1.2")
	entry("d", 0, 2, lock.Charged, "1.2")
	entry("d", 1, 3, lock.Permanent, "1.2")
	entry("e", 0, 4, lock.Noted, "1.2")
	list := func(after lock.Key, limit int) []lock.Key {
		t.Helper()
		got, err := f.Port().Incidents.Touched(t.Context(), "1.2", check.At(1), check.At(5), after, limit)
		check.Must(t, "Touched", err)
		return got
	}
	check.Same(t, "all", list("", 9), nil, []lock.Key{"a", "e"})
	check.Same(t, "first page", list("", 1), nil, []lock.Key{"a"})
	check.Same(t, "second page", list("a", 1), nil, []lock.Key{"e"})
}

func paces(t *testing.T, f check.Fixture[IncidentPorts]) {
	p := func() lock.Paces { return f.Port().Paces }
	got, err := p().Pace(t.Context(), "a")
	check.Same(t, "none", got, err, lock.Count{})
	want := lock.Count{Since: check.At(1), Open: 3, Last: check.At(2)}
	check.One(t, "SavePace", func(int) error { return p().SavePace(t.Context(), "a", want) })
	want.Rev = 1
	got, err = p().Pace(t.Context(), "a")
	check.Whole(t, "Pace", got, err, want)
	check.One(t, "SavePace", func(int) error { return p().SavePace(t.Context(), "a", want) })
	check.Must(t, "DropPaces", p().DropPaces(t.Context(), check.At(1)))
	if got, err := p().Pace(t.Context(), "a"); got.Rev != 2 || err != nil {
		t.Errorf("Pace = %+v, %v", got, err)
	}
	check.Must(t, "DropPaces", p().DropPaces(t.Context(), check.At(2)))
	got, err = p().Pace(t.Context(), "a")
	check.Same(t, "forgotten", got, err, lock.Count{})
}
