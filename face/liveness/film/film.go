// Package film measures the frames of a capture, one after the other, for package
// liveness. It decodes pictures from outside, and so belongs in a worker process.
package film

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"image"
	"image/jpeg"

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

// Observe measures the frames, which are JPEG files of an agreed size, in their order. A
// file that cannot be decoded, or is of another size, is an observation in which nothing
// was seen. It fails with the tracker's error, and for more than MaxFrames.
func Observe(frames [][]byte, size image.Point, t Tracker) ([]liveness.Observation, error) {
	if len(frames) > MaxFrames {
		return nil, errors.New("film: too many frames")
	}
	out := make([]liveness.Observation, len(frames))
	var before grid.Memory
	for i, file := range frames {
		o := &out[i]
		o.Faces, o.Digest = -1, sha256.Sum256(file)
		img, err := Decode(file, size)
		if err != nil {
			continue // one bad frame is lost, not the capture
		}
		o.Size = [2]int{size.X, size.Y}
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

var errSize = errors.New("film: not of the size that was agreed on")

// Decode reads a frame of an agreed size. The header goes first: short files can hold
// large pictures, and a film of them would take a worker's whole time.
func Decode(file []byte, size image.Point) (image.Image, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	if c.Width != size.X || c.Height != size.Y {
		return nil, errSize
	}
	img, err := face.Decode(file)
	if err != nil {
		return nil, err
	}
	if img.Bounds().Size() != size { // EXIF has turned it
		return nil, errSize
	}
	return img, nil
}
