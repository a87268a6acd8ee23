package face

import "math"

// A Point3 is a place in a picture and its depth, all in pixels of the picture.
// Depth grows away from the camera and is relative to the head.
type Point3 struct{ X, Y, Z float64 }

// A Mesh is the 468 points of one face in MediaPipe's order. It is measured on
// one picture and says nothing about distance: its depth is that of a head of
// usual size at usual distance.
type Mesh [468]Point3

// A Pose is how a head is turned, in degrees: yaw is positive when the person
// looks to the right of the picture, pitch when they look up, roll when the head
// is tilted clockwise in the picture.
type Pose struct{ Yaw, Pitch, Roll float64 }

// Points of the mesh. Left and right are those of the picture.
const (
	leftEyeOuter, leftEyeInner   = 33, 133
	leftEyeUpper, leftEyeLower   = 159, 145
	rightEyeInner, rightEyeOuter = 362, 263
	rightEyeUpper, rightEyeLower = 386, 374
	lipUpper, lipLower           = 13, 14
	mouthLeft, mouthRight        = 78, 308
	foreheadTop, chin            = 10, 152
)

// restPitch is the angle of the line from forehead to chin when a head looks
// straight ahead, in degrees, measured on rendered heads (±4).
const restPitch = -12

// Pose returns how the head is turned: yaw and roll from the outer corners of
// the eyes, pitch from forehead and chin.
func (m *Mesh) Pose() Pose {
	eyes := m[rightEyeOuter].minus(m[leftEyeOuter])
	face := m[chin].minus(m[foreheadTop])
	roll := math.Atan2(eyes.Y, eyes.X)
	sin, cos := math.Sincos(roll)
	return Pose{
		Yaw:   degrees(math.Atan2(eyes.Z, math.Hypot(eyes.X, eyes.Y))),
		Pitch: degrees(math.Atan2(-face.Z, cos*face.Y-sin*face.X)) - restPitch,
		Roll:  degrees(roll),
	}
}

// Eyes returns how far the lids are apart, in widths of the eye: left and right
// in the picture.
func (m *Mesh) Eyes() (left, right float64) {
	return m.ratio(leftEyeUpper, leftEyeLower, leftEyeOuter, leftEyeInner),
		m.ratio(rightEyeUpper, rightEyeLower, rightEyeInner, rightEyeOuter)
}

// Mouth returns how far the lips are apart, in widths of the mouth.
func (m *Mesh) Mouth() float64 { return m.ratio(lipUpper, lipLower, mouthLeft, mouthRight) }

// EyeDistance returns the pixels between the centres of the eyes in the picture.
func (m *Mesh) EyeDistance() float64 {
	a, b := m.middle(leftEyeOuter, leftEyeInner), m.middle(rightEyeInner, rightEyeOuter)
	return math.Hypot(b.X-a.X, b.Y-a.Y)
}

// Box returns the smallest upright box around the points.
func (m *Mesh) Box() Box {
	b := Box{Left: math.Inf(1), Top: math.Inf(1), Right: math.Inf(-1), Bottom: math.Inf(-1)}
	for _, p := range m {
		b.Left, b.Right = min(b.Left, p.X), max(b.Right, p.X)
		b.Top, b.Bottom = min(b.Top, p.Y), max(b.Bottom, p.Y)
	}
	return b
}

// ratio is the distance of two points over that of two others.
func (m *Mesh) ratio(a, b, c, d int) float64 {
	return m[a].minus(m[b]).length() / m[c].minus(m[d]).length()
}

func (m *Mesh) middle(a, b int) Point3 {
	p, q := m[a], m[b]
	return Point3{(p.X + q.X) / 2, (p.Y + q.Y) / 2, (p.Z + q.Z) / 2}
}

func (p Point3) minus(q Point3) Point3 { return Point3{p.X - q.X, p.Y - q.Y, p.Z - q.Z} }

func (p Point3) length() float64 { return math.Sqrt(p.X*p.X + p.Y*p.Y + p.Z*p.Z) }

func degrees(rad float64) float64 { return rad * 180 / math.Pi }
