package virtual

import "math"

// A camera looks along -z at a head that is turned about the base of its neck.
type camera struct {
	width, height int     // of the sensor, in pixels, supersampling included
	distance      float64 // from the origin, cm
	scale         float64 // pixels per cm at the origin's distance
	eyeX, eyeY    float64 // where the origin appears, in pixels
	pose          turn
}

var pivot = vec{0, -9, -3}

func (c *camera) place(p vec) vec { return c.pose.apply(p.sub(pivot)).add(pivot) }

// project gives pixel coordinates, and nearness: 1 at the origin, more in front.
func (c *camera) project(p vec) (x, y, near float64) {
	q := c.place(p)
	near = c.distance / (c.distance - q.z)
	return c.eyeX + c.scale*near*q.x, c.eyeY - c.scale*near*q.y, near
}

// inHead is the camera's place as the head sees it.
func (c *camera) inHead() vec {
	return c.pose.undo(vec{0, 0, c.distance}.sub(pivot)).add(pivot)
}

// A hit is what a pixel sees: a triangle and the place in it.
type hit struct {
	near          float32
	grid          int16 // index of the surface plus 1; 0: nothing
	half          int16 // which triangle of the cell
	cell          int32
	along, across float32
}

// A sight is all hits of a picture, row by row.
type sight struct {
	camera *camera
	hits   []hit
}

// look draws all surfaces, the nearest winning.
func look(c *camera, grids []*grid) *sight {
	s := &sight{camera: c, hits: make([]hit, c.width*c.height)}
	for i, g := range grids {
		type spot struct{ x, y, near float64 }
		at := make([]spot, len(g.pos))
		for v, p := range g.pos {
			at[v].x, at[v].y, at[v].near = c.project(p)
		}
		for cell := range g.cells() {
			v := g.corners(cell)
			for half := range 2 {
				a, b, d := at[v[0]], at[v[1+half]], at[v[2+half]]
				s.triangle(hit{grid: int16(i + 1), half: int16(half), cell: int32(cell)}, g.twoSided,
					[3]vec{{a.x, a.y, a.near}, {b.x, b.y, b.near}, {d.x, d.y, d.near}})
			}
		}
	}
	return s
}

func (g *grid) cells() int {
	if g.closed {
		return g.cols * (g.rows - 1)
	}
	return (g.cols - 1) * (g.rows - 1)
}

// corners are the vertices of a cell, counter-clockwise seen from outside; its
// two triangles are 0 1 2 and 0 2 3.
func (g *grid) corners(cell int) [4]int {
	wide := g.cols
	if !g.closed {
		wide--
	}
	r, c := cell/wide, cell%wide
	next := g.beside(c, 1)
	return [4]int{r*g.cols + c, (r+1)*g.cols + c, (r+1)*g.cols + next, r*g.cols + next}
}

// triangle fills in the pixels whose middle lies in it and which see nothing nearer.
func (s *sight) triangle(h hit, twoSided bool, p [3]vec) {
	a, b, c := p[0], p[1], p[2]
	area := (b.x-a.x)*(c.y-a.y) - (b.y-a.y)*(c.x-a.x)
	if area == 0 || area > 0 && !twoSided { // y runs downwards: outsides turn negative
		return
	}
	w, height := s.camera.width, s.camera.height
	x0, x1 := max(0, int(math.Ceil(min(a.x, b.x, c.x)-0.5))), min(w-1, int(math.Floor(max(a.x, b.x, c.x)-0.5)))
	y0, y1 := max(0, int(math.Ceil(min(a.y, b.y, c.y)-0.5))), min(height-1, int(math.Floor(max(a.y, b.y, c.y)-0.5)))
	inv := 1 / area
	for y := y0; y <= y1; y++ {
		fy := float64(y) + 0.5 - a.y
		for x := x0; x <= x1; x++ {
			fx := float64(x) + 0.5 - a.x
			along := (fx*(c.y-a.y) - fy*(c.x-a.x)) * inv
			across := ((b.x-a.x)*fy - (b.y-a.y)*fx) * inv
			if along < 0 || across < 0 || along+across > 1 {
				continue
			}
			near := float32(a.z + along*(b.z-a.z) + across*(c.z-a.z))
			if at := &s.hits[y*w+x]; near > at.near {
				*at = h
				at.near, at.along, at.across = near, float32(along), float32(across)
			}
		}
	}
}
