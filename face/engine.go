package face

import (
	"image"
	"io/fs"
	"math"
	"sync"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// codeVersion changes whenever the same picture may give other numbers.
const codeVersion = "default/1"

// An Engine runs the default networks. It may be used by several goroutines;
// they take turns, so that it never holds the memory of two passes.
type Engine struct {
	mu        sync.Mutex // guards pool, and with it every pass
	pool      tensor.Pool
	detector  *detector
	landmarks *landmarkNet
	residual  *residualNet
	features  *featureNet
}

// Open reads the model files from a flat folder; [model.Files] names them. It
// refuses a file that is missing or is not the pinned one.
func Open(fsys fs.FS) (*Engine, error) {
	e := &Engine{}
	var err error
	if e.detector, err = load(fsys, model.Detector, newDetector); err != nil {
		return nil, err
	}
	if e.landmarks, err = load(fsys, model.Landmarks, newLandmarkNet); err != nil {
		return nil, err
	}
	if e.residual, err = load(fsys, model.Recognition, newResidualNet); err != nil {
		return nil, err
	}
	if e.features, err = load(fsys, model.Features, newFeatureNet); err != nil {
		return nil, err
	}
	return e, nil
}

func load[T any](fsys fs.FS, network string, build func(*model.Weights) (T, error)) (T, error) {
	w, err := model.Open(fsys, network)
	if err != nil {
		var none T
		return none, err
	}
	return build(w)
}

// Check tells whether [Open] would take the folder, without making an engine:
// for a server that leaves the work to worker processes. It returns the version
// that those will have.
func Check(fsys fs.FS) (version string, err error) {
	if err := model.Check(fsys); err != nil {
		return "", err
	}
	return Version(), nil
}

// Version names the code and the model files, for evidence records.
func Version() string { return codeVersion + " models sha256:" + model.Digest() }

// Version is that of the package.
func (e *Engine) Version() string { return Version() }

// begin waits for the engine and lends its memory until done is called.
func (e *Engine) begin() (pool *tensor.Pool, done func()) {
	e.mu.Lock()
	return &e.pool, func() {
		e.pool.Clear()
		e.mu.Unlock()
	}
}

// Detect returns the faces in a picture, the surest first; none is no error.
// It fails for no picture and for one of more than 4 megapixels.
func (e *Engine) Detect(img image.Image) ([]Face, error) {
	pic, err := newPicture(img)
	if err != nil {
		return nil, err
	}
	pool, done := e.begin()
	defer done()
	return e.faces(pool, pic), nil
}

// Embed returns the vectors of the only face in a picture. It fails with
// [tunnus.CodeFacePosition] if there is none, with [tunnus.CodeFaceMany] if
// there are several.
func (e *Engine) Embed(img image.Image) (Embedding, error) {
	pic, err := newPicture(img)
	if err != nil {
		return Embedding{}, err
	}
	pool, done := e.begin()
	defer done()
	f, err := only(e.faces(pool, pic))
	if err != nil {
		return Embedding{}, err
	}
	return e.embed(pool, pic, f), nil
}

// faces looks once at the picture and, if that shows none, once more at the
// picture with grey around it: a face that fills its picture is found so.
func (e *Engine) faces(pool *tensor.Pool, pic *picture) []Face {
	found := e.look(pool, pic, 0)
	if len(found) == 0 {
		found = e.look(pool, pic, 0.5)
	}
	return found
}

// look runs the detector over the picture with a margin on each side, in parts
// of its size, then the landmark network over each face.
func (e *Engine) look(pool *tensor.Pool, pic *picture, margin float64) []Face {
	dx, dy := margin*float64(pic.w), margin*float64(pic.h)
	scale := (1 + 2*margin) * float64(max(pic.w, pic.h)) / detectorSize
	view := similarity{a: scale, tx: -dx, ty: -dy}
	outside := float32(0)
	if margin > 0 {
		outside = 128
	}
	in := pic.cut(pool, detectorSize, view, outside)
	in = normalize(in, [3]float32{127.5, 127.5, 127.5}, 1/127.5)
	var faces []Face
	for _, c := range e.detector.find(pool, in) {
		a := view.apply(Point{c.Left * detectorSize, c.Top * detectorSize})
		b := view.apply(Point{c.Right * detectorSize, c.Bottom * detectorSize})
		f := Face{Score: c.score, Box: Box{
			max(a.X, 0), max(a.Y, 0), min(b.X, float64(pic.w)), min(b.Y, float64(pic.h)),
		}}
		if f.Box.Width() < 1 || f.Box.Height() < 1 {
			continue // in the margin
		}
		f.Landmarks = e.points(pool, pic, f.Box)
		f.Doubt = e.doubt(pool, pic, f)
		if f.Score >= sureScore || f.Doubt <= maxDoubt {
			faces = append(faces, f)
		}
	}
	return faces
}

// points runs the landmark network over a box of the picture.
func (e *Engine) points(pool *tensor.Pool, pic *picture, b Box) [68]Point {
	in, view := pic.square(pool, b)
	found := e.landmarks.find(pool, normalize(in, meanRGB, 1.0/255))
	for i, p := range found {
		found[i] = view.apply(Point{p.X * landmarkSize, p.Y * landmarkSize})
	}
	return found
}

// doubt works out [Face.Doubt] from eyes, nose and chin.
func (e *Engine) doubt(pool *tensor.Pool, pic *picture, f Face) float64 {
	in, view := pic.square(pool, f.Box)
	mirrored := mirror(pool, in)
	pool.Free(in)
	found := e.landmarks.find(pool, normalize(mirrored, meanRGB, 1.0/255))
	for i, p := range found {
		found[i] = view.apply(Point{(1 - p.X) * landmarkSize, p.Y * landmarkSize})
	}
	a, b := f.Landmarks, found
	sum := 0.0
	for _, pair := range [][2]Point{
		{centre(a[36:42]), centre(b[42:48])}, {centre(a[42:48]), centre(b[36:42])}, {a[30], b[30]}, {a[8], b[8]},
	} {
		sum += math.Hypot(pair[0].X-pair[1].X, pair[0].Y-pair[1].Y)
	}
	return sum / 4 / f.EyeDistance()
}

// embed runs both recognition networks; the first also sees the mirror image,
// and the mean counts.
func (e *Engine) embed(pool *tensor.Pool, pic *picture, f Face) Embedding {
	chip := normalize(pic.cut(pool, chipSize, align(f, chipSize), 0), meanRGB, 1.0/255)
	turned := mirror(pool, chip)
	out := Embedding{D128: e.residual.embed(pool, chip)}
	for i, v := range e.residual.embed(pool, turned) {
		out.D128[i] = (out.D128[i] + v) / 2
	}
	// The second network wants blue first, and less the mean of ImageNet.
	wide := pic.cut(pool, featureSize, align(f, featureSize), 0)
	for i := 0; i < len(wide.Data); i += 3 {
		wide.Data[i], wide.Data[i+2] = wide.Data[i+2], wide.Data[i]
	}
	out.D1024 = e.features.embed(pool, normalize(wide, [3]float32{103.939, 116.779, 123.68}, 1))
	return out
}
