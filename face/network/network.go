// Package network runs the default face networks: two detectors, 68 landmarks,
// a mesh of 468 points, and two that turn a face into a vector.
//
// Every network takes a square of RGB values from 0 to 255, which it takes over,
// and answers in units of that square, 0 to 1. What a picture is cut from, and
// what follows from an answer, is decided in package face. The weights are those
// of package model; each network is compared with what TensorFlow.js makes of
// the same input.
package network

import (
	"io/fs"
	"math"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// The sides of the squares that the networks take, in pixels. A [Tiny] takes
// any multiple of 32.
const (
	DetectorSize = 512
	LandmarkSize = 112
	MeshSize     = 192
	ResidualSize = 150
	FeatureSize  = 224
)

// A Set holds all networks.
type Set struct {
	Detector  *Detector
	Tiny      *Tiny
	Landmarks *Landmarks
	Mesh      *Mesh
	Residual  *Residual
	Features  *Features
}

// Open reads the model files from a flat folder; [model.Files] names them. It
// refuses a file that is missing or is not the pinned one.
func Open(fsys fs.FS) (*Set, error) {
	s := &Set{}
	for _, n := range []struct {
		name  string
		build func(*model.Weights)
	}{
		{model.Detector, func(w *model.Weights) { s.Detector = newDetector(w) }},
		{model.Tiny, func(w *model.Weights) { s.Tiny = newTiny(w) }},
		{model.Landmarks, func(w *model.Weights) { s.Landmarks = newLandmarks(w) }},
		{model.Mesh, func(w *model.Weights) { s.Mesh = newMesh(w) }},
		{model.Recognition, func(w *model.Weights) { s.Residual = newResidual(w) }},
		{model.Features, func(w *model.Weights) { s.Features = newFeatures(w) }},
	} {
		w, err := model.Open(fsys, n.name)
		if err != nil {
			return nil, err
		}
		n.build(w)
		if err := w.Err(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// A Candidate is what may be a face: a box in units of the network's input.
type Candidate struct {
	picture.Box
	Score float64 // 0 to 1
}

// Activations, written as the range in which they keep a value.
var (
	linear = tensor.Range{Low: float32(math.Inf(-1)), High: float32(math.Inf(1))}
	relu   = tensor.Range{Low: 0, High: float32(math.Inf(1))}
	relu6  = tensor.Range{Low: 0, High: 6}
)

// meanRGB is taken from the pictures of the landmark and the 128-d network.
var meanRGB = [3]float32{122.782, 117.001, 104.298}

// normalize takes mean from each channel and multiplies with factor, in place.
func normalize(t *tensor.Tensor, mean [3]float32, factor float32) *tensor.Tensor {
	for i := 0; i+2 < len(t.Data); i += 3 {
		px := (*[3]float32)(t.Data[i:])
		px[0] = (px[0] - mean[0]) * factor
		px[1] = (px[1] - mean[1]) * factor
		px[2] = (px[2] - mean[2]) * factor
	}
	return t
}

func sigmoid(v float32) float64 { return 1 / (1 + math.Exp(-float64(v))) }

// square is a window with TensorFlow's padding.
func square(size, stride int) tensor.Area {
	return tensor.Area{Height: size, Width: size, Stride: stride, Same: true}
}
