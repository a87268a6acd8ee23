package picture

import "math"

// A Point is a place in a picture, in pixels from the top left corner.
type Point struct{ X, Y float64 }

// Distance returns the pixels between two points.
func (p Point) Distance(q Point) float64 { return math.Hypot(p.X-q.X, p.Y-q.Y) }

// Centre returns the mean of some points.
func Centre(points []Point) Point {
	var c Point
	for _, p := range points {
		c.X += p.X
		c.Y += p.Y
	}
	return Point{c.X / float64(len(points)), c.Y / float64(len(points))}
}

// A Box is a rectangle in a picture, in pixels. It may reach beyond the picture.
type Box struct{ Left, Top, Right, Bottom float64 }

// Width returns the box's width in pixels.
func (b Box) Width() float64 { return b.Right - b.Left }

// Height returns the box's height in pixels.
func (b Box) Height() float64 { return b.Bottom - b.Top }

// A Similarity maps (x, y) to (a·x - b·y + tx, b·x + a·y + ty): it turns,
// scales and moves, and never mirrors.
type Similarity struct{ A, B, TX, TY float64 }

// Apply returns where a point goes.
func (s Similarity) Apply(p Point) Point {
	return Point{s.A*p.X - s.B*p.Y + s.TX, s.B*p.X + s.A*p.Y + s.TY}
}

// Scale tells how much longer distances become.
func (s Similarity) Scale() float64 { return math.Hypot(s.A, s.B) }

// Fit returns the similarity that maps from to to with the least sum of
// squares: linear regression in complex numbers.
func Fit(from, to []Point) Similarity {
	cf, ct := Centre(from), Centre(to)
	var a, b, norm float64
	for i := range from {
		x, y := from[i].X-cf.X, from[i].Y-cf.Y
		u, v := to[i].X-ct.X, to[i].Y-ct.Y
		a += x*u + y*v
		b += x*v - y*u
		norm += x*x + y*y
	}
	s := Similarity{A: a / norm, B: b / norm}
	moved := s.Apply(cf)
	s.TX, s.TY = ct.X-moved.X, ct.Y-moved.Y
	return s
}

// Box returns where a box goes that is given in parts of a square of size
// pixels; the map must not turn.
func (s Similarity) Box(b Box, size float64) Box {
	p, q := s.Apply(Point{b.Left * size, b.Top * size}), s.Apply(Point{b.Right * size, b.Bottom * size})
	return Box{p.X, p.Y, q.X, q.Y}
}
