package matrix

import (
	"maps"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/e2e/faults/route"
	"github.com/tunnus-id/tunnus/e2e/program"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/need"
)

// The server dies while it asks a chip for its own proof: before what was shown is
// written down, after it, and before the phone is told. The phone begins the step
// anew, and the registration ends as ever.
func TestKilledInARelay(t *testing.T) {
	if _, err := program.Models("../../.."); err != nil {
		need.Missing(t, err.Error())
	}
	b, err := faults.NewBuild(t.Context(), "../../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	h, err := b.Open(t.Context(), faults.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	r := route.All()[0]
	r.Between = maps.Clone(r.Between)
	r.Between[way.ChipProved] = slices.Insert(slices.Clone(r.Between[way.ChipProved]), 1, "enrol.relay")
	for moment, name := range map[string]string{Before: "cleo", Lost: "gus"} {
		results, err := Meet(t.Context(), h, Run{Route: r, Engine: faults.SQLite, Moment: moment, Arrows: []route.Arrow{{Name: "enrol.relay", N: 1}}}, name)
		if err != nil {
			t.Fatal(moment, err)
		}
		for _, x := range results {
			if x.Err != nil {
				t.Errorf("%s: %v; %s", moment, x.Err, h.Tail())
			}
		}
		h.Kill()
	}
}
