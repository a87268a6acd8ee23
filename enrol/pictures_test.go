package enrol

import (
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
)

// parkedFor is a passport registration that waits for people, who have not decided.
func parkedFor(t *testing.T) (*world, Ref) {
	t.Helper()
	w, r := newWorld(t).by(passport), ref("phone", 1)
	w.upTo(r, way.FaceMatches, ada(t, nil))
	w.faces = verdict(face.Review)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeRevPending, -1)
	return w, r
}

// anew reads a passport for a sitting that asks for new pictures.
func (w *world) anew(r Ref, p *virtual.Passport, frames [][]byte) error {
	w.t.Helper()
	challenge, _, err := w.flow.Anew(w.t.Context(), r)
	if err != nil || challenge == nil {
		w.t.Fatalf("no challenge: %v", err)
	}
	if emrtd.OffersChipAuth(p.Group(14)) {
		w.relay(r, p)
	}
	return w.flow.Pictures(w.t.Context(), r, read(w.t, p, challenge), frames)
}

// R13, product §7: pictures live a day. If nobody has looked by then, the applicant
// gives new ones, in any later session of the device, and the case goes on to its end.
func TestR13NewPicturesAfterADay(t *testing.T) {
	w, _ := parkedFor(t)
	later := ref("phone", 2)
	if c, _, err := w.flow.Anew(t.Context(), later); c != nil || err != nil {
		t.Errorf("asked for before they are gone: %v, %v", c, err)
	}
	w.now, w.stale = w.now.Add(25*time.Hour), true
	fresh := [][]byte{{7}, {8}, {9}}
	if err := w.anew(later, ada(t, nil), fresh); err != nil {
		t.Fatal(err)
	}
	got := w.cases[ref("phone", 1).Session].Pictures
	if !slices.EqualFunc(got.Frames, fresh, slices.Equal) || len(got.Portrait) == 0 {
		t.Errorf("the case has %d frames and a portrait of %d bytes", len(got.Frames), len(got.Portrait))
	}
	if c, _, err := w.flow.Anew(t.Context(), later); c != nil || err != nil {
		t.Errorf("asked for once more: %v, %v", c, err)
	}
	w.verdict = review.Approved
	if err := w.flow.Look(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	w.upTo(ref("phone", 1), "", nil)
	if a := w.onlyAccount(); a.State != account.Active {
		t.Errorf("the account is %s", a.State)
	}
}

// New pictures are of the document that was judged, from a chip that proves itself
// again; nothing else is taken, and nothing of it is charged to the document.
func TestNewPicturesOfTheSameDocument(t *testing.T) {
	w, r := parkedFor(t)
	refused(t, w.flow.Pictures(t.Context(), r, read(t, ada(t, nil), make([]byte, 8)), frames), tunnus.CodeStateConflict, -1) // none are wanted
	w.stale = true
	refused(t, w.flow.Pictures(t.Context(), r, read(t, ada(t, nil), make([]byte, 8)), frames), tunnus.CodeStateConflict, -1) // no challenge stands
	before, err := w.flow.tab.Documents.State(t.Context(), w.mem.sessions[r.Session].Document)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, w.anew(r, ada(t, func(h *virtual.Holder) { h.Number = "X7654321" }), frames), tunnus.CodeBadRequest, -1)
	refused(t, w.anew(r, ada(t, func(h *virtual.Holder) { h.Chip = virtual.ChipPlain }), frames), tunnus.CodeBadRequest, -1)
	refused(t, w.anew(r, ada(t, nil), nil), tunnus.CodeBadRequest, -1)
	if _, _, err := w.flow.Anew(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.Pictures(t.Context(), r, read(t, ada(t, nil), make([]byte, 8)), frames), tunnus.CodeDocSigBad, -1) // signed another challenge
	after, err := w.flow.tab.Documents.State(t.Context(), w.mem.sessions[r.Session].Document)
	if err != nil || after != before {
		t.Errorf("the document's ledger: %+v, %v; was %+v", after, err, before)
	}
	if !w.stale || len(w.cases[r.Session].Pictures.Frames) != len(frames) {
		t.Error("pictures were taken")
	}
	if c, _, err := w.flow.Anew(t.Context(), ref("thief", 1)); c != nil || tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("another device: %v, %v", c, err)
	}
}
