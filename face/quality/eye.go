package quality

import "math"

// eye measures how far an eye is open, in its width, and how much of what is about
// it is clipped.
//
// Landmarks do not tell: they keep most of the opening where lids are shut. Lids
// that are shut leave a thin dark line in skin; an open eye shows a dark disc, and
// white beside it, over the height of the opening. So the height is taken over which
// pixels about the axis of the eye are no skin: much darker, or of another colour.
func (p *plate) eye(e Eye) (open, glare float64) {
	a, b := p.on(e.Outer), p.on(e.Inner)
	if a.X > b.X {
		a, b = b, a
	}
	mid, wide := middle(a, b), apart(a, b)
	if !(wide > 0.1) {
		return 0, 0
	}
	cos, sin := (b.X-a.X)/wide, (b.Y-a.Y)/wide
	skin := p.tone(p.place(mid.X, mid.Y+0.75*wide, 0.4*wide, 0.2*wide))
	const columns = 21 // over half of the width
	heights := make([]float64, columns)
	for c := range heights {
		u := (float64(c)/(columns-1) - 0.5) * 0.5 * wide
		heights[c] = p.run(skin, func(v float64) Point {
			return Point{X: mid.X + u*cos - v*wide*sin, Y: mid.Y + u*sin + v*wide*cos}
		})
	}
	about := p.place(mid.X, mid.Y, 0.7*wide, 0.5*wide)
	for _, i := range about {
		if p.luma[i] >= brightest {
			glare += 1 / float64(len(about))
		}
	}
	return quantile(heights, 0.5), glare
}

// run is the height of the longest piece across an eye that is no skin and comes
// near its axis, in widths of the eye; across gives the places.
func (p *plate) run(skin tone, across func(v float64) Point) float64 {
	const reach, near, step = 0.32, 0.14, 0.02
	longest, begin, touches := 0.0, math.NaN(), false
	for v := -reach; v <= reach+step; v += step {
		i, ok := p.index(across(v))
		if ok && v <= reach && p.toneAt(i).other(skin) {
			if math.IsNaN(begin) {
				begin, touches = v, false
			}
			touches = touches || math.Abs(v) <= near
			continue
		}
		if touches {
			longest = max(longest, v-begin)
		}
		begin, touches = math.NaN(), false
	}
	return longest
}

// index is that of the pixel at a place, in eye distances from the middle of the eyes.
func (p *plate) index(at Point) (i int, ok bool) {
	x, y := int(math.Floor(at.X*unit))+side/2, int(math.Floor(at.Y*unit))+above
	if x < 0 || y < 0 || x >= side || y >= side || !p.in(y*side+x) {
		return 0, false
	}
	return y*side + x, true
}
