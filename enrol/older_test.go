package enrol

import (
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// replacing are the ways on which an account can be replaced.
func replacing() []way.Way { return []way.Way{way.Passport, way.IDCard, way.Desk} }

// withTwo is a world in which Ada has two accounts, "old" and "tablet".
func withTwo(t *testing.T, route way.Route) *world {
	t.Helper()
	w := newWorld(t).by(route)
	w.older("tablet", w.adult)
	return w
}

// Product §2: several accounts may stand side by side, and the one that was named
// makes place, whether its device is at hand or not.
func TestTheNamedAccountMakesPlace(t *testing.T) {
	for _, by := range replacing() {
		for _, id := range []string{"old", "tablet"} {
			for _, lost := range []bool{false, true} {
				route := way.Route{Way: by, Purpose: way.Renew}
				w, r := withTwo(t, route), ref("phone", 1)
				w.lost, w.named, w.confirms = lost, w.mem.accounts[id].Document, id
				w.upTo(r, "", pass(t, route))
				if a := w.mine("phone")[0]; a.Replaces != id || a.Agreed == lost {
					t.Errorf("%s, %s, lost %v: replaces %q, agreed %v", by, id, lost, a.Replaces, a.Agreed)
				}
			}
		}
	}
}

// The link of a registration that has named an account is for that one: another one
// of the same person has no say in it.
func TestOnlyTheNamedAccountConfirms(t *testing.T) {
	for _, by := range replacing() {
		route := way.Route{Way: by, Purpose: way.Renew}
		w, r := withTwo(t, route), ref("phone", 1)
		w.named = w.mem.accounts["tablet"].Document
		w.upTo(r, way.DeviceConfirms, pass(t, route))
		if err := w.flow.OldDevice(t.Context(), r, false, ""); err != nil {
			t.Fatal(err)
		}
		refused(t, w.follow(r, "old"), tunnus.CodeNotFound, -1)
		if err := w.follow(r, "tablet"); err != nil {
			t.Error(by, err)
		}
	}
}

// Who has no older account has nothing to renew or to raise: it becomes an ordinary new
// one, on every way, whatever number was named, and nobody is asked to agree to anything.
func TestWithoutAnOlderAccountItIsANewOne(t *testing.T) {
	for _, by := range replacing() {
		for _, purpose := range []way.Purpose{way.Renew, way.Upgrade} {
			for _, named := range []string{"", "PNOXX-1-ABCD-Q"} {
				route := way.Route{Way: by, Purpose: purpose}
				w, r := newWorld(t).by(route), ref("phone", 1)
				delete(w.mem.accounts, "old")
				w.lost, w.named = true, named
				asked := w.goesOn(r, route)
				a, s := w.mine("phone")[0], w.mem.sessions[r.Session]
				if a.Purpose != account.ForNew || a.Replaces != "" || a.Agreed || a.State != account.Active {
					t.Errorf("%s, named %q: for %s, %s, replaces %q, agreed %v", route, named, a.Purpose, a.State, a.Replaces, a.Agreed)
				}
				if slices.Contains(asked, way.ReplacementAgreed) || s.Route.Purpose != way.New || !onRoute(s) {
					t.Errorf("%s, named %q: %v was asked for on %s", route, named, asked, s.Route)
				}
			}
		}
	}
}

// goesOn does what the sitting asks for until nothing is, and returns what that was.
func (w *world) goesOn(r sitting.Ref, route way.Route) (asked []way.Fact) {
	w.t.Helper()
	for f := way.Versions; ; {
		if err := w.step(r, f, pass(w.t, route)); err != nil {
			w.t.Fatalf("%s: %s: %v", route, f, err)
		}
		s, ok := w.mem.sessions[r.Session], false
		if f, ok = way.Next(s.Route, s.Facts); !ok {
			return asked
		}
		asked = append(asked, f)
	}
}

// If none was named, the device that confirms has named its own.
func TestTheAccountThatConfirmsMakesPlace(t *testing.T) {
	for _, by := range replacing() {
		for _, id := range []string{"old", "tablet"} {
			route := way.Route{Way: by, Purpose: way.Renew}
			w, r := withTwo(t, route), ref("phone", 1)
			w.confirms = id
			w.upTo(r, "", pass(t, route))
			if a := w.mine("phone")[0]; a.Replaces != id || !a.Agreed {
				t.Errorf("%s, %s: replaces %q, agreed %v", by, id, a.Replaces, a.Agreed)
			}
		}
	}
}

// Without a device that confirms, and with several accounts, the holder is asked; no
// other number is taken than one of the own accounts.
func TestOneOfSeveralIsChosen(t *testing.T) {
	for by, step := range map[way.Way]way.Fact{way.Passport: way.DeviceConfirms, way.Desk: way.DeviceConfirms, way.IDCard: way.IdentityConfirmed} {
		route := way.Route{Way: by, Purpose: way.Renew}
		w, r := withTwo(t, route), ref("phone", 1)
		bens := w.older("bens", person(t, "PNOXX-"+utopian("19850101001")))
		w.lost, w.named = true, bens.Document // somebody else's is as good as none
		w.upTo(r, step, pass(t, route))
		list, err := w.flow.Replaceable(t.Context(), r)
		if err != nil || len(list) != 2 {
			t.Fatalf("%s: to choose from: %v, %v", by, list, err)
		}
		say := func(number string) error {
			if step == way.IdentityConfirmed {
				return w.flow.IsMe(t.Context(), r, true, number)
			}
			return w.flow.OldDevice(t.Context(), r, true, number)
		}
		for _, wrong := range []string{"", "PNOXX-1-ABCD-Q", bens.Document} {
			refused(t, say(wrong), tunnus.CodeBadRequest, -1)
		}
		if err := say(w.mem.accounts["tablet"].Document); err != nil {
			t.Fatal(by, err)
		}
		if list, err := w.flow.Replaceable(t.Context(), r); err != nil || len(list) != 0 {
			t.Errorf("%s: chosen already, and asked again: %v, %v", by, list, err)
		}
		w.upTo(r, "", pass(t, route))
		if a := w.mine("phone")[0]; a.Replaces != "tablet" || a.Agreed {
			t.Errorf("%s: replaces %q, agreed %v", by, a.Replaces, a.Agreed)
		}
	}
}

// R5: until somebody is proved, a number that was named is answered alike, whosever it
// is, and nobody's accounts are listed.
func TestR5NumbersAreNoOracle(t *testing.T) {
	route := way.Route{Way: way.Passport, Purpose: way.Renew}
	var seen []Status
	for _, number := range []string{"", "PNOXX-199002140017-tablet", "PNOXX-198501010015-bens", "none"} {
		w, r := withTwo(t, route), ref("phone", 1)
		w.named = number
		w.upTo(r, way.ChipProved, nil)
		st, err := w.flow.Status(t.Context(), r)
		list, failed := w.flow.Replaceable(t.Context(), r)
		if err != nil || failed != nil || len(list) != 0 {
			t.Errorf("%q: %v, %v, %v", number, err, list, failed)
		}
		if seen = append(seen, st); st != seen[0] {
			t.Errorf("%q is answered %+v; %q is %+v", number, st, "", seen[0])
		}
	}
	w := newWorld(t)
	for _, number := range []string{string(make([]byte, 65)), "PNOXX-1-ABCD-Q"} { // too long; for a new account
		_, err := w.flow.Start(t.Context(), ref("phone", 1), way.Route{Way: way.Passport, Purpose: way.New}, claim(), number)
		refused(t, err, tunnus.CodeBadRequest, -1)
	}
}

// Product §2: an upgrade is from a lower level. Where it would raise nothing, the
// registration ends before the face is charged, and nothing was counted.
func TestUpgradeRaisesTheLevel(t *testing.T) {
	for _, by := range replacing() {
		for _, lost := range []bool{false, true} {
			route := way.Route{Way: by, Purpose: way.Upgrade}
			w, r := newWorld(t).by(route), ref("phone", 1)
			w.lost = lost
			w.upTo(r, "", pass(t, route))
			if a := w.mine("phone")[0]; a.Purpose != account.ForUpgrade || a.Level != tunnus.Qualified || a.Replaces != "old" {
				t.Errorf("%s, lost %v: for %s, %s, replaces %q", by, lost, a.Purpose, a.Level, a.Replaces)
			}
			w, r = newWorld(t).by(route), ref("phone", 1)
			w.lost = lost
			old := w.mem.accounts["old"]
			old.Level = tunnus.Qualified
			w.mem.accounts["old"] = old
			var err error
			for _, f := range route.Facts() {
				if err = w.step(r, f, pass(t, route)); err != nil {
					break
				}
			}
			refused(t, err, tunnus.CodeEligLevel, -1)
			w.ended(r, tunnus.CodeEligLevel)
			if s := w.mem.sessions[r.Session]; s.Attempts != 0 || s.Account != "" || len(w.keys.assigned) != 0 {
				t.Errorf("%s, lost %v: %d faces charged, account %q", by, lost, s.Attempts, s.Account)
			}
			if st, err := w.flow.tab.Documents.State(t.Context(), w.mem.sessions[r.Session].Document); err != nil || st.Left != 3 {
				t.Errorf("%s: counted: %+v, %v", by, st, err)
			}
		}
	}
}

// Of several accounts, an upgrade raises one that can be raised: the others neither
// confirm nor are chosen.
func TestUpgradeIsOfALowerAccount(t *testing.T) {
	for _, by := range replacing() {
		route := way.Route{Way: by, Purpose: way.Upgrade}
		w, r := withTwo(t, route), ref("phone", 1) // the tablet's is of the highest level already
		w.upTo(r, "", pass(t, route))
		if a := w.mine("phone")[0]; a.Replaces != "old" {
			t.Errorf("%s: replaces %q", by, a.Replaces)
		}
		w, r = withTwo(t, route), ref("phone", 1)
		w.lost, w.named = true, w.mem.accounts["tablet"].Document
		step := way.DeviceConfirms
		if by == way.IDCard {
			step = way.IdentityConfirmed
		}
		w.upTo(r, step, pass(t, route))
		err := w.step(r, step, nil)
		if list, lerr := w.flow.Replaceable(t.Context(), r); tunnus.CodeOf(err) != tunnus.CodeBadRequest || lerr != nil || len(list) != 1 || list[0].ID != "old" {
			t.Errorf("%s: %v; to choose from %v, %v", by, err, list, lerr)
		}
	}
	w, r := withTwo(t, way.Route{Way: way.IDCard, Purpose: way.Upgrade}), ref("phone", 1)
	w.upTo(r, way.DeviceConfirms, nil)
	if err := w.follow(r, "tablet"); err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.OldDevice(t.Context(), r, false, ""), tunnus.CodeEligLevel, -1)
	w.ended(r, tunnus.CodeEligLevel)
	for _, q := range w.mem.questions {
		if !q.State.Over() || q.State == confirm.Asked {
			t.Errorf("the question is %s", q.State)
		}
	}
}

// nothing is a world in which somebody renews, by a way, what is not there, and the
// rules for a new account are others than those for a renewal.
func nothing(t *testing.T, by way.Way, forNew func(*scheme.Row)) (*world, sitting.Ref, error) {
	t.Helper()
	route := way.Route{Way: by, Purpose: way.Renew}
	w, r := newWorld(t).by(route), ref("phone", 1)
	delete(w.mem.accounts, "old")
	var rows []scheme.Row
	for _, row := range w.cfg.Rules.File.Eligible {
		fresh := row
		row.Purposes, fresh.Purposes = []way.Purpose{way.Renew, way.Upgrade}, []way.Purpose{way.New}
		forNew(&fresh)
		rows = append(rows, row, fresh)
	}
	w.cfg.Rules.File.Eligible = rows
	w.lost = true
	w.restart()
	for range 20 {
		s := w.mem.sessions[r.Session]
		f, ok := way.Next(w.goes, s.Facts)
		if s.ID != "" {
			f, ok = way.Next(s.Route, s.Facts)
		}
		if !ok || f == way.GuardianAgrees {
			break
		}
		if err := w.step(r, f, pass(t, route)); err != nil {
			return w, r, err
		}
	}
	return w, r, nil
}

// Product §2: what becomes a new account, because there is none to renew, is judged by
// the rules for new ones: nobody gets around them by calling it a renewal.
func TestRenewalOfNothingIsJudgedAsANewOne(t *testing.T) {
	for name, tt := range map[string]struct {
		forNew func(*scheme.Row)
		want   tunnus.Code
		ways   []way.Way
	}{
		"too young":       {func(r *scheme.Row) { r.MinAge = 99 }, tunnus.CodeEligAge, replacing()},
		"another country": {func(r *scheme.Row) { r.Countries = []string{"DK"} }, tunnus.CodeEligCountry, replacing()},
		"an earlier one":  {func(r *scheme.Row) { r.Prior = true }, tunnus.CodeEligNoPrior, replacing()},
		"contact on file": {func(r *scheme.Row) { r.Contact = scheme.OnFile }, tunnus.CodeContactGone, []way.Way{way.Passport, way.Desk}},
		"as a renewal":    {func(*scheme.Row) {}, "", replacing()},
	} {
		for _, by := range tt.ways {
			w, r, err := nothing(t, by, tt.forNew)
			if tt.want != "" {
				refused(t, err, tt.want, -1)
				w.ended(r, tt.want)
			} else if err != nil || w.onlyAccount().State != account.Active {
				t.Errorf("%s, %s: %v", by, name, err)
			}
			if tt.want != "" && len(w.issued) != 0 {
				t.Errorf("%s, %s: %d certificates", by, name, len(w.issued))
			}
		}
	}
	for _, by := range replacing() { // whom the rules for new ones want a guardian for
		w, r, err := nothing(t, by, func(row *scheme.Row) { row.Guardian = 99 })
		if s := w.mem.sessions[r.Session]; err != nil || !s.Route.Minor || s.Route.Purpose != way.New || len(w.issued) != 0 {
			t.Errorf("%s: %v; goes on by %s with %d certificates", by, err, s.Route, len(w.issued))
		}
	}
}

// Nor does a way that makes no new accounts make one of a renewal.
func TestRenewalOfNothingWhereNewIsClosed(t *testing.T) {
	for _, by := range replacing() {
		for _, purpose := range []way.Purpose{way.Renew, way.Upgrade} {
			route := way.Route{Way: by, Purpose: purpose}
			w, r := newWorld(t).by(route), ref("phone", 1)
			delete(w.mem.accounts, "old")
			rules := w.cfg.Rules.Ways[by]
			rules.Purposes = []way.Purpose{purpose}
			w.cfg.Rules.Ways[by], w.lost = rules, true
			w.restart()
			var err error
			for _, f := range route.Facts() {
				if w.mem.sessions[r.Session].Facts.Has(f) {
					continue
				}
				if err = w.step(r, f, pass(t, route)); err != nil {
					break
				}
			}
			refused(t, err, tunnus.CodeEligNoPrior, -1)
			w.ended(r, tunnus.CodeEligNoPrior)
			if len(w.issued) != 0 || len(w.keys.assigned) != 0 {
				t.Errorf("%s: %d certificates, moduli for %v", route, len(w.issued), w.keys.assigned)
			}
		}
	}
}
