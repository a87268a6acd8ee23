package proofs

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/judge"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// Films judges captures. That it fails is a fault of ours.
type Films interface {
	Judge(ctx context.Context, j judge.Job) (judge.Report, error)
}

// A Take is one capture of a sitting: the server draws it, the phone follows it, and
// it is judged once. It lives as long as the connection on which that happens.
type Take struct {
	Challenge liveness.Challenge
	Plan      capture.Plan

	attempt, n int  // which of the sitting's attempts, and which capture in it
	people     bool // no machine may approve it
}

// Filmed reports whether a face is filmed here, by a [Proofs.Take]; else pictures are
// sent to [Proofs.Face].
func (f *Proofs) Filmed() bool { return f.Rules.Faces.Liveness && f.Films != nil }

// Take draws a capture, and charges nothing yet. What is drawn follows from the session
// and from which capture it is (R2): who breaks off before it opens gets the same again.
// It fails with [tunnus.CodeStateConflict] if no face is waited for, or none is filmed.
func (f *Proofs) Take(ctx context.Context, ref sitting.Ref, w liveness.Way) (Take, error) {
	s, _, err := f.Step(ctx, ref, way.FaceMatches)
	if err != nil {
		return Take{}, err
	}
	if !f.Filmed() {
		return Take{}, tunnus.Conflict(errors.New("proofs: faces are not filmed here"))
	}
	if err := f.turn(ctx, &s); err != nil {
		return Take{}, err
	}
	t := Take{attempt: s.Attempts, n: s.Captures}
	random, err := hkdf.Key(sha256.New, f.Secret.Reveal(), nil, fmt.Sprintf("liveness\x00%s\x00%d\x00%d\x00%s", s.ID, t.attempt, t.n, w), draws)
	if err != nil {
		return Take{}, fmt.Errorf("proofs: %w", err)
	}
	if t.Challenge, err = liveness.Draw(bytes.NewReader(random), w); err != nil {
		return Take{}, fmt.Errorf("proofs: %w", err)
	}
	t.Plan, err = judge.Plan(t.Challenge)
	return t, err
}

// draws is how many bytes a challenge is drawn of; HKDF gives 8160 at most.
const draws = 4096

// Opened opens the take: the capture is committed, and its attempt charged, before
// anything of what was drawn is told (L4). It fails as [Proofs.Face] does, and with
// [tunnus.CodeStateConflict] if another capture was opened meanwhile.
func (f *Proofs) Opened(ctx context.Context, ref sitting.Ref, t *Take) error {
	s, p, err := f.Step(ctx, ref, way.FaceMatches)
	if err != nil {
		return err
	}
	next := s
	if err := f.turn(ctx, &next); err != nil {
		return err
	}
	if next.Attempts != t.attempt || next.Captures != t.n {
		return tunnus.Conflict(errors.New("proofs: another capture was opened"))
	}
	err = f.capture(ctx, &s, p)
	if t.people = tunnus.CodeOf(err) == tunnus.CodeRevPending; t.people {
		return nil // people look at what is filmed now, if it lives
	}
	return err
}

// Judge judges the film of a take that was opened. It comes to what [Proofs.Face] comes
// to: a fact, rev-pending, face-position, face-many and face-quality with a hint, or
// face-no-match, for whoever is not living as for another person (L8). Of a document that
// could be copied and has failed too often, machines refuse, and people approve (L2):
// who burns its tries does not get past the look at whether the face lives.
func (f *Proofs) Judge(ctx context.Context, ref sitting.Ref, t Take, film capture.Film) error {
	ctx = context.WithoutCancel(ctx) // whoever hangs up now does not lose us the verdict
	s, p, err := f.Step(ctx, ref, way.FaceMatches)
	if err != nil {
		return err
	}
	if s.Attempts != t.attempt || s.Captures != t.n || s.Attempt == "" {
		return tunnus.Conflict(errors.New("proofs: not the capture that was opened last"))
	}
	j := judge.Job{Portrait: p.Portrait, Challenge: t.Challenge}
	if j.Capture, j.Frames, err = judge.Came(t.Challenge, film); err != nil {
		return err
	}
	report, err := f.Films.Judge(ctx, j)
	if err != nil {
		return f.ourFault(ctx, s, p, j.Frames, err)
	}
	r, err := report.Rule()
	if err != nil {
		return f.ourFault(ctx, s, p, j.Frames, err)
	}
	if r.Outcome == judge.Same && t.Challenge.Way == liveness.Calm {
		r.Outcome = judge.People // movements are easier to imitate than light (doc/biometrics.md)
	}
	if alike := r.Outcome == judge.Same || r.Outcome == judge.People; alike && t.people {
		why := inReview(errors.New("proofs: a document that could be copied was tried too often"))
		return f.park(ctx, s, p, review.Copyable, chosen(j.Frames, report.Liveness.Compare), kept(r), why)
	}
	return f.rule(ctx, s, p, r, chosen(j.Frames, report.Liveness.Compare))
}

// Broken says what a capture that broke off on the way costs: the capture if it was
// opened, and its attempt if it was the last one. It always fails: with face-quality, a
// hint and how many captures are left, with face-limit, or with
// [tunnus.CodeStateConflict] if it is not the capture that was drawn or opened last.
func (f *Proofs) Broken(ctx context.Context, ref sitting.Ref, t Take) error {
	ctx = context.WithoutCancel(ctx) // whoever breaks off has often hung up
	s, p, err := f.Step(ctx, ref, way.FaceMatches)
	if err != nil {
		return err
	}
	told := again(tunnus.CodeFaceQuality, string(liveness.Network), errors.New("proofs: a capture broke off"))
	next := s
	if err := f.turn(ctx, &next); err != nil {
		return err
	}
	if next.Attempts == t.attempt && next.Captures == t.n { // never opened: nothing is charged
		return told.WithLeft(f.Rules.Captures - t.n + 1)
	}
	if s.Attempts != t.attempt || s.Captures != t.n || s.Attempt == "" {
		return tunnus.Conflict(errors.New("proofs: not the capture that was opened last"))
	}
	// No picture was looked at, so this is no hint by which a fault of ours stands (L5).
	return f.retake(ctx, s, p, told, map[string]string{"liveness": "broken-off", "n": fmt.Sprint(t.n)})
}

// rule does what follows from a ruling. The frames are those that were compared.
func (f *Proofs) rule(ctx context.Context, s sitting.Session, p sitting.Payload, r judge.Ruling, frames [][]byte) error {
	record := kept(r)
	switch r.Outcome {
	case judge.Same:
		return f.decide(ctx, s, p, frames, *r.Result, record)
	case judge.People:
		return f.doubt(ctx, s, p, frames, *r.Result, record)
	case judge.Again:
		p.Hinted = s.Attempt
		return f.retake(ctx, s, p, again(r.Told, r.Hint, fmt.Errorf("proofs: %s: %s", record["liveness"], r.Hint)), record)
	}
	if r.Alert {
		record["alert"] = "not-live"
	}
	return f.failed(ctx, s, p, noMatch(), record)
}

// kept is what is kept of a ruling.
func kept(r judge.Ruling) map[string]string {
	record := maps.Clone(r.Record)
	if r.Result != nil {
		maps.Copy(record, evidence(*r.Result))
	}
	return record
}

// again is what is told of a capture that could not be judged.
func again(told tunnus.Code, hint string, why error) *tunnus.Error {
	return tunnus.Fail(told, why).WithNote("hint-"+hint, "")
}

func noMatch() *tunnus.Error {
	return tunnus.Fail(tunnus.CodeFaceNoMatch, errors.New("proofs: the faces are not alike"))
}

// chosen are the frames with the numbers given.
func chosen(frames [][]byte, numbers []int) [][]byte {
	out := make([][]byte, len(numbers))
	for i, n := range numbers {
		out[i] = frames[n]
	}
	return out
}
