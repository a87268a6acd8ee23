package proofs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// Face compares live frames (JPEG) with the portrait of the chip.
//
// The first capture opens an attempt of the document's; each capture is
// committed before it is looked at. Frames that cannot be judged (face-position,
// face-many, face-quality and the like; Left tells the captures that remain)
// leave the attempt open, until the last capture ends it: face-limit. A face that is not
// alike ends it too: face-no-match. Both count, tell how many attempts are left
// and, if the document is locked by it, until when; the next capture opens a new
// attempt. A doubtful face, and any where unattended approval is off, ends the
// session with rev-pending.
func (f *Proofs) Face(ctx context.Context, ref sitting.Ref, frames [][]byte) error {
	if f.Book.Stands(ctx, ref, way.FaceMatches) {
		return nil
	}
	s, p, err := f.Step(ctx, ref, way.FaceMatches)
	if err != nil {
		return err
	}
	if f.Filmed() {
		return tunnus.Conflict(errors.New("proofs: a capture is wanted, not pictures"))
	}
	if err := f.Rules.Fit(frames); err != nil {
		return err
	}
	if err := f.capture(ctx, &s, p); err != nil {
		if tunnus.CodeOf(err) == tunnus.CodeRevPending {
			return f.park(ctx, s, p, review.Copyable, frames, nil, err)
		}
		return err
	}
	ctx = context.WithoutCancel(ctx) // whoever hangs up now does not lose us the verdict
	res, err := f.Faces.Compare(ctx, p.Portrait, frames)
	switch code := tunnus.CodeOf(err); {
	case code == tunnus.CodeInternal:
		return f.ourFault(ctx, s, p, frames, err)
	case err != nil:
		p.Hinted = s.Attempt
		e, _ := errors.AsType[*tunnus.Error](err)
		return f.retake(ctx, s, p, e, nil)
	}
	if res.Verdict != face.Match && res.Verdict != face.Review {
		return f.failed(ctx, s, p, noMatch(), evidence(res))
	}
	return f.decide(ctx, s, p, frames, res, evidence(res))
}

// capture commits one more capture and sees that its attempt is charged. An
// attempt that is no longer open in the ledger is not gone on with: it has
// failed there, and a new one is opened. It fails with rev-pending, for each capture of
// the attempt, where no machine may approve.
func (f *Proofs) capture(ctx context.Context, s *sitting.Session, p sitting.Payload) error {
	if err := f.turn(ctx, s); err != nil {
		return err
	}
	line := tunnus.Event{At: f.Book.Now(), Kind: "enrol.capture", Subject: s.ID, Detail: map[string]string{"attempt": s.Attempt, "n": fmt.Sprint(s.Captures)}}
	if err := f.Book.Save(ctx, s, p, line); err != nil {
		return err
	}
	if s.Captures > 1 { // charged with the first one
		return f.approvable(ctx, *s)
	}
	if err := f.charge(ctx, *s, s.Attempt); err != nil {
		if tunnus.CodeOf(err) == tunnus.CodeRevPending {
			return err // people look at the frames
		}
		return f.barred(ctx, s, err)
	}
	return nil
}

// turn goes on to the next capture of a session: in the attempt that is open, or in a
// new one. Nothing is written.
func (f *Proofs) turn(ctx context.Context, s *sitting.Session) error {
	st, err := f.Tab.Documents.State(ctx, s.Document)
	if err != nil {
		return err
	}
	if s.Attempt == "" || st.Attempt != s.Attempt || s.Captures >= f.Rules.Captures {
		s.Attempts++
		s.Attempt, s.Captures = fmt.Sprintf("%s/face/%d", s.ID, s.Attempts), 0
	}
	s.Captures++
	return nil
}

// retake answers a capture that came to nothing, once that is written down.
func (f *Proofs) retake(ctx context.Context, s sitting.Session, p sitting.Payload, why *tunnus.Error, detail map[string]string) error {
	left := f.Rules.Captures - s.Captures
	if left <= 0 {
		return f.failed(ctx, s, p, tunnus.Fail(tunnus.CodeFaceLimit, why), detail)
	}
	line := tunnus.Event{At: f.Book.Now(), Kind: "enrol.face", Subject: s.ID, Code: why.Code, Detail: detail}
	if err := f.Book.Save(ctx, &s, p, line); err != nil {
		return err
	}
	told := *why
	return told.WithLeft(left)
}

// ourFault refunds the attempt, and tells the fault as ours, if nothing was told of the
// attempt, the day's refund is not used up, and the same pictures had none before (L5).
// Else the capture is used up, and is not told as if nothing had been counted.
func (f *Proofs) ourFault(ctx context.Context, s sitting.Session, p sitting.Payload, frames [][]byte, err error) error {
	err = fmt.Errorf("proofs: comparing faces: %w", err)
	stands := func() error {
		p.Hinted = s.Attempt
		told := again(tunnus.CodeFaceQuality, string(liveness.Again), err)
		return f.retake(ctx, s, p, told, map[string]string{"fault": "ours"})
	}
	if p.Hinted == s.Attempt {
		return stands()
	}
	verr := f.Tab.Void(ctx, f.Debtor(s), s.Attempt, tunnus.CodeInternal, pictures(p.Portrait, frames))
	if tunnus.CodeOf(verr) == tunnus.CodeStateConflict {
		return stands() // the refund is used up, the day's or that of these pictures
	}
	if verr != nil {
		return errors.Join(err, verr)
	}
	s.Attempt = ""
	if serr := f.Book.Save(ctx, &s, p); serr != nil {
		return serr
	}
	return err
}

// pictures is the input of a comparison. In another order, or one of them twice,
// they are the same pictures.
func pictures(portrait []byte, frames [][]byte) lock.Input {
	each := slices.SortedFunc(slices.Values(frames), bytes.Compare)
	each = slices.CompactFunc(each, bytes.Equal)
	return lock.InputOf(append([][]byte{portrait}, each...)...)
}

// failed closes the attempt as a counted failure.
func (f *Proofs) failed(ctx context.Context, s sitting.Session, p sitting.Payload, fault *tunnus.Error, detail map[string]string) error {
	told := f.count(ctx, s, s.Attempt, fault)
	if tunnus.CodeOf(told) != fault.Code {
		return told // the ledger did not take it; the attempt stays charged
	}
	s.Attempt = ""
	st, err := f.Tab.Documents.State(ctx, s.Document)
	if err != nil {
		return err
	}
	line := tunnus.Event{At: f.Book.Now(), Kind: "enrol.face", Subject: s.ID, Code: fault.Code, Detail: detail}
	if st.Locked() {
		return f.Book.Refuse(ctx, &s, told, line)
	}
	if err := f.Book.Save(ctx, &s, p, line); err != nil {
		return err
	}
	return told
}

// decide turns a face that is alike into a fact, if that may stand without a person's
// look, or leaves it to people. Detail is what is kept of how that was found.
func (f *Proofs) decide(ctx context.Context, s sitting.Session, p sitting.Payload, frames [][]byte, res face.Result, detail map[string]string) error {
	basis, ok := f.Rules.Approves(res)
	if !ok {
		return f.doubt(ctx, s, p, frames, res, detail)
	}
	if _, err := f.Tab.Close(ctx, f.Debtor(s), s.Attempt, lock.Succeeded, ""); err != nil {
		return err
	}
	s.Attempt = ""
	detail["approval"], detail["calibration"] = "unattended", basis
	line := f.Book.Add(&s, way.FaceMatches, detail)
	return f.Book.Save(ctx, &s, p, line)
}

// doubt leaves a face that is alike, or may be, to people.
func (f *Proofs) doubt(ctx context.Context, s sitting.Session, p sitting.Payload, frames [][]byte, res face.Result, detail map[string]string) error {
	why := inReview(fmt.Errorf("proofs: face: %s, unattended approval %v", res.Verdict, f.Rules.Unattended))
	return f.park(ctx, s, p, review.DoubtfulFace, frames, detail, why)
}

// evidence is what is kept of a comparison: results, limits, versions and measures of
// the pictures that counted; no picture.
func evidence(r face.Result) map[string]string {
	out := map[string]string{
		"engine": r.Engine, "verdict": string(r.Verdict), "frames": fmt.Sprint(r.Frames),
		"distance": fmt.Sprintf("%.3f", r.Distance), "fused": fmt.Sprintf("%.3f", r.Fused),
		"match":  fmt.Sprintf("%.3f %.3f", r.Match.Distance, r.Match.Fused),
		"review": fmt.Sprintf("%.3f %.3f", r.Review.Distance, r.Review.Fused),
	}
	if r.Portrait != nil {
		out["portrait-quality"] = brief(*r.Portrait)
	}
	for i, q := range r.Compared {
		out[fmt.Sprintf("frame-quality-%d", i+1)] = brief(q)
	}
	return out
}

// brief is the measures that say most of a picture.
func brief(q face.Quality) string {
	return fmt.Sprintf("eyes %.0f px, turned %.0f %.0f %.0f, light %.0f, clipped %.3f, sharp %.3f, lids %.2f",
		q.Eyes, q.Yaw, q.Pitch, q.Roll, q.Light, q.Clipped, q.Sharp, q.Lids)
}
