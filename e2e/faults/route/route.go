package route

import (
	"cmp"
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/e2e/faults/between"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// An Arrow is one thing that a registration decides: the Nth audit line of its name.
type Arrow struct {
	Name string // as package store/fault names it
	N    int    // 1, 2, … within one registration
	// Job says that no request of the app makes it, so no answer can be lost.
	Job bool
	// Same says that it comes before the route leaves the plain one of its way, at which
	// it is met.
	Same bool
}

func (a Arrow) String() string {
	if a.N == 1 {
		return a.Name
	}
	return fmt.Sprintf("%s#%d", a.Name, a.N)
}

// A Route is a way of registering that the harness can go, to an end of its own.
type Route struct {
	Route way.Route
	// As tells it apart from others by the same way: "review". "" is the plain one.
	As string
	// Behind is the last fact that the plain route of the way has in common with it.
	Behind way.Fact
	// Between is what is decided before a fact stands, behind the one before it, in
	// order; behind the last fact stands what jobs do then.
	Between map[way.Fact][]string
	// Stops is the fact that never stands on a route that does not come to its last
	// one: what is decided before it is listed, and what ends the sitting.
	Stops way.Fact
	Jobs  []string
	// End is a sitting that is done, with an account that is active, if it names none.
	End faults.End
	// Alone says that it needs a house in which nobody has registered.
	Alone bool
	// Ready, if not nil, makes what has to be there before: it meets no kill.
	Ready func(ctx context.Context, h *faults.House, name string) error
	Go    func(ctx context.Context, h *faults.House, name string) error
}

// String names the route: "passport/renew", "passport/review".
func (r Route) String() string {
	if r.As == "" {
		return r.Route.String()
	}
	return r.Route.String() + "/" + r.As
}

// All lists what is gone.
func All() []Route {
	adopted := append([]string{"contact.adopt"}, between.Announced()...)
	passportWay := way.Route{Way: way.Passport, Purpose: way.New}
	renewed := func(w way.Way) way.Route { return way.Route{Way: w, Purpose: way.Renew} }
	replaced, only := append(between.Announced(), between.Closed()...), faults.End{Only: true}
	lapsed := faults.End{State: way.Expired, Why: tunnus.CodeSesTimeout}
	return []Route{
		{Route: passportWay, Between: between.Passport(), Jobs: adopted, Go: passport},
		{Route: way.Route{Way: way.IDCard, Purpose: way.New}, Between: between.Card(), Jobs: adopted, Go: byCard},
		{Route: way.Route{Way: way.Account, Purpose: way.New}, Between: between.Account(), Jobs: between.Announced(), Ready: earlierByDays, Go: byAccount},
		{Route: way.Route{Way: way.Passport, Purpose: way.New, Minor: true}, Between: between.Child(), Jobs: adopted, Alone: true, Ready: parentsAccount, Go: minor},
		{Route: way.Route{Way: way.IDCard, Purpose: way.New, Minor: true}, Between: between.ChildsCard(), Jobs: adopted, Alone: true, Ready: parentsAccount, Go: minorsCard},
		{Route: way.Route{Way: way.Desk, Purpose: way.New, Minor: true}, Between: between.ChildAtDesk(), Jobs: adopted, Alone: true, Ready: parentAndOfficer, Go: minorAtDesk},
		{Route: way.Route{Way: way.Desk, Purpose: way.New}, Between: between.Desk(), Jobs: adopted, Ready: employed, Go: atDesk},
		{Route: renewed(way.Passport), Between: between.Renewal(), Jobs: replaced, End: only, Ready: passport, Go: renew},
		{Route: passportWay, As: "review", Behind: way.RegisterAgrees, Between: between.Reviewed(), Jobs: adopted, Ready: reviewers, Go: doubtful},
		{
			Route: passportWay, As: "refused", Behind: way.RegisterAgrees, Between: between.Unlike(), Stops: way.FaceMatches, End: faults.End{State: way.Refused, Why: tunnus.CodeFaceNoMatch, Or: tunnus.CodeDocLockPerm},
			Ready: lockedTwice, Go: unlike,
		},
		{
			Route: passportWay, As: "barred", Behind: way.FormFilled, Between: between.Barred(), Stops: way.ChipProved, End: faults.End{State: way.Refused, Why: tunnus.CodeDocLockPerm},
			Ready: lockedForGood, Go: barred,
		},
		{
			Route: passportWay, As: "undone", Behind: way.KeysMade, Between: between.LeftAt(way.ApplicationSigned), Stops: way.ApplicationSigned, Jobs: between.Undone(), End: lapsed, Alone: true,
			Go: leaving("sign the application"),
		},
		{
			Route: passportWay, As: "left", Behind: way.RegisterAgrees, Between: between.LeftAt(way.FaceMatches), Stops: way.FaceMatches, Jobs: between.Lapsed(), End: lapsed, Alone: true,
			Go: leaving("in front of your face"),
		},
		{
			Route: passportWay, As: "declined", Behind: way.RegisterAgrees, Between: between.Declined(), Stops: way.FaceMatches, End: faults.End{State: way.Refused, Why: tunnus.CodeRevDeclined},
			Ready: reviewers, Go: declined,
		},
		{
			Route: passportWay, As: "unseen", Behind: way.RegisterAgrees, Between: between.Unseen(), Stops: way.FaceMatches, Jobs: []string{"review.lapse", "enrol.end"}, End: lapsed,
			Alone: true, Ready: reviewers, Go: unseen,
		},
		{Route: renewed(way.Passport), As: "lost", Behind: way.FaceMatches, Between: between.Lost(), Jobs: replaced, End: only, Alone: true, Ready: passport, Go: lost},
		{Route: way.Route{Way: way.Passport, Purpose: way.New, Minor: true}, As: "card", Behind: way.FaceMatches, Between: between.ChildByCard(), Jobs: adopted, Alone: true, Go: minorByCard},
		{Route: renewed(way.IDCard), Between: between.CardRenewal(), Jobs: replaced, End: only, Ready: passport, Go: renewByCard},
		{Route: renewed(way.Desk), Between: between.DeskRenewal(), Jobs: replaced, End: only, Ready: employedBefore, Go: renewAtDesk},
	}
}

// Arrows are those of the route, in order: its facts from the tables, and what lies
// between them.
func (r Route) Arrows() (all []Arrow) {
	times, same := map[string]int{}, r.Behind != ""
	add := func(job bool, names ...string) {
		for _, name := range names {
			times[name]++
			all = append(all, Arrow{name, times[name], job, same})
		}
	}
	for _, a := range r.Route.Arrows() {
		add(false, r.Between[a.Fact]...)
		if a.Fact == r.Stops {
			break
		}
		add(false, "enrol.fact/"+string(a.Fact))
		same = same && a.Fact != r.Behind
	}
	add(true, r.Jobs...)
	return all
}

// Wants is the end of the route: a sitting that is done, if none is named.
func (r Route) Wants() faults.End {
	want := r.End
	want.State = cmp.Or(want.State, way.Done)
	return want
}
