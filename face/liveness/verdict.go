package liveness

import (
	"math"
	"slices"
)

// An Answer is one of three.
type Answer string

// The answers. Retry is what is said of a capture that could not be judged.
const (
	Live    Answer = "live"
	Retry   Answer = "retry"
	NotLive Answer = "not-live"
)

// A Hint is what a person can do better. It follows from what could not be
// measured, never from how well the rest was kept (rule L4).
type Hint string

// The hints, the most urgent first.
const (
	OneFace    Hint = "one-face"   // others are in the picture
	FaceLost   Hint = "face-lost"  // the face was not in the picture throughout
	Camera     Hint = "camera"     // too few frames
	Network    Hint = "network"    // frames came too late
	FollowOval Hint = "oval"       // come nearer as the oval grows
	HoldStill  Hint = "hold-still" // moved while the colours showed
	Dimmer     Hint = "dimmer"     // less light in the room, or a brighter screen
	Background Hint = "background" // nothing of the room is seen, or it is black
	FollowTurn Hint = "moves"      // turn as it is asked
	Again      Hint = "again"
)

// urgency orders the hints.
func urgency() []Hint {
	return []Hint{OneFace, FaceLost, Camera, Network, FollowOval, HoldStill, Dimmer, Background, FollowTurn, Again}
}

// A Verdict is the outcome for one capture.
type Verdict struct {
	Answer Answer `json:"answer"`
	// Hint is that of a Retry, else "".
	Hint Hint `json:"hint,omitempty"`
	// Compare are the frames of a Live capture that may be compared with a
	// portrait, the best first: no other frame was judged closely enough.
	Compare  []int    `json:"compare,omitempty"`
	Evidence Evidence `json:"evidence"`
}

// Evidence is the record of a verdict: every feature that was measured. It holds
// no picture and no embedding.
type Evidence struct {
	Version string `json:"version"` // of the rules
	Way     Way    `json:"way"`
	// Reasons name the rules that were not kept and what could not be measured.
	// They are for staff and must not reach the person (rule L8).
	Reasons  []string           `json:"reasons,omitempty"`
	Features map[string]float64 `json:"features"`
}

// A trial gathers what is found.
type trial struct {
	rules    Rules
	evidence Evidence
	hints    []Hint
	refused  bool
	odd      []int // frames, those first whose face looks least like the rest
}

func newTrial(r Rules, w Way) *trial {
	return &trial{rules: r, evidence: Evidence{Version: r.Version, Way: w, Features: map[string]float64{}}}
}

// note records a feature. What is no number stays out: JSON has no word for it.
func (t *trial) note(feature string, v float64) {
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		t.evidence.Features[feature] = v
	}
}

// refuse says that a rule was not kept.
func (t *trial) refuse(feature string) {
	t.refused = true
	t.evidence.Reasons = append(t.evidence.Reasons, feature)
}

// unsure says that something could not be measured.
func (t *trial) unsure(feature string, h Hint) {
	t.hints = append(t.hints, h)
	t.evidence.Reasons = append(t.evidence.Reasons, "unmeasured: "+feature)
}

// least and most record a feature and refuse one that does not keep its limit,
// among them what is no number.
func (t *trial) least(feature string, v, limit float64) {
	if t.note(feature, v); !(v >= limit) {
		t.refuse(feature)
	}
}

func (t *trial) most(feature string, v, limit float64) {
	if t.note(feature, v); !(v <= limit) {
		t.refuse(feature)
	}
}

// needs and within are the same for what must be given before anything is said.
func (t *trial) needs(feature string, v, limit float64, h Hint) {
	if t.note(feature, v); !(v >= limit) {
		t.unsure(feature, h)
	}
}

func (t *trial) within(feature string, v, limit float64, h Hint) {
	if t.note(feature, v); !(v <= limit) {
		t.unsure(feature, h)
	}
}

// verdict sums up. What could not be measured comes first: a capture of bad
// quality is nobody's forgery.
func (t *trial) verdict(compare []int) Verdict {
	v := Verdict{Evidence: t.evidence}
	switch {
	case len(t.hints) > 0:
		v.Answer, v.Hint = Retry, Again
		for _, h := range urgency() {
			if slices.Contains(t.hints, h) {
				v.Hint = h
				break
			}
		}
	case t.refused:
		v.Answer = NotLive
	case len(compare) == 0:
		v.Answer, v.Hint = Retry, Again
	default:
		v.Answer, v.Compare = Live, compare
	}
	return v
}
