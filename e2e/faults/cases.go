package faults

import (
	"context"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus/e2e/faults/between"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// An Arrow is one thing that a registration decides: the Nth audit line of its name.
type Arrow struct {
	Name string // as package store/fault names it
	N    int    // 1, 2, … within one registration
	// Job says that no request of the app makes it, so no answer can be lost.
	Job bool
}

func (a Arrow) String() string {
	if a.N == 1 {
		return a.Name
	}
	return fmt.Sprintf("%s#%d", a.Name, a.N)
}

// A Route is a way of registering that the harness can go.
type Route struct {
	Route way.Route
	// Between is what is decided before a fact stands, behind the one before it, in
	// order; behind the last fact stands what jobs do then.
	Between map[way.Fact][]string
	Jobs    []string
	// Alone says that it needs a house in which nobody has registered.
	Alone bool
	// Ready, if not nil, makes what has to be there before: it meets no kill.
	Ready func(ctx context.Context, h *House, name string) error
	Go    func(ctx context.Context, h *House, name string) error
}

// Routes lists what is gone.
func Routes() []Route {
	adopted := append([]string{"contact.adopt"}, between.Announced()...)
	return []Route{
		{Route: way.Route{Way: way.Passport, Purpose: way.New}, Between: between.Passport(), Jobs: adopted, Go: passport},
		{Route: way.Route{Way: way.Account, Purpose: way.New}, Between: between.Account(), Jobs: between.Announced(), Ready: earlierByDays, Go: account},
		{Route: way.Route{Way: way.Passport, Purpose: way.New, Minor: true}, Between: between.Child(), Jobs: adopted, Alone: true, Ready: parentsAccount, Go: minor},
		{Route: way.Route{Way: way.Desk, Purpose: way.New}, Between: between.Desk(), Jobs: adopted, Ready: employed, Go: atDesk},
		{Route: way.Route{Way: way.Passport, Purpose: way.Renew}, Between: between.Renewal(), Jobs: append(between.Announced(), between.Closed()...), Ready: passport, Go: renew},
	}
}

// Arrows are those of the route, in order: its facts from the tables, and what lies
// between them.
func (r Route) Arrows() (all []Arrow) {
	times := map[string]int{}
	add := func(job bool, names ...string) {
		for _, name := range names {
			times[name]++
			all = append(all, Arrow{name, times[name], job})
		}
	}
	for _, a := range r.Route.Arrows() {
		add(false, r.Between[a.Fact]...)
		add(false, "enrol.fact/"+string(a.Fact))
	}
	add(true, r.Jobs...)
	return all
}

// Moments, as package store/fault has them.
const (
	Before = "before"
	After  = "after"
	Lost   = "lost"
)

// A Case is one kill.
type Case struct {
	Route  string
	Arrow  Arrow
	Moment string
	Engine string
}

func (c Case) String() string {
	return fmt.Sprintf("%-10s %-28s %-6s %s", c.Route, c.Arrow, c.Moment, c.Engine)
}

// Moments of an arrow: an answer that nobody waits for cannot be lost.
func (a Arrow) Moments() []string {
	if a.Job {
		return []string{Before, After}
	}
	return []string{Before, After, Lost}
}

// A Run is one registration with the kills that it meets.
type Run struct {
	Route  Route
	Engine string
	Moment string
	Part   int
	Arrows []Arrow
}

// parts is on how many registrations the arrows of one moment are spread: what is
// charged and lost is charged, and an app asks five times for one answer.
const parts = 3

// Plan lists the registrations of a whole run, or of a sample.
func Plan(quick bool) (all []Run) {
	for _, r := range Routes() {
		for _, engine := range []string{SQLite, PostgreSQL} {
			for _, m := range []string{Before, After, Lost} {
				for part := range parts {
					run := Run{Route: r, Engine: engine, Moment: m, Part: part}
					for i, a := range r.Arrows() {
						if i%parts == part && slices.Contains(a.Moments(), m) {
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

// sampled are the arrows of a quick run: a fact of each kind, a charge, a
// certificate, the end.
var sampled = []string{"enrol.fact/chip", "enrol.capture", "cert.issued", "enrol.fact/application"}

func sample(all []Run) []Run {
	var out []Run
	for _, r := range all {
		if r.Route.Route != (way.Route{Way: way.Passport, Purpose: way.New}) || r.Part != 0 || (r.Moment == Before) != (r.Engine == SQLite) || r.Moment == Lost {
			continue
		}
		r.Arrows = nil
		for _, a := range r.Route.Arrows() {
			if a.N == 1 && slices.Contains(sampled, a.Name) {
				r.Arrows = append(r.Arrows, a)
			}
		}
		out = append(out, r)
	}
	return out
}

// Cases are those of a run, in the order of its arrows.
func (r Run) Cases() (all []Case) {
	for _, a := range r.Arrows {
		all = append(all, Case{r.Route.Route.String(), a, r.Moment, r.Engine})
	}
	return all
}
