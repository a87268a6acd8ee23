package enrol

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
)

// lockForEver has seven faces fail against a passport.
func (w *world) lockForEver(p *virtual.Passport) {
	w.t.Helper()
	for i, times := range []int{3, 2, 2} {
		r := ref(string(rune('a'+i)), 1)
		w.faces = verdict(face.Match)
		w.upTo(r, way.FaceMatches, p)
		w.faces = verdict(face.NoMatch)
		for range times {
			refused(w.t, w.flow.Face(w.t.Context(), r, frames), tunnus.CodeFaceNoMatch, -1)
		}
		w.now = w.now.Add(73 * time.Hour)
	}
	w.now = w.now.Add(14 * 24 * time.Hour)
	w.faces = verdict(face.Match)
	r := ref("d", 1)
	w.upTo(r, way.ChipProved, p)
	refused(w.t, w.chip(r, p), tunnus.CodeDocLockPerm, -1)
}

// Product §3: a document that is locked for ever here leaves its holder the other
// ones, and the other ways.
func TestLockedDocumentLeavesOtherWays(t *testing.T) {
	for _, route := range []way.Route{byCard, byAccount, passport} {
		w := newWorld(t)
		w.lockForEver(ada(t, nil))
		other := ada(t, func(h *virtual.Holder) { h.Number = "X7654321" })
		r := ref("tablet", 1)
		w.by(route)
		if route == passport {
			w.upTo(r, way.FormFilled, other)
			form := adasForm()
			form.Document = "X7654321"
			if err := w.flow.Form(t.Context(), r, form); err != nil {
				t.Fatal(err)
			}
		}
		w.upTo(r, "", other)
		if a := w.mine("tablet"); len(a) != 1 || a[0].State != account.Active {
			t.Errorf("%s: %+v", route, a)
		}
	}
}
