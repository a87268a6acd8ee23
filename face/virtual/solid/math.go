package solid

import "math"

// A Vec is a point or direction in centimetres: X to the picture's right, Y up,
// Z towards the camera.
type Vec struct{ X, Y, Z float64 }

// XYZ makes a vector.
func XYZ(x, y, z float64) Vec { return Vec{x, y, z} }

// Add returns a + b.
func (a Vec) Add(b Vec) Vec { return Vec{a.X + b.X, a.Y + b.Y, a.Z + b.Z} }

// Sub returns a - b.
func (a Vec) Sub(b Vec) Vec { return Vec{a.X - b.X, a.Y - b.Y, a.Z - b.Z} }

// Times returns a stretched by k.
func (a Vec) Times(k float64) Vec { return Vec{a.X * k, a.Y * k, a.Z * k} }

// Dot returns the scalar product.
func (a Vec) Dot(b Vec) float64 { return a.X*b.X + a.Y*b.Y + a.Z*b.Z }

// Length returns the Euclidean norm.
func (a Vec) Length() float64 { return math.Sqrt(a.Dot(a)) }

// Mix goes the share k of the way from a to b.
func (a Vec) Mix(b Vec, k float64) Vec { return a.Add(b.Sub(a).Times(k)) }

// Cross returns the vector product.
func (a Vec) Cross(b Vec) Vec {
	return Vec{a.Y*b.Z - a.Z*b.Y, a.Z*b.X - a.X*b.Z, a.X*b.Y - a.Y*b.X}
}

// Unit returns a at length 1; of nothing, the direction towards the camera.
func (a Vec) Unit() Vec {
	if l := a.Length(); l > 1e-12 {
		return a.Times(1 / l)
	}
	return Vec{0, 0, 1}
}

// An RGB is a colour or an amount of light, linear, 1 being white.
type RGB struct{ R, G, B float64 }

// Tint makes a colour.
func Tint(r, g, b float64) RGB { return RGB{r, g, b} }

// Add returns a and b together.
func (a RGB) Add(b RGB) RGB { return RGB{a.R + b.R, a.G + b.G, a.B + b.B} }

// By returns what a surface of colour a sends back of light b.
func (a RGB) By(b RGB) RGB { return RGB{a.R * b.R, a.G * b.G, a.B * b.B} }

// Times returns k times as much light.
func (a RGB) Times(k float64) RGB { return RGB{a.R * k, a.G * k, a.B * k} }

// Luma returns the relative luminance (ITU-R BT.709).
func (a RGB) Luma() float64 { return 0.2126*a.R + 0.7152*a.G + 0.0722*a.B }

// Mix goes the share k of the way from a to b.
func (a RGB) Mix(b RGB, k float64) RGB { return a.Times(1 - k).Add(b.Times(k)) }

// A Turn is a rotation, by rows.
type Turn [3]Vec

// Turned looks yaw to the picture's right, pitch up and rolls, all in radians.
func Turned(yaw, pitch, roll float64) Turn {
	sy, cy := math.Sincos(yaw)
	sp, cp := math.Sincos(pitch)
	sr, cr := math.Sincos(roll)
	return Turn{
		{cr*cy + sr*sp*sy, -sr * cp, cr*sy - sr*sp*cy},
		{sr*cy - cr*sp*sy, cr * cp, sr*sy + cr*sp*cy},
		{-cp * sy, -sp, cp * cy},
	}
}

// Apply turns v.
func (t Turn) Apply(v Vec) Vec { return Vec{t[0].Dot(v), t[1].Dot(v), t[2].Dot(v)} }

// Undo turns v back.
func (t Turn) Undo(v Vec) Vec {
	return t[0].Times(v.X).Add(t[1].Times(v.Y)).Add(t[2].Times(v.Z))
}

// A Spline is a smooth curve through knots of rising position; beyond the ends
// it is constant.
type Spline []Knot

// A Knot is a position and the value there.
type Knot [2]float64

// At returns the value at x.
func (s Spline) At(x float64) float64 {
	last := len(s) - 1
	if x <= s[0][0] {
		return s[0][1]
	}
	if x >= s[last][0] {
		return s[last][1]
	}
	i := 0
	for x > s[i+1][0] {
		i++
	}
	h := s[i+1][0] - s[i][0]
	t := (x - s[i][0]) / h
	m0, m1 := s.slope(i)*h, s.slope(i+1)*h
	t2, t3 := t*t, t*t*t
	return (2*t3-3*t2+1)*s[i][1] + (t3-2*t2+t)*m0 + (3*t2-2*t3)*s[i+1][1] + (t3-t2)*m1
}

func (s Spline) slope(i int) float64 {
	a, b := max(i-1, 0), min(i+1, len(s)-1)
	return (s[b][1] - s[a][1]) / (s[b][0] - s[a][0])
}

// Step rises smoothly from 0 at a to 1 at b.
func Step(a, b, x float64) float64 {
	t := max(0, min(1, (x-a)/(b-a)))
	return t * t * (3 - 2*t)
}

// Bump is a bell of height 1 over two coordinates in standard deviations.
func Bump(a, b float64) float64 {
	q := a*a + b*b
	if q > 18 {
		return 0
	}
	return math.Exp(-q / 2)
}

// A Grain is a seed of value noise.
type Grain uint32

func (g Grain) lattice(x, y int) float64 {
	h := uint32(g) ^ uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	h ^= h >> 15
	return float64(h>>8) / (1 << 24)
}

// At is smooth noise in 0..1 with features of about one unit.
func (g Grain) At(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx), int(fy)
	x, y = x-fx, y-fy
	x, y = x*x*(3-2*x), y*y*(3-2*y)
	a := g.lattice(ix, iy) + x*(g.lattice(ix+1, iy)-g.lattice(ix, iy))
	b := g.lattice(ix, iy+1) + x*(g.lattice(ix+1, iy+1)-g.lattice(ix, iy+1))
	return a + y*(b-a)
}

// Rough sums three octaves of noise, in 0..1.
func (g Grain) Rough(x, y float64) float64 {
	return (g.At(x, y)*4 + (g+1).At(2*x, 2*y)*2 + (g+2).At(4*x, 4*y)) / 7
}
