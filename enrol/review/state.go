package review

import (
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus"
)

// A State is where a case stands.
type State string

// The states. Approved, Declined and Lapsed are ends; nothing sealed is left then.
const (
	Open     State = "open"
	Claimed  State = "claimed"         // a reviewer looks at it
	Once     State = "approved-by-one" // a second reviewer has to look
	Approved State = "approved"
	Declined State = "declined"
	Lapsed   State = "lapsed" // nobody decided in time
)

// An Event is what happens to a case.
type Event string

// The events.
const (
	Claim   Event = "claim"
	Leave   Event = "leave" // the claim is given back, or its time is over
	Approve Event = "approve"
	Decline Event = "decline"
	Lapse   Event = "lapse"
)

// next is the life of a case. The second reviewer claims a case that stays
// approved-by-one; that he is another one is not the table's matter.
var next = map[State]map[Event]State{
	Open:    {Claim: Claimed, Lapse: Lapsed},
	Claimed: {Leave: Open, Approve: Once, Decline: Declined, Lapse: Lapsed},
	Once:    {Claim: Once, Leave: Once, Approve: Approved, Decline: Declined, Lapse: Lapsed},
}

// States lists the states, in their order.
func States() []State { return []State{Open, Claimed, Once, Approved, Declined, Lapsed} }

// Events lists the events, in their order.
func Events() []Event { return []Event{Claim, Leave, Approve, Decline, Lapse} }

// After tells what an event makes of a state, or fails with
// [tunnus.CodeStateConflict] if it cannot happen then.
func (s State) After(e Event) (State, error) {
	to, ok := next[s][e]
	if !ok {
		return "", tunnus.Conflict(fmt.Errorf("review: %s of a case that is %q", e, s))
	}
	return to, nil
}

// Ended reports whether nothing can happen any more.
func (s State) Ended() bool { return len(next[s]) == 0 }

// A Kind says why a machine did not decide.
type Kind string

// The kinds.
const (
	DoubtfulFace Kind = "doubtful-face" // neither alike nor unlike, or no machine may approve
	Copyable     Kind = "copyable"      // a document that could be a copy has failed too often
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{DoubtfulFace, Copyable} }

// A Reason is why a reviewer decided as he did.
type Reason string

// The reasons, of approvals first.
const (
	SamePerson   Reason = "same-person"
	OtherPerson  Reason = "other-person"
	NotLive      Reason = "not-live"       // a screen, a print or a mask is seen
	PoorPictures Reason = "poor-pictures"  // nothing can be said
	DocumentOdd  Reason = "document-odd"   // the document does not look as it should
	UnderDuress  Reason = "under-pressure" // somebody else seems to guide the applicant
)

// reasons lists what may be given with which decision.
var reasons = map[Event][]Reason{
	Approve: {SamePerson},
	Decline: {OtherPerson, NotLive, PoorPictures, DocumentOdd, UnderDuress},
}

// Reasons lists the reasons that go with Approve or Decline.
func Reasons(e Event) []Reason { return slices.Clone(reasons[e]) }
