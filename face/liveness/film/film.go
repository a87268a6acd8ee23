// Package film measures the frames of a capture, one after the other, for package
// liveness. It decodes pictures from outside, and so belongs in a worker process.
package film

import (
	"crypto/sha256"
	"errors"
	"image"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/liveness/grid"
)

// MaxFrames is how many frames a capture may have.
const MaxFrames = 400

// A Tracker follows one face through the frames of a film. [face.Tracker] is one.
type Tracker interface {
	// Follow returns the mesh of the face in the next frame. Sure is false if
	// there is none. An error is a fault of the engine.
	Follow(img image.Image) (m face.Mesh, sure bool, err error)
	// Faces is how many faces were counted last.
	Faces() int
}

// Observe measures the frames, which are JPEG files, in their order. A file that
// cannot be decoded is an observation in which nothing was seen. It fails with the
// tracker's error, and for more than MaxFrames.
func Observe(frames [][]byte, t Tracker) ([]liveness.Observation, error) {
	if len(frames) > MaxFrames {
		return nil, errors.New("film: too many frames")
	}
	out := make([]liveness.Observation, len(frames))
	var before grid.Memory
	for i, file := range frames {
		o := &out[i]
		o.Faces, o.Digest = -1, sha256.Sum256(file)
		img, err := face.Decode(file)
		if err != nil {
			continue // one bad frame is lost, not the capture
		}
		o.Size = [2]int{img.Bounds().Dx(), img.Bounds().Dy()}
		mesh, sure, err := t.Follow(img)
		if err != nil {
			return nil, err
		}
		o.Faces = t.Faces()
		if o.Sure = sure; sure {
			grid.Measure(img, &mesh, &before, o)
		}
	}
	return out, nil
}
