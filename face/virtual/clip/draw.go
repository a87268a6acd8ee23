package clip

import (
	"math"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A lens is where the camera is: on the z axis, looking at the origin.
type lens struct {
	width, height int
	focal         float64 // pixels
	distance      float64 // of the origin, cm
	x, y          float64 // where the origin appears, pixels
}

// project gives pixels, and nearness: 1 at the origin, more in front.
func (l *lens) project(p solid.Vec) (x, y, near float64) {
	near = l.distance / (l.distance - p.Z)
	k := l.focal / l.distance * near
	return l.x + k*p.X, l.y - k*p.Y, near
}

// A body is surfaces that move as one.
type body struct {
	surfaces []*surface
	turn     solid.Turn
	pivot    solid.Vec
	shift    solid.Vec // after the turn, cm
	paper    bool      // a thing: it neither blinks nor has eyes that mirror
}

func (b *body) place(p solid.Vec) solid.Vec {
	return b.turn.Apply(p.Sub(b.pivot)).Add(b.pivot).Add(b.shift)
}

// A vertex is what a frame knows of one: where it is seen, and its light.
type vertex struct {
	x, y, near float32
	light      tint    // ambient, lux
	screen     float32 // lux of a screen that gives 1 cd/m² everywhere
	sheen      float32 // the share of that which comes back as by varnish
}

// A drawn is a surface in a frame.
type drawn struct {
	*surface
	at    []vertex
	cloth tint
}

// A hit is what a pixel sees: a triangle, and the place in it.
type hit struct {
	near          float32
	surface       int16 // index plus 1; 0: nothing
	half          int16
	cell          int32
	along, across float32
}

// A canvas is one picture while it is drawn, in planes of linear light.
type canvas struct {
	width, height int
	hits          []hit
	ambient       [3][]float32 // what the pixels send of the ambient light
	screen        [3][]float32 // and of each lux of the screen's light
	spare         []float32
}

func newCanvas(w, h int) *canvas {
	c := &canvas{width: w, height: h, hits: make([]hit, w*h), spare: make([]float32, w*h)}
	for k := range 3 {
		c.ambient[k], c.screen[k] = make([]float32, w*h), make([]float32, w*h)
	}
	return c
}

// raster finds out what each pixel sees.
func (c *canvas) raster(all []drawn) {
	clear(c.hits)
	for i := range all {
		d := &all[i]
		wide := d.cells()
		for r := range d.rows - 1 {
			for col := range wide {
				next := col + 1
				if next == d.cols {
					next = 0
				}
				v := [4]int{r*d.cols + col, (r+1)*d.cols + col, (r+1)*d.cols + next, r*d.cols + next}
				h := hit{surface: int16(i + 1), cell: int32(r*wide + col)}
				c.triangle(h, d.twoSided, &d.at[v[0]], &d.at[v[1]], &d.at[v[2]])
				h.half = 1
				c.triangle(h, d.twoSided, &d.at[v[0]], &d.at[v[2]], &d.at[v[3]])
			}
		}
	}
}

// triangle fills in the pixels whose middle lies in it and which see nothing nearer.
func (c *canvas) triangle(h hit, twoSided bool, p, q, s *vertex) {
	area := (q.x-p.x)*(s.y-p.y) - (q.y-p.y)*(s.x-p.x)
	if area == 0 || area > 0 && !twoSided { // y runs downwards: outsides turn negative
		return
	}
	x0, x1 := max(0, ceil(min(p.x, q.x, s.x)-0.5)), min(c.width-1, floor(max(p.x, q.x, s.x)-0.5))
	y0, y1 := max(0, ceil(min(p.y, q.y, s.y)-0.5)), min(c.height-1, floor(max(p.y, q.y, s.y)-0.5))
	if x0 > x1 || y0 > y1 {
		return
	}
	inv := 1 / area
	ax, bx := (s.y-p.y)*inv, -(q.y-p.y)*inv
	dn, dm := q.near-p.near, s.near-p.near
	for y := y0; y <= y1; y++ {
		fx, fy := float32(x0)+0.5-p.x, float32(y)+0.5-p.y
		along := fx*ax - fy*(s.x-p.x)*inv
		across := fx*bx + fy*(q.x-p.x)*inv
		row := c.hits[y*c.width+x0 : y*c.width+x1+1]
		for i := range row {
			if along >= 0 && across >= 0 && along+across <= 1 {
				if near := p.near + along*dn + across*dm; near > row[i].near {
					h.near, h.along, h.across = near, along, across
					row[i] = h
				}
			}
			along += ax
			across += bx
		}
	}
}

func floor(v float32) int { return int(math.Floor(float64(v))) }

func ceil(v float32) int { return int(math.Ceil(float64(v))) }

// shade colours every pixel; back colours those that see nothing.
func (c *canvas) shade(all []drawn, back *backdrop) {
	ar, ag, ab := c.ambient[0], c.ambient[1], c.ambient[2]
	sr, sg, sb := c.screen[0], c.screen[1], c.screen[2]
	i := -1
	for y := range c.height {
		for x := range c.width {
			i++
			h := &c.hits[i]
			var a, s tint
			if h.surface == 0 {
				a, s = back.at(x, y)
			} else {
				a, s = all[h.surface-1].send(h)
				if a[0] < 0 { // a hole in a print
					a, s = back.at(x, y)
				}
			}
			ar[i], ag[i], ab[i] = a[0], a[1], a[2]
			sr[i], sg[i], sb[i] = s[0], s[1], s[2]
		}
	}
}

// send is what one pixel sends back of the ambient light, and of each cd/m² of
// the screen.
func (d *drawn) send(h *hit) (ambient, screen tint) {
	wide := int32(d.cells())
	r, col := int(h.cell/wide), int(h.cell%wide)
	next := col + 1
	if next == d.cols {
		next = 0
	}
	b, c, kb, kc := h.along, h.across, (r+1)*d.cols+col, (r+1)*d.cols+next
	u, v := float32(col)+h.across, float32(r)+h.along+h.across
	if h.half == 1 {
		kb, kc = (r+1)*d.cols+next, r*d.cols+next
		u, v = float32(col)+h.along+h.across, float32(r)+h.along
	}
	p, q, s := &d.at[r*d.cols+col], &d.at[kb], &d.at[kc]
	a := 1 - b - c
	colour := d.skin.At(u, v)
	if d.surface.cloth {
		for k := range 3 {
			colour[k] *= d.cloth[k]
		}
	}
	lit := a*p.screen + b*q.screen + c*s.screen
	sheen := a*p.sheen + b*q.sheen + c*s.sheen
	for k := range 3 {
		light := a*p.light[k] + b*q.light[k] + c*s.light[k]
		if d.shine > 0 { // it shines by itself behind glass
			ambient[k], screen[k] = d.shine*colour[k]+d.gloss*light, d.gloss*lit
			continue
		}
		ambient[k] = colour[k] * light
		screen[k] = colour[k]*lit + sheen
	}
	return ambient, screen
}
