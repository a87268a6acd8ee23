package quality

import (
	"math"

	"github.com/tunnus-id/tunnus/face/picture"
)

// A Point is a place in a picture, in pixels from its top left corner.
type Point = picture.Point

// A Pose is how a head is turned, in degrees; the signs do not matter here.
type Pose struct{ Yaw, Pitch, Roll float64 }

// An Eye is the opening between two lids.
type Eye struct{ Outer, Inner, Top, Bottom Point }

// Seen is what the networks have found in one picture.
type Seen struct {
	// Faces counts those in the picture. With any other number than one, the
	// places mean nothing.
	Faces int
	// Doubt is how unsure the places are, from 0: face.Face.Doubt in eye
	// distances, or 0 for a mesh, which is sure or is not there.
	Doubt float64
	Pose  Pose

	Eyes       [2]Eye // the one at the left of the picture first
	Nose, Chin Point
	Lips       [2]Point // the inner edges, upper and lower, in the middle
	Corners    [2]Point // of the mouth, the one at the left of the picture first
	Outline    []Point  // of the face, round about
}

// middle returns the point between two.
func middle(a, b Point) Point { return Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2} }

func apart(a, b Point) float64 { return a.Distance(b) }

func (e Eye) centre() Point { return middle(e.Outer, e.Inner) }

// eyeDistance is that of the centres of the eyes, in pixels.
func (s Seen) eyeDistance() float64 { return apart(s.Eyes[0].centre(), s.Eyes[1].centre()) }

// length is T of ISO/IEC 29794-5: from the middle of the eyes to the chin, in pixels.
func (s Seen) length() float64 { return apart(middle(s.Eyes[0].centre(), s.Eyes[1].centre()), s.Chin) }

// OfLandmarks reads the 68 points of the iBUG order: jaw 0–16, brows 17–26, nose
// 27–35, eyes 36–47, mouth 48–67. Yaw is estimated to some six degrees, pitch is 0.
func OfLandmarks(p [68]Point, doubt float64) Seen {
	s := Seen{
		Faces: 1, Doubt: doubt, Nose: p[30], Chin: p[8], Lips: [2]Point{p[62], p[66]}, Corners: [2]Point{p[48], p[54]},
		Eyes: [2]Eye{
			{p[36], p[39], middle(p[37], p[38]), middle(p[40], p[41])},
			{p[45], p[42], middle(p[43], p[44]), middle(p[46], p[47])},
		},
	}
	s.Outline = append(s.Outline, p[:17]...)
	for i := 26; i >= 17; i-- {
		s.Outline = append(s.Outline, p[i])
	}
	s.Pose = s.estimate()
	return s
}

// oval is the outline of the face in MediaPipe's mesh.
var oval = [...]int{
	10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
	152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
}

// OfMesh reads points of the mesh in MediaPipe's order, of which at returns each; pose
// is the mesh's own. Of a mesh that is not sure, make none: no face was found then.
func OfMesh(at func(i int) Point, pose Pose) Seen {
	s := Seen{
		Faces: 1, Pose: pose, Nose: at(1), Chin: at(152), Lips: [2]Point{at(13), at(14)}, Corners: [2]Point{at(61), at(291)},
		Eyes: [2]Eye{{at(33), at(133), at(159), at(145)}, {at(263), at(362), at(386), at(374)}},
	}
	for _, i := range oval {
		s.Outline = append(s.Outline, at(i))
	}
	return s
}

// noseLength is how far the tip of the nose lies before the eyes, in eye distances.
const noseLength = 0.69

// estimate tells yaw and roll. Pitch does not show in so few points: persons differ by
// more than heads nod, and so does a near head from a far one.
func (s Seen) estimate() Pose {
	a, b := s.Eyes[0].centre(), s.Eyes[1].centre()
	mid, d := middle(a, b), apart(a, b)
	beside := ((b.X-a.X)*(s.Nose.X-mid.X) + (b.Y-a.Y)*(s.Nose.Y-mid.Y)) / (d * d)
	const deg = 180 / math.Pi
	return Pose{Yaw: math.Atan(beside/noseLength) * deg, Roll: math.Atan2(b.Y-a.Y, b.X-a.X) * deg}
}
