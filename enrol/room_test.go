package enrol

import (
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Two registrations of one person that come to the last place at the same time: both
// were let through by the count before, one gets an account, and of the other nothing
// is left that is good.
func TestLastPlaceIsTakenOnce(t *testing.T) {
	w, one, two := newWorld(t), ref("phone", 1), ref("tablet", 1)
	w.cfg.Rules.File.Accounts.PerPerson = 1
	w.restart()
	for _, r := range []Ref{one, two} {
		w.upTo(r, way.KeysMade, ada(t, nil))
	}
	w.between = func() { // while the certificates of the second are made, the first is through
		w.between = nil
		w.upTo(one, way.ApplicationSigned, nil)
	}
	refused(t, w.step(two, way.KeysMade, nil), tunnus.CodeDevTooMany, -1)
	if err := w.step(one, way.ApplicationSigned, nil); err != nil {
		t.Error(err)
	}
	if a := w.onlyAccount(); a.Device != "phone" || a.State != account.Active {
		t.Errorf("account of %s is %s", a.Device, a.State)
	}
	s := w.mem.sessions[two.Session]
	if s.Why != tunnus.CodeDevTooMany || s.Payload != nil || w.standing() != 2 {
		t.Errorf("the other one is %s, %s; %d certificates stand", s.State, s.Why, w.standing())
	}
	w.now = s.Due.Add(settled)
	if n, err := w.flow.Sweep(t.Context()); n != 1 || err != nil || w.mem.sessions[two.Session].State != way.Expired {
		t.Errorf("Sweep = %d, %v; the other one is %s", n, err, w.mem.sessions[two.Session].State)
	}
}
