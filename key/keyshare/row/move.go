package row

import (
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// A Move is what brings a key from one state to another.
type Move string

// The moves.
const (
	Confirm  Move = "confirm"   // the phone has its blob
	Assign   Move = "assign"    // it gets its server half
	Suspend  Move = "suspend"   // its holder, or staff, block it
	Resume   Move = "resume"    // and lift that
	CopySeen Move = "copy seen" // a one-time value that is too old
	End      Move = "end"
)

// Moves lists the moves.
func Moves() []Move { return []Move{Confirm, Assign, Suspend, Resume, CopySeen, End} }

// States lists the states.
func States() []State { return []State{Begun, Sealed, Ready, Suspended, Held, Ended} }

// moves are all that there are. Nothing leads from Held but the end, nor from there.
var moves = map[State]map[Move]State{
	Begun:     {Confirm: Sealed, CopySeen: Held, End: Ended},
	Sealed:    {Assign: Ready, CopySeen: Held, End: Ended},
	Ready:     {Suspend: Suspended, CopySeen: Held, End: Ended},
	Suspended: {Resume: Ready, CopySeen: Held, End: Ended},
	Held:      {End: Ended},
}

// After tells where a move leads, or fails with [tunnus.CodeStateConflict].
func (s State) After(m Move) (State, error) {
	to, ok := moves[s][m]
	if !ok {
		return s, tunnus.Conflict(fmt.Errorf("row: a key that is %s cannot %s", s, m))
	}
	return to, nil
}

// Move brings the key to another state, or leaves it as it is and fails as
// [State.After] does.
func (k *Key) Move(m Move) (err error) {
	k.State, err = k.State.After(m)
	return err
}
