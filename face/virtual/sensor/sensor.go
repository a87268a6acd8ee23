// Package sensor is the camera of package clip: it adapts to light, adds noise
// and compresses.
package sensor

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"time"
)

// tones is the camera's curve from linear light to 8 bits: sRGB with a shoulder.
// Noise is looked up beside it.
type tones struct {
	value [toneSteps + 1]uint8
	sigma [toneSteps + 1]float32
}

const (
	toneSteps = 8192
	toneTop   = 2.0 // the largest value that is told apart
)

// newTones makes the curve; shot is the variance of the noise at 1, read its
// standard deviation in the dark.
func newTones(shot, read float64) *tones {
	t := &tones{}
	for i := range t.value {
		v := float64(i) / toneSteps * toneTop
		t.sigma[i] = float32(math.Sqrt(shot*v + read*read))
		if v > 0.75 {
			v = 1 - 0.25*math.Exp(-(v-0.75)/0.25)
		}
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		t.value[i] = uint8(min(255, 255*v+0.5))
	}
	return t
}

// A Camera keeps what a camera remembers from frame to frame.
type Camera struct {
	tones  *tones
	gauss  []float32
	rand   *rand.Rand
	gain   float64    // of all channels
	white  [3]float64 // of each channel
	ready  bool
	slowG  float64 // time constants of exposure and white balance, seconds
	slowW  float64
	aim    float64 // mean linear value that exposure aims at
	heed   float64 // how much white balance believes that the world is grey
	shaped *image.YCbCr
	lines  [2][3][]uint8
}

const gaussLength = 1 << 16

// New makes a camera for frames of w by h pixels in light of so many lux. Its
// habits and its noise are drawn from r.
func New(r *rand.Rand, w, h int, lux float64) *Camera {
	c := &Camera{
		tones: newTones(3e-5+0.012/lux, 0.0012+0.02/lux), rand: r, white: [3]float64{1, 1, 1},
		slowG: 0.3 + 0.5*r.Float64(), slowW: 1 + 2*r.Float64(), aim: 0.17 + 0.07*r.Float64(), heed: 0.3 + 0.4*r.Float64(),
		gauss: make([]float32, gaussLength), shaped: image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420),
	}
	for i := range c.gauss {
		c.gauss[i] = float32(r.NormFloat64())
	}
	for i := range c.lines {
		for k := range c.lines[i] {
			c.lines[i][k] = make([]uint8, w)
		}
	}
	return c
}

// Gain is what a channel's light is multiplied by: 1 is white then.
func (c *Camera) Gain(channel int) float64 { return c.gain * c.white[channel] }

// Exposure is the part of [Camera.Gain] that all channels share.
func (c *Camera) Exposure() float64 { return c.gain }

// Adapt moves exposure and white balance towards what suits the picture, since
// the last frame; the first one is taken at rest.
func (c *Camera) Adapt(film *[3][]float32, w, h int, since time.Duration) {
	var mean [3]float64
	n := 0.0
	for y := h / 8; y < h; y += 12 {
		for x := 4; x < w; x += 12 {
			weight := 1.0
			if x > w/4 && x < 3*w/4 && y > h/4 && y < 3*h/4 {
				weight = 2.5
			}
			for k := range mean {
				mean[k] += weight * float64(film[k][y*w+x])
			}
			n += weight
		}
	}
	light := (0.2126*mean[0] + 0.7152*mean[1] + 0.0722*mean[2]) / n
	kg, kw := 1.0, 1.0
	if c.ready {
		kg, kw = 1-math.Exp(-since.Seconds()/c.slowG), 1-math.Exp(-since.Seconds()/c.slowW)
	} else {
		c.gain = 1
	}
	c.ready = true
	c.gain *= math.Pow(c.aim/max(1e-6, light)/c.gain, kg)
	for k := range mean {
		c.white[k] *= math.Pow(math.Pow(mean[1]/max(1e-9, mean[k]), c.heed)/c.white[k], kw)
	}
}

// Develop makes the JPEG of linear light in planes of red, green and blue.
func (c *Camera) Develop(film *[3][]float32, w, h, quality int) []byte {
	for y := 0; y < h; y += 2 {
		for dy := range 2 {
			row := (y + dy) * w
			for k := range 3 {
				c.row(film[k][row:row+w], float32(c.gain*c.white[k])*toneSteps/toneTop, c.lines[dy][k])
			}
		}
		c.chroma(y, w)
	}
	var buf bytes.Buffer
	buf.Grow(w * h / 4)
	if err := jpeg.Encode(&buf, c.shaped, &jpeg.Options{Quality: quality}); err != nil {
		panic("clip: " + err.Error()) // a buffer takes every write, and sizes are ours
	}
	return buf.Bytes()
}

// row exposes one row of one channel, with noise.
func (c *Camera) row(film []float32, gain float32, out []uint8) {
	g := c.gauss[c.rand.IntN(gaussLength-len(film)):]
	g = g[:len(film)]
	t := c.tones
	for x, v := range film {
		i := min(max(int(v*gain), 0), toneSteps)
		i = min(max(i+int(t.sigma[i]*g[x]*(toneSteps/toneTop)), 0), toneSteps)
		out[x] = t.value[i]
	}
}

// chroma writes two rows as luma and shared colour (JFIF, 4:2:0).
func (c *Camera) chroma(y, w int) {
	for x := 0; x < w; x += 2 {
		var r, g, b int32
		for dy := range 2 {
			l := &c.lines[dy]
			for dx := range 2 {
				pr, pg, pb := int32(l[0][x+dx]), int32(l[1][x+dx]), int32(l[2][x+dx])
				c.shaped.Y[(y+dy)*c.shaped.YStride+x+dx] = uint8((19595*pr + 38470*pg + 7471*pb + 1<<15) >> 16)
				r, g, b = r+pr, g+pg, b+pb
			}
		}
		i := y/2*c.shaped.CStride + x/2
		c.shaped.Cb[i] = uint8(max(0, min(255, (-11056*r-21712*g+32768*b+(128<<18)+1<<17)>>18)))
		c.shaped.Cr[i] = uint8(max(0, min(255, (32768*r-27440*g-5328*b+(128<<18)+1<<17)>>18)))
	}
}

// Soften blurs a plane as a lens does: by a bell of which side is the share of
// each neighbour.
func Soften(v, tmp []float32, w, h int, side float32) {
	mid := 1 - 2*side
	for y := range h {
		row, out := v[y*w:(y+1)*w], tmp[y*w:(y+1)*w]
		out[0], out[w-1] = row[0], row[w-1]
		for x := 1; x < w-1; x++ {
			out[x] = mid*row[x] + side*(row[x-1]+row[x+1])
		}
	}
	for y := range h {
		a, b, c := tmp[max(y-1, 0)*w:][:w], tmp[y*w:][:w], tmp[min(y+1, h-1)*w:][:w]
		out := v[y*w:][:w]
		for x := range out {
			out[x] = mid*b[x] + side*(a[x]+c[x])
		}
	}
}
