package steps

import (
	"testing"

	"github.com/tunnus-id/tunnus/app/wire"
)

// Product §2: where several accounts could make place, the holder says which, and only
// then: without the old phone at hand, and at "is this you?".
func TestOlderAccountIsChosen(t *testing.T) {
	older := []wire.Older{{Document: "PNOXX-1-AAAA-Q", Level: "QUALIFIED"}, {Document: "PNOXX-1-BBBB-NQ", Level: "ADVANCED"}}
	for name, tt := range map[string]struct {
		st    wire.Status
		types []string
		want  any
	}{
		"gone, one":    {wire.Status{Next: wire.StepOldDevice}, []string{"no"}, wire.Elsewhere{Without: true}},
		"gone, two":    {wire.Status{Next: wire.StepOldDevice, Older: older}, []string{"no", "PNOXX-1-BBBB-NQ"}, wire.Elsewhere{Without: true, Replaces: "PNOXX-1-BBBB-NQ"}},
		"card, one":    {wire.Status{Next: wire.StepIsMe, Who: &wire.Who{}}, []string{"yes"}, wire.IsMe{Accepted: true}},
		"card, two":    {wire.Status{Next: wire.StepIsMe, Who: &wire.Who{}, Older: older}, []string{"yes", "PNOXX-1-AAAA-Q"}, wire.IsMe{Accepted: true, Replaces: "PNOXX-1-AAAA-Q"}},
		"card, not me": {wire.Status{Next: wire.StepIsMe, Who: &wire.Who{}, Older: older}, []string{"no"}, wire.IsMe{}},
	} {
		s, h, sent := at(tt.types, wire.Status{})
		if _, err := s.Find(tt.st)(t.Context(), tt.st); err != nil || len(*sent) != 1 || (*sent)[0].in != tt.want {
			t.Errorf("%s: sent %+v, %v; want %+v", name, *sent, err, tt.want)
		}
		if len(tt.types) == 2 && (!h.shows(older[0].Document) || !h.shows(older[1].Document)) {
			t.Errorf("%s: shown %q", name, h.told)
		}
	}
}

// A registration that ended says why and under which number, one that made an account
// shows it.
func TestEnd(t *testing.T) {
	if _, err := End(wire.Status{Ended: "face-no-match", Reference: "7K3Q"}); err == nil || err.Error() != "face-no-match" {
		t.Error(err)
	}
	if _, err := End(wire.Status{}); err == nil {
		t.Error("an end without an account and without a reason")
	}
	if a, err := End(wire.Status{Account: &wire.Account{Document: "d"}}); err != nil || a.Document != "d" {
		t.Errorf("%+v, %v", a, err)
	}
}
