package scan

import (
	"errors"
	"image"
)

// MaxPixels is the size over which a picture is refused.
const MaxPixels = 20 << 20

// maxSide is the longest side on which is worked: larger pictures are made
// smaller by a whole factor first.
const maxSide = 1600

// A grey is a picture without colour; 0 is black.
type grey struct {
	w, h int
	pix  []uint8
}

// newGrey takes the light of a picture.
func newGrey(img image.Image) (*grey, error) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if w < 64 || h < 32 {
		return nil, errors.New("the picture is too small")
	}
	if w > MaxPixels/h {
		return nil, errors.New("the picture has over 20 million pixels")
	}
	k := (max(w, h) + maxSide - 1) / maxSide
	g := &grey{w: w / k, h: h / k}
	g.pix = make([]uint8, g.w*g.h)
	row, sum := make([]uint8, w), make([]uint32, g.w)
	for y := range g.h {
		clear(sum)
		for dy := range k {
			lightOf(img, b.Min.Y+y*k+dy, row)
			for x := range sum {
				for _, v := range row[x*k : x*k+k] {
					sum[x] += uint32(v)
				}
			}
		}
		out := g.pix[y*g.w : (y+1)*g.w]
		for x, s := range sum {
			out[x] = uint8(s / uint32(k*k))
		}
	}
	return g, nil
}

// lightOf reads one row of a picture, fast where Go's decoders make it so.
func lightOf(img image.Image, y int, row []uint8) {
	b := img.Bounds()
	rgb := func(pix []uint8) {
		for x := range row {
			p := pix[4*x : 4*x+3 : 4*x+3]
			row[x] = uint8((77*uint32(p[0]) + 150*uint32(p[1]) + 29*uint32(p[2])) >> 8)
		}
	}
	switch m := img.(type) {
	case *image.YCbCr:
		copy(row, m.Y[m.YOffset(b.Min.X, y):])
	case *image.Gray:
		copy(row, m.Pix[m.PixOffset(b.Min.X, y):])
	case *image.RGBA:
		rgb(m.Pix[m.PixOffset(b.Min.X, y):])
	case *image.NRGBA:
		rgb(m.Pix[m.PixOffset(b.Min.X, y):])
	default:
		for x := range row {
			r, g, bl, _ := img.At(b.Min.X+x, y).RGBA()
			row[x] = uint8((77*(r>>8) + 150*(g>>8) + 29*(bl>>8)) >> 8)
		}
	}
}

// half makes a picture of half the width and height.
func (g *grey) half() *grey {
	out := &grey{w: g.w / 2, h: g.h / 2}
	out.pix = make([]uint8, out.w*out.h)
	for y := range out.h {
		a, b := g.pix[2*y*g.w:(2*y+1)*g.w], g.pix[(2*y+1)*g.w:(2*y+2)*g.w]
		for x := range out.w {
			out.pix[y*out.w+x] = uint8((uint32(a[2*x]) + uint32(a[2*x+1]) + uint32(b[2*x]) + uint32(b[2*x+1]) + 2) / 4)
		}
	}
	return out
}

// smooth weighs each pixel with its neighbours (1 2 1, both ways).
func (g *grey) smooth() *grey {
	out := &grey{g.w, g.h, make([]uint8, len(g.pix))}
	col := make([]uint16, g.w)
	for y := range g.h {
		a, b, c := g.row(y-1), g.row(y), g.row(y+1)
		for x := range col {
			col[x] = uint16(a[x]) + 2*uint16(b[x]) + uint16(c[x])
		}
		o := out.row(y)
		for x := 1; x < g.w-1; x++ {
			o[x] = uint8((col[x-1] + 2*col[x] + col[x+1] + 8) >> 4)
		}
		o[0], o[g.w-1] = uint8(col[0]>>2), uint8(col[g.w-1]>>2)
	}
	return out
}

// row gives a row, or the nearest there is.
func (g *grey) row(y int) []uint8 {
	y = min(max(y, 0), g.h-1)
	return g.pix[y*g.w : (y+1)*g.w]
}

// at interpolates between pixels, of which the first has its middle at 0.
func (g *grey) at(x, y float64) float32 {
	x, y = min(max(x, 0), float64(g.w)-1.001), min(max(y, 0), float64(g.h)-1.001)
	i, j := int(x), int(y)
	dx, dy := float32(x-float64(i)), float32(y-float64(j))
	p := g.pix[j*g.w+i:]
	top := float32(p[0])*(1-dx) + float32(p[1])*dx
	low := float32(p[g.w])*(1-dx) + float32(p[g.w+1])*dx
	return top*(1-dy) + low*dy
}
