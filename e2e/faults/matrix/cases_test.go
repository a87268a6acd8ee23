package matrix

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/e2e/faults/route"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Each arrow is met at each of its moments on each database, once.
func TestPlanIsWhole(t *testing.T) {
	seen := map[string]int{}
	for _, r := range Plan(false) {
		for _, c := range r.Cases() {
			seen[c.String()]++
		}
	}
	n := 0
	for _, r := range route.All() {
		for _, a := range r.Arrows() {
			n += len(moments(a)) * 2
		}
	}
	if len(seen) != n || n < 100 {
		t.Errorf("%d cases are planned; the tables have %d", len(seen), n)
	}
	for c, times := range seen {
		if times != 1 {
			t.Errorf("%s is planned %d times", c, times)
		}
	}
}

// What is gone abreast is the plan, each run of it once, and one database to a lane.
func TestLanesAreThePlan(t *testing.T) {
	plan := Plan(false)
	seen := map[string]int{}
	all := lanes(plan)
	for _, lane := range all {
		for _, r := range lane {
			if seen[fmt.Sprint(r.Route, r.Engine, r.Moment, r.Part)]++; r.Engine != lane[0].Engine {
				t.Errorf("%s on %s in a lane of %s", r.Route, r.Engine, lane[0].Engine)
			}
		}
	}
	if len(all) != 2*abreast || len(seen) != len(plan) {
		t.Errorf("%d lanes with %d of %d runs", len(all), len(seen), len(plan))
	}
	if one := lanes(plan[:1]); len(one) != 1 || len(one[0]) != 1 {
		t.Errorf("one run is on %d lanes", len(one))
	}
}

// A quick run goes by every way, renews, has a child, is on both databases, and has each
// moment.
func TestSampleIsOfEverything(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Plan(true) {
		if len(r.Arrows) < 2 {
			t.Errorf("%s: %d arrows", r.Route, len(r.Arrows))
		}
		for _, what := range []string{string(r.Route.Route.Way), string(r.Route.Route.Purpose), fmt.Sprint(r.Route.Route.Minor), r.Engine, r.Moment} {
			seen[what] = true
		}
	}
	want := []string{"true", string(way.Renew), faults.SQLite, faults.PostgreSQL, Before, After, Lost}
	for _, w := range way.All() {
		want = append(want, string(w))
	}
	for _, what := range want {
		if !seen[what] {
			t.Errorf("a quick run has no %s", what)
		}
	}
}

// What was run stands between the two lines of a page, and nothing else is touched.
func TestTableIsPutIntoItsPage(t *testing.T) {
	r := route.All()[0]
	one := []Result{{Case: Case{r.Route.String(), r.Arrows()[0], Before, faults.SQLite}}, {Case: Case{r.Route.String(), r.Arrows()[0], After, faults.SQLite}, Err: errNotMet}}
	table := Table(one)
	for _, want := range []string{"| passport | enrol.fact/versions | held | **LOST** | | | | |\n", "held 1 of 2 (arrows"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	first, err := Insert("", "old\n")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Insert("above\n"+first+"below\n", table)
	want, _ := Insert("", table)
	if err != nil || got != "above\n"+want+"below\n" {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := Insert("a page of something else", table); err == nil {
		t.Error("a page without the lines was taken")
	}
}
