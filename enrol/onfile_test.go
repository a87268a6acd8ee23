package enrol

import (
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// R5: a passport without a personal number proves nobody's code. Whoever has one of the
// same name and birth date as Ada gets no mask of hers, no code is sent to her, and
// whether she has an account is not told; the register alone can bind the two.
func TestR5ChipWithoutACodeShowsNoContacts(t *testing.T) {
	for _, prior := range []bool{true, false} {
		w, r := newWorld(t), ref("phone", 1)
		for i := range w.cfg.Rules.File.Eligible {
			row := &w.cfg.Rules.File.Eligible[i]
			row.Contact, row.Prior = scheme.OnFile, true
		}
		w.restart()
		if prior {
			w.older("old", w.adult)
		}
		p := ada(t, func(h *virtual.Holder) { h.PersonCode = "" })
		w.upTo(r, way.ContactConfirmed, p)
		list, err := w.flow.Choices(t.Context(), r)
		refused(t, err, tunnus.CodeRegiMismatch, -1)
		_, err = w.flow.SendCode(t.Context(), r, To{Pick: "x"})
		refused(t, err, tunnus.CodeRegiMismatch, -1)
		if len(list) != 0 || len(w.mem.outbox) != 0 {
			t.Errorf("masks %v, %d letters", list, len(w.mem.outbox))
		}
		known := w.people[w.adult] // the register knows the document
		known.Documents = []match.Document{{Number: "X1234567", State: match.Valid}}
		w.people[w.adult] = known
		list, err = w.flow.Choices(t.Context(), r)
		if prior && (err != nil || len(list) != 1) || !prior && tunnus.CodeOf(err) != tunnus.CodeEligNoPrior {
			t.Errorf("prior %v: %v, %v", prior, list, err)
		}
	}
}
