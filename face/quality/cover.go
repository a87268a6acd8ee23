package quality

import (
	"math"
	"slices"
)

// A tone is the colour of a part of the face: the logarithms of its luminance, and of
// red and blue over green, which do not change with exposure.
type tone struct{ light, red, blue float64 }

// toneAt is the tone of one pixel. What is dark has hardly a colour.
func (p *plate) toneAt(i int) tone {
	l := func(v float64) float64 { return math.Log(max(v, 0) + 8) }
	red, green, blue := l(float64(p.rgb[3*i])), l(float64(p.rgb[3*i+1])), l(float64(p.rgb[3*i+2]))
	return tone{l(p.luma[i]), red - green, blue - green}
}

// tone is the median of a part of the plate, in each value.
func (p *plate) tone(part []int) tone {
	var light, red, blue []float64
	for _, i := range part {
		t := p.toneAt(i)
		light, red, blue = append(light, t.light), append(red, t.red), append(blue, t.blue)
	}
	return tone{quantile(light, 0.5), quantile(red, 0.5), quantile(blue, 0.5)}
}

// hue is how unlike two tones are in colour.
func (t tone) hue(o tone) float64 { return math.Hypot(t.red-o.red, t.blue-o.blue) }

// far is how unlike two tones are; light counts for less, since shade changes it.
func (t tone) far(o tone) float64 { return math.Hypot(t.hue(o), 0.5*(t.light-o.light)) }

// other reports whether a pixel's tone is not that of a skin.
func (t tone) other(skin tone) bool {
	return t.light < skin.light-0.45 || t.hue(skin) > 0.2
}

// mask is how far all of the lower face (tip of the nose, cheeks, lip and mouth) is
// from the upper one: the least distance of a place below from the median of those
// above. A beard does not reach the nose, nor does shade; a mask and a scarf do.
func (p *plate) mask(s Seen) float64 {
	nose, mouth := p.on(s.Nose), p.on(middle(s.Corners[0], s.Corners[1]))
	half := (nose.Y + mouth.Y) / 2
	skin := p.tone(slices.Concat(
		p.place(0, -0.05, 0.12, 0.1), p.place(-0.5, 0.24, 0.14, 0.05), p.place(0.5, 0.24, 0.14, 0.05),
	))
	least := math.Inf(1)
	for _, part := range [][]int{
		p.place(nose.X, nose.Y, 0.12, 0.1), p.place(mouth.X, half, 0.12, 0.08), p.place(mouth.X, mouth.Y, 0.2, 0.08),
		p.place(mouth.X-0.45, half, 0.1, 0.1), p.place(mouth.X+0.45, half, 0.1, 0.1),
	} {
		least = min(least, p.tone(part).far(skin))
	}
	return least
}

// shades is how much darker the brighter parts about the eyes are than the cheeks, as
// the logarithm of luminance, for the eye where it is least: dark glasses hide skin
// and whites of both.
func (p *plate) shades(s Seen) float64 {
	left, right := p.cheeks(s)
	least := math.Inf(1)
	for i, cheek := range [][]int{left, right} {
		mid := p.on(s.Eyes[i].centre())
		var light []float64
		for _, j := range p.place(mid.X, mid.Y, 0.24, 0.16) {
			light = append(light, p.toneAt(j).light)
		}
		least = min(least, p.tone(cheek).light-quantile(light, 0.85))
	}
	return max(least, 0)
}
