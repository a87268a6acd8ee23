package virtual

import (
	"math"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// eyeball colours the opening between the lids. over is how much of the pixel
// it fills, 0 to 1.
func (s *shade) eyeball(at solid.Spot) (c solid.RGB, over float64) {
	e := &s.eye
	x, y := at.At.X, at.At.Y
	along, up, low := e.lids(x, y)
	if math.Abs(along) >= e.half {
		return solid.RGB{}, 0
	}
	over = solid.Step(-0.035, 0.035, min(-up, low))
	if over == 0 {
		return solid.RGB{}, 0
	}
	side := math.Copysign(1, x)
	dx, dy := x-side*e.x-s.gaze.X, y-0.09-s.gaze.Y
	r := math.Hypot(dx, dy)
	white := solid.Tint(0.58, 0.54, 0.52).Mix(solid.Tint(0.55, 0.30, 0.27), 0.75*solid.Step(0.6, 1, -along/e.half)+0.3*solid.Step(0.6, 1, along/e.half))
	streak := s.grain.At(9*math.Atan2(dy, dx)+20, 2.5*r)
	iris := s.iris.Times(0.45 + 0.7*streak).Times(0.75 + 0.5*solid.Step(0.5, 0.25, r))
	iris = iris.Times(1-0.75*solid.Step(0.46, 0.6, r)).Mix(solid.Tint(0.008, 0.008, 0.009), solid.Step(0.26, 0.21, r))
	c = white.Mix(iris, solid.Step(0.63, 0.57, r))
	shadow := (0.42 + 0.58*solid.Step(0, 0.36, -up)) * (0.75 + 0.25*solid.Step(0, 0.12, low))
	c = c.By(at.Light).Times(1.12 * shadow)
	h := s.half(at)
	glint := solid.Bump((dx-0.75*h.X)/0.075, (dy-0.75*h.Y)/0.095)
	return c.Add(s.glint.Times(0.75 * glint)), over
}

// around adds to the skin about the eyes: lashes, folds, shadows, brows.
func (s *shade) around(tone solid.RGB, x, y float64) solid.RGB {
	e := &s.eye
	ax := math.Abs(x)
	along, up, low := e.lids(x, y)
	q := along / e.half
	tired := 0.10 + 0.25*e.bags
	tone = tone.Mix(tone.By(solid.Tint(0.62, 0.48, 0.46)), tired*solid.Bump((ax-e.x+0.3)/1.3, (y+1.0)/0.5))
	tone = tone.Mix(tone.By(solid.Tint(0.7, 0.58, 0.55)), 0.45*solid.Bump((ax-e.x+0.2)/1.6, (y-0.9)/0.55))
	if q > -1.25 && q < 1.35 {
		dark := solid.Tint(0.02, 0.012, 0.01)
		in := solid.Step(1.25, 1, math.Abs(q-0.04))
		lash := 0.07 + 0.055*solid.Step(-0.8, 0.8, q)
		tone = tone.Mix(dark, 0.85*in*solid.Step(lash, 0.4*lash, up)*solid.Step(-0.1, 0.0, up))
		tone = tone.Mix(tone.By(solid.Tint(0.75, 0.5, 0.47)), 0.6*in*solid.Bump(0, (low+0.06)/0.06))
		fold := in * solid.Bump(0, (up-e.crease)/0.055)
		tone = tone.Mix(tone.By(solid.Tint(0.35, 0.22, 0.18)), 0.75*fold)
	}
	if s.Age > 0.35 && q > 1.1 && q < 2.2 && math.Abs(y) < 1.3 { // crow's feet
		ray := math.Sin(14*math.Atan2(y, ax-e.x-0.6*e.half) + 2*s.grain.At(x, y))
		tone = tone.Times(1 - 0.25*(s.Age-0.35)*solid.Step(1.3, 0.7, math.Abs(y))*solid.Step(0.5, 1, ray)*solid.Step(1.1, 1.4, q)*solid.Step(2.2, 1.6, q))
	}
	return s.browed(tone, x, y)
}

func (s *shade) browed(tone solid.RGB, x, y float64) solid.RGB {
	along, across := s.browAt(x, y)
	if along < -0.15 || along > 1.15 || math.Abs(across) > 1.7 {
		return tone
	}
	lean := 0.9 - 1.4*along // inner hairs stand up, outer ones lie
	hairs := 0.7*s.grain.At(8*(math.Abs(x)-lean*0.5*y), 3.5*y+20) + 0.3*s.grain.At(21*(math.Abs(x)-lean*0.5*y), 8*y)
	cover := solid.Step(1.25, 0.35, math.Abs(across)+0.55*(hairs-0.5)) * solid.Step(-0.08, 0.08, along) * solid.Step(1.1, 0.9, along)
	cover *= (0.5 + 0.6*hairs) * min(1, 0.8+0.12*s.BrowThick)
	grey := s.hair.Mix(solid.Tint(0.06, 0.04, 0.03), 0.45)
	return tone.Mix(grey.Times(0.55), min(0.95, max(0, cover)))
}
