package face

import (
	"image"
	"math"

	"github.com/tunnus-id/tunnus/face/network"
	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/tensor"
)

const (
	// trackMargin is the side of the square that the mesh network is shown, in
	// longer sides of the box around the face.
	trackMargin = 1.5
	// sureMesh is how sure the network must be that there is a face.
	sureMesh = 0.5
	// countEvery is the number of frames from one count of faces to the next.
	countEvery = 8
	// tinySide is the square in which the tiny detector looks for faces.
	tinySide = 224
)

// A Tracker finds the mesh of one face in the frames of a film, one after the
// other. It belongs to one film and one goroutine.
type Tracker struct {
	engine *BuiltIn
	mesh   Mesh
	held   bool // whether mesh is that of the frame before
	frames int
	faces  int
}

// Track begins a film.
func (e *BuiltIn) Track() *Tracker { return &Tracker{engine: e} }

// Faces returns how many faces the detector saw when it last looked: in the
// first frame, in every eighth, and whenever the face had been lost.
func (t *Tracker) Faces() int { return t.faces }

// Follow returns the mesh of the face in the next frame. Sure is false if none
// was found; the mesh is zero then, and the next frame is searched anew. Follow
// fails for no picture and for one of more than 4 megapixels.
func (t *Tracker) Follow(img image.Image) (m Mesh, sure bool, err error) {
	pic, err := picture.New(img)
	if err != nil {
		return Mesh{}, false, err
	}
	pool, done := t.engine.begin()
	defer done()
	t.frames++
	looked := t.frames%countEvery == 1
	var found []Box
	if looked {
		found = t.count(pool, pic, true)
	}
	if t.held {
		if m, sure = t.engine.mesh(pool, pic, around(t.mesh)); sure {
			t.mesh = m
			return m, true, nil
		}
	}
	if !looked {
		found = t.count(pool, pic, false)
	}
	t.held = false
	if len(found) > 0 {
		b := found[0]
		side := trackMargin * max(b.Width(), b.Height())
		view := picture.Similarity{A: side / network.MeshSize, TX: (b.Left + b.Right - side) / 2, TY: (b.Top + b.Bottom - side) / 2}
		// The second look is turned as the first found the head.
		if m, sure = t.engine.mesh(pool, pic, view); sure {
			m, sure = t.engine.mesh(pool, pic, around(m))
		}
		t.mesh, t.held = m, sure
	}
	if !sure {
		m = Mesh{}
	}
	return m, sure, nil
}

// count asks the tiny detector and, if that sees nobody, the one that costs ten
// times as much: that only in every eighth frame, so that a film of nobody is no
// way to keep us busy.
func (t *Tracker) count(pool *tensor.Pool, pic *picture.Picture, carefully bool) []Box {
	var found []Box
	longer := float64(max(pic.W, pic.H))
	view := picture.Similarity{A: longer / tinySide}
	for _, c := range t.engine.net.Tiny.Find(pool, pic.Cut(pool, tinySide, view, 0)) {
		if b, ok := pic.Inside(view.Box(c.Box, tinySide)); ok {
			found = append(found, b)
		}
	}
	if len(found) == 0 && carefully {
		for _, f := range t.engine.look(pool, pic, 0) {
			found = append(found, f.Box)
		}
	}
	t.faces = len(found)
	return found
}

// around returns the square for the next look: upright to the head, around the mesh.
func around(m Mesh) picture.Similarity {
	roll := math.Atan2(m[rightEyeOuter].Y-m[leftEyeOuter].Y, m[rightEyeOuter].X-m[leftEyeOuter].X)
	sin, cos := math.Sincos(roll)
	upright := m
	for i, p := range m {
		upright[i].X, upright[i].Y = cos*p.X+sin*p.Y, cos*p.Y-sin*p.X
	}
	b := upright.Box()
	side := trackMargin * max(b.Width(), b.Height())
	x, y := (b.Left+b.Right-side)/2, (b.Top+b.Bottom-side)/2
	return picture.Similarity{
		A: cos * side / network.MeshSize, B: sin * side / network.MeshSize,
		TX: cos*x - sin*y, TY: sin*x + cos*y,
	}
}

// mesh runs the mesh network over a square of the picture.
func (e *BuiltIn) mesh(pool *tensor.Pool, pic *picture.Picture, view picture.Similarity) (m Mesh, sure bool) {
	found, score := e.net.Mesh.Find(pool, pic.Cut(pool, network.MeshSize, view, 0))
	scale := view.Scale()
	for i := range m {
		p := view.Apply(Point{X: float64(found[3*i]), Y: float64(found[3*i+1])})
		m[i] = Point3{p.X, p.Y, float64(found[3*i+2]) * scale}
	}
	b, inside := pic.Inside(m.Box())
	return m, score >= sureMesh && inside && b.Width() > 0
}
