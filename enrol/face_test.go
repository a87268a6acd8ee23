package enrol

import (
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
)

func TestFaceOfAnotherPerson(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("thief", 1)
	w.upTo(r, way.FaceMatches, p)
	w.faces = verdict(face.NoMatch)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceNoMatch, 2)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceNoMatch, 1)
	err := w.flow.Face(t.Context(), r, frames)
	refused(t, err, tunnus.CodeFaceNoMatch, 0)
	if e := err.(*tunnus.Error); e.Until == nil || !e.Until.Equal(w.now.Add(24*time.Hour)) {
		t.Errorf("the end of the lock is not told: %v", e.Until)
	}
	w.faces = verdict(face.Match)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeStateConflict, -1)
	if s := w.mem.sessions[r.Session]; s.State != way.Refused || s.Payload != nil {
		t.Errorf("the session is %s and holds %d bytes", s.State, len(s.Payload))
	}
	// The holder meets the lock right after the chip, and only for a day.
	r = ref("phone", 2)
	w.upTo(r, way.ChipProved, p)
	refused(t, w.chip(r, p), tunnus.CodeDocLockTemp, -1)
	w.now = w.now.Add(25 * time.Hour)
	w.upTo(ref("phone", 3), "", p)
	if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Left != 2 {
		t.Errorf("state = %+v, %v; want the second step's two tries", st, err)
	}
}

func TestSevenFailuresAreForEver(t *testing.T) {
	w, p := newWorld(t), ada(t, nil)
	fail := func(device string, times int) {
		t.Helper()
		r := ref(device, 1)
		w.faces = verdict(face.Match)
		w.upTo(r, way.FaceMatches, p)
		w.faces = verdict(face.NoMatch)
		for range times {
			if err := w.flow.Face(t.Context(), r, frames); tunnus.CodeOf(err) != tunnus.CodeFaceNoMatch {
				t.Fatal(err)
			}
		}
	}
	fail("a", 3)
	w.now = w.now.Add(25 * time.Hour)
	fail("b", 2)
	w.now = w.now.Add(73 * time.Hour)
	fail("c", 2)
	for i, wait := range []time.Duration{0, 15 * 24 * time.Hour, 3 * 365 * 24 * time.Hour} {
		w.now = w.now.Add(wait)
		r := ref("d", i)
		w.upTo(r, way.ChipProved, p)
		refused(t, w.chip(r, p), tunnus.CodeDocLockPerm, -1)
	}
	if n := w.entries(lock.Permanent, w.documentKey()); n != 1 {
		t.Errorf("%d permanent rows; want 1", n)
	}
}

func TestFramesThatCannotBeJudged(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.FaceMatches, p)
	w.faces = func() (face.Result, error) {
		return face.Result{}, &tunnus.Error{Code: tunnus.CodeFaceQuality, Public: "Dark."}
	}
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceQuality, 2)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceQuality, 1)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceLimit, 2)
	if n := w.entries(lock.Charged, w.documentKey()); n != 2 { // form, face
		t.Errorf("%d charges; want 2", n)
	}
	w.faces = verdict(face.Match)
	if err := w.flow.Face(t.Context(), r, frames); err != nil {
		t.Error(err)
	}
	if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Left != 3 {
		t.Errorf("state = %+v, %v; want the count ended by the match", st, err)
	}
}

// Killed while faces are compared: the charge stands, and the same journey ends.
func TestFaceAttemptStandsAfterACrash(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.FaceMatches, p)
	w.faces = func() (face.Result, error) { panic("killed") }
	crash := func() {
		t.Helper()
		defer func() { _ = recover() }()
		_ = w.flow.Face(t.Context(), r, frames)
		t.Error("the crash did not happen")
	}
	for range 3 {
		crash()
		w.restart()
	}
	if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Attempt == "" {
		t.Fatalf("state = %+v, %v; want the attempt open", st, err)
	}
	// The attempt's captures are used up: the next one opens a new attempt, and
	// the old one has failed.
	w.faces = verdict(face.NoMatch)
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceNoMatch, 1)
	w.faces = verdict(face.Match)
	if err := w.flow.Face(t.Context(), r, frames); err != nil {
		t.Errorf("the same journey: %v", err)
	}
}

// A sitting that is left with its face attempt open has failed, whoever comes next.
func TestAbandonedFaceAttemptFails(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.FaceMatches, p)
	w.faces = func() (face.Result, error) {
		return face.Result{}, &tunnus.Error{Code: tunnus.CodeFacePosition, Public: "Closer."}
	}
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFacePosition, 2)
	w.upTo(ref("phone", 2), way.ContactConfirmed, p)
	if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Left != 2 {
		t.Errorf("state = %+v, %v; want the open attempt counted", st, err)
	}
}

func TestFaultOfOursIsRefundedOnceADay(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.FaceMatches, p)
	w.faces = func() (face.Result, error) { return face.Result{}, errors.New("out of memory") }
	if err := w.flow.Face(t.Context(), r, frames); tunnus.CodeOf(err) != tunnus.CodeInternal {
		t.Errorf("Face = %v; want internal", err)
	}
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceQuality, 2)
	if n := w.entries(lock.Voided, w.documentKey()); n != 1 {
		t.Errorf("%d voids; want 1", n)
	}
	w.faces = verdict(face.Match)
	if err := w.flow.Face(t.Context(), r, frames); err != nil {
		t.Error(err)
	}
}

// L5: once a hint has left, a fault of ours refunds nothing, or hints could be
// had for ever by frames that kill the worker.
func TestNothingIsRefundedAfterAHint(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.FaceMatches, p)
	hint := func() (face.Result, error) {
		return face.Result{}, &tunnus.Error{Code: tunnus.CodeFaceQuality, Public: "Dark."}
	}
	w.faces = hint
	for left := range 2 {
		refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceQuality, 2-left)
	}
	w.faces = func() (face.Result, error) { return face.Result{}, errors.New("the worker was killed") }
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceLimit, 2)
	if n := w.entries(lock.Voided, w.documentKey()); n != 0 {
		t.Errorf("%d voids; want none", n)
	}
	w.faces = verdict(face.NoMatch) // a new attempt; the one before has failed
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeFaceNoMatch, 1)
}

// L5: pictures that kill the engine are refunded once, not once a day for ever, in
// whatever order they come and whatever session they come in.
func TestL5SameFramesFailAgain(t *testing.T) {
	w, p := newWorld(t), ada(t, nil)
	w.faces = func() (face.Result, error) { return face.Result{}, errors.New("the worker was killed") }
	for day, tt := range []struct {
		frames [][]byte
		stands bool // the attempt
		voids  int  // so far
	}{
		{frames, false, 1},
		{frames, true, 1},
		{[][]byte{{3}, {1}, {2}, {3}}, true, 1},
		{[][]byte{{4}, {5}}, false, 2},
		{[][]byte{{5}, {4}}, true, 2},
	} {
		r := ref("phone", day+1)
		w.upTo(r, way.FaceMatches, p)
		want := tunnus.CodeInternal // "nothing was counted"
		if tt.stands {
			want = tunnus.CodeFaceQuality
		}
		if err := w.flow.Face(t.Context(), r, tt.frames); tunnus.CodeOf(err) != want {
			t.Errorf("day %d: Face = %v; want %s", day, err, want)
		}
		n := w.entries(lock.Voided, w.documentKey())
		st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey())
		if n != tt.voids || err != nil || (st.Attempt != "") != tt.stands {
			t.Errorf("day %d: %d voids, state %+v, %v; want %d, and that the attempt stands: %v", day, n, st, err, tt.voids, tt.stands)
		}
		w.now = w.now.Add(25 * time.Hour)
	}
}

func TestDoubtfulFacesAreNoMatch(t *testing.T) {
	for name, tt := range map[string]struct {
		rules   scheme.Rules
		verdict face.Verdict
	}{
		"review in the sandbox":             {sandboxRules(), face.Review},
		"match without unattended approval": {scheme.Nordic().Filmed(false), face.Match},
	} {
		w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
		w.cfg.Rules = tt.rules
		w.restart()
		w.upTo(r, way.FaceMatches, p)
		w.faces = verdict(tt.verdict)
		refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeRevPending, -1)
		s := w.mem.sessions[r.Session]
		if s.State != way.Refused || s.Payload != nil || s.Facts.Has(way.FaceMatches) {
			t.Errorf("%s: the session is %s", name, s.State)
		}
		// Not cleared: who tries a doubtful face again pays for this one.
		w.upTo(ref("phone", 2), way.ContactConfirmed, p)
		if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Left != 2 {
			t.Errorf("%s: state = %+v, %v", name, st, err)
		}
	}
}

func TestFramesFit(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.FaceMatches, p)
	for _, bad := range [][][]byte{nil, make([][]byte, 11), {{}}, {make([]byte, 1<<20+1)}} {
		refused(t, w.flow.Face(t.Context(), r, bad), tunnus.CodeBadRequest, -1)
	}
	if s := w.mem.sessions[r.Session]; s.Captures != 0 {
		t.Error("what are no frames cost a capture")
	}
}
