package quality

import (
	"image"
	"math"
	"slices"

	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// A plate is the upright face, cut out at one size for all: unit pixels lie between
// the eyes, whose middle is above pixels from the top. Values run from 0 to 255, and
// are below 0 beside the picture.
type plate struct {
	view picture.Similarity // from the plate to the picture
	rgb  []float32
	luma []float64
}

const (
	unit    = 64       // pixels between the eyes: the least that a stream has
	side    = 3 * unit // of the plate
	above   = unit
	outside = -1e5
)

// newPlate cuts out the face; ok is false if the eyes are not two places.
func newPlate(img image.Image, s Seen) (p *plate, ok bool) {
	a, b := s.Eyes[0].centre(), s.Eyes[1].centre()
	mid := middle(a, b)
	view := picture.Similarity{A: (b.X - a.X) / unit, B: (b.Y - a.Y) / unit}
	if scale := view.Scale(); !(scale > 1e-3 && scale < 1e3) || math.Abs(mid.X)+math.Abs(mid.Y) > 1e5 {
		return nil, false
	}
	pic, err := picture.New(img)
	if err != nil {
		return nil, false
	}
	view.TX = mid.X - view.A*side/2 + view.B*above
	view.TY = mid.Y - view.B*side/2 - view.A*above
	p = &plate{view: view, rgb: pic.Cut(&tensor.Pool{}, side, view, outside).Data}
	for i := 0; i < len(p.rgb); i += 3 {
		p.luma = append(p.luma, picture.Luminance(p.rgb[i], p.rgb[i+1], p.rgb[i+2]))
	}
	return p, true
}

// in reports whether a pixel lies in the picture.
func (p *plate) in(i int) bool { return p.luma[i] >= 0 }

// place returns the indices of a part of the plate: around (x, y), in eye distances
// from the middle of the eyes, as far as w and h to each side. What lies beside the
// picture is left out.
func (p *plate) place(x, y, w, h float64) []int {
	at := func(v float64, from, limit int) int { return min(max(int(math.Round(v*unit))+from, 0), limit) }
	var out []int
	for j := at(y-h, above, side); j < at(y+h, above, side); j++ {
		for i := at(x-w, side/2, side); i < at(x+w, side/2, side); i++ {
			if p.in(j*side + i) {
				out = append(out, j*side+i)
			}
		}
	}
	return out
}

// on returns where a place of the picture lies, in eye distances from the middle of
// the eyes, to the right and downwards.
func (p *plate) on(at Point) Point {
	v := p.view
	x, y := at.X-v.TX, at.Y-v.TY
	n := v.A*v.A + v.B*v.B
	return Point{X: ((v.A*x+v.B*y)/n - side/2) / unit, Y: ((v.A*y-v.B*x)/n - above) / unit}
}

// inside returns the indices of the plate that an outline of the picture goes round.
func (p *plate) inside(outline []Point) []int {
	var ring []Point
	for _, q := range outline {
		q = p.on(q)
		ring = append(ring, Point{X: q.X*unit + side/2, Y: q.Y*unit + above})
	}
	var out []int
	for y := range side {
		var cuts []float64
		for i, q := range ring {
			r := ring[(i+1)%len(ring)]
			if v := float64(y) + 0.5; (q.Y > v) != (r.Y > v) {
				cuts = append(cuts, q.X+(v-q.Y)/(r.Y-q.Y)*(r.X-q.X))
			}
		}
		slices.Sort(cuts)
		for i := 0; i+1 < len(cuts); i += 2 {
			for x := int(max(cuts[i], 0)); x < side && float64(x) < cuts[i+1]; x++ {
				if p.in(y*side + x) {
					out = append(out, y*side+x)
				}
			}
		}
	}
	return out
}
