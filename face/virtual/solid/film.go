package solid

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// Shoulder bends the brightest tones so that they do not clip.
func Shoulder(v float64) float64 {
	if v < 0.6 {
		return v
	}
	return 1 - 0.4*math.Exp(-(v-0.6)/0.4)
}

// Soften blurs a picture by a bell of the given radius, as a lens does.
func Soften(film []RGB, w, h int, radius float64) {
	if radius <= 0 {
		return
	}
	side := math.Exp(-0.5 / (radius * radius))
	mid := 1 / (1 + 2*side)
	side *= mid
	row := make([]RGB, max(w, h))
	run := func(n int, at func(i int) *RGB) {
		for i := range n {
			row[i] = *at(i)
		}
		for i := range n {
			*at(i) = row[i].Times(mid).Add(row[max(i-1, 0)].Add(row[min(i+1, n-1)]).Times(side))
		}
	}
	for y := range h {
		run(w, func(i int) *RGB { return &film[y*w+i] })
	}
	for x := range w {
		run(h, func(i int) *RGB { return &film[i*w+x] })
	}
}

// Develop makes 8-bit sRGB of linear light, row by row, and adds the sensor's
// noise: a share of full scale at white, less in the dark.
func Develop(film []RGB, w, h int, noise float64, r *rand.Rand) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, c := range film {
		for k, v := range [3]float64{c.R, c.G, c.B} {
			v += noise * (0.25 + math.Sqrt(max(v, 0))) * (r.Float64() + r.Float64() + r.Float64() - 1.5)
			img.Pix[4*i+k] = uint8(max(0, min(255, 255*encode(v)+0.5)))
		}
		img.Pix[4*i+3] = 255
	}
	return img
}

// encode is the transfer curve of sRGB (IEC 61966-2-1).
func encode(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * max(v, 0)
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// Compress writes a JPEG at the best of the usual qualities that keeps it
// within limit bytes; 0 is no limit.
func Compress(img image.Image, limit int) []byte {
	var buf bytes.Buffer
	for _, quality := range []int{92, 88, 84, 80, 75, 70, 60, 50} {
		buf.Reset()
		if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality}); err != nil {
			panic("solid: " + err.Error()) // a buffer takes every write, and sizes are ours
		}
		if limit == 0 || buf.Len() <= limit {
			break
		}
	}
	return buf.Bytes()
}
