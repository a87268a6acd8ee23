// Package quick is what package clip needs to draw fast: colours of surfaces in
// pictures, and light from all around as few numbers.
package quick

import (
	"math"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// Terms is the number of spherical functions of second order. Light on a matt
// surface hardly needs more (Ramamoorthi and Hanrahan 2001: within 1 %).
const Terms = 9

// A Tint is a colour or an amount of light, linear; light is in lux.
type Tint [3]float32

// TintOf makes one of a colour.
func TintOf(c solid.RGB) Tint { return Tint{float32(c.R), float32(c.G), float32(c.B)} }

// A Texture is the colours of a surface, Detail times finer than its mesh.
type Texture struct {
	Width, Height int
	Detail        float32
	Closed        bool // the last column meets the first
	Texels        []Tint
}

// At returns the colour at a place in vertices, smoothly.
func (t *Texture) At(u, v float32) Tint {
	u, v = u*t.Detail, v*t.Detail
	x, y := int(u), min(int(v), t.Height-1)
	u, v = u-float32(x), v-float32(y)
	x1, y1 := x+1, min(y+1, t.Height-1)
	if x1 >= t.Width {
		x, x1 = t.Width-1, t.Width-1
		if t.Closed {
			x1 = 0
		}
	}
	a, b := &t.Texels[y*t.Width+x], &t.Texels[y*t.Width+x1]
	c, d := &t.Texels[y1*t.Width+x], &t.Texels[y1*t.Width+x1]
	p, q, r, s := (1-u)*(1-v), u*(1-v), (1-u)*v, u*v
	return Tint{
		p*a[0] + q*b[0] + r*c[0] + s*d[0],
		p*a[1] + q*b[1] + r*c[1] + s*d[1],
		p*a[2] + q*b[2] + r*c[2] + s*d[2],
	}
}

// Harmonics are the spherical functions up to the second order, unnormalised.
func Harmonics(d solid.Vec) [Terms]float64 {
	return [Terms]float64{1, d.X, d.Y, d.Z, d.X * d.Y, d.Y * d.Z, d.X * d.Z, d.X*d.X - d.Y*d.Y, 3*d.Z*d.Z - 1}
}

// A Transfer turns how free a vertex is towards a set of directions into terms.
type Transfer struct {
	dirs  []solid.Vec
	solve [][Terms]float64 // the least-squares inverse of the harmonics
}

// NewTransfer makes one of directions.
func NewTransfer(dirs []solid.Vec) *Transfer {
	basis := make([][Terms]float64, len(dirs))
	var normal [Terms][2 * Terms]float64
	for k, d := range dirs {
		basis[k] = Harmonics(d)
		for i := range Terms {
			for j := range Terms {
				normal[i][j] += basis[k][i] * basis[k][j]
			}
		}
	}
	for i := range Terms {
		normal[i][Terms+i] = 1
		normal[i][i] += 1e-6
	}
	for i := range Terms { // Gauss and Jordan; the matrix is positive definite
		by := 1 / normal[i][i]
		for j := range normal[i] {
			normal[i][j] *= by
		}
		for r := range Terms {
			if f := normal[r][i]; r != i && f != 0 {
				for j := range normal[r] {
					normal[r][j] -= f * normal[i][j]
				}
			}
		}
	}
	t := &Transfer{dirs: dirs, solve: make([][Terms]float64, len(dirs))}
	for k := range dirs {
		for i := range Terms {
			for j := range Terms {
				t.solve[k][i] += normal[i][Terms+j] * basis[k][j]
			}
		}
	}
	return t
}

// Of are the terms of one vertex; wrap is how far light reaches beyond the edge
// of shadow. free may be nil: nothing stands in the way.
func (t *Transfer) Of(normal solid.Vec, free []uint8, wrap float64) (out [Terms]float32) {
	var sum [Terms]float64
	for k, d := range t.dirs {
		cos := normal.Dot(d)
		if cos <= -wrap || free != nil && free[k] == 0 {
			continue
		}
		f := (cos + wrap) / (1 + wrap)
		if free != nil {
			f *= float64(free[k]) / 255
		}
		for i := range Terms {
			sum[i] += f * t.solve[k][i]
		}
	}
	for i := range Terms {
		out[i] = float32(sum[i])
	}
	return out
}

// Facing is how free a vertex is towards the camera, before which the screen is.
func (t *Transfer) Facing(free []uint8) float32 {
	sum, all := 0.0, 0.0
	for k, d := range t.dirs {
		w := math.Exp(14 * (d.Z - 1))
		sum, all = sum+w*float64(free[k])/255, all+w
	}
	return float32(sum / all)
}
