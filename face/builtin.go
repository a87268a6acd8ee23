package face

import (
	"errors"
	"image"
	"io/fs"
	"sync"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/face/network"
	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// codeVersion changes whenever the same picture may give other numbers.
const codeVersion = "default/2"

// Thresholds of the built-in engine: no or 0.001 % false matches on the two
// larger public sets it was measured on, while 5–17 % of genuine pairs go to review.
const (
	matchDistance  = 0.45
	matchFused     = 1.70
	reviewDistance = 0.58
	reviewFused    = 2.00
)

// A BuiltIn is the engine of the default networks. Callers take turns, so that
// it never holds the memory of two passes.
type BuiltIn struct {
	mu   sync.Mutex // guards pool, and with it every pass
	pool tensor.Pool
	net  *network.Set
}

// Open reads the model files from a flat folder; [model.Files] names them. It
// refuses a file that is missing or is not the pinned one.
func Open(fsys fs.FS) (*BuiltIn, error) {
	net, err := network.Open(fsys)
	if err != nil {
		return nil, err
	}
	return &BuiltIn{net: net}, nil
}

// Check tells whether [Open] would take the folder, without making an engine:
// for a server that leaves the work to worker processes. It returns what that
// engine is.
func Check(fsys fs.FS) (Meta, error) {
	if err := model.Check(fsys); err != nil {
		return Meta{}, err
	}
	return Default(), nil
}

// Meta implements [Engine].
func (e *BuiltIn) Meta() Meta { return Default() }

// Default is what the built-in engine is.
func Default() Meta {
	byte1 := 1.0 / 255
	return Meta{
		Name: codeVersion + " models sha256:" + model.Digest(),
		Networks: []Network{
			{
				Name: model.Recognition, SHA256: model.Sum(model.Recognition), Size: 128,
				Chip: network.ResidualSize, Alignment: Dlib, Colours: "rgb",
				Mean: [3]float64{122.782, 117.001, 104.298}, Scale: [3]float64{byte1, byte1, byte1},
				Metric: Euclidean, Unit: 0.6,
			},
			{
				Name: model.Features, SHA256: model.Sum(model.Features), Size: 1024,
				Chip: network.FeatureSize, Alignment: Dlib, Colours: "bgr",
				Mean: [3]float64{103.939, 116.779, 123.68}, Scale: [3]float64{1, 1, 1},
				Metric: Euclidean, Unit: 0.9,
			},
		},
		Match:  Thresholds{matchDistance, matchFused},
		Review: Thresholds{reviewDistance, reviewFused},
	}
}

// begin waits for the engine and lends its memory until done is called.
func (e *BuiltIn) begin() (pool *tensor.Pool, done func()) {
	e.mu.Lock()
	return &e.pool, func() {
		e.pool.Clear()
		e.mu.Unlock()
	}
}

// Detect implements [Engine]. It also fails for no picture and for one of more
// than 4 megapixels.
func (e *BuiltIn) Detect(img image.Image) ([]Face, error) {
	pic, err := picture.New(img)
	if err != nil {
		return nil, err
	}
	pool, done := e.begin()
	defer done()
	// Once at the picture and, if that shows none, once more with grey around
	// it: a face that fills its picture is found so.
	found := e.look(pool, pic, 0)
	if len(found) == 0 {
		found = e.look(pool, pic, 0.5)
	}
	return found, nil
}

// Landmarks implements [Engine].
func (e *BuiltIn) Landmarks(img image.Image, b Box) ([68]Point, error) {
	pic, err := picture.New(img)
	if err != nil {
		return [68]Point{}, err
	}
	pool, done := e.begin()
	defer done()
	b, ok := pic.Inside(b)
	if !ok {
		return [68]Point{}, errors.New("face: a box without a pixel of the picture")
	}
	return e.points(pool, pic, b, false), nil
}

// Embed implements [Engine]. The first network also sees the mirror image, and
// the mean counts.
func (e *BuiltIn) Embed(c Chip) (Embedding, error) {
	pool, done := e.begin()
	defer done()
	chip := c.Cut(pool, Dlib, network.ResidualSize)
	turned := picture.Mirror(pool, chip)
	first := e.net.Residual.Embed(pool, chip)
	for i, v := range e.net.Residual.Embed(pool, turned) {
		first[i] = (first[i] + v) / 2
	}
	return Embedding{first, e.net.Features.Embed(pool, c.Cut(pool, Dlib, network.FeatureSize))}, nil
}

// sureScore is what a detector must say of a face by itself. What scores less
// is a face only if its landmarks are beyond doubt: so a second one is not overlooked.
const sureScore = 0.5

// look runs the detector over the picture with a margin on each side, in parts
// of its size, then the landmark network over each face.
func (e *BuiltIn) look(pool *tensor.Pool, pic *picture.Picture, margin float64) []Face {
	dx, dy := margin*float64(pic.W), margin*float64(pic.H)
	scale := (1 + 2*margin) * float64(max(pic.W, pic.H)) / network.DetectorSize
	view := picture.Similarity{A: scale, TX: -dx, TY: -dy}
	outside := float32(0)
	if margin > 0 {
		outside = 128
	}
	var faces []Face
	for _, c := range e.net.Detector.Find(pool, pic.Cut(pool, network.DetectorSize, view, outside)) {
		b, ok := pic.Inside(view.Box(c.Box, network.DetectorSize))
		if !ok {
			continue // in the margin
		}
		f := Face{Score: c.Score, Box: b}
		f.Landmarks = e.points(pool, pic, b, false)
		f.Doubt = doubt(f, e.points(pool, pic, b, true))
		if f.Score >= sureScore || f.Doubt <= MaxDoubt {
			faces = append(faces, f)
		}
	}
	return faces
}

// points runs the landmark network over a box of the picture, or over its
// mirror image; then left is right in the order of the points, not in their places.
func (e *BuiltIn) points(pool *tensor.Pool, pic *picture.Picture, b Box, mirrored bool) [68]Point {
	const size = network.LandmarkSize
	in, view := pic.Square(pool, b, size)
	if mirrored {
		turned := picture.Mirror(pool, in)
		pool.Free(in)
		in = turned
	}
	found := e.net.Landmarks.Find(pool, in)
	for i, p := range found {
		if mirrored {
			p.X = 1 - p.X
		}
		found[i] = view.Apply(Point{X: p.X * size, Y: p.Y * size})
	}
	return found
}

// doubt works out [Face.Doubt] from eyes, nose and chin.
func doubt(f Face, mirrored [68]Point) float64 {
	a, b := f.Landmarks, mirrored
	sum := 0.0
	for _, pair := range [][2]Point{
		{picture.Centre(a[36:42]), picture.Centre(b[42:48])}, {picture.Centre(a[42:48]), picture.Centre(b[36:42])}, {a[30], b[30]}, {a[8], b[8]},
	} {
		sum += pair[0].Distance(pair[1])
	}
	return sum / 4 / f.EyeDistance()
}
