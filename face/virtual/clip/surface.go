package clip

import (
	"github.com/tunnus-id/tunnus/face/virtual/quick"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// terms is how many numbers stand for light from all around.
const terms = quick.Terms

// A tint is a colour or an amount of light, linear; light is in lux.
type tint = quick.Tint

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

	skin quick.Texture
}

// cells are the mesh's quadrangles in a row; closed surfaces have one more.
func (s *surface) cells() int {
	if s.closed {
		return s.cols
	}
	return s.cols - 1
}

// How far light reaches into shadow, as in package solid.
const wrapRed, wrapRest = 0.30, 0.08

// relieve fills in what each vertex makes of light.
func (s *surface) relieve(t *quick.Transfer, free func(i int) []uint8) {
	n := len(s.pos)
	s.red, s.rest, s.front = make([][terms]float32, n), make([][terms]float32, n), make([]float32, n)
	for i, normal := range s.nrm {
		f := free(i)
		s.red[i], s.rest[i] = t.Of(normal, f, wrapRed), t.Of(normal, f, wrapRest)
		s.front[i] = 1
		if f != nil {
			s.front[i] = t.Facing(f)
		}
	}
}
