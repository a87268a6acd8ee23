package store

import (
	"testing"

	"github.com/tunnus-id/tunnus/enrol/appointment"
	deskroom "github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/staff/roster"
	"github.com/tunnus-id/tunnus/store/desk"
	"github.com/tunnus-id/tunnus/store/storetest/desktest"
)

func TestStaff(t *testing.T) {
	both(t, desktest.Staff, func(s *Store) roster.Store { return desk.NewStaff(s.d) })
}

func TestSupport(t *testing.T) {
	both(t, desktest.Support, func(s *Store) desktest.SupportPorts {
		return desktest.SupportPorts{Store: desk.NewStaff(s.d), Findings: desk.NewStaff(s.d)}
	})
}

func TestDesks(t *testing.T) {
	both(t, desktest.Desks, func(s *Store) deskroom.Store { return desk.NewDesks(s.d) })
}

func TestReviews(t *testing.T) {
	both(t, desktest.Reviews, func(s *Store) review.Store { return desk.NewReviews(s.d) })
}

func TestBookings(t *testing.T) {
	both(t, desktest.Bookings, func(s *Store) appointment.Store { return desk.NewBookings(s.d) })
}

func TestIncidents(t *testing.T) {
	both(t, desktest.Incidents, func(s *Store) desktest.IncidentPorts {
		return desktest.IncidentPorts{Incidents: desk.NewIncidents(s.d), Ledger: s.Ledger(), Paces: desk.NewPaces(s.d)}
	})
}
