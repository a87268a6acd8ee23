package face

import "github.com/tunnus-id/tunnus/face/picture"

// A Point is a place in a picture, in pixels from the top left corner.
type Point = picture.Point

// A Box is a rectangle in a picture, in pixels. It may reach beyond the picture.
type Box = picture.Box

// A Face is one face that was found. Landmarks are the 68 points of the iBUG
// order: jaw 0–16, brows 17–26, nose 27–35, eyes 36–47, mouth 48–67.
type Face struct {
	Box       Box
	Score     float64 // the detector's, 0.1 to 1
	Landmarks [68]Point
	// Doubt is how far, in eye distances, the landmarks lie from where they are
	// found in the mirror image. A face that is seen well keeps below 0.15; one
	// that lies on its side does not, and neither does what is no face.
	Doubt float64
}

// EyeDistance returns the pixels between the centres of the eyes.
func (f Face) EyeDistance() float64 {
	return picture.Centre(f.Landmarks[36:42]).Distance(picture.Centre(f.Landmarks[42:48]))
}

// A Verdict says what may follow from a comparison.
type Verdict string

// The verdicts. Review means that a person must look.
const (
	Match   Verdict = "match"
	Review  Verdict = "review"
	NoMatch Verdict = "no-match"
)

// Thresholds are the upper limits of a verdict; both distances must keep them.
type Thresholds struct {
	Distance float64 `json:"distance"` // by the engine's first network
	Fused    float64 `json:"fused"`
}

// A Result is the outcome of one comparison, complete enough to stand in an
// evidence record: it names no person and holds no picture and no embedding.
type Result struct {
	Verdict Verdict `json:"verdict"`
	// Distance and Fused are the medians over the frames that were compared, see
	// [Meta.Distance]. Both are -1 if Frames is 0.
	Distance float64 `json:"distance"`
	Fused    float64 `json:"fused"`
	// Frames counts the frames behind the medians. It is 0 if no face could be
	// made out in the portrait: then the verdict is review.
	Frames int `json:"frames"`
	// Engine is the version of code and models, see [Meta.Version]; Report the
	// calibration that the thresholds come from, "" if there is none.
	Engine string     `json:"engine"`
	Report string     `json:"report,omitempty"`
	Match  Thresholds `json:"match"`
	Review Thresholds `json:"review"`
	// Portrait and Compared are the measures of the pictures that were compared;
	// Portrait is missing if Frames is 0.
	Portrait *Quality  `json:"portrait,omitempty"`
	Compared []Quality `json:"compared,omitempty"`
}

// verdict follows from the distances, or from there being none.
func (r Result) verdict() Verdict {
	if r.Frames == 0 {
		return Review
	}
	return judge(r.Distance, r.Fused, r.Match, r.Review)
}
