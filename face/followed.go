package face

import (
	"fmt"
	"image"
	"math"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/portrait"
	"github.com/tunnus-id/tunnus/face/picture"
)

// A Followed is a frame of a film with the mesh of the face that was followed in it.
type Followed struct {
	Image image.Image
	Mesh  *Mesh
}

// astray is how far a face may lie from a mesh and be the same: in eye distances of the
// mesh between the middles of the eyes, and as a share of their distance. The networks
// agree far better of one face; one that is painted beside or into another is farther off.
const astray = 0.25

// On reports whether a face that a detector has found is the one of a mesh.
func (f Face) On(m *Mesh) bool {
	mine, eyes := f.EyeDistance(), m.EyeDistance()
	a, b := m.middle(leftEyeOuter, leftEyeInner), m.middle(rightEyeInner, rightEyeOuter)
	middle := picture.Centre(f.Landmarks[36:48])
	return middle.Distance(Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2}) <= astray*eyes && math.Abs(mine-eyes) <= astray*eyes
}

// CompareFollowed is [Compare] for three frames of a film, of which others have judged
// the face that was followed: only that one is compared, and only if it is alone. So
// it fails, with the codes of Compare, if a frame shows no face, several, an unclear one,
// or another than the followed. The result says then, as it does for a portrait that
// shows no face, that people have to compare. Frames have been judged by their quality
// before.
func CompareFollowed(e Engine, document []byte, frames []Followed) (Result, error) {
	if len(frames) != bestOf {
		return Result{}, fmt.Errorf("face: %d frames of a film; %d are compared", len(frames), bestOf)
	}
	sights := make([]sight, len(frames))
	for i, f := range frames {
		s, err := find(e, f)
		if tunnus.CodeOf(err) == tunnus.CodeInternal {
			return Result{}, err
		}
		if err != nil {
			return undecided(e.Meta()), err
		}
		sights[i] = s
	}
	photo, err := portrait.Decode(document)
	if err != nil {
		photo = nil // for people to see
	}
	return compare(e, photo, sights)
}

// find looks for the followed face in its frame.
func find(e Engine, f Followed) (sight, error) {
	pic, err := picture.New(f.Image)
	if err != nil {
		return sight{}, tunnus.BadRequest("frames", err)
	}
	found, err := e.Detect(pic)
	if err != nil {
		return sight{}, err
	}
	one, err := only(found)
	switch {
	case err != nil:
		return sight{}, err
	case !one.On(f.Mesh):
		return sight{}, position("the face that is found is not the one that was followed")
	case !(one.Doubt <= MaxDoubt):
		return sight{}, unclear("doubt %.2f", one.Doubt)
	}
	return sight{pic, one, Measure(pic, one)}, nil
}
