package face

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/tunnus-id/tunnus/face/tensor"
)

// maxPixels bounds every picture that is looked at, 4 megapixels: enough for a
// portrait of a chip and for a frame of 1920x1080, and little enough that a
// progressive JPEG cannot ask for much memory.
const maxPixels = 4 << 20

// A picture is RGB, three bytes a pixel. Coordinates count from the top left
// corner of the top left pixel, so that the centre of that pixel is (0.5, 0.5).
type picture struct {
	w, h int
	pix  []uint8
}

// newPicture copies an image; transparency is dropped.
func newPicture(img image.Image) (*picture, error) {
	if blank(img) {
		return nil, fmt.Errorf("face: no picture")
	}
	b := img.Bounds()
	if b.Dx() > maxPixels/b.Dy() {
		return nil, fmt.Errorf("face: a picture of %dx%d is too large", b.Dx(), b.Dy())
	}
	p := &picture{b.Dx(), b.Dy(), make([]uint8, 3*b.Dx()*b.Dy())}
	at := rgb(img)
	out := p.pix
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out[0], out[1], out[2] = at(x, y)
			out = out[3:]
		}
	}
	return p, nil
}

// light is the mean luminance, 0 to 255.
func (p *picture) light() float64 {
	sum := 0.0
	for i := 0; i < len(p.pix); i += 3 {
		sum += luminance(p.pix[i], p.pix[i+1], p.pix[i+2])
	}
	return sum / float64(p.w*p.h)
}

// rgb returns how to read one pixel, quickly for the kinds that JPEG makes.
func rgb(img image.Image) func(x, y int) (r, g, b uint8) {
	switch img := img.(type) {
	case *image.YCbCr:
		return func(x, y int) (r, g, b uint8) {
			i, j := img.YOffset(x, y), img.COffset(x, y)
			return color.YCbCrToRGB(img.Y[i], img.Cb[j], img.Cr[j])
		}
	case *image.Gray:
		return func(x, y int) (r, g, b uint8) {
			v := img.Pix[img.PixOffset(x, y)]
			return v, v, v
		}
	}
	return func(x, y int) (r, g, b uint8) {
		cr, cg, cb, _ := img.At(x, y).RGBA()
		return uint8(cr >> 8), uint8(cg >> 8), uint8(cb >> 8)
	}
}

// A similarity maps (x, y) to (a·x - b·y + tx, b·x + a·y + ty): it turns,
// scales and moves, and never mirrors.
type similarity struct{ a, b, tx, ty float64 }

func (s similarity) apply(p Point) Point {
	return Point{s.a*p.X - s.b*p.Y + s.tx, s.b*p.X + s.a*p.Y + s.ty}
}

func (s similarity) scale() float64 { return math.Hypot(s.a, s.b) }

// maxTaps bounds the samples a pixel of [picture.cut] takes in each direction.
const maxTaps = 8

// cut draws the part of the picture that m maps a size x size square to, in
// values from 0 to 255. Where it shrinks, each pixel is the mean of several
// samples; what lies outside the picture is drawn as outside.
func (p *picture) cut(pool *tensor.Pool, size int, m similarity, outside float32) *tensor.Tensor {
	out := pool.New(size, size, 3)
	taps := min(max(int(math.Ceil(m.scale()-0.01)), 1), maxTaps)
	step := 1 / float64(taps)
	px := out.Data
	for y := range size {
		for x := range size {
			var sum [3]float32
			for i := range taps * taps {
				at := m.apply(Point{float64(x) + (float64(i%taps)+0.5)*step, float64(y) + (float64(i/taps)+0.5)*step})
				p.sample(at, outside, &sum)
			}
			for c, s := range sum {
				px[c] = s / float32(taps*taps)
			}
			px = px[3:]
		}
	}
	return out
}

// sample adds the value at a place between four pixels.
func (p *picture) sample(at Point, outside float32, sum *[3]float32) {
	if !(at.X >= 0 && at.Y >= 0 && at.X < float64(p.w) && at.Y < float64(p.h)) {
		for c := range sum {
			sum[c] += outside
		}
		return
	}
	x, y := max(at.X-0.5, 0), max(at.Y-0.5, 0)
	x0, y0 := int(x), int(y)
	fx, fy := float32(x)-float32(x0), float32(y)-float32(y0)
	x1, y1 := min(x0+1, p.w-1), min(y0+1, p.h-1)
	a, b := p.pix[3*(y0*p.w+x0):][:3], p.pix[3*(y0*p.w+x1):][:3]
	c, d := p.pix[3*(y1*p.w+x0):][:3], p.pix[3*(y1*p.w+x1):][:3]
	for i := range sum {
		top := float32(a[i]) + (float32(b[i])-float32(a[i]))*fx
		low := float32(c[i]) + (float32(d[i])-float32(c[i]))*fx
		sum[i] += top + (low-top)*fy
	}
}

// square draws a box of the picture as the landmark network wants it: whole,
// in the middle of a square of 112x112, with black where the box is narrower. It
// returns how to get from the square to the picture.
func (p *picture) square(pool *tensor.Pool, b Box) (*tensor.Tensor, similarity) {
	part := p.crop(b)
	side := float64(max(part.w, part.h))
	view := similarity{a: side / landmarkSize, tx: (float64(part.w) - side) / 2, ty: (float64(part.h) - side) / 2}
	in := part.cut(pool, landmarkSize, view, 0)
	view.tx += math.Floor(b.Left)
	view.ty += math.Floor(b.Top)
	return in, view
}

// crop copies the pixels that a box within the picture touches.
func (p *picture) crop(b Box) *picture {
	left, top := int(b.Left), int(b.Top)
	right, bottom := min(int(math.Ceil(b.Right)), p.w), min(int(math.Ceil(b.Bottom)), p.h)
	out := &picture{w: right - left, h: bottom - top}
	out.pix = make([]uint8, 0, 3*out.w*out.h)
	for y := top; y < bottom; y++ {
		out.pix = append(out.pix, p.pix[3*(y*p.w+left):3*(y*p.w+right)]...)
	}
	return out
}

// mirror returns a copy with left and right changed.
func mirror(pool *tensor.Pool, in *tensor.Tensor) *tensor.Tensor {
	out := pool.New(in.H, in.W, in.C)
	for i := 0; i < len(in.Data); i += in.C {
		x := i / in.C % in.W
		copy(out.Data[i+(in.W-1-2*x)*in.C:][:in.C], in.Data[i:])
	}
	return out
}

// normalize takes mean from each channel and multiplies with factor, in place.
func normalize(t *tensor.Tensor, mean [3]float32, factor float32) *tensor.Tensor {
	for i := range t.Data {
		t.Data[i] = (t.Data[i] - mean[i%3]) * factor
	}
	return t
}
