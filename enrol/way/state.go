package way

import (
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// A State is how far a sitting has come.
type State string

// The states of a sitting. Done, Refused and Expired are ends; what was sealed
// is gone then.
const (
	Open    State = "open"
	Parked  State = "parked"  // somebody else has to look or to sign first: keys are dormant (R13)
	Done    State = "done"    // the account is active
	Refused State = "refused" // ended by a failure
	Expired State = "expired" // time ran out
	Undoing State = "undoing" // ended after certificates may have been made: they are being revoked
)

// An Event is what happens to a sitting.
type Event string

// The events.
const (
	Park   Event = "park"
	Resume Event = "resume"
	Refuse Event = "refuse"
	Lapse  Event = "lapse"  // time is over, and nothing was made
	Undo   Event = "undo"   // it ends, and what was made is to be withdrawn
	Undone Event = "undone" // all of it is withdrawn
	Finish Event = "finish"
)

// next is the life of a sitting. What is not listed is refused.
var next = map[State]map[Event]State{
	Open:    {Park: Parked, Refuse: Refused, Lapse: Expired, Undo: Undoing, Finish: Done},
	Parked:  {Resume: Open, Refuse: Refused, Lapse: Expired, Undo: Undoing},
	Undoing: {Undone: Expired},
}

// States lists the states, and Events the events, in their order.
func States() []State { return []State{Open, Parked, Done, Refused, Expired, Undoing} }

// Events lists the events.
func Events() []Event { return []Event{Park, Resume, Refuse, Lapse, Undo, Undone, Finish} }

// After tells what an event makes of a state, or fails with
// [tunnus.CodeStateConflict] if it cannot happen then.
func (s State) After(e Event) (State, error) {
	to, ok := next[s][e]
	if !ok {
		return "", tunnus.Conflict(fmt.Errorf("way: %s of a sitting that is %q", e, s))
	}
	return to, nil
}

// Ended reports whether nothing can happen any more.
func (s State) Ended() bool { return len(next[s]) == 0 }

// Holds reports whether a sitting in this state still holds what was sealed.
func (s State) Holds() bool { return s == Open || s == Parked }

// An Arrow is one step of a route: a fact that comes to stand.
type Arrow struct {
	Route Route
	Fact  Fact
}

// String names an arrow as its audit line does, behind its route:
// "passport enrol.fact/chip".
func (a Arrow) String() string { return fmt.Sprintf("%s enrol.fact/%s", a.Route, a.Fact) }

// Arrows lists every arrow of a route, in order.
func (r Route) Arrows() []Arrow {
	var out []Arrow
	for _, f := range r.Facts() {
		out = append(out, Arrow{Route: r, Fact: f})
	}
	return out
}
