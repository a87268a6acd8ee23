package scan

import (
	"cmp"
	"math"
	"slices"
)

// A grid maps places of a zone (column, line) to the picture: a homography. The
// middle of a character has whole numbers.
type grid struct {
	h      [8]float64 // x = (h0·c + h1·l + h2) / (h6·c + h7·l + 1), y with h3 to h5
	lines  int
	lo, hi int     // columns in which ink was found
	tall   float64 // height of a cell's patch, in distances between lines
	marks  []mark
	around point2 // where the picture's unknowns are counted from
}

type point2 struct{ x, y float64 }

// A mark is a piece of ink at its place in the grid.
type mark struct {
	*blob
	column, line int
}

func (g *grid) at(column, line float64) point2 {
	w := g.h[6]*column + g.h[7]*line + 1
	return point2{
		(g.h[0]*column+g.h[1]*line+g.h[2])/w*scale + g.around.x,
		(g.h[3]*column+g.h[4]*line+g.h[5])/w*scale + g.around.y,
	}
}

// scale brings pixels near to one, for the sake of the equations.
const scale = 500

// groups lists the sets of rows that may be a zone, from top to bottom: three
// or two at even distances, the heaviest first.
func groups(all []*row) [][]*row {
	below := func(a, b *row) (gap float64, ok bool) {
		x := (a.middle() + b.middle()) / 2
		gap = b.y(x) - a.y(x)
		h := (a.h + b.h) / 2
		la, lb := a.pieces[len(a.pieces)-1].x-a.pieces[0].x, b.pieces[len(b.pieces)-1].x-b.pieces[0].x
		return gap, gap > 1.1*h && gap < 3.8*h && math.Abs(a.b-b.b) < .12 &&
			math.Abs(a.middle()-b.middle()) < .3*min(la, lb)+2*h && max(a.h, b.h) < 1.5*min(a.h, b.h)
	}
	var out [][]*row
	for _, a := range all {
		for _, b := range all {
			gap, ok := below(a, b)
			if !ok {
				continue
			}
			out = append(out, []*row{a, b})
			for _, c := range all {
				if next, ok := below(b, c); ok && math.Abs(next-gap) < .2*gap {
					out = append(out, []*row{a, b, c})
				}
			}
		}
	}
	weight := func(g []*row) (sum float64) {
		for _, r := range g {
			sum += r.weight
		}
		return sum
	}
	slices.SortStableFunc(out, func(a, b []*row) int { return cmp.Compare(weight(b), weight(a)) })
	return out[:min(len(out), maxGroups)]
}

// maxGroups bounds how many sets of rows are looked at.
const maxGroups = 8

// newGrid joins rows. Which place of a row stands under which of the row above
// is said by the upright; shift moves it by so many places.
func newGrid(rows []*row, shift int) *grid {
	g := &grid{lines: len(rows), around: point2{rows[0].middle(), rows[0].y(rows[0].middle())}}
	offset := 0
	for l, r := range rows {
		if l > 0 {
			offset += under(rows[l-1], r) + shift
		}
		for _, p := range r.pieces {
			g.marks = append(g.marks, mark{p.blob, p.place + offset, l})
		}
	}
	if !g.fit() {
		return nil
	}
	return g
}

// under tells which place of the upper row stands over the first place of the
// lower one, taking both as upright.
func under(upper, lower *row) int {
	a, okA := fitRuler(upper.pieces)
	b, okB := fitRuler(lower.pieces)
	if !okA || !okB {
		return 0
	}
	x := (upper.middle() + lower.middle()) / 2
	slope := (upper.b + lower.b) / 2
	gap := lower.y(x) - upper.y(x)
	return int(math.Round(a.place(x+slope*gap) - b.place(x)))
}

// fit finds the homography from the marks, the second time without those that
// stand off, and the height of the characters.
func (g *grid) fit() bool {
	for round := range 2 {
		s := newSystem(8)
		for _, m := range g.marks {
			c, l := float64(m.column), float64(m.line)
			x, y := (m.x-g.around.x)/scale, (m.y-g.around.y)/scale
			if p := g.at(c, l); round > 0 && math.Hypot(p.x-m.x, p.y-m.y) > .3*m.h {
				continue
			}
			s.add([]float64{c, l, 1, 0, 0, 0, -x * c, -x * l}, x, 1)
			s.add([]float64{0, 0, 0, c, l, 1, -y * c, -y * l}, y, 1)
		}
		v, ok := s.solve()
		if !ok {
			return false
		}
		copy(g.h[:], v)
	}
	g.lo, g.hi = math.MaxInt, math.MinInt
	for _, m := range g.marks {
		g.lo, g.hi = min(g.lo, m.column), max(g.hi, m.column)
	}
	for l := range g.lines { // a grid that folds is none
		for _, c := range []int{g.lo - 2, g.hi + 2} {
			if g.h[6]*float64(c)+g.h[7]*float64(l)+1 < .2 {
				return false
			}
		}
	}
	return g.measure()
}

// measure sets the height of the cells by the taller ones of the characters.
func (g *grid) measure() bool {
	var heights []float64
	for _, m := range g.marks {
		c, l := float64(m.column), float64(m.line)
		a, b := g.at(c-.5, l), g.at(c+.5, l)
		u, v := g.at(c, l-.25), g.at(c, l+.25)
		ex, ey, fx, fy := b.x-a.x, b.y-a.y, 2*(v.x-u.x), 2*(v.y-u.y)
		det := ex*fy - ey*fx
		if det == 0 {
			return false
		}
		lo, hi := math.MaxFloat64, -math.MaxFloat64
		for _, r := range m.runs {
			for _, x := range [2]float64{float64(r.a), float64(r.b - 1)} {
				d := (ex*(float64(r.y)-m.y) - ey*(x-m.x)) / det
				lo, hi = min(lo, d), max(hi, d)
			}
		}
		heights = append(heights, hi-lo+1/math.Hypot(fx, fy))
	}
	const digit = .787 // a digit's height in a patch's
	g.tall = quantile(heights, .85) / digit
	return g.tall > .2 && g.tall < 1.5
}

// turned is the same grid, read upside down.
func (g *grid) turned() *grid {
	out := &grid{lines: g.lines, around: g.around}
	for _, m := range g.marks {
		out.marks = append(out.marks, mark{m.blob, -m.column, g.lines - 1 - m.line})
	}
	if !out.fit() {
		return nil
	}
	return out
}

// cell takes the patch of a place out of the picture.
func (g *grid) cell(pic *pyramid, column, line int) (p patch) {
	c, l := float64(column), float64(line)
	a, b := g.at(c-.5, l), g.at(c+.5, l)
	img, zoom := pic.of(math.Hypot(b.x-a.x, b.y-a.y) / patchW)
	for j := range patchH {
		y := l + ((float64(j)+.5)/patchH-.5)*g.tall
		for i := range patchW {
			q := g.at(c+(float64(i)+.5)/patchW-.5, y)
			p[j*patchW+i] = img.at((q.x+.5)/zoom-.5, (q.y+.5)/zoom-.5)
		}
	}
	return p
}

// A pyramid holds a picture in whole, half and quarter size.
type pyramid struct{ levels []*grey }

// of gives the picture in which so many pixels are about one.
func (p *pyramid) of(pixels float64) (img *grey, zoom float64) {
	n := 0
	for zoom = 1; pixels > 1.6 && n < 2; n++ {
		pixels, zoom = pixels/2, zoom*2
	}
	for len(p.levels) <= n {
		p.levels = append(p.levels, p.levels[len(p.levels)-1].half())
	}
	return p.levels[n], zoom
}
