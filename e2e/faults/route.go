package faults

import (
	"context"
	"fmt"

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

// Names are of people who register one after the other, as long as they have no
// account. Who works at the desk is not among them: an officer does not attend to
// himself.
func Names() []string { return []string{"hana", "ben", "ada", "cleo", "dov", "eve", "gus"} }

// Routes lists what is gone.
func Routes() []Route {
	adopted := append([]string{"contact.adopt"}, between.Announced()...)
	return []Route{
		{Route: way.Route{Way: way.Passport, Purpose: way.New}, Between: between.Passport(), Jobs: adopted, Go: passport},
		{Route: way.Route{Way: way.IDCard, Purpose: way.New}, Between: between.Card(), Jobs: adopted, Go: byCard},
		{Route: way.Route{Way: way.Account, Purpose: way.New}, Between: between.Account(), Jobs: between.Announced(), Ready: earlierByDays, Go: byAccount},
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
