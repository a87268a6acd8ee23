package desks

import (
	"context"
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/sitting"
)

type log map[string][]tunnus.Event

func (l log) Events(_ context.Context, subject string) ([]tunnus.Event, error) {
	if subject == "broken" {
		return nil, errors.New("the database is down")
	}
	return l[subject], nil
}

// The number of a registration leads to all that happened in it; any other number to
// its own lines; none to nothing, and a line that is no beginning leads nowhere.
func TestCasesFollowTheirReference(t *testing.T) {
	begun := func(session string) tunnus.Event {
		return tunnus.Event{Kind: sitting.KindStart, Detail: map[string]string{"session": session}}
	}
	c := Cases{log{
		sitting.Reference("s"): {begun("s")}, "s": {{Kind: "enrol.fact"}, {Kind: "enrol.end"}},
		"7K3QZ-M2XWA": {{Kind: "desk.open", Detail: map[string]string{"session": "s"}}}, "DOWN": {begun("broken")},
	}}
	for reference, want := range map[string]int{sitting.Reference("s"): 3, "7K3QZ-M2XWA": 1, sitting.Reference("t"): 0} {
		if events, err := c.Events(t.Context(), reference); err != nil || len(events) != want {
			t.Errorf("%s: %v, %v", reference, events, err)
		}
	}
	if _, err := c.Events(t.Context(), "DOWN"); err == nil {
		t.Error("half a case was told")
	}
}
