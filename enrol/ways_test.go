package enrol

import (
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// passport is the route of most tests.
var passport = way.Route{Way: way.Passport, Purpose: way.New}

func claim() scheme.Claim {
	return scheme.Claim{App: "0.1.0", OS: "linux", OSVersion: "6.1", Model: "terminal", Language: "ru"}
}

// pass is the passport of whoever goes a route.
func pass(t *testing.T, r way.Route) *virtual.Passport {
	t.Helper()
	return ada(t, func(h *virtual.Holder) {
		if r.Minor {
			h.GivenNames, h.PersonCode, h.Birth = "BO", boCode, time.Date(2011, 2, 14, 0, 0, 0, 0, time.UTC)
		}
	})
}

// unlike are the routes of different facts: an upgrade has those of a renewal.
func unlike() []way.Route {
	return slices.DeleteFunc(way.Routes(), func(r way.Route) bool { return r.Purpose == way.Upgrade })
}

// sound demands what holds on every route at every moment.
func (w *world) sound(fail func(string, ...any), r sitting.Ref) {
	s, ok := w.mem.sessions[r.Session]
	if !ok {
		return
	}
	if !onRoute(s) {
		fail("facts %v are no beginning of %s", s.Facts, s.Route)
	}
	whole, active := len(s.Facts) == len(s.Route.Facts()), 0
	for _, a := range w.mine(r.Device) {
		if a.State != account.Issued && a.State != account.Closed {
			active++
		}
	}
	if whole != (s.State == way.Done) || active > 1 || (active == 1) != whole || active == 1 && !s.Facts.Has(way.ApplicationSigned) {
		fail("%d accounts were active, facts %v, the session is %s", active, s.Facts, s.State)
	}
	facts := s.Route.Facts()
	if proofs := slices.Index(facts, way.KeysMade); len(w.issued) > 0 && len(s.Facts) < proofs {
		fail("%d certificates with the facts %v", len(w.issued), s.Facts)
	}
	if !s.State.Holds() && s.Payload != nil {
		fail("the session is %s and holds %d bytes", s.State, len(s.Payload))
	}
	for _, q := range w.mem.questions {
		if (q.State.Over() || s.State == way.Done) && q.Sealed != nil {
			fail("a question to %s is %s and holds %d bytes; the session is %s", q.About, q.State, len(q.Sealed), s.State)
		}
	}
	for id, old := range w.mem.accounts { // I7: the life of accounts ends it, once the new one is active
		if old.Device != r.Device && old.State != account.Active {
			fail("account %s is %s before its place is taken", id, old.State)
		}
	}
}

// thorough reports whether everything is to be tried, and not a part of it.
func thorough() bool { return os.Getenv("TUNNUS_TEST") == "all" }

// Whatever is called in whatever order, on every route: the facts are always the
// beginning of its row, and an account is active only once they are all there.
func TestNobodyGetsAroundAFact(t *testing.T) {
	passes := map[bool]*virtual.Passport{false: pass(t, passport), true: pass(t, childRoute)}
	rounds := 1
	if thorough() {
		rounds = len(unlike())
	}
	for range rounds {
		rapid.Check(t, func(rt *rapid.T) {
			route := rapid.SampledFrom(unlike()).Draw(rt, "route")
			w, r := newWorld(t).by(route), ref("phone", 1)
			w.doubtful, w.lost = rapid.Bool().Draw(rt, "doubtful"), rapid.Bool().Draw(rt, "lost")
			for range rapid.IntRange(5, 40).Draw(rt, "steps") {
				f, ok := way.Next(route, w.mem.sessions[r.Session].Facts)
				if !ok || rapid.IntRange(0, 3).Draw(rt, "out of turn") == 0 {
					f = rapid.SampledFrom(route.Facts()).Draw(rt, "step")
				}
				had := len(w.mem.sessions[r.Session].Facts)
				err := w.step(r, f, passes[route.Minor])
				gained := len(w.mem.sessions[r.Session].Facts) - had
				if gained > 1 && route.Way != way.IDCard && route.Way != way.Desk || gained > 0 && err != nil {
					rt.Fatalf("%s: %d facts more, %v", f, gained, err)
				}
				w.sound(rt.Fatalf, r)
			}
		})
	}
}

// Every route can be gone to its end, and says in the account's row how.
func TestEveryRouteEndsWithAnAccount(t *testing.T) {
	for _, route := range way.Routes() {
		for _, doubtful := range []bool{false, true} {
			t.Run(route.String(), func(t *testing.T) {
				w, r := newWorld(t).by(route), ref("phone", 1)
				w.doubtful = doubtful
				w.upTo(r, "", pass(t, route))
				w.sound(t.Fatalf, r)
				a := w.mine("phone")[0]
				proof := account.Proof(route.Way)
				if route.Minor {
					proof = account.ByChild
				}
				if a.State != account.Active || a.Person != w.applicant() || a.Proofed != proof || string(a.Purpose) != string(route.Purpose) {
					t.Errorf("account: %+v", a)
				}
				if route.Purpose.Replaces() != (a.Replaces != "") || a.Agreed != (a.Replaces != "") {
					t.Errorf("it replaces %q, agreed %v", a.Replaces, a.Agreed)
				}
				if (route.Way == way.Account) != (a.VouchedBy == "old") {
					t.Errorf("vouched by %q", a.VouchedBy)
				}
				if len(w.activated) != 1 || w.activated[0] != a.ID {
					t.Errorf("told of %v", w.activated)
				}
			})
		}
	}
}

// insist repeats a step, as an app does, until it has brought its fact.
func (w *world) insist(r sitting.Ref, f way.Fact, p *virtual.Passport) {
	w.t.Helper()
	var err error
	for range 5 {
		if err = w.step(r, f, p); err != nil {
			w.restart()                         // the process was killed
			w.now = w.now.Add(61 * time.Second) // a code may be sent again
		}
		if w.mem.sessions[r.Session].Facts.Has(f) { // as the status says, whatever became of the answer
			return
		}
	}
	w.t.Fatalf("%s does not come: %v; the session is %s", f, err, w.mem.sessions[r.Session].State)
}

// The process is killed before or after each durable write of each route. The same
// requests, sent again, end with one account and with nothing double. Where not
// everything has to be tried, it is every fifth write, of each route another one.
func TestKilledAtEveryWrite(t *testing.T) {
	for i, route := range unlike() {
		for _, after := range []bool{false, true} {
			t.Run(route.String(), func(t *testing.T) {
				t.Parallel()
				p := pass(t, route)
				first, step := 1+i%5, 5
				if thorough() {
					first, step = 1, 1
				}
				for n := first; ; n += step {
					w, r := newWorld(t).by(route), ref("phone", 1)
					w.mem.writes, w.mem.killAt, w.mem.killAfter = 0, n, after
					for _, f := range route.Facts() {
						if !w.mem.sessions[r.Session].Facts.Has(f) {
							w.insist(r, f, p)
						}
					}
					w.now = w.now.Add(8 * 24 * time.Hour)
					if _, err := w.service.Sweep(t.Context()); err != nil {
						t.Fatal(err)
					}
					w.sound(t.Fatalf, r)
					w.nothingDouble(r)
					if !w.mem.killed {
						if n < len(route.Facts()) {
							t.Errorf("%d writes for %d facts", n, len(route.Facts()))
						}
						return
					}
					if t.Failed() {
						t.Fatalf("killed at write %d, after it: %v", n, after)
					}
				}
			})
		}
	}
}

// nothingDouble demands one active account, one modulus a key, one certificate a
// purpose, and one letter of a kind to a contact.
func (w *world) nothingDouble(r sitting.Ref) {
	w.t.Helper()
	if mine := w.mine(r.Device); len(mine) != 1 || mine[0].State != account.Active || len(mine[0].Certificates) != 2 {
		w.t.Errorf("accounts: %+v", mine)
	}
	if len(w.issued) != 2 || w.standing() != 2 || len(w.keys.assigned) != 2 || len(w.keys.revoked) != 0 || len(w.mem.containers) != 1 {
		w.t.Errorf("%d certificates, %d stand; moduli for %v; revoked %v; %d containers", len(w.issued), w.standing(), w.keys.assigned, w.keys.revoked, len(w.mem.containers))
	}
	letters := map[string]int{}
	for _, l := range w.mem.outbox {
		letters[l.Kind]++
	}
	if letters[string(tell.Active)] != 1 || letters[string(tell.Started)] > 1 {
		w.t.Errorf("letters: %v", letters)
	}
	if s := w.mem.sessions[r.Session]; tunnus.CodeOf(nil) != s.Why {
		w.t.Errorf("the session says %s", s.Why)
	}
}
