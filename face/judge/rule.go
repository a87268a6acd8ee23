package judge

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/quality"
)

// A Report is what a worker found in one capture.
type Report struct {
	// Quality is what was wrong with the pictures as such; none if nothing was.
	Quality  quality.Hint     `json:"quality,omitempty"`
	Liveness liveness.Verdict `json:"liveness"`
	// Compared is what the comparison with the portrait came to, of a capture in which
	// a living person was seen. Refused is why no frames could be compared, if so.
	Compared *face.Answer `json:"compared,omitempty"`
	Refused  tunnus.Code  `json:"refused,omitempty"`
}

// An Outcome is what follows from a capture.
type Outcome string

// The outcomes.
const (
	Same   Outcome = "same"    // a living person, the one of the portrait
	People Outcome = "people"  // a living person; people have to compare
	Again  Outcome = "again"   // nothing can be said
	No     Outcome = "refused" // not this person, or no living one: told alike
)

// A Ruling is an outcome, with what is told of it and what is kept.
type Ruling struct {
	Outcome Outcome
	// Told and Hint are all that is told, nothing of [Same] and [People]. Hint is that of
	// [Again], and may be "".
	Told tunnus.Code
	Hint string
	// Alert tells that staff should know: somebody may have shown a forgery.
	Alert bool
	// Result is the comparison of [Same], [People] and [No], nil where there was none.
	Result *face.Result
	// Record is what is kept: measures, rules and versions; no picture, no name.
	Record map[string]string
}

// Rule says what follows. It fails, for a fault of ours, if the report is not whole or
// contradicts itself: a worker may have been taken over by a picture.
func (r Report) Rule() (Ruling, error) {
	result, err := r.compared()
	if err != nil {
		return Ruling{}, err
	}
	out := Ruling{Record: r.record(result)}
	switch l := r.Liveness; {
	case r.Quality != quality.None:
		return out.again(string(r.Quality)), nil
	case l.Answer == liveness.Retry:
		return out.again(string(l.Hint)), nil
	case l.Answer == liveness.NotLive:
		out.Alert = true
		return out.no(), nil
	}
	out.Result = result
	// Quality has been judged: to say more of the frames of who is living would tell
	// that they are. What cannot be compared now, people see, as it is odd.
	out.Alert = r.Refused != ""
	switch result.Verdict {
	case face.Match:
		out.Outcome = Same
	case face.Review:
		out.Outcome = People
	default:
		return out.no(), nil
	}
	return out, nil
}

func (o Ruling) no() Ruling {
	o.Outcome, o.Told = No, tunnus.CodeFaceNoMatch
	return o
}

func (o Ruling) again(hint string) Ruling {
	if hint == "" {
		hint = string(liveness.Again)
	}
	o.Outcome, o.Hint, o.Told = Again, hint, tunnus.CodeFaceQuality
	switch {
	case hint == string(quality.ManyFaces):
		o.Told = tunnus.CodeFaceMany
	case slices.Contains(position(), hint):
		o.Told = tunnus.CodeFacePosition
	}
	return o
}

// position are the hints about where the face is.
func position() []string {
	return []string{
		string(quality.NoFace), string(quality.Closer), string(quality.Back), string(quality.Centre),
		string(quality.Straight), string(quality.EyeLevel),
		string(liveness.FaceLost), string(liveness.FollowOval), string(liveness.FollowTurn),
	}
}

// compared checks the report, and returns its comparison; none where nothing was to be
// compared.
func (r Report) compared() (*face.Result, error) {
	if r.Quality != quality.None && !slices.Contains(quality.Hints(), r.Quality) {
		return nil, fmt.Errorf("judge: no hint %q", r.Quality)
	}
	l := r.Liveness
	live := l.Answer == liveness.Live && r.Quality == quality.None
	if !live && (r.Compared != nil || r.Refused != "") {
		return nil, fmt.Errorf("judge: %s with quality %q, and compared", l.Answer, r.Quality)
	}
	switch l.Answer {
	case liveness.Live, liveness.Retry, liveness.NotLive:
		if (l.Hint != "") != (l.Answer == liveness.Retry) || l.Hint != "" && !slices.Contains(hints(), l.Hint) {
			return nil, fmt.Errorf("judge: %s with hint %q", l.Answer, l.Hint)
		}
	default:
		return nil, fmt.Errorf("judge: no answer %q", l.Answer)
	}
	if !live {
		return nil, nil
	}
	if r.Compared == nil || r.Compared.Result == nil || len(l.Evidence.Reasons) > 0 || !different(l.Compare) {
		return nil, errors.New("judge: live, and not compared")
	}
	result := r.Compared.Result
	if r.Refused != "" && (!slices.Contains(refusals(), r.Refused) || result.Frames != 0 || result.Verdict != face.Review) {
		return nil, fmt.Errorf("judge: %s with code %q", result.Verdict, r.Refused)
	}
	return result, nil
}

// different tells whether frames are as many as are compared, each another.
func different(frames []int) bool {
	each := slices.Sorted(slices.Values(frames))
	return len(frames) == face.MinFrames && len(slices.Compact(each)) == len(frames)
}

// refusals are the codes of frames that could not be compared.
func refusals() []tunnus.Code {
	return []tunnus.Code{tunnus.CodeFacePosition, tunnus.CodeFaceMany, tunnus.CodeFaceQuality}
}

func hints() []liveness.Hint {
	return []liveness.Hint{
		liveness.OneFace, liveness.FaceLost, liveness.Camera, liveness.Network, liveness.FollowOval, liveness.HoldStill,
		liveness.Dimmer, liveness.Background, liveness.FollowTurn, liveness.Again,
	}
}

// record is what is kept of a capture.
func (r Report) record(result *face.Result) map[string]string {
	e := r.Liveness.Evidence
	out := map[string]string{
		"liveness": string(r.Liveness.Answer), "liveness_rules": e.Version, "way": string(e.Way), "quality_rules": quality.Version,
	}
	add := func(key, value string) {
		if value != "" {
			out[key] = value
		}
	}
	add("quality", string(r.Quality))
	add("hint", string(r.Liveness.Hint))
	add("reasons", strings.Join(e.Reasons, ", "))
	add("not_compared", string(r.Refused))
	var features []string
	for _, name := range slices.Sorted(maps.Keys(e.Features)) {
		features = append(features, fmt.Sprintf("%s=%.4g", name, e.Features[name]))
	}
	add("features", strings.Join(features, " "))
	if result != nil {
		out["verdict"] = string(result.Verdict)
	}
	return out
}

// beat is the step in which answers to captures are given.
const beat = 2 * time.Second

// Wait is how long to hold back an answer that took so long to find: how long a judgement
// takes depends on how far it went, and would tell a forger how near he was (L8).
func Wait(took time.Duration) time.Duration {
	if took < 0 {
		return beat
	}
	return beat - took%beat
}
