// Package picture holds pictures as the face networks want them: RGB, three bytes
// a pixel, from which squares are cut, turned and scaled. It decodes nothing and
// knows nothing of faces.
package picture

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/tunnus-id/tunnus/face/tensor"
)

// MaxPixels bounds every picture that is looked at, 4 megapixels: enough for a
// portrait of a chip and for a frame of 1920x1080, and little enough that a
// progressive JPEG cannot ask for much memory.
const MaxPixels = 4 << 20

// A Picture is RGB, three bytes a pixel. Coordinates count from the top left
// corner of the top left pixel, so that the centre of that pixel is (0.5, 0.5).
type Picture struct {
	W, H int
	Pix  []uint8 // 3·W·H values
}

// New copies an image, dropping transparency; a Picture is returned as it is. It
// fails if there is none, or one of more than [MaxPixels].
func New(img image.Image) (*Picture, error) {
	if img == nil || img.Bounds().Empty() {
		return nil, errors.New("picture: no picture")
	}
	if p, ok := img.(*Picture); ok {
		return p, nil
	}
	b := img.Bounds()
	if b.Dx() > MaxPixels/b.Dy() {
		return nil, fmt.Errorf("picture: a picture of %dx%d is too large", b.Dx(), b.Dy())
	}
	p := &Picture{b.Dx(), b.Dy(), make([]uint8, 3*b.Dx()*b.Dy())}
	for y := range p.H {
		row(p.Pix[3*p.W*y:][:3*p.W], img, b.Min.X, b.Min.Y+y)
	}
	return p, nil
}

// row copies pixels from (x, y) on, quickly for the kinds that JPEG makes.
func row(out []uint8, img image.Image, x, y int) {
	n := len(out) / 3
	switch img := img.(type) {
	case *image.YCbCr:
		luma := img.Y[img.YOffset(x, y):][:n]
		for i, v := range luma {
			j := img.COffset(x+i, y)
			px := out[3*i:][:3]
			px[0], px[1], px[2] = color.YCbCrToRGB(v, img.Cb[j], img.Cr[j])
		}
	case *image.Gray:
		for i, v := range img.Pix[img.PixOffset(x, y):][:n] {
			px := out[3*i:][:3]
			px[0], px[1], px[2] = v, v, v
		}
	default:
		for i := range n {
			r, g, b, _ := img.At(x+i, y).RGBA()
			px := out[3*i:][:3]
			px[0], px[1], px[2] = uint8(r>>8), uint8(g>>8), uint8(b>>8)
		}
	}
}

// ColorModel implements [image.Image].
func (p *Picture) ColorModel() color.Model { return color.RGBAModel }

// Bounds implements [image.Image].
func (p *Picture) Bounds() image.Rectangle { return image.Rect(0, 0, p.W, p.H) }

// At implements [image.Image].
func (p *Picture) At(x, y int) color.Color {
	if !(image.Point{X: x, Y: y}).In(p.Bounds()) {
		return color.RGBA{}
	}
	px := p.Pix[3*(y*p.W+x):][:3]
	return color.RGBA{px[0], px[1], px[2], 255}
}

// Luminance is the luma of Rec. ITU-R BT.601, 0 to 255.
func Luminance[T uint8 | float32](r, g, b T) float64 {
	return 0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b)
}

// Inside returns the part of a box that lies in the picture; ok is false if that
// is less than a pixel.
func (p *Picture) Inside(b Box) (in Box, ok bool) {
	in = Box{max(b.Left, 0), max(b.Top, 0), min(b.Right, float64(p.W)), min(b.Bottom, float64(p.H))}
	return in, in.Width() >= 1 && in.Height() >= 1
}

// Light is the mean luminance, 0 to 255.
func (p *Picture) Light() float64 {
	sum := 0.0
	for i := 0; i < len(p.Pix); i += 3 {
		sum += Luminance(p.Pix[i], p.Pix[i+1], p.Pix[i+2])
	}
	return sum / float64(p.W*p.H)
}

// maxTaps bounds the samples a pixel of [Picture.Cut] takes in each direction.
const maxTaps = 8

// Cut draws the part of the picture that m maps a size x size square to, in
// values from 0 to 255. Where it shrinks, each pixel is the mean of several
// samples; what lies outside the picture is drawn as outside.
func (p *Picture) Cut(pool *tensor.Pool, size int, m Similarity, outside float32) *tensor.Tensor {
	out := pool.New(size, size, 3)
	taps := min(max(int(math.Ceil(m.Scale()-0.01)), 1), maxTaps)
	// Where the samples of a pixel lie, from its corner.
	var where [maxTaps * maxTaps]Point
	step, share := 1/float64(taps), 1/float32(taps*taps)
	for i := range taps * taps {
		dx, dy := (float64(i%taps)+0.5)*step, (float64(i/taps)+0.5)*step
		where[i] = Point{m.A*dx - m.B*dy, m.B*dx + m.A*dy}
	}
	px := out.Data
	for y := range size {
		for x := range size {
			corner := m.Apply(Point{float64(x), float64(y)})
			var sum [3]float32
			for _, w := range where[:taps*taps] {
				p.sample(corner.X+w.X, corner.Y+w.Y, outside, &sum)
			}
			px[0], px[1], px[2] = sum[0]*share, sum[1]*share, sum[2]*share
			px = px[3:]
		}
	}
	return out
}

// sample adds the value at a place between four pixels.
func (p *Picture) sample(x, y float64, outside float32, sum *[3]float32) {
	if !(x >= 0 && y >= 0 && x < float64(p.W) && y < float64(p.H)) {
		for c := range sum {
			sum[c] += outside
		}
		return
	}
	x, y = max(x-0.5, 0), max(y-0.5, 0)
	x0, y0 := int(x), int(y)
	fx, fy := float32(x)-float32(x0), float32(y)-float32(y0)
	at := 3 * (y0*p.W + x0)
	right, down := 3, 3*p.W
	if x0+1 == p.W {
		right = 0
	}
	if y0+1 == p.H {
		down = 0
	}
	a, b := p.Pix[at:][:3], p.Pix[at+right:][:3]
	c, d := p.Pix[at+down:][:3], p.Pix[at+down+right:][:3]
	wb, wc, wd := fx*(1-fy), fy*(1-fx), fx*fy
	wa := 1 - wb - wc - wd
	sum[0] += wa*float32(a[0]) + wb*float32(b[0]) + wc*float32(c[0]) + wd*float32(d[0])
	sum[1] += wa*float32(a[1]) + wb*float32(b[1]) + wc*float32(c[1]) + wd*float32(d[1])
	sum[2] += wa*float32(a[2]) + wb*float32(b[2]) + wc*float32(c[2]) + wd*float32(d[2])
}

// Square draws a box of the picture whole, in the middle of a size x size
// square, with black where the box is narrower. It returns how to get from the
// square to the picture.
func (p *Picture) Square(pool *tensor.Pool, b Box, size int) (*tensor.Tensor, Similarity) {
	part := p.Crop(b)
	side := float64(max(part.W, part.H))
	view := Similarity{A: side / float64(size), TX: (float64(part.W) - side) / 2, TY: (float64(part.H) - side) / 2}
	in := part.Cut(pool, size, view, 0)
	view.TX += math.Floor(b.Left)
	view.TY += math.Floor(b.Top)
	return in, view
}

// Crop copies the pixels that a box within the picture touches.
func (p *Picture) Crop(b Box) *Picture {
	left, top := int(b.Left), int(b.Top)
	right, bottom := min(int(math.Ceil(b.Right)), p.W), min(int(math.Ceil(b.Bottom)), p.H)
	out := &Picture{W: right - left, H: bottom - top}
	out.Pix = make([]uint8, 0, 3*out.W*out.H)
	for y := top; y < bottom; y++ {
		out.Pix = append(out.Pix, p.Pix[3*(y*p.W+left):3*(y*p.W+right)]...)
	}
	return out
}

// Mirror returns a copy with left and right changed.
func Mirror(pool *tensor.Pool, in *tensor.Tensor) *tensor.Tensor {
	out := pool.New(in.H, in.W, in.C)
	for i := 0; i < len(in.Data); i += in.C {
		x := i / in.C % in.W
		copy(out.Data[i+(in.W-1-2*x)*in.C:][:in.C], in.Data[i:])
	}
	return out
}
