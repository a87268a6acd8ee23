package enrol

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/face"
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
func (f *Flow) Face(ctx context.Context, ref Ref, frames [][]byte) error {
	if f.stands(ctx, ref, FaceMatches) {
		return nil
	}
	s, p, err := f.step(ctx, ref, FaceMatches)
	if err != nil {
		return err
	}
	if err := f.cfg.Rules.Fit(frames); err != nil {
		return err
	}
	if err := f.capture(ctx, &s, p); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // whoever hangs up now does not lose us the verdict
	res, err := f.cfg.Faces.Compare(ctx, p.Portrait, frames)
	switch code := tunnus.CodeOf(err); {
	case code == tunnus.CodeInternal:
		return f.ourFault(ctx, s, p, err)
	case err != nil:
		return f.retake(ctx, s, p, err)
	}
	return f.decide(ctx, s, p, res)
}

// capture commits one more capture and sees that its attempt is charged. An
// attempt that is no longer open in the ledger is not gone on with: it has
// failed there, and a new one is opened.
func (f *Flow) capture(ctx context.Context, s *Session, p payload) error {
	st, err := f.tab.Documents.State(ctx, s.Document)
	if err != nil {
		return err
	}
	if s.Attempt == "" || st.Attempt != s.Attempt || s.Captures >= f.cfg.Rules.Captures {
		s.Attempts++
		s.Attempt, s.Captures = fmt.Sprintf("%s/face/%d", s.ID, s.Attempts), 0
	}
	s.Captures++
	line := tunnus.Event{At: f.now(), Kind: "enrol.capture", Subject: s.ID, Detail: map[string]string{"attempt": s.Attempt, "n": fmt.Sprint(s.Captures)}}
	if err := f.save(ctx, s, p, line); err != nil {
		return err
	}
	if s.Captures > 1 { // charged with the first one
		return nil
	}
	if err := f.charge(ctx, *s, s.Attempt); err != nil {
		return f.barred(ctx, s, err)
	}
	return nil
}

// retake answers frames that could not be judged.
func (f *Flow) retake(ctx context.Context, s Session, p payload, err error) error {
	if left := f.cfg.Rules.Captures - s.Captures; left > 0 {
		e, _ := errors.AsType[*tunnus.Error](err)
		told := *e
		return told.WithLeft(left)
	}
	return f.failed(ctx, s, p, tunnus.Fail(tunnus.CodeFaceLimit, err), nil)
}

// ourFault refunds the attempt, if the day's refund is not used up, and tells
// the fault as ours. Only its first capture can be refunded: after that, a hint
// of this attempt has left the server (L5).
func (f *Flow) ourFault(ctx context.Context, s Session, p payload, err error) error {
	err = fmt.Errorf("enrol: comparing faces: %w", err)
	if s.Captures > 1 {
		return err // the attempt stands
	}
	verr := f.tab.Void(ctx, f.debtor(s), s.Attempt, tunnus.CodeInternal)
	if tunnus.CodeOf(verr) == tunnus.CodeStateConflict {
		return err // the day's refund is used up: the attempt stands
	}
	if verr != nil {
		return errors.Join(err, verr)
	}
	s.Attempt = ""
	if serr := f.save(ctx, &s, p); serr != nil {
		return serr
	}
	return err
}

// failed closes the attempt as a counted failure.
func (f *Flow) failed(ctx context.Context, s Session, p payload, fault *tunnus.Error, detail map[string]string) error {
	told := f.count(ctx, s, s.Attempt, fault)
	if tunnus.CodeOf(told) != fault.Code {
		return told // the ledger did not take it; the attempt stays charged
	}
	s.Attempt = ""
	st, err := f.tab.Documents.State(ctx, s.Document)
	if err != nil {
		return err
	}
	line := tunnus.Event{At: f.now(), Kind: "enrol.face", Subject: s.ID, Code: fault.Code, Detail: detail}
	if st.Locked() {
		return f.refuse(ctx, &s, told, line)
	}
	if err := f.save(ctx, &s, p, line); err != nil {
		return err
	}
	return told
}

// decide turns a comparison into a fact, or into what it is otherwise.
func (f *Flow) decide(ctx context.Context, s Session, p payload, res face.Result) error {
	if res.Verdict == face.Match && f.cfg.Rules.Unattended {
		if _, err := f.tab.Close(ctx, f.debtor(s), s.Attempt, lock.Succeeded, ""); err != nil {
			return err
		}
		s.Attempt = ""
		detail := evidence(res)
		detail["approval"] = "unattended"
		line := f.add(&s, FaceMatches, detail)
		return f.save(ctx, &s, p, line)
	}
	if res.Verdict == face.Match || res.Verdict == face.Review {
		// The attempt stays open: what is not closed by a success is a failure
		// (L4), or a doubtful face could be tried without end.
		line := tunnus.Event{At: f.now(), Kind: "enrol.face", Subject: s.ID, Code: tunnus.CodeRevPending, Detail: evidence(res)}
		return f.refuse(ctx, &s, inReview(fmt.Errorf("enrol: face: %s, unattended approval %v", res.Verdict, f.cfg.Rules.Unattended)), line)
	}
	return f.failed(ctx, s, p, tunnus.Fail(tunnus.CodeFaceNoMatch, errors.New("enrol: the faces are not alike")), evidence(res))
}

// evidence is what is kept of a comparison: results and versions, no picture.
func evidence(r face.Result) map[string]string {
	return map[string]string{
		"engine": r.Engine, "verdict": string(r.Verdict), "frames": fmt.Sprint(r.Frames),
		"d128": fmt.Sprintf("%.3f", r.D128), "fused": fmt.Sprintf("%.3f", r.Fused),
		"match": fmt.Sprintf("%.3f %.3f", r.Match.D128, r.Match.Fused),
	}
}
