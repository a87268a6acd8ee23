package card

import (
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// A State is how far a visit has come.
type State string

// The states of a visit. The store's CHECK repeats them.
const (
	Begun     State = "begun"     // a nonce was drawn
	Tried     State = "tried"     // and used up
	LoggedIn  State = "logged-in" // the card has proved who it is
	Answered  State = "answered"  // the questions, and nothing speaks of coercion
	Confirmed State = "contact"   // a contact was confirmed
	Matched   State = "matched"   // with the code of a phone
	Signed    State = "signed"    // by the card, for that phone
	Ended     State = "ended"
)

// An Event is what happens to a visit.
type Event string

// The events.
const (
	Take    Event = "take" // the nonce, for one look at a token
	LogIn   Event = "log-in"
	Answer  Event = "answer"
	Confirm Event = "confirm"
	Match   Event = "match"
	Sign    Event = "sign"
	End     Event = "end"
)

// moves is the table of a visit: what an event makes of a state.
var moves = map[State]map[Event]State{
	Begun:     {Take: Tried, End: Ended},
	Tried:     {LogIn: LoggedIn, End: Ended},
	LoggedIn:  {Answer: Answered, End: Ended},
	Answered:  {Confirm: Confirmed, End: Ended},
	Confirmed: {Match: Matched, End: Ended},
	Matched:   {Sign: Signed, End: Ended},
	Signed:    {End: Ended}, // two portals used one code
}

// States lists the states of a visit, in their order.
func States() []State {
	return []State{Begun, Tried, LoggedIn, Answered, Confirmed, Matched, Signed, Ended}
}

// After tells what an event makes of a state, or fails with
// [tunnus.CodeStateConflict] if it cannot happen then.
func (s State) After(e Event) (State, error) {
	next, ok := moves[s][e]
	if !ok {
		return s, tunnus.Conflict(fmt.Errorf("card: %s of a visit that is %s", e, s))
	}
	return next, nil
}

func (v *Visit) move(e Event) (err error) {
	v.State, err = v.State.After(e)
	return err
}

// A SlipState is how far a registration code has come.
type SlipState string

// The states of a code.
const (
	Live    SlipState = "live"
	Used    SlipState = "used"    // typed in a visit
	Sealed  SlipState = "signed"  // and signed for
	Dead    SlipState = "dead"    // the visit ended without a signature
	Aborted SlipState = "aborted" // two visits typed it
)

// slipMoves is the table of a code. Time is not in it: a code that was not used
// within its life is over whatever its row says.
var slipMoves = map[SlipState][]SlipState{
	Live: {Used},
	Used: {Sealed, Dead, Aborted},
	// Signed for and typed once more: it is not known who was deceived.
	Sealed: {Aborted},
}

// SlipStates lists the states of a code.
func SlipStates() []SlipState { return []SlipState{Live, Used, Sealed, Dead, Aborted} }

func (c *Slip) move(to SlipState) error {
	for _, next := range slipMoves[c.State] {
		if next == to {
			c.State = to
			return nil
		}
	}
	return tunnus.Conflict(fmt.Errorf("card: a code that is %s cannot be %s", c.State, to))
}

// old is what is said of a code that is over.
func old() error { return tunnus.Fail(tunnus.CodeRegcodeOld, errors.New("card: the code is over")) }

// wrong is what is said of a code that nobody shows.
func wrong(left int) error {
	return tunnus.Fail(tunnus.CodeRegcodeBad, errors.New("card: no such code")).WithLeft(left)
}
