package quality

import (
	"image"
	"image/color"
	"math"
	"slices"
)

// A plate is the upright face, cut out at one size for all: unit pixels lie between
// the eyes, whose middle is at (plateWide/2, above). Values run from 0 to 255.
type plate struct {
	mid  Point   // of the eyes, in the picture
	x, y float64 // from a pixel of the plate to its right neighbour, in the picture
	rgb  [][3]float32
	luma []float32
	in   []bool // whether the place lies in the picture
}

const (
	unit      = 64 // pixels between the eyes: the least that a stream has
	plateWide = 3 * unit
	plateHigh = 3 * unit
	above     = unit
	maxTaps   = 6 // samples of a pixel in each direction, where it shrinks
)

// luminance is that of ITU-R BT.601, of display values, as in a JPEG.
func luminance(r, g, b float32) float32 { return 0.299*r + 0.587*g + 0.114*b }

// newPlate cuts out the face; ok is false if the eyes are not two places.
func newPlate(img image.Image, s Seen) (p *plate, ok bool) {
	a, b := s.Eyes[0].centre(), s.Eyes[1].centre()
	dx, dy := (b.X-a.X)/unit, (b.Y-a.Y)/unit
	scale := math.Hypot(dx, dy)
	if !(scale > 1e-3 && scale < 1e3) || math.Abs(a.X)+math.Abs(a.Y) > 1e5 {
		return nil, false
	}
	mid := middle(a, b)
	patch := newPatch(img, mid, plateWide*scale)
	p = &plate{mid: mid, x: dx, y: dy, rgb: make([][3]float32, plateWide*plateHigh), luma: make([]float32, plateWide*plateHigh), in: make([]bool, plateWide*plateHigh)}
	taps := min(max(int(math.Ceil(scale-0.01)), 1), maxTaps)
	for y := range plateHigh {
		for x := range plateWide {
			var sum [3]float32
			n := 0
			for t := range taps * taps {
				u := float64(x) + (float64(t%taps)+0.5)/float64(taps) - plateWide/2
				v := float64(y) + (float64(t/taps)+0.5)/float64(taps) - above
				if patch.add(Point{mid.X + u*dx - v*dy, mid.Y + u*dy + v*dx}, &sum) {
					n++
				}
			}
			i := y*plateWide + x
			if p.in[i] = n == taps*taps; p.in[i] {
				for c, v := range sum {
					p.rgb[i][c] = v / float32(n)
				}
				p.luma[i] = luminance(p.rgb[i][0], p.rgb[i][1], p.rgb[i][2])
			}
		}
	}
	return p, true
}

// place returns the indices of a part of the plate: around (x, y), in eye distances
// from the middle of the eyes, as far as w and h to each side. What lies beside the
// picture is left out.
func (p *plate) place(x, y, w, h float64) []int {
	at := func(v float64, from, limit int) int { return min(max(int(math.Round(v*unit))+from, 0), limit) }
	var out []int
	for j := at(y-h, above, plateHigh); j < at(y+h, above, plateHigh); j++ {
		for i := at(x-w, plateWide/2, plateWide); i < at(x+w, plateWide/2, plateWide); i++ {
			if p.in[j*plateWide+i] {
				out = append(out, j*plateWide+i)
			}
		}
	}
	return out
}

// on returns where a place of the picture lies, in eye distances from the middle of
// the eyes, to the right and downwards.
func (p *plate) on(at Point) Point {
	dx, dy := at.X-p.mid.X, at.Y-p.mid.Y
	d := (p.x*p.x + p.y*p.y) * unit
	return Point{(dx*p.x + dy*p.y) / d, (dy*p.x - dx*p.y) / d}
}

// inside returns the indices of the plate that an outline of the picture goes round.
func (p *plate) inside(outline []Point) []int {
	var ring []Point
	for _, q := range outline {
		q = p.on(q)
		ring = append(ring, Point{q.X*unit + plateWide/2, q.Y*unit + above})
	}
	var out []int
	for y := range plateHigh {
		var cuts []float64
		for i, q := range ring {
			r := ring[(i+1)%len(ring)]
			if v := float64(y) + 0.5; (q.Y > v) != (r.Y > v) {
				cuts = append(cuts, q.X+(v-q.Y)/(r.Y-q.Y)*(r.X-q.X))
			}
		}
		slices.Sort(cuts)
		for i := 0; i+1 < len(cuts); i += 2 {
			for x := int(max(cuts[i], 0)); x < plateWide && float64(x) < cuts[i+1]; x++ {
				if p.in[y*plateWide+x] {
					out = append(out, y*plateWide+x)
				}
			}
		}
	}
	return out
}

// A patch is a part of a picture as bytes.
type patch struct {
	box image.Rectangle
	pix []uint8
}

// newPatch copies what of the picture lies within reach of a place.
func newPatch(img image.Image, mid Point, reach float64) *patch {
	x, y, r := int(mid.X), int(mid.Y), int(reach)+2
	b := img.Bounds()
	box := image.Rect(x-r, y-r, x+r, y+r).Intersect(image.Rect(0, 0, b.Dx(), b.Dy()))
	p := &patch{box, make([]uint8, 0, 3*box.Dx()*box.Dy())}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			r, g, b := at(img, x+b.Min.X, y+b.Min.Y)
			p.pix = append(p.pix, r, g, b)
		}
	}
	return p
}

// at reads one pixel, quickly of the kind that most JPEGs are.
func at(img image.Image, x, y int) (r, g, b uint8) {
	if img, ok := img.(*image.YCbCr); ok {
		i, j := img.YOffset(x, y), img.COffset(x, y)
		return color.YCbCrToRGB(img.Y[i], img.Cb[j], img.Cr[j])
	}
	cr, cg, cb, _ := img.At(x, y).RGBA()
	return uint8(cr >> 8), uint8(cg >> 8), uint8(cb >> 8)
}

// add adds the value between four pixels; false if the place is beside the picture.
func (p *patch) add(at Point, sum *[3]float32) bool {
	x, y := at.X-float64(p.box.Min.X), at.Y-float64(p.box.Min.Y)
	w, h := p.box.Dx(), p.box.Dy()
	if !(x >= 0 && y >= 0 && x < float64(w) && y < float64(h)) {
		return false
	}
	x, y = max(x-0.5, 0), max(y-0.5, 0)
	x0, y0 := int(x), int(y)
	fx, fy := float32(x)-float32(x0), float32(y)-float32(y0)
	x1, y1 := min(x0+1, w-1), min(y0+1, h-1)
	a, b := p.pix[3*(y0*w+x0):], p.pix[3*(y0*w+x1):]
	c, d := p.pix[3*(y1*w+x0):], p.pix[3*(y1*w+x1):]
	for i := range sum {
		top := float32(a[i]) + (float32(b[i])-float32(a[i]))*fx
		low := float32(c[i]) + (float32(d[i])-float32(c[i]))*fx
		sum[i] += top + (low-top)*fy
	}
	return true
}
