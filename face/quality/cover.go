package quality

import "math"

// A tone is the colour of a part of the face: the logarithms of its luminance, and of
// red and blue over green, which do not change with exposure.
type tone struct{ light, red, blue float64 }

// toneOf is the tone of one pixel. What is dark has hardly a colour.
func toneOf(c [3]float32, luma float32) tone {
	l := func(v float32) float64 { return math.Log(float64(v) + 8) }
	return tone{l(luma), l(c[0]) - l(c[1]), l(c[2]) - l(c[1])}
}

// tone is the median of a part of the plate, in each value.
func (p *plate) tone(part []int) tone {
	var light, red, blue []float64
	for _, i := range part {
		t := toneOf(p.rgb[i], p.luma[i])
		light, red, blue = append(light, t.light), append(red, t.red), append(blue, t.blue)
	}
	return tone{quantile(light, 0.5), quantile(red, 0.5), quantile(blue, 0.5)}
}

// hue is how unlike two tones are in colour.
func (t tone) hue(o tone) float64 { return math.Hypot(t.red-o.red, t.blue-o.blue) }

// far is how unlike two tones are; light counts for less, since shade changes it.
func (t tone) far(o tone) float64 { return math.Hypot(t.hue(o), 0.5*(t.light-o.light)) }

// other reports whether a pixel is no skin of this tone.
func (t tone) other(c [3]float32, luma float32) bool {
	o := toneOf(c, luma)
	return o.light < t.light-0.45 || o.hue(t) > 0.2
}

// mask is how far all of the lower face (tip of the nose, cheeks, lip and mouth) is
// from the upper one: the least distance of a place below from a place above. A beard
// does not reach the nose, nor does shade; a mask and a scarf do.
func (p *plate) mask(s Seen) float64 {
	nose, mouth := p.on(s.Nose), p.on(middle(s.Corners[0], s.Corners[1]))
	upper := []tone{
		p.tone(p.place(0, -0.05, 0.12, 0.12)),
		p.tone(p.place(-0.45, 0.38, 0.14, 0.08)),
		p.tone(p.place(0.45, 0.38, 0.14, 0.08)),
	}
	lower := []tone{
		p.tone(p.place(nose.X, nose.Y, 0.12, 0.1)),
		p.tone(p.place(mouth.X-0.45, (nose.Y+mouth.Y)/2, 0.1, 0.1)),
		p.tone(p.place(mouth.X+0.45, (nose.Y+mouth.Y)/2, 0.1, 0.1)),
		p.tone(p.place(mouth.X, (nose.Y+mouth.Y)/2, 0.12, 0.08)),
		p.tone(p.place(mouth.X, mouth.Y, 0.2, 0.08)),
	}
	least := math.Inf(1)
	for _, l := range lower {
		for _, u := range upper {
			least = min(least, l.far(u))
		}
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
			light = append(light, toneOf(p.rgb[j], p.luma[j]).light)
		}
		least = min(least, p.tone(cheek).light-quantile(light, 0.85))
	}
	return max(least, 0)
}
