package virtual

import "math"

// A vec is a point or direction in centimetres: x to the picture's right, y up,
// z towards the camera. The origin lies inside the head, level with the eyes.
type vec struct{ x, y, z float64 }

func (a vec) add(b vec) vec            { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec            { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) times(k float64) vec      { return vec{a.x * k, a.y * k, a.z * k} }
func (a vec) dot(b vec) float64        { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) length() float64          { return math.Sqrt(a.dot(a)) }
func (a vec) mix(b vec, k float64) vec { return a.add(b.sub(a).times(k)) }

func (a vec) cross(b vec) vec {
	return vec{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

func (a vec) unit() vec {
	if l := a.length(); l > 1e-12 {
		return a.times(1 / l)
	}
	return vec{0, 0, 1}
}

// An rgb is a colour in linear light, 1 being white.
type rgb struct{ r, g, b float64 }

func (a rgb) add(b rgb) rgb            { return rgb{a.r + b.r, a.g + b.g, a.b + b.b} }
func (a rgb) by(b rgb) rgb             { return rgb{a.r * b.r, a.g * b.g, a.b * b.b} }
func (a rgb) times(k float64) rgb      { return rgb{a.r * k, a.g * k, a.b * k} }
func (a rgb) luma() float64            { return 0.2126*a.r + 0.7152*a.g + 0.0722*a.b }
func (a rgb) mix(b rgb, k float64) rgb { return a.times(1 - k).add(b.times(k)) }

// A turn is a rotation, by rows.
type turn [3]vec

// turned looks yaw to the side, pitch up and rolls, all in radians.
func turned(yaw, pitch, roll float64) turn {
	sy, cy := math.Sincos(yaw)
	sp, cp := math.Sincos(pitch)
	sr, cr := math.Sincos(roll)
	return turn{
		{cr*cy + sr*sp*sy, -sr * cp, cr*sy - sr*sp*cy},
		{sr*cy - cr*sp*sy, cr * cp, sr*sy + cr*sp*cy},
		{-cp * sy, -sp, cp * cy},
	}
}

func (t turn) apply(v vec) vec { return vec{t[0].dot(v), t[1].dot(v), t[2].dot(v)} }

// undo applies the inverse rotation.
func (t turn) undo(v vec) vec {
	return t[0].times(v.x).add(t[1].times(v.y)).add(t[2].times(v.z))
}

// A spline is a smooth curve through knots of rising position; beyond the ends
// it is constant.
type spline []knot

type knot struct{ at, value float64 }

func (s spline) at(x float64) float64 {
	last := len(s) - 1
	if x <= s[0].at {
		return s[0].value
	}
	if x >= s[last].at {
		return s[last].value
	}
	i := 0
	for x > s[i+1].at {
		i++
	}
	h := s[i+1].at - s[i].at
	t := (x - s[i].at) / h
	m0, m1 := s.slope(i)*h, s.slope(i+1)*h
	t2, t3 := t*t, t*t*t
	return (2*t3-3*t2+1)*s[i].value + (t3-2*t2+t)*m0 + (3*t2-2*t3)*s[i+1].value + (t3-t2)*m1
}

func (s spline) slope(i int) float64 {
	a, b := max(i-1, 0), min(i+1, len(s)-1)
	return (s[b].value - s[a].value) / (s[b].at - s[a].at)
}

// step rises smoothly from 0 at a to 1 at b.
func step(a, b, x float64) float64 {
	t := max(0, min(1, (x-a)/(b-a)))
	return t * t * (3 - 2*t)
}

// bump is a bell of height 1 over two coordinates in standard deviations.
func bump(a, b float64) float64 {
	q := a*a + b*b
	if q > 18 {
		return 0
	}
	return math.Exp(-q / 2)
}

// A grain is a seed of value noise.
type grain uint32

func (g grain) lattice(x, y int) float64 {
	h := uint32(g) ^ uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	h ^= h >> 15
	return float64(h>>8) / (1 << 24)
}

// at is smooth noise in 0..1 with features of about one unit.
func (g grain) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx), int(fy)
	x, y = x-fx, y-fy
	x, y = x*x*(3-2*x), y*y*(3-2*y)
	a := g.lattice(ix, iy) + x*(g.lattice(ix+1, iy)-g.lattice(ix, iy))
	b := g.lattice(ix, iy+1) + x*(g.lattice(ix+1, iy+1)-g.lattice(ix, iy+1))
	return a + y*(b-a)
}

// rough sums three octaves of noise, in 0..1.
func (g grain) rough(x, y float64) float64 {
	return (g.at(x, y)*4 + (g+1).at(2*x, 2*y)*2 + (g+2).at(4*x, 4*y)) / 7
}
