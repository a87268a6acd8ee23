package judge

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// features are the words of a verdict on liveness. What a worker says is kept for years,
// and it may have been taken over: in words of its own it could write down a face.
func features() []string {
	return []string{
		"alike", "amplitude", "apart", "approach", "aside", "background", "background-error", "beta", "beta-t",
		"cells", "challenge", "change", "changes", "clear", "close", "crowd", "decoys", "delay", "drift", "early",
		"eye-left", "eye-right", "film", "frames", "gain-b", "gain-g", "gain-r", "gap", "gap-face", "growth",
		"haste", "identity", "jitter", "jump", "lag", "late", "lost", "moves", "noise", "noise-chroma", "order",
		"other-turn", "pattern", "rate", "react", "relief", "rest", "rho", "rough", "shape-cells", "slope",
		"slow", "steps", "still", "sway", "turn", "twice", "unrest",
	}
}

// unmeasured stands before what could not be measured.
const unmeasured = "unmeasured: "

// maxCause bounds what a worker says of a fault, for the log.
const maxCause = 1000

// said refuses a report that says more than is asked, or of another task.
func (r Report) said(j Job) error {
	e := r.Liveness.Evidence
	if e.Version != liveness.Standard().Version || e.Way != j.Challenge.Way {
		return errors.New("judge: a verdict by other rules, or of another way")
	}
	if len(e.Reasons) > 2*len(features()) {
		return fmt.Errorf("judge: %d reasons", len(e.Reasons))
	}
	for _, reason := range e.Reasons {
		if !slices.Contains(features(), strings.TrimPrefix(reason, unmeasured)) {
			return errors.New("judge: a reason of its own")
		}
	}
	for name := range e.Features {
		if !slices.Contains(features(), name) {
			return errors.New("judge: a feature of its own")
		}
	}
	compare := r.Liveness.Compare
	if live := r.Liveness.Answer == liveness.Live; live != different(compare) || !live && len(compare) > 0 {
		return fmt.Errorf("judge: %s, and frames %d are compared", r.Liveness.Answer, compare)
	}
	for _, i := range compare {
		if i < 0 || i >= len(j.Frames) {
			return fmt.Errorf("judge: frame %d of %d was compared", i, len(j.Frames))
		}
	}
	return compared(r.Compared)
}

// compared refuses a comparison that says too much.
func compared(a *face.Answer) error {
	if a == nil {
		return nil
	}
	if a.Field != "" || len(a.Cause) > maxCause {
		return errors.New("judge: more than a comparison says")
	}
	if r := a.Result; r != nil && (r.Frames != 0 && r.Frames != face.MinFrames || len(r.Compared) > r.Frames) {
		return fmt.Errorf("judge: %d frames were compared, %d measured", r.Frames, len(r.Compared))
	}
	return a.Check()
}
