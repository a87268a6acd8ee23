package matrix

import (
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/e2e/faults/route"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Moments, as package store/fault has them.
const (
	Before = "before"
	After  = "after"
	Lost   = "lost"
)

// A Case is one kill.
type Case struct {
	Route  string
	Arrow  route.Arrow
	Moment string
	Engine string
}

func (c Case) String() string {
	return fmt.Sprintf("%-20s %-28s %-6s %s", c.Route, c.Arrow, c.Moment, c.Engine)
}

// moments of an arrow: an answer that nobody waits for cannot be lost, and what another
// route has in common is met there.
func moments(a route.Arrow) []string {
	switch {
	case a.Same:
		return nil
	case a.Job:
		return []string{Before, After}
	}
	return []string{Before, After, Lost}
}

// A Run is one registration with the kills that it meets.
type Run struct {
	Route  route.Route
	Engine string
	Moment string
	Part   int
	Arrows []route.Arrow
}

// parts is on how many registrations the arrows of one moment are spread: what is
// charged and lost is charged, and an app asks five times for one answer.
const parts = 3

// few arrows need not be spread: their registration costs more than they do.
const few = 6

func spread(r route.Route) int {
	met := slices.DeleteFunc(r.Arrows(), func(a route.Arrow) bool { return a.Same })
	if len(met) <= few {
		return 1
	}
	return parts
}

// Plan lists the registrations of a whole run, or of a sample.
func Plan(quick bool) (all []Run) {
	for _, r := range route.All() {
		for _, engine := range []string{faults.SQLite, faults.PostgreSQL} {
			for _, m := range []string{Before, After, Lost} {
				n := spread(r)
				for part := range n {
					run := Run{Route: r, Engine: engine, Moment: m, Part: part}
					for i, a := range r.Arrows() {
						if i%n == part && slices.Contains(moments(a), m) {
							run.Arrows = append(run.Arrows, a)
						}
					}
					all = append(all, run)
				}
			}
		}
	}
	if quick {
		return sample(all)
	}
	return all
}

// sampled are the arrows of a quick run: a charge, what a route has of its own, a
// certificate, the end.
var sampled = []string{
	"enrol.capture", "card.matched", "confirm.claim", "enrol.fact/guardian", "desk.attest", "enrol.fact/replacement", "cert.issued", "enrol.fact/application",
}

// usual are the routes of a sample: each way as it usually goes, a child's, and a renewal.
func usual() []route.Route {
	return slices.DeleteFunc(route.All(), func(r route.Route) bool {
		return r.As != "" || (r.Route.Minor || r.Route.Purpose == way.Renew) && r.Route.Way != way.Passport
	})
}

// sample is one registration by each of them, on one database at one moment, in turn.
func sample(all []Run) (out []Run) {
	moments, engines := []string{After, Before, Lost}, []string{faults.SQLite, faults.PostgreSQL}
	for i, one := range usual() {
		at := slices.IndexFunc(all, func(r Run) bool {
			return r.Route.String() == one.String() && r.Moment == moments[i/2%3] && r.Engine == engines[i%2]
		})
		r := all[at]
		r.Arrows = slices.DeleteFunc(one.Arrows(), func(a route.Arrow) bool { return a.Same || a.N != 1 || !slices.Contains(sampled, a.Name) })
		out = append(out, r)
	}
	return out
}

// Cases are those of a run, in the order of its arrows.
func (r Run) Cases() (all []Case) {
	for _, a := range r.Arrows {
		all = append(all, Case{r.Route.String(), a, r.Moment, r.Engine})
	}
	return all
}
