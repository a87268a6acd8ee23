package face

import "github.com/tunnus-id/tunnus/face/quality"

// Seen tells package quality where the face is, by its landmarks. Whether it is the
// only one, the caller knows.
func (f Face) Seen() quality.Seen { return quality.OfLandmarks(f.Landmarks, f.Doubt) }

// Seen tells package quality where the face is and how it is turned. Whether it is the
// only one, the caller knows: [Tracker.Faces].
func (m *Mesh) Seen() quality.Seen {
	return quality.OfMesh(func(i int) Point { return Point{X: m[i].X, Y: m[i].Y} }, quality.Pose(m.Pose()))
}
