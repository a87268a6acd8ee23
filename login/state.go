package login

import (
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// A State is how far a session has come, in the words of the RP API.
type State string

// The states of a session. Complete is the last one.
const (
	Running  State = "RUNNING"
	Complete State = "COMPLETE"
)

// An EndResult says how a session ended, in the words of the RP API
// ("result.endResult"). Those of other flows come with them.
type EndResult string

// The end results of a notification.
const (
	OK                     EndResult = "OK"
	UserRefused            EndResult = "USER_REFUSED"
	UserRefusedInteraction EndResult = "USER_REFUSED_INTERACTION"
	WrongVC                EndResult = "WRONG_VC"
	InteractionUnsupported EndResult = "REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP"
	DocumentUnusable       EndResult = "DOCUMENT_UNUSABLE"
	Timeout                EndResult = "TIMEOUT"
)

// A Happening is what ends a session.
type Happening string

// What can happen to a running session.
const (
	WasSigned      Happening = "signed"      // a signature was released
	WasRefused     Happening = "refused"     // by the holder, before a screen of an interaction
	WasCancelled   Happening = "cancelled"   // by the holder, on the screen of an interaction
	WasNotMe       Happening = "not-me"      // by the holder, who did not start it
	CodeMispicked  Happening = "wrong-code"  // the holder picked another code of the three
	AppLacksScreen Happening = "unsupported" // the app can show none of the interactions
	KeyUnusable    Happening = "unusable"    // no key that was asked can sign now
	TimeRanOut     Happening = "lapsed"      // nobody answered
)

// ends is the whole state table: what ends a running session, and how. What is
// not listed cannot happen; a complete session has no row, since nothing
// changes it any more.
var ends = map[State]map[Happening]EndResult{
	Running: {
		WasSigned:      OK,
		WasRefused:     UserRefused,
		WasCancelled:   UserRefusedInteraction,
		WasNotMe:       UserRefused,
		CodeMispicked:  WrongVC,
		AppLacksScreen: InteractionUnsupported,
		KeyUnusable:    DocumentUnusable,
		TimeRanOut:     Timeout,
	},
}

// Next tells how a session in state s ends by h. It fails with
// [tunnus.CodeStateConflict] if h cannot happen in s.
func Next(s State, h Happening) (EndResult, error) {
	end, ok := ends[s][h]
	if !ok {
		return "", tunnus.Conflict(fmt.Errorf("login: %q cannot happen to a session that is %q", h, s))
	}
	return end, nil
}

// unanswered tells of which end results a person's budget of unanswered
// notifications is used up: refusals count (security.md P4), what never
// reached the person does not.
var unanswered = map[EndResult]bool{
	Timeout:                true,
	UserRefused:            true,
	UserRefusedInteraction: true,
	WrongVC:                true,
}
