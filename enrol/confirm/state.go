package confirm

import (
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// A State is where a question stands.
type State string

// The states. All but the first two are ends; what was sealed is gone then. Whether
// the PINs of a claimed question have done their part, keyshare keeps.
const (
	Asked    State = "asked"
	Claimed  State = "claimed"  // an account has followed the link
	Answered State = "answered" // and its answer was taken by the sitting
	Refused  State = "refused"  // by the holder
	Disputed State = "disputed" // a second account has followed it
	Lapsed   State = "lapsed"   // nobody answered in time
)

// An Event is what happens to a question.
type Event string

// The events.
const (
	Follow  Event = "claim"
	Take    Event = "take"
	Refuse  Event = "refuse"
	Dispute Event = "dispute"
	Lapse   Event = "lapse"
)

// next is the life of a question. What is not listed is refused.
var next = map[State]map[Event]State{
	Asked:   {Follow: Claimed, Refuse: Refused, Lapse: Lapsed},
	Claimed: {Follow: Claimed, Take: Answered, Refuse: Refused, Dispute: Disputed, Lapse: Lapsed},
}

// States lists the states, and Events the events, in their order.
func States() []State { return []State{Asked, Claimed, Answered, Refused, Disputed, Lapsed} }

// Events lists the events.
func Events() []Event { return []Event{Follow, Take, Refuse, Dispute, Lapse} }

// After tells what an event makes of a state, or fails with
// [tunnus.CodeStateConflict] if it cannot happen then.
func (s State) After(e Event) (State, error) {
	to, ok := next[s][e]
	if !ok {
		return "", tunnus.Conflict(fmt.Errorf("confirm: %s of a question that is %q", e, s))
	}
	return to, nil
}

// Over reports whether nothing can happen any more.
func (s State) Over() bool { return len(next[s]) == 0 }
