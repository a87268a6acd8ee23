package solid

import "math"

// A Camera looks along -z at surfaces that are turned about a pivot.
type Camera struct {
	Width, Height int     // of the sensor, in pixels, supersampling included
	Distance      float64 // from the origin, cm
	Scale         float64 // pixels per cm at the origin's distance
	EyeX, EyeY    float64 // where the origin appears, in pixels
	Pose          Turn
	Pivot         Vec
}

func (c *Camera) place(p Vec) Vec { return c.Pose.Apply(p.Sub(c.Pivot)).Add(c.Pivot) }

// project gives pixel coordinates, and nearness: 1 at the origin, more in front.
func (c *Camera) project(p Vec) (x, y, near float64) {
	q := c.place(p)
	near = c.Distance / (c.Distance - q.Z)
	return c.EyeX + c.Scale*near*q.X, c.EyeY - c.Scale*near*q.Y, near
}

// Within is the camera's place in the coordinates of what it looks at.
func (c *Camera) Within() Vec {
	return c.Pose.Undo(Vec{0, 0, c.Distance}.Sub(c.Pivot)).Add(c.Pivot)
}

// A hit is what a pixel sees: a triangle and the place in it.
type hit struct {
	near          float32
	grid          int16 // index of the surface plus 1; 0: nothing
	half          int16 // which triangle of the cell
	cell          int32
	along, across float32
}

// A Sight is all hits of a picture, row by row.
type Sight struct {
	camera *Camera
	grids  []*Grid
	hits   []hit
}

// Look draws all surfaces, the nearest winning.
func Look(c *Camera, grids []*Grid) *Sight {
	s := &Sight{camera: c, grids: grids, hits: make([]hit, c.Width*c.Height)}
	for i, g := range grids {
		type spot struct{ x, y, near float64 }
		at := make([]spot, len(g.Pos))
		for v, p := range g.Pos {
			at[v].x, at[v].y, at[v].near = c.project(p)
		}
		for cell := range g.cells() {
			v := g.corners(cell)
			for half := range 2 {
				a, b, d := at[v[0]], at[v[1+half]], at[v[2+half]]
				s.triangle(hit{grid: int16(i + 1), half: int16(half), cell: int32(cell)}, g.TwoSided,
					[3]Vec{{a.x, a.y, a.near}, {b.x, b.y, b.near}, {d.x, d.y, d.near}})
			}
		}
	}
	return s
}

func (g *Grid) cells() int {
	if g.closed {
		return g.cols * (g.rows - 1)
	}
	return (g.cols - 1) * (g.rows - 1)
}

// corners are the vertices of a cell, counter-clockwise seen from outside; its
// two triangles are 0 1 2 and 0 2 3.
func (g *Grid) corners(cell int) [4]int {
	wide := g.cols
	if !g.closed {
		wide--
	}
	r, c := cell/wide, cell%wide
	next := g.beside(c, 1)
	return [4]int{r*g.cols + c, (r+1)*g.cols + c, (r+1)*g.cols + next, r*g.cols + next}
}

// A Spot is a place of a surface: where, facing where, and the light there.
type Spot struct {
	At, Normal Vec
	Light      RGB
}

// At returns what the pixel in column x and row y sees, given the light on the
// vertices of each surface; ok is false if it sees nothing.
func (s *Sight) At(x, y int, light [][]RGB) (p Paint, at Spot, ok bool) {
	h := &s.hits[y*s.camera.Width+x]
	if h.grid == 0 {
		return 0, Spot{}, false
	}
	g, l := s.grids[h.grid-1], light[h.grid-1]
	v := g.corners(int(h.cell))
	a, b, c := v[0], v[1+h.half], v[2+h.half]
	kb, kc := float64(h.along), float64(h.across)
	ka := 1 - kb - kc
	return g.Paint, Spot{
		At:     g.Pos[a].Times(ka).Add(g.Pos[b].Times(kb)).Add(g.Pos[c].Times(kc)),
		Normal: g.Nrm[a].Times(ka).Add(g.Nrm[b].Times(kb)).Add(g.Nrm[c].Times(kc)).Unit(),
		Light:  l[a].Times(ka).Add(l[b].Times(kb)).Add(l[c].Times(kc)),
	}, true
}

// triangle fills in the pixels whose middle lies in it and which see nothing nearer.
func (s *Sight) triangle(h hit, twoSided bool, p [3]Vec) {
	a, b, c := p[0], p[1], p[2]
	area := (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X)
	if area == 0 || area > 0 && !twoSided { // y runs downwards: outsides turn negative
		return
	}
	w, height := s.camera.Width, s.camera.Height
	x0, x1 := max(0, int(math.Ceil(min(a.X, b.X, c.X)-0.5))), min(w-1, int(math.Floor(max(a.X, b.X, c.X)-0.5)))
	y0, y1 := max(0, int(math.Ceil(min(a.Y, b.Y, c.Y)-0.5))), min(height-1, int(math.Floor(max(a.Y, b.Y, c.Y)-0.5)))
	inv := 1 / area
	for y := y0; y <= y1; y++ {
		fy := float64(y) + 0.5 - a.Y
		for x := x0; x <= x1; x++ {
			fx := float64(x) + 0.5 - a.X
			along := (fx*(c.Y-a.Y) - fy*(c.X-a.X)) * inv
			across := ((b.X-a.X)*fy - (b.Y-a.Y)*fx) * inv
			if along < 0 || across < 0 || along+across > 1 {
				continue
			}
			near := float32(a.Z + along*(b.Z-a.Z) + across*(c.Z-a.Z))
			if at := &s.hits[y*w+x]; near > at.near {
				*at = h
				at.near, at.along, at.across = near, float32(along), float32(across)
			}
		}
	}
}
