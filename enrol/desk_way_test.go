package enrol

import (
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// What the register says of a document holds at a desk too, where an officer has seen
// it and no chip has told its number.
func TestStolenDocumentAtADesk(t *testing.T) {
	for _, state := range []match.DocumentState{match.Stolen, match.Lost, match.Revoked} {
		route := way.Route{Way: way.Desk, Purpose: way.New}
		w, r := newWorld(t).by(route), ref("phone", 1)
		p := w.people[w.adult]
		p.Documents = []match.Document{{Number: "X1234567", State: state}} // as the officer reads it
		w.people[w.adult] = p
		var err error
		for _, f := range route.Facts() {
			if err != nil || w.mem.sessions[r.Session].Facts.Has(f) {
				continue
			}
			err = w.step(r, f, nil)
		}
		if tunnus.CodeOf(err) != tunnus.CodeDocRevoked {
			t.Errorf("%s: %v; want %s", state, err, tunnus.CodeDocRevoked)
		}
	}
}
