package face

import (
	"image"
	"math"
)

// A Point is a place in a picture, in pixels from the top left corner.
type Point struct{ X, Y float64 }

// A Box is a rectangle in a picture, in pixels. It may reach beyond the picture.
type Box struct{ Left, Top, Right, Bottom float64 }

// Width returns the box's width in pixels.
func (b Box) Width() float64 { return b.Right - b.Left }

// Height returns the box's height in pixels.
func (b Box) Height() float64 { return b.Bottom - b.Top }

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
	a, b := centre(f.Landmarks[36:42]), centre(f.Landmarks[42:48])
	return math.Hypot(b.X-a.X, b.Y-a.Y)
}

// An Embedding is what the two networks make of one face. Distances between
// embeddings are plain Euclidean.
type Embedding struct {
	D128  []float32 // residual network, mean of the chip and its mirror image, 128 numbers
	D1024 []float32 // MobileNet, 1024 numbers, of length 1
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
	D128  float64 `json:"d128"`
	Fused float64 `json:"fused"`
}

// limits of the default engine: no or 0.001 % false matches on the two larger
// public sets it was measured on, while 5–17 % of genuine pairs go to review.
const (
	matchD128   = 0.45
	matchFused  = 1.70
	reviewD128  = 0.58
	reviewFused = 2.00
)

// A Result is the outcome of one comparison, complete enough to stand in an
// evidence record: it names no person and holds no picture and no embedding.
type Result struct {
	Verdict Verdict `json:"verdict"`
	// D128 and Fused are the medians over the frames that were compared. Fused
	// is d128/0.6 + d1024/0.9. Both are -1 if Frames is 0.
	D128  float64 `json:"d128"`
	Fused float64 `json:"fused"`
	// Frames counts the frames behind the medians. It is 0 if no face could be
	// made out in the portrait: then the verdict is review.
	Frames int        `json:"frames"`
	Engine string     `json:"engine"` // version of code and models, see [Engine.Version]
	Match  Thresholds `json:"match"`
	Review Thresholds `json:"review"`
}

// verdict follows from the distances, or from there being none.
func (r Result) verdict() Verdict {
	if r.Frames == 0 {
		return Review
	}
	return judge(r.D128, r.Fused)
}

// judge turns distances into a verdict. What is not a number is no match.
func judge(d128, fused float64) Verdict {
	switch {
	case d128 <= matchD128 && fused <= matchFused:
		return Match
	case d128 <= reviewD128 && fused <= reviewFused:
		return Review
	}
	return NoMatch
}

// Distance returns the Euclidean distance of the 128-d vectors and the fused
// one, d128/0.6 + d1024/0.9.
func Distance(a, b Embedding) (d128, fused float64) {
	d128 = euclid(a.D128, b.D128)
	return d128, d128/0.6 + euclid(a.D1024, b.D1024)/0.9
}

// euclid is not a number if the lengths differ, so that no verdict follows.
func euclid(a, b []float32) float64 {
	if len(a) != len(b) || len(a) == 0 {
		return math.NaN()
	}
	var sum float64
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

func centre(p []Point) Point {
	var c Point
	for _, q := range p {
		c.X += q.X
		c.Y += q.Y
	}
	return Point{c.X / float64(len(p)), c.Y / float64(len(p))}
}

// blank reports whether there is no picture at all.
func blank(img image.Image) bool { return img == nil || img.Bounds().Empty() }
