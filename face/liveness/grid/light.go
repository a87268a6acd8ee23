package grid

import (
	"math"
	"slices"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// fine is how many parts a cell has in each direction in a mask.
const fine = 4

// A mask says for each part of the face which cell it belongs to, or -1: eyes,
// brows, mouth and nostrils move or shine, and the edge is not skin.
type mask [fine * fine * liveness.Rows * liveness.Columns]int16

func newMask(m *face.Mesh, f frame) *mask {
	type hole struct{ u, v, a, b float64 }
	var holes []hole
	// around makes an ellipse on the line between two points of the mesh, with half
	// axes as shares of it.
	around := func(p, q int, shift, a, b float64) {
		c := middle(m[p], m[q])
		u, v := f.at(c.X, c.Y)
		u1, v1 := f.at(m[p].X, m[p].Y)
		u2, v2 := f.at(m[q].X, m[q].Y)
		long := math.Hypot((u2-u1)*f.narrow, (v2-v1)*f.tall) / 2 // pixels
		holes = append(holes, hole{u, v + shift*long/f.tall*2, a * long / f.narrow * 2, b * long / f.tall * 2})
	}
	around(33, 133, 0, 0.70, 0.45)
	around(362, 263, 0, 0.70, 0.45)
	around(70, 107, 0, 0.65, 0.28)
	around(336, 300, 0, 0.65, 0.28)
	around(61, 291, 0.1, 0.62, 0.42)
	around(129, 358, 0.3, 0.45, 0.22)
	out := &mask{}
	const columns, rows = fine * liveness.Columns, fine * liveness.Rows
	for i := range out {
		u, v := (float64(i%columns)+0.5)/columns*2-1, (float64(i/columns)+0.5)/rows*2-1
		out[i] = int16(i/columns/fine*liveness.Columns + i%columns/fine)
		in := func(h hole) bool { return sq((u-h.u)/h.a)+sq((v-h.v)/h.b) < 1 }
		if u*u+v*v > 0.92 || slices.ContainsFunc(holes, in) {
			out[i] = -1
		}
	}
	return out
}

func sq(v float64) float64 { return v * v }

// A pool adds up light.
type pool struct{ r, g, b, n float64 }

// add takes in a pixel, unless it is clipped or nearly black.
func (s *pool) add(p *pixels, pixel int) {
	c := p.rgb[3*pixel : 3*pixel+3]
	if min(c[0], c[1], c[2]) < dark || max(c[0], c[1], c[2]) > bright {
		return
	}
	s.r, s.g, s.b, s.n = s.r+p.linear[c[0]], s.g+p.linear[c[1]], s.b+p.linear[c[2]], s.n+1
}

// cell is the mean, if at least a quarter of the pixels counted.
func (s *pool) cell(all float64) liveness.Cell {
	if s.n == 0 || s.n < all/4 {
		return liveness.Cell{}
	}
	return liveness.Cell{R: s.r / s.n, G: s.g / s.n, B: s.b / s.n, N: s.n}
}

// light fills in the cells of skin and room, and the mean of the face.
func light(p *pixels, f frame, m *mask, o *liveness.Observation) {
	var skin [liveness.Rows * liveness.Columns]pool
	var ground [len(o.Ground)]pool
	var all [len(skin)]float64
	var behind [len(ground)]float64
	luma, n := 0.0, 0.0
	for y := range p.h {
		u, v := f.at(0, float64(y))
		for x := range p.w {
			i := y*p.w + x
			switch {
			case u > -1 && u < 1 && v > -1 && v < 1:
				// A place just inside of the edge may be rounded onto it.
				row := min(fine*liveness.Rows-1, int((v+1)/2*fine*liveness.Rows))
				part := row*fine*liveness.Columns + min(fine*liveness.Columns-1, int((u+1)/2*fine*liveness.Columns))
				if c := m[part]; c >= 0 {
					skin[c].add(p, i)
					all[c]++
					luma, n = luma+float64(p.luma[i]), n+1
				}
			case x&1 == 0 && y&1 == 0:
				if g := room(u, v, len(ground)); g >= 0 {
					ground[g].add(p, i)
					behind[g]++
				}
			}
			u, v = u+f.ux, v+f.vx
		}
	}
	for j := range skin {
		o.Skin[j] = skin[j].cell(all[j])
	}
	for j := range ground {
		if behind[j] >= 100 {
			o.Ground[j] = ground[j].cell(behind[j])
		}
	}
	o.Luma = luma / max(1, n)
}

// room is the area of the room that a place beside or above the head belongs to, -1
// if it is too near to the head, or below the mouth, where shoulders are.
func room(u, v float64, areas int) int {
	if v > 0.5 || math.Abs(u) < 1.35 && v > -1.5 {
		return -1
	}
	turn := (math.Atan2(v-0.5, u) + math.Pi) / math.Pi // 0 at the left, 1 at the right
	return min(areas-1, max(0, int(turn*float64(areas))))
}

// spot is the brightest hundredth of an iris, between the corners of an eye.
func spot(p *pixels, a, b face.Point3) liveness.Cell {
	c := middle(a, b)
	radius := 0.3 * math.Hypot(b.X-a.X, b.Y-a.Y)
	var inside []int
	for y := max(0, int(c.Y-radius)); y <= min(p.h-1, int(c.Y+radius)); y++ {
		for x := max(0, int(c.X-radius)); x <= min(p.w-1, int(c.X+radius)); x++ {
			if sq(float64(x)-c.X)+sq(float64(y)-c.Y) < radius*radius {
				inside = append(inside, y*p.w+x)
			}
		}
	}
	slices.SortFunc(inside, func(i, j int) int { return int(p.luma[j]) - int(p.luma[i]) })
	var s pool
	for _, i := range inside[:min(len(inside), max(4, len(inside)/100))] {
		s.add(p, i)
	}
	return s.cell(0)
}

// sharp is the root mean square of the Laplacian of the face's luma, drawn 200
// pixels wide.
func sharp(p *pixels, f frame) float64 {
	const side = 200
	step := f.narrow / side
	at := func(i, j int) float64 {
		x, y := int(f.centre.X+(float64(i)-side/2)*step), int(f.centre.Y+(float64(j)-side/2)*step)
		if x < 0 || y < 0 || x >= p.w || y >= p.h {
			return 0
		}
		return float64(p.luma[y*p.w+x])
	}
	sum := 0.0
	for j := 1; j < side-1; j++ {
		for i := 1; i < side-1; i++ {
			sum += sq(4*at(i, j) - at(i-1, j) - at(i+1, j) - at(i, j-1) - at(i, j+1))
		}
	}
	return math.Sqrt(sum / (side - 2) / (side - 2))
}

// news is the root mean square of what is new in the finest detail of the picture
// since the one before: noise, and what moved. It is 0 for the first.
func (m *Memory) news(p *pixels) float64 {
	was := m.luma
	same := m.w == p.w && m.h == p.h
	m.luma, m.w, m.h = p.luma, p.w, p.h
	if was == nil || !same || p.w < 3 {
		return 0
	}
	sum, n := 0.0, 0.0
	for y := 0; y < p.h; y += 2 {
		row, old := p.luma[y*p.w:(y+1)*p.w], was[y*p.w:(y+1)*p.w]
		for x := 1; x < p.w-1; x++ {
			d := float64(2*int(row[x])-int(row[x-1])-int(row[x+1])) - float64(2*int(old[x])-int(old[x-1])-int(old[x+1]))
			sum, n = sum+d*d/4, n+1
		}
	}
	return math.Sqrt(sum / n)
}
