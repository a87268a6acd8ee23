package enrol

import (
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/scheme"
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

// Which documents serve is a matter of the rules at a desk too.
func TestDocumentsOfTheRowAtADesk(t *testing.T) {
	year := func(y int) time.Time { return time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct {
		issued time.Time
		row    func(*scheme.Row)
		want   tunnus.Code
	}{
		"as it is":           {year(2024), func(*scheme.Row) {}, ""},
		"another kind":       {year(2024), func(r *scheme.Row) { r.Documents = []scheme.Kind{scheme.IDCard} }, tunnus.CodeDocTypeNo},
		"issued in time":     {year(2024), func(r *scheme.Row) { r.Since = 2024 }, ""},
		"issued before":      {year(2023), func(r *scheme.Row) { r.Since = 2024 }, tunnus.CodeDocTooOld},
		"of a faulty series": {year(2024), func(r *scheme.Row) { r.Faulty = []scheme.Series{{Issuer: "UTO", First: "X1234000", Last: "X1234999"}} }, tunnus.CodeDocTooOld},
	} {
		route := way.Route{Way: way.Desk, Purpose: way.New}
		w, r := newWorld(t).by(route), ref("phone", 1)
		w.seen, w.seenFrom = ada(t, nil).Zone().String(), tt.issued
		rows := slices.Clone(w.cfg.Rules.File.Eligible) // the rules are those of other tests too
		for i := range rows {
			tt.row(&rows[i])
		}
		w.cfg.Rules.File.Eligible = rows
		w.restart()
		var err error
		for _, f := range route.Facts() {
			if err == nil && !w.mem.sessions[r.Session].Facts.Has(f) {
				err = w.step(r, f, nil)
			}
			if f == way.OfficerAttests {
				break
			}
		}
		if tunnus.CodeOf(err) != tt.want || w.mem.sessions[r.Session].Facts.Has(way.OfficerAttests) != (tt.want == "") {
			t.Errorf("%s: %v; want %q", name, err, tt.want)
		}
	}
}
