package studio

import (
	"log/slog"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server/hall"
)

// One address, or one subscriber with many networks of IPv6, does not have every seat;
// a seat that is left is free, in all the halls.
func TestSeats(t *testing.T) {
	s := New(nil, tunnus.SystemClock{}, slog.New(slog.DiscardHandler))
	s.shares, s.sites, s.all = hall.Each(1, 0), hall.Each(2, 0), hall.New(3, 0)
	var leave []func()
	for _, tt := range []struct {
		address string
		ok      bool
	}{
		{"2001:db8:1:1::/64", true}, {"2001:db8:1:1::/64", false}, // of one address
		{"2001:db8:1:2::/64", true}, {"2001:db8:1:3::/64", false}, // of one site
		{"192.0.2.1", true}, {"192.0.2.2", false}, // in all
	} {
		l, ok := s.enter(t.Context(), tt.address)
		if ok != tt.ok || ok != (l != nil) {
			t.Fatalf("%s: let in %v", tt.address, ok)
		}
		if ok {
			leave = append(leave, l)
		}
	}
	for _, l := range leave {
		l()
	}
	for _, address := range []string{"2001:db8:1:3::/64", "2001:db8:1:2::/64", "192.0.2.2"} {
		if _, ok := s.enter(t.Context(), address); !ok {
			t.Errorf("%s: no seat was given back", address)
		}
	}
	if ofOne >= ofSite || ofSite >= atOnce {
		t.Error("one address or site has all seats")
	}
}
