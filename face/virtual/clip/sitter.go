package clip

import (
	"math"
	"slices"

	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/virtual/quick"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A Sitter is a person made ready to be filmed many times. It takes some 20 MB,
// is never changed and may be used by several goroutines.
type Sitter struct {
	surfaces []*surface
	// lids are the face with its eyes open, half shut and shut.
	lids  [3]*surface
	marks virtual.Marks
	dirs  []solid.Vec
}

// Sit makes a person ready: the slow part of a film, done once.
func Sit(m *virtual.Model) *Sitter {
	s := &Sitter{dirs: m.Directions()}
	t := quick.NewTransfer(m.Directions())
	for i, g := range m.Grids() {
		stride, detail := 1, 2
		if i == 0 || virtual.Worn(g.Paint) {
			stride, detail = headStride, headDetail
		}
		s.surfaces = append(s.surfaces, coarse(m, g, t, stride, detail))
	}
	s.marks = m.Marks()
	s.lids[0] = s.surfaces[0]
	for i, blink := range []float64{0.55, 1} {
		s.lids[i+1] = s.lids[0].masked(m.Mask(virtual.Expression{Blink: blink}), s.marks)
	}
	return s
}

const headStride, headDetail = 2, 4

// masked is the head with what another expression does about the eyes.
func (s *surface) masked(mask virtual.Mask, at virtual.Marks) *surface {
	out := *s
	out.pos, out.nrm = slices.Clone(s.pos), slices.Clone(s.nrm)
	out.skin.Texels = slices.Clone(s.skin.Texels)
	near := func(p solid.Vec) bool {
		return p.Z > 4 && math.Abs(math.Abs(p.X)-at.X) < at.Half+0.6 && math.Abs(p.Y) < 1.6
	}
	cols, rows, _ := mask.Grid.Size()
	for r := range s.rows {
		for c := range s.cols {
			i, from := r*s.cols+c, min(r*headStride, rows-1)*cols+c*headStride
			if near(s.pos[i]) {
				out.pos[i], out.nrm[i] = mask.Grid.Pos[from], mask.Grid.Nrm[from]
			}
		}
	}
	const step = float64(headStride) / headDetail
	for y := range out.skin.Height {
		for x := range out.skin.Width {
			if spot := between(mask.Grid, float64(x)*step, float64(y)*step); near(spot.At) {
				out.skin.Texels[y*out.skin.Width+x] = quick.TintOf(mask.Albedo(spot))
			}
		}
	}
	return &out
}

// coarse takes every stride-th vertex of a grid, and colours between them.
func coarse(m *virtual.Model, g *solid.Grid, t *quick.Transfer, stride, detail int) *surface {
	cols, rows, closed := g.Size()
	s := &surface{closed: closed, twoSided: g.TwoSided, cloth: virtual.Worn(g.Paint), gloss: 0.02}
	if s.cloth {
		s.gloss = 0
	}
	s.cols, s.rows = (cols+stride-1)/stride, (rows-2)/stride+2
	var from []int
	for r := range s.rows {
		for c := range s.cols {
			i := min(r*stride, rows-1)*cols + c*stride
			from = append(from, i)
			s.pos, s.nrm = append(s.pos, g.Pos[i]), append(s.nrm, g.Nrm[i])
		}
	}
	s.relieve(t, func(i int) []uint8 { return g.Free(from[i]) })
	s.skin = paint(m, g, stride, detail)
	return s
}

// paint photographs a grid's colours, detail texels to a vertex of the mesh
// whose vertices are stride of the grid's apart.
func paint(m *virtual.Model, g *solid.Grid, stride, detail int) quick.Texture {
	cols, rows, closed := g.Size()
	step := float64(stride) / float64(detail)
	t := quick.Texture{Detail: float32(detail), Closed: closed}
	t.Width, t.Height = int(float64(cols)/step), int(float64(rows-1)/step)+1
	if !closed {
		t.Width = int(float64(cols-1)/step) + 1
	}
	t.Texels = make([]tint, t.Width*t.Height)
	for y := range t.Height {
		for x := range t.Width {
			t.Texels[y*t.Width+x] = quick.TintOf(m.Albedo(g.Paint, between(g, float64(x)*step, float64(y)*step)))
		}
	}
	return t
}

// between is the place of a grid at a column and row that need not be whole.
func between(g *solid.Grid, u, v float64) solid.Spot {
	cols, rows, closed := g.Size()
	c, r := int(u), min(int(v), rows-1)
	u, v = u-float64(c), v-float64(r)
	c1, r1 := c+1, min(r+1, rows-1)
	if c1 >= cols {
		c1 = cols - 1
		if closed {
			c1 = 0
		}
	}
	mix := func(p []solid.Vec) solid.Vec {
		return p[r*cols+c].Mix(p[r*cols+c1], u).Mix(p[r1*cols+c].Mix(p[r1*cols+c1], u), v)
	}
	return solid.Spot{At: mix(g.Pos), Normal: mix(g.Nrm).Unit()}
}
