package desk

import (
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// A State is where a desk session stands.
type State string

// The states. Activated and Ended are ends; nothing sealed is left then but what
// the sitting has not taken yet.
const (
	Opened    State = "opened"    // the applicant's app was scanned
	Examined  State = "examined"  // the document is read, or an exception stands for it
	Waiting   State = "waiting"   // a second officer has to agree to an exception
	Attested  State = "attested"  // the officer has signed; a code may be given
	Activated State = "activated" // the code was typed in the applicant's app
	Ended     State = "ended"     // given up, refused, or out of time
)

// An Event is what happens to a desk session.
type Event string

// The events.
const (
	Read     Event = "read"     // the chip has proved itself
	Raise    Event = "raise"    // the officer asks for an exception
	Agree    Event = "agree"    // a second officer agrees
	Refuse   Event = "refuse"   // a second officer does not
	Attest   Event = "attest"   // the officer signs the statement
	Activate Event = "activate" // the right code came from the right device
	Stop     Event = "stop"     // the officer gives up, or time is over
)

// next is the life of a desk session. What each step needs beside is in the
// package's functions: a statement that is complete, a second pair of eyes.
var next = map[State]map[Event]State{
	Opened:   {Read: Examined, Raise: Waiting, Stop: Ended},
	Examined: {Read: Examined, Raise: Waiting, Attest: Attested, Stop: Ended},
	Waiting:  {Agree: Examined, Refuse: Ended, Stop: Ended},
	Attested: {Activate: Activated, Stop: Ended},
}

// States lists the states, in their order.
func States() []State { return []State{Opened, Examined, Waiting, Attested, Activated, Ended} }

// Events lists the events, in their order.
func Events() []Event { return []Event{Read, Raise, Agree, Refuse, Attest, Activate, Stop} }

// After tells what an event makes of a state, or fails with
// [tunnus.CodeStateConflict] if it cannot happen then.
func (s State) After(e Event) (State, error) {
	to, ok := next[s][e]
	if !ok {
		return "", tunnus.Conflict(fmt.Errorf("desk: %s of a session that is %q", e, s))
	}
	return to, nil
}

// Ended reports whether nothing can happen any more.
func (s State) Ended() bool { return len(next[s]) == 0 }

// A Tick is one line of the list that an officer goes through.
type Tick string

// The list: each must be ticked.
const (
	FaceCompared     Tick = "face-compared"     // the person looks like the portrait of the chip
	DocumentGenuine  Tick = "document-genuine"  // touched, held against the light, nothing odd
	DataAgree        Tick = "data-agree"        // print and chip say the same
	ActsFreely       Tick = "acts-freely"       // nobody else guides the person
	OwnPhone         Tick = "own-phone"         // the phone is the person's own
	CounterCodeAgree Tick = "counter-code-same" // screen and app show the same two digits
)

// Ticks lists the lines, in the order of the officer's screen.
func Ticks() []Tick {
	return []Tick{FaceCompared, DocumentGenuine, DataAgree, ActsFreely, OwnPhone, CounterCodeAgree}
}

// A Kind names an exception that a second officer has to agree to.
type Kind string

// The kinds.
const (
	ExpiredLately Kind = "expired"     // by no more days than the rules allow
	NameChanged   Kind = "name-change" // a paper of the register tells another name
	NoChip        Kind = "no-chip"     // the chip does not answer or proves nothing; the document was examined by hand
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{ExpiredLately, NameChanged, NoChip} }
