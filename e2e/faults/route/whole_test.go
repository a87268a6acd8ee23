package route

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/enrol/way"
)

// aside are moves of a sitting that no route makes, and facts of a way that none meets,
// each with the reason. It may only grow shorter.
var aside = map[string]string{
	"parked undo": "it is parked before anything is certified: there is nothing to undo",
}

// moves are those of the table of a sitting's states that a route makes.
func moves(r Route) (all []string) {
	at := way.Open
	move := func(e way.Event) {
		all = append(all, string(at)+" "+string(e))
		at, _ = at.After(e)
	}
	parked, undone := false, false
	for _, a := range r.Arrows() {
		parked = parked || a.Name == "enrol.park"
		undone = undone || a.Name == "enrol.undone"
	}
	if parked {
		move(way.Park)
	}
	if parked && r.Stops == "" {
		move(way.Resume)
	}
	switch r.Wants().State {
	case way.Done:
		move(way.Finish)
	case way.Refused:
		move(way.Refuse)
	default:
		if !undone {
			move(way.Lapse)
			break
		}
		move(way.Undo)
		move(way.Undone)
	}
	if at != r.Wants().State {
		all = append(all, r.String()+" ends as "+string(at))
	}
	return all
}

// What is run is computed from the tables that doc/states.md is drawn from: each move of
// a sitting is made by a route, and each fact of each way is met by one, or stands in
// the list above.
func TestRoutesAreWhole(t *testing.T) {
	want, met := map[string]bool{}, map[string]bool{}
	for _, s := range way.States() {
		for _, e := range way.Events() {
			if _, err := s.After(e); err == nil {
				want[string(s)+" "+string(e)] = true
			}
		}
	}
	for _, r := range way.Routes() {
		for _, f := range r.Facts() {
			want[string(r.Way)+" "+string(f)] = true
		}
	}
	for _, r := range All() {
		for _, m := range moves(r) {
			met[m] = true
		}
		for _, a := range r.Arrows() {
			if f, ok := strings.CutPrefix(a.Name, "enrol.fact/"); ok && !a.Same {
				met[string(r.Route.Way)+" "+f] = true
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(want)) {
		if reason := aside[what]; met[what] == (reason != "") {
			t.Errorf("%q is met: %v; the reason why it is not is %q", what, met[what], reason)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(met)) {
		if !want[what] {
			t.Errorf("%q is in no table", what)
		}
	}
	for what := range aside {
		if !want[what] {
			t.Errorf("%q is set aside, and in no table", what)
		}
	}
}

// What a route has in common with the plain one of its way is met there: it is the same
// there, in the same order.
func TestWhatIsMetElsewhereIs(t *testing.T) {
	plain := map[way.Route]Route{}
	for _, r := range All() {
		if r.As == "" {
			plain[r.Route] = r
		}
	}
	for _, r := range All() {
		for i, a := range r.Arrows() {
			if !a.Same {
				continue
			}
			if r.As == "" {
				t.Errorf("%s is the plain one", r)
				break
			}
			there := plain[r.Route].Arrows()
			if i >= len(there) || there[i].Name != a.Name || there[i].N != a.N || there[i].Same {
				t.Errorf("%s: %s is not met on %s", r, a, plain[r.Route])
			}
		}
	}
}

// Two routes have not one name, and the permanent lock, of which an invariant speaks, is
// met: else that would hold of nothing.
func TestRoutesAreToldApart(t *testing.T) {
	seen, permanent := map[string]bool{}, false
	for _, r := range All() {
		if seen[r.String()] {
			t.Errorf("two routes are called %s", r)
		}
		seen[r.String()] = true
		for _, a := range r.Arrows() {
			permanent = permanent || a.Name == "lock.permanent" && !a.Same
		}
	}
	if !permanent {
		t.Error("no route meets the permanent lock")
	}
}
