package clip

import (
	"math"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// terms is the number of spherical functions of second order. Light on a matt
// surface hardly needs more (Ramamoorthi and Hanrahan 2001: within 1 %).
const terms = 9

// A tint is a colour or an amount of light, linear; light is in lux.
type tint [3]float32

func tintOf(c solid.RGB) tint { return tint{float32(c.R), float32(c.G), float32(c.B)} }

// A surface is one that is drawn fast: a mesh of few vertices, a picture of its
// colours, and what each vertex makes of light from anywhere.
type surface struct {
	cols, rows       int
	closed, twoSided bool
	cloth            bool
	gloss            float32 // share of light sent back as by varnish or glass
	shine            float32 // of a screen: the light it sends where it is white, like lux
	pos, nrm         []solid.Vec
	// red and rest are how much of the ambient light's terms a vertex receives:
	// skin lets red through further.
	red, rest [][terms]float32
	front     []float32 // how free it is towards the camera, 0 to 1

	skin texture
}

// A texture is the colours of a surface, detail times finer than its mesh.
type texture struct {
	width, height int
	detail        float32
	closed        bool // the last column meets the first
	texels        []tint
}

// at returns the colour at a place in vertices, smoothly.
func (t *texture) at(u, v float32) tint {
	u, v = u*t.detail, v*t.detail
	x, y := int(u), min(int(v), t.height-1)
	u, v = u-float32(x), v-float32(y)
	x1, y1 := x+1, min(y+1, t.height-1)
	if x1 >= t.width {
		x, x1 = t.width-1, t.width-1
		if t.closed {
			x1 = 0
		}
	}
	a, b := &t.texels[y*t.width+x], &t.texels[y*t.width+x1]
	c, d := &t.texels[y1*t.width+x], &t.texels[y1*t.width+x1]
	p, q, r, s := (1-u)*(1-v), u*(1-v), (1-u)*v, u*v
	return tint{
		p*a[0] + q*b[0] + r*c[0] + s*d[0],
		p*a[1] + q*b[1] + r*c[1] + s*d[1],
		p*a[2] + q*b[2] + r*c[2] + s*d[2],
	}
}

// cells are the mesh's quadrangles in a row; closed surfaces have one more.
func (s *surface) cells() int {
	if s.closed {
		return s.cols
	}
	return s.cols - 1
}

// harmonics are the spherical functions up to the second order, unnormalised.
func harmonics(d solid.Vec) [terms]float64 {
	return [terms]float64{1, d.X, d.Y, d.Z, d.X * d.Y, d.Y * d.Z, d.X * d.Z, d.X*d.X - d.Y*d.Y, 3*d.Z*d.Z - 1}
}

// A transfer turns how free a vertex is towards a set of directions into terms.
type transfer struct {
	dirs  []solid.Vec
	solve [][terms]float64 // the least-squares inverse of the harmonics
}

func newTransfer(dirs []solid.Vec) *transfer {
	basis := make([][terms]float64, len(dirs))
	var normal [terms][2 * terms]float64
	for k, d := range dirs {
		basis[k] = harmonics(d)
		for i := range terms {
			for j := range terms {
				normal[i][j] += basis[k][i] * basis[k][j]
			}
		}
	}
	for i := range terms {
		normal[i][terms+i] = 1
		normal[i][i] += 1e-6
	}
	for i := range terms { // Gauss and Jordan; the matrix is positive definite
		by := 1 / normal[i][i]
		for j := range normal[i] {
			normal[i][j] *= by
		}
		for r := range terms {
			if f := normal[r][i]; r != i && f != 0 {
				for j := range normal[r] {
					normal[r][j] -= f * normal[i][j]
				}
			}
		}
	}
	t := &transfer{dirs: dirs, solve: make([][terms]float64, len(dirs))}
	for k := range dirs {
		for i := range terms {
			for j := range terms {
				t.solve[k][i] += normal[i][terms+j] * basis[k][j]
			}
		}
	}
	return t
}

// of are the terms of one vertex; wrap is how far light reaches beyond the edge
// of shadow. free may be nil: nothing stands in the way.
func (t *transfer) of(normal solid.Vec, free []uint8, wrap float64) (out [terms]float32) {
	var sum [terms]float64
	for k, d := range t.dirs {
		cos := normal.Dot(d)
		if cos <= -wrap || free != nil && free[k] == 0 {
			continue
		}
		f := (cos + wrap) / (1 + wrap)
		if free != nil {
			f *= float64(free[k]) / 255
		}
		for i := range terms {
			sum[i] += f * t.solve[k][i]
		}
	}
	for i := range terms {
		out[i] = float32(sum[i])
	}
	return out
}

// facing is how free a vertex is towards the camera, before which the screen is.
func (t *transfer) facing(free []uint8) float32 {
	sum, all := 0.0, 0.0
	for k, d := range t.dirs {
		w := math.Exp(14 * (d.Z - 1))
		sum, all = sum+w*float64(free[k])/255, all+w
	}
	return float32(sum / all)
}

// How far light reaches into shadow, as in package solid.
const wrapRed, wrapRest = 0.30, 0.08

// relieve fills in what each vertex makes of light.
func (s *surface) relieve(t *transfer, free func(i int) []uint8) {
	n := len(s.pos)
	s.red, s.rest, s.front = make([][terms]float32, n), make([][terms]float32, n), make([]float32, n)
	for i, normal := range s.nrm {
		f := free(i)
		s.red[i], s.rest[i] = t.of(normal, f, wrapRed), t.of(normal, f, wrapRest)
		s.front[i] = 1
		if f != nil {
			s.front[i] = t.facing(f)
		}
	}
}
