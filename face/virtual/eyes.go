package virtual

import "math"

// eyeball colours the opening between the lids. over is how much of the pixel
// it fills, 0 to 1.
func (s *shade) eyeball(at spot) (c rgb, over float64) {
	e := &s.eye
	x, y := at.at.x, at.at.y
	along, up, low := e.lids(x, y)
	if math.Abs(along) >= e.half {
		return rgb{}, 0
	}
	over = step(-0.035, 0.035, min(-up, low))
	if over == 0 {
		return rgb{}, 0
	}
	side := math.Copysign(1, x)
	dx, dy := x-side*e.x-s.gaze.x, y-0.09-s.gaze.y
	r := math.Hypot(dx, dy)
	white := rgb{0.58, 0.54, 0.52}.mix(rgb{0.55, 0.30, 0.27}, 0.75*step(0.6, 1, -along/e.half)+0.3*step(0.6, 1, along/e.half))
	streak := s.grain.at(9*math.Atan2(dy, dx)+20, 2.5*r)
	iris := s.iris.times(0.45 + 0.7*streak).times(0.75 + 0.5*step(0.5, 0.25, r))
	iris = iris.times(1-0.75*step(0.46, 0.6, r)).mix(rgb{0.008, 0.008, 0.009}, step(0.26, 0.21, r))
	c = white.mix(iris, step(0.63, 0.57, r))
	shadow := (0.42 + 0.58*step(0, 0.36, -up)) * (0.75 + 0.25*step(0, 0.12, low))
	c = c.by(at.light).times(1.12 * shadow)
	h := s.half(at)
	glint := bump((dx-0.75*h.x)/0.075, (dy-0.75*h.y)/0.095)
	return c.add(s.glint.times(0.75 * glint)), over
}

// around adds to the skin about the eyes: lashes, folds, shadows, brows.
func (s *shade) around(tone rgb, x, y float64) rgb {
	e := &s.eye
	ax := math.Abs(x)
	along, up, low := e.lids(x, y)
	q := along / e.half
	tired := 0.10 + 0.25*e.bags
	tone = tone.mix(tone.by(rgb{0.62, 0.48, 0.46}), tired*bump((ax-e.x+0.3)/1.3, (y+1.0)/0.5))
	tone = tone.mix(tone.by(rgb{0.7, 0.58, 0.55}), 0.45*bump((ax-e.x+0.2)/1.6, (y-0.9)/0.55))
	if q > -1.25 && q < 1.35 {
		dark := rgb{0.02, 0.012, 0.01}
		in := step(1.25, 1, math.Abs(q-0.04))
		lash := 0.07 + 0.055*step(-0.8, 0.8, q)
		tone = tone.mix(dark, 0.85*in*step(lash, 0.4*lash, up)*step(-0.1, 0.0, up))
		tone = tone.mix(tone.by(rgb{0.75, 0.5, 0.47}), 0.6*in*bump(0, (low+0.06)/0.06))
		fold := in * bump(0, (up-e.crease)/0.055)
		tone = tone.mix(tone.by(rgb{0.35, 0.22, 0.18}), 0.75*fold)
	}
	if s.Age > 0.35 && q > 1.1 && q < 2.2 && math.Abs(y) < 1.3 { // crow's feet
		ray := math.Sin(14*math.Atan2(y, ax-e.x-0.6*e.half) + 2*s.grain.at(x, y))
		tone = tone.times(1 - 0.25*(s.Age-0.35)*step(1.3, 0.7, math.Abs(y))*step(0.5, 1, ray)*step(1.1, 1.4, q)*step(2.2, 1.6, q))
	}
	return s.browed(tone, x, y)
}

func (s *shade) browed(tone rgb, x, y float64) rgb {
	along, across := s.browAt(x, y)
	if along < -0.15 || along > 1.15 || math.Abs(across) > 1.7 {
		return tone
	}
	lean := 0.9 - 1.4*along // inner hairs stand up, outer ones lie
	hairs := 0.7*s.grain.at(8*(math.Abs(x)-lean*0.5*y), 3.5*y+20) + 0.3*s.grain.at(21*(math.Abs(x)-lean*0.5*y), 8*y)
	cover := step(1.25, 0.35, math.Abs(across)+0.55*(hairs-0.5)) * step(-0.08, 0.08, along) * step(1.1, 0.9, along)
	cover *= (0.5 + 0.6*hairs) * min(1, 0.8+0.12*s.BrowThick)
	grey := s.hair.mix(rgb{0.06, 0.04, 0.03}, 0.45)
	return tone.mix(grey.times(0.55), min(0.95, max(0, cover)))
}
