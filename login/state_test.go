package login

import (
	"testing"

	"github.com/tunnus-id/tunnus"
	"pgregory.net/rapid"
)

func TestNext(t *testing.T) {
	tests := []struct {
		state State
		how   Happening
		want  EndResult // "" if it cannot happen
	}{
		{Running, WasSigned, OK},
		{Running, WasRefused, UserRefused},
		{Running, WasCancelled, UserRefusedInteraction},
		{Running, WasNotMe, UserRefused},
		{Running, CodeMispicked, WrongVC},
		{Running, AppLacksScreen, InteractionUnsupported},
		{Running, KeyUnusable, DocumentUnusable},
		{Running, TimeRanOut, Timeout},
		{Running, "", ""},
		{Complete, WasSigned, ""},
		{Complete, TimeRanOut, ""},
		{"", WasSigned, ""},
	}
	for _, tt := range tests {
		end, err := Next(tt.state, tt.how)
		if end != tt.want || (err != nil) != (tt.want == "") || err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			t.Errorf("Next(%q, %q) = %q, %v; want %q", tt.state, tt.how, end, err, tt.want)
		}
	}
}

// However much happens to a session, in whatever order: the first happening
// ends it, and only a signature ends it well.
func TestFirstHappeningEndsASession(t *testing.T) {
	var all []Happening
	for h := range ends[Running] {
		all = append(all, h)
	}
	rapid.Check(t, func(t *rapid.T) {
		state, end := Running, EndResult("")
		for i, h := range rapid.SliceOf(rapid.SampledFrom(all)).Draw(t, "happenings") {
			got, err := Next(state, h)
			if (err == nil) != (i == 0) {
				t.Fatalf("happening %d (%s) in %s: %v", i, h, state, err)
			}
			if err == nil {
				state, end = Complete, got
			}
			if i == 0 && (end == OK) != (h == WasSigned) {
				t.Fatalf("%s ends with %s", h, end)
			}
		}
	})
}
