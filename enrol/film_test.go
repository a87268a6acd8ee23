package enrol

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/judge"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// filmedFor is as filmed, with people who look at cases, and before the sitting.
func filmedFor(t *testing.T) *world {
	t.Helper()
	w := newWorld(t).by(passport)
	w.cfg.Rules = sandboxRules().Filmed(true)
	w.found(found(liveness.Live, "", face.Match))
	return w
}

// burned is a sitting at the face with a document that could be a copy and has used up
// its lock, so that machines must not approve (L2).
func burned(t *testing.T) (*world, sitting.Ref) {
	t.Helper()
	p, w := ada(t, func(h *virtual.Holder) { h.Chip = virtual.ChipPlain }), filmedFor(t)
	w.found(found(liveness.NotLive, "", ""))
	var r sitting.Ref
	for n, device := range []string{"a", "b"} {
		w.now = w.now.Add(time.Duration(n) * 25 * time.Hour)
		r = ref(device, n)
		w.upTo(r, way.FaceMatches, p)
		for left := 2; left >= 0; left-- {
			refused(t, w.capture(r), tunnus.CodeFaceNoMatch, left)
		}
	}
	if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || !st.Review {
		t.Fatalf("%+v, %v", st, err)
	}
	return w, r
}

// L2: machines approve no document that could be a copy and was tried too often, in
// whichever capture of the attempt, nor after a crash in it.
func TestL2CopiesAreForPeopleInEachCapture(t *testing.T) {
	for broken := range 3 {
		w, r := burned(t)
		w.found(found(liveness.Live, "", face.Match))
		for range broken {
			if _, _, err := w.film(r, liveness.Light); err != nil {
				t.Fatal(err)
			}
			w.restart()
		}
		refused(t, w.capture(r), tunnus.CodeRevPending, -1)
		c := w.cases[r.Session]
		if s := w.mem.sessions[r.Session]; s.Facts.Has(way.FaceMatches) || s.State != way.Parked || c.Kind != review.Copyable {
			t.Errorf("behind %d captures: %s, %q", broken, s.State, c.Kind)
		}
		if d := c.Folder.Results; d["liveness"] != "live" || d["engine"] != "fake" || len(c.Pictures.Frames) != 3 {
			t.Errorf("people see %v and %d pictures", d, len(c.Pictures.Frames))
		}
	}
}

// L2, L8: who uses up the tries of a copy does not get past the look at whether the face
// lives; and whoever is refused is told the same, living or not.
func TestL2CopiesAreLookedAtForLife(t *testing.T) {
	var told []string
	for _, f := range []films{found(liveness.NotLive, "", ""), found(liveness.Live, "", face.NoMatch)} {
		w, r := burned(t)
		w.found(f)
		take, film, err := w.film(r, liveness.Light)
		if err != nil {
			t.Fatal(err)
		}
		err = w.flow.Judge(t.Context(), r, take, film)
		refused(t, err, tunnus.CodeFaceNoMatch, 0)
		e, s := err.(*tunnus.Error), w.mem.sessions[r.Session]
		told = append(told, fmt.Sprintf("%s %s %+v %v %s %d", e.Code, e.Public, e.Note, e.Until, s.State, s.Captures))
		if len(w.cases) != 0 {
			t.Error("people are to look at it")
		}
		refused(t, w.flow.Judge(t.Context(), r, take, film), tunnus.CodeStateConflict, -1)
	}
	if told[0] != told[1] {
		t.Errorf("told apart:\n%s\n%s", told[0], told[1])
	}
	w, r := burned(t)
	w.found(found(liveness.Retry, liveness.Dimmer, ""))
	refused(t, w.capture(r), tunnus.CodeFaceQuality, 2)
	if len(w.cases) != 0 {
		t.Error("a film that could not be judged is for people")
	}
}

// R13: the pictures that a filmed case gets after a day are no film. What was found in
// the film is not told of them; that nothing was, is.
func TestR13NewPicturesAreNotFilmed(t *testing.T) {
	w, r := filmedFor(t), ref("phone", 1)
	w.found(found(liveness.Live, "", face.Review))
	w.upTo(r, way.FaceMatches, ada(t, nil))
	refused(t, w.capture(r), tunnus.CodeRevPending, -1)
	if d := w.cases[r.Session].Folder.Results; d["liveness"] != "live" {
		t.Fatalf("of the film: %v", d)
	}
	w.now, w.stale = w.now.Add(25*time.Hour), true
	if err := w.anew(r, ada(t, nil), [][]byte{{7}, {8}, {9}}); err != nil {
		t.Fatal(err)
	}
	f := w.cases[r.Session].Folder
	if d := f.Results; !strings.Contains(d["liveness"], "not filmed") || d["verdict"] != "" || d["engine"] != "" || f.Zone == "" {
		t.Errorf("of pictures that nobody filmed: %v", d)
	}
}

// Product §3: who broke off on the way is told what, and how many are left; the last one
// of an attempt ends it. Before anything was drawn for him, nothing is counted.
func TestBrokenCapturesAreTold(t *testing.T) {
	w, r := filmed(t)
	broken := func(take proofs.Take, code tunnus.Code, left int) {
		t.Helper()
		err := w.flow.Broken(t.Context(), r, take)
		refused(t, err, code, left)
		if n := err.(*tunnus.Error).Note; code == tunnus.CodeFaceQuality && n.Key != "hint-network" {
			t.Errorf("told: %+v", n)
		}
	}
	early, err := w.flow.Take(t.Context(), r, liveness.Light)
	if err != nil {
		t.Fatal(err)
	}
	before, lines := w.charges(), len(w.mem.events)
	broken(early, tunnus.CodeFaceQuality, 3)
	if w.charges() != before || len(w.mem.events) != lines {
		t.Error("what was never opened is counted")
	}
	for n, left := range []int{2, 1, 2} {
		take, _, err := w.film(r, liveness.Light)
		if err != nil {
			t.Fatal(err)
		}
		code := tunnus.CodeFaceQuality
		if n == 2 {
			code = tunnus.CodeFaceLimit
		}
		broken(take, code, left)
		if line := w.mem.events[len(w.mem.events)-1]; line.Kind != "enrol.face" || line.Code != code || line.Detail["liveness"] != "broken-off" {
			t.Errorf("written down: %+v", line)
		}
		if n == 2 {
			refused(t, w.flow.Broken(t.Context(), r, take), tunnus.CodeStateConflict, -1)
		}
	}
	refused(t, w.flow.Broken(t.Context(), r, early), tunnus.CodeStateConflict, -1)
	if n := w.entries(lock.Failed, w.documentKey()); n != 1 {
		t.Errorf("%d failures", n)
	}
}

// L5: a capture that only broke off has told nothing, and takes no refund away; a hint
// does. Where the attempt stands that is told, with what is left, and written down.
func TestL5FaultsThatStandAreTold(t *testing.T) {
	fault := films(func() (judge.Report, error) { return judge.Report{}, errors.New("out of memory") })
	w, r := filmed(t)
	take, _, err := w.film(r, liveness.Light)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.Broken(t.Context(), r, take), tunnus.CodeFaceQuality, 2)
	w.found(fault)
	if err := w.capture(r); tunnus.CodeOf(err) != tunnus.CodeInternal || w.entries(lock.Voided, w.documentKey()) != 1 {
		t.Errorf("behind one that broke off: %v", err)
	}

	w, r = filmed(t)
	w.found(found(liveness.Retry, liveness.Dimmer, ""))
	refused(t, w.capture(r), tunnus.CodeFaceQuality, 2)
	w.found(fault)
	err = w.capture(r)
	refused(t, err, tunnus.CodeFaceQuality, 1)
	if n := err.(*tunnus.Error).Note; n.Key != "hint-again" || w.entries(lock.Voided, w.documentKey()) != 0 {
		t.Errorf("behind a hint: %+v", n)
	}
	if line := w.mem.events[len(w.mem.events)-1]; line.Kind != "enrol.face" || line.Detail["fault"] != "ours" {
		t.Errorf("written down: %+v", line)
	}
	refused(t, w.capture(r), tunnus.CodeFaceLimit, 2)
}

// Who is approved by people has not failed: the document's count is what it was before
// anybody tried, whether the attempt has lapsed by then or not.
func TestApprovedByPeopleIsNoFailure(t *testing.T) {
	for _, wait := range []time.Duration{time.Minute, 20 * time.Hour} {
		w, r := parkedFor(t)
		w.now, w.verdict = w.now.Add(wait), review.Approved
		if err := w.flow.Look(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Left != 3 || st.Attempt != "" {
			t.Errorf("after %s: %+v, %v", wait, st, err)
		}
		w.now = w.now.Add(time.Hour) // an attempt left open would have lapsed
		if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Left != 3 {
			t.Errorf("after %s and an hour: %+v, %v", wait, st, err)
		}
	}
}

// Another attempt on the document that is open by then is not closed by an approval.
func TestApprovalLeavesOtherAttempts(t *testing.T) {
	w, r := parkedFor(t)
	w.now = w.now.Add(time.Hour)
	if _, err := w.flow.tab.Documents.Charge(t.Context(), w.documentKey(), "another", false); err != nil {
		t.Fatal(err)
	}
	w.verdict = review.Approved
	if err := w.flow.Look(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Attempt != "another" {
		t.Errorf("%+v, %v", st, err)
	}
}
