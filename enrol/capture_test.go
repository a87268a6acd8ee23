package enrol

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/judge"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// films says what the worker found.
type films func() (judge.Report, error)

// Judge implements proofs.Films.
func (f films) Judge(_ context.Context, j judge.Job) (judge.Report, error) {
	if len(j.Portrait) == 0 || len(j.Frames) != 3 || len(j.Capture.Revealed) != len(j.Challenge.Steps) {
		return judge.Report{}, errors.New("nothing to judge")
	}
	return f()
}

// found is a report on a film.
func found(a liveness.Answer, hint liveness.Hint, v face.Verdict) films {
	r := judge.Report{Liveness: liveness.Verdict{Answer: a, Hint: hint, Evidence: liveness.Evidence{Version: "1", Way: liveness.Light}}}
	if a == liveness.NotLive {
		r.Liveness.Evidence.Reasons = []string{"beta"}
	}
	if v != "" {
		r.Liveness.Compare = []int{0, 1, 2}
		r.Compared = &face.Answer{Result: &face.Result{Verdict: v, Frames: 3, Engine: "fake"}}
	}
	return func() (judge.Report, error) { return r, nil }
}

// filmed is a world in which faces are filmed, with a sitting at the face.
func filmed(t *testing.T) (*world, sitting.Ref) {
	t.Helper()
	w, r := newWorld(t), ref("phone", 1)
	w.cfg.Rules = sandboxRules().Filmed(true)
	w.cfg.Films = found(liveness.Live, "", face.Match)
	w.restart()
	w.upTo(r, way.FaceMatches, ada(t, nil))
	return w, r
}

func (w *world) found(f films) { w.cfg.Films = f; w.restart() }

func (w *world) charges() int { return w.entries(lock.Charged, w.documentKey()) }

// film takes one, to where it is judged.
func (w *world) film(r sitting.Ref, how liveness.Way) (proofs.Take, capture.Film, error) {
	w.t.Helper()
	take, err := w.flow.Take(w.t.Context(), r, how)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.flow.Opened(w.t.Context(), r, &take); err != nil {
		return take, capture.Film{}, err
	}
	f := capture.Film{Width: 640, Height: 480}
	for i, c := range take.Plan.Cues {
		f.Cues = append(f.Cues, capture.Told{Cue: c, Revealed: time.Duration(i) * time.Second, Shown: time.Duration(i) * time.Second})
	}
	for i := range 3 {
		f.Frames = append(f.Frames, capture.Frame{Number: uint32(i), JPEG: []byte{byte(i)}})
	}
	return take, f, nil
}

func (w *world) capture(r sitting.Ref) error { return w.captured(r, liveness.Light) }

func (w *world) captured(r sitting.Ref, how liveness.Way) error {
	w.t.Helper()
	take, f, err := w.film(r, how)
	if err != nil {
		return err
	}
	return w.flow.Judge(w.t.Context(), r, take, f)
}

func TestFilmOfTheHolder(t *testing.T) {
	w, r := filmed(t)
	if st, err := w.flow.Status(t.Context(), r); err != nil || !st.Filmed {
		t.Errorf("%+v, %v", st, err)
	}
	refused(t, w.flow.Face(t.Context(), r, frames), tunnus.CodeStateConflict, -1) // pictures do not do
	if err := w.capture(r); err != nil {
		t.Fatal(err)
	}
	s := w.mem.sessions[r.Session]
	if d := s.Facts[way.FaceMatches].Detail; d["liveness"] != "live" || d["approval"] != "unattended" || d["engine"] != "fake" {
		t.Errorf("kept: %v", d)
	}
	if _, err := w.flow.Take(t.Context(), r, liveness.Light); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("once more: %v", err)
	}
}

// The calm way proves less than light does: people see what it finds alike.
func TestCalmFilmsAreForPeople(t *testing.T) {
	w, r := filmed(t)
	refused(t, w.captured(r, liveness.Calm), tunnus.CodeRevPending, -1)
	if s := w.mem.sessions[r.Session]; s.Facts.Has(way.FaceMatches) {
		t.Error("a face that nobody has seen is a fact")
	}
}

// Nothing is charged for what is drawn; everything is before it is told (L4). Who breaks
// off before gets the same again, and behind it another.
func TestAttemptOpensWithTheFirstThingTold(t *testing.T) {
	w, r := filmed(t)
	before := w.charges()
	first, err := w.flow.Take(t.Context(), r, liveness.Light)
	if err != nil || w.charges() != before {
		t.Fatalf("%v, %d charges", err, w.charges()-before)
	}
	again, _ := w.flow.Take(t.Context(), r, liveness.Light)
	calm, _ := w.flow.Take(t.Context(), r, liveness.Calm)
	if !reflect.DeepEqual(first, again) || reflect.DeepEqual(first.Challenge.Far, calm.Challenge.Far) {
		t.Error("what is drawn does not follow from the capture")
	}
	if err := w.flow.Opened(t.Context(), r, &first); err != nil || w.charges() != before+1 {
		t.Fatalf("%v, %d charges", err, w.charges()-before)
	}
	refused(t, w.flow.Opened(t.Context(), r, &again), tunnus.CodeStateConflict, -1)
	next, err := w.flow.Take(t.Context(), r, liveness.Light)
	if err != nil || reflect.DeepEqual(first.Challenge, next.Challenge) {
		t.Errorf("the next one: %v, the same %v", err, reflect.DeepEqual(first.Challenge, next.Challenge))
	}
}

// Three captures an attempt, whoever breaks them off, a crash of ours too; the fourth is
// another attempt, and the first has failed.
func TestCapturesThatBreakOff(t *testing.T) {
	w, r := filmed(t)
	before := w.charges()
	for i := range 4 {
		w.restart()
		if _, _, err := w.film(r, liveness.Light); err != nil {
			t.Fatal(err)
		}
		if got, want := w.charges()-before, 1+i/3; got != want {
			t.Errorf("capture %d: %d attempts, want %d", i+1, got, want)
		}
	}
	if st, err := w.flow.tab.Documents.State(t.Context(), w.documentKey()); err != nil || st.Left != 2 {
		t.Errorf("%+v, %v; want that the first attempt has failed", st, err)
	}
}

// A film that could not be judged is tried again, with the hint, and the third ends the
// attempt; what a worker that broke has cost is given back.
func TestFilmsThatCannotBeJudged(t *testing.T) {
	w, r := filmed(t)
	w.found(found(liveness.Retry, liveness.Dimmer, ""))
	for left := 2; left > 0; left-- {
		err := w.capture(r)
		refused(t, err, tunnus.CodeFaceQuality, left)
		if n := err.(*tunnus.Error).Note; n.Key != "hint-dimmer" {
			t.Errorf("told: %+v", n)
		}
	}
	refused(t, w.capture(r), tunnus.CodeFaceLimit, 2)
	w, r = filmed(t)
	w.found(func() (judge.Report, error) { return judge.Report{}, errors.New("out of memory") })
	if err := w.capture(r); tunnus.CodeOf(err) != tunnus.CodeInternal {
		t.Errorf("a worker that broke: %v", err)
	}
	if n := w.entries(lock.Voided, w.documentKey()); n != 1 {
		t.Errorf("%d charges given back", n)
	}
	w.found(found(liveness.Live, "", ""))               // a worker that says half
	refused(t, w.capture(r), tunnus.CodeFaceQuality, 2) // the day's refund is used up
}

// Another person, a forgery and a stream that was made up: one answer, the same fields,
// and the same state of sitting and ledger (L8). Only the audit log tells them apart.
func TestRefusedFilmsLookAlike(t *testing.T) {
	var told []string
	for name, f := range map[string]films{
		"another person": found(liveness.Live, "", face.NoMatch),
		"not living":     found(liveness.NotLive, "", ""),
	} {
		w, r := filmed(t)
		w.found(f)
		err := w.capture(r)
		refused(t, err, tunnus.CodeFaceNoMatch, 2)
		e := err.(*tunnus.Error)
		s := w.mem.sessions[r.Session]
		told = append(told, fmt.Sprintf("%s %s %+v %d %v %s %d %d", e.Code, e.Public, e.Note, *e.Left, e.Until, s.State, s.Captures, w.charges()))
		alert := false
		for _, line := range w.mem.events {
			alert = alert || line.Detail["alert"] != ""
		}
		if alert != strings.HasPrefix(name, "not") {
			t.Errorf("%s: alert %v", name, alert)
		}
	}
	if told[0] != told[1] {
		t.Errorf("told apart:\n%s\n%s", told[0], told[1])
	}
}

// A film is judged for the capture that was opened last, and once.
func TestFilmOfAnotherCapture(t *testing.T) {
	w, r := filmed(t)
	first, film, err := w.film(r, liveness.Light)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := w.film(r, liveness.Light)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.Judge(t.Context(), r, first, film), tunnus.CodeStateConflict, -1)
	w.found(found(liveness.Live, "", face.NoMatch))
	refused(t, w.flow.Judge(t.Context(), r, second, film), tunnus.CodeFaceNoMatch, 2)
	refused(t, w.flow.Judge(t.Context(), r, second, film), tunnus.CodeStateConflict, -1)
}
