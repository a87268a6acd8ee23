package virtual

import (
	"math"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A shade colours what a camera sees of one person in one light.
type shade struct {
	*plan
	eyes  solid.Vec // the camera, in the head's coordinates
	key   solid.Vec // direction of the strongest lamp, in the head's coordinates
	glint solid.RGB // its light
	gaze  solid.Vec // shift of the irises, cm
	cloth solid.RGB
}

func (s *shade) colour(p solid.Paint, at solid.Spot) solid.RGB {
	switch p {
	case paintHead:
		return s.head(at)
	case paintEar:
		tone := s.mottled(at.At.Y, at.At.Z).By(solid.Tint(1.0, 0.86, 0.82))
		return s.lit(tone, at, 0.5)
	case paintNeck:
		return s.lit(s.mottled(at.At.X+20, at.At.Y).Times(0.95), at, 0.4)
	case paintHair:
		return s.strands(at, s.angleAt(at.At))
	case paintCloth:
		weave := 0.88 + 0.24*s.grain.At(9*at.At.X, 9*at.At.Y)
		return s.cloth.Times(weave).By(at.Light)
	}
	shine := math.Pow(max(0, at.Normal.Dot(s.half(at))), 30)
	return solid.Tint(0.028, 0.024, 0.024).By(at.Light).Add(s.glint.Times(0.35 * shine))
}

// half is the direction between lamp and camera.
func (s *shade) half(at solid.Spot) solid.Vec { return s.eyes.Sub(at.At).Unit().Add(s.key).Unit() }

// lit is matt colour plus the skin's sheen.
func (s *shade) lit(tone solid.RGB, at solid.Spot, gloss float64) solid.RGB {
	facing := max(0, at.Normal.Dot(s.half(at)))
	sheen := gloss * (0.05*math.Pow(facing, 9) + 0.07*math.Pow(facing, 34))
	open := min(1, at.Light.Luma()/max(0.05, s.glint.Luma()))
	return tone.By(at.Light).Add(s.glint.Times(sheen * open))
}

// mottled is bare skin at a place of its own surface.
func (s *shade) mottled(x, y float64) solid.RGB {
	tone := s.skin.Times(0.93 + 0.12*s.grain.Rough(0.9*x, 0.9*y) + 0.05*s.grain.At(11*x, 11*y))
	red := 0.10 * (s.grain.Rough(1.7*x+50, 1.7*y) - 0.4)
	return tone.By(solid.Tint(1, 1-red, 1-red))
}

func (s *shade) head(at solid.Spot) solid.RGB {
	p := at.At
	angle := s.angleAt(p)
	grown := 0.0
	if s.style.top > 0 {
		over := s.aboveHairline(angle, p.Y)
		if over > -1.2 {
			over += 0.8 * (s.grain.At(60*angle, 1.1*p.Y) - 0.5) * min(1, 0.4+s.style.top)
			grown = solid.Step(-0.25, 0.5, over)
			if s.style.top < 0.3 {
				grown *= solid.Step(-0.2, 1.5, over) * (0.62 + 0.3*s.grain.At(30*p.X, 30*p.Y))
			}
		}
	}
	var below solid.RGB
	if grown < 1 {
		below = s.face(at)
	}
	if grown > 0 {
		return below.Mix(s.strands(at, angle), grown)
	}
	return below
}

// strands is hair, running down the head and shining across its run.
func (s *shade) strands(at solid.Spot, angle float64) solid.RGB {
	p := at.At
	fine := 0.5*s.grain.At(52*angle, 0.55*p.Y) + 0.5*s.grain.At(130*angle+7, 0.8*p.Y)
	if s.style.rough > 0.5 {
		fine = 0.65*s.grain.Rough(2.4*p.X+30, 2.4*p.Y-1.2*p.Z) + 0.35*s.grain.At(9*p.X, 9*p.Y)
	}
	down := solid.XYZ(0.1, -1, 0.15)
	run := down.Sub(at.Normal.Times(down.Dot(at.Normal))).Unit()
	t := run.Dot(s.half(at))
	shine := math.Pow(max(0, 1-t*t), 14) * (0.3 + fine)
	open := min(1, at.Light.Luma()/max(0.05, s.glint.Luma()))
	return s.hair.Times(0.45 + 1.1*fine).By(at.Light).Add(s.glint.By(s.hair.Mix(solid.Tint(1, 1, 1), 0.25)).Times(0.16 * shine * open))
}

// face is all that is not hair of the head's grid.
func (s *shade) face(at solid.Spot) solid.RGB {
	p := at.At
	x, y, ax := p.X, p.Y, math.Abs(p.X)
	if p.Z < s.middle.At(y) {
		return s.lit(s.mottled(p.Y, p.Z), at, 0.4)
	}
	tone := s.flushed(s.mottled(x, y), x, y)
	gloss := 0.55 + 0.5*solid.Bump(x/1.2, (y+2)/3) + 0.35*solid.Bump(x/2.5, (y-5)/1.5)
	if y < 3.5 && y > -2.2 && ax < 6.5 {
		if lens, over := s.eyeball(at); over >= 1 {
			return lens
		} else if over > 0 {
			return s.lit(s.around(tone, x, y), at, 0.3).Mix(lens, over)
		}
		tone = s.around(tone, x, y)
	}
	if s.Freckles > 0 {
		tone = s.freckled(tone, x, y)
	}
	tone = s.nostrils(tone, x, y)
	if y < s.noseBase+0.5 {
		tone, gloss = s.mouthAndBeard(tone, gloss, p)
	}
	return s.lit(tone, at, gloss)
}

// flushed is redder where blood lies near: cheeks, nose, chin.
func (s *shade) flushed(tone solid.RGB, x, y float64) solid.RGB {
	red := solid.Bump((math.Abs(x)-4)/1.6, (y-s.nose.tip+0.6)/1.5) + 0.8*solid.Bump(x/0.9, (y-s.nose.tip)/0.8) + 0.4*solid.Bump(x/1.4, (y-s.chin-1.5)/0.9)
	red *= (0.06 + 0.14*s.Flush) * (0.7 + 0.6*s.grain.Rough(2*x+9, 2*y))
	return tone.By(solid.Tint(1, 1-red, 1-0.9*red))
}

func (s *shade) freckled(tone solid.RGB, x, y float64) solid.RGB {
	where := solid.Bump(x/4.2, (y-s.nose.tip-1.2)/1.9) + 0.4*solid.Bump(x/4, (y-5)/1.8)
	if where < 0.05 {
		return tone
	}
	spots := solid.Step(0.70, 0.84, s.grain.At(4.9*x, 4.9*y)) + 0.8*solid.Step(0.72, 0.84, (s.grain+5).At(8.3*x+30, 8.3*y))
	return tone.Mix(tone.By(solid.Tint(0.62, 0.45, 0.36)), min(1, spots*min(1, where)*s.Freckles))
}

func (s *shade) nostrils(tone solid.RGB, x, y float64) solid.RGB {
	ax := math.Abs(x)
	if ax > 2.5 || y > s.noseBase+1.5 || y < s.noseBase-0.6 {
		return tone
	}
	mid := s.nose.wing - 0.68
	d := math.Hypot((ax-mid)/0.34, (y-s.noseBase-0.13+0.12*(ax-mid))/(0.15+0.035*s.NoseTurn))
	dark := 0.86 * solid.Step(1.25, 0.7, d)
	dark = max(dark, 0.22*solid.Bump((ax-s.nose.wing-0.42)/0.14, (y-s.noseBase-0.55)/0.4))
	return tone.Mix(solid.Tint(0.035, 0.014, 0.01), dark)
}

func (s *shade) mouthAndBeard(tone solid.RGB, gloss float64, p solid.Vec) (solid.RGB, float64) {
	x, y := p.X, p.Y
	if math.Abs(x) < s.mouthHalf+0.4 && math.Abs(y-s.mouth) < 2.2+s.gape {
		up, low := s.lipEdges(x)
		in := solid.Step(-0.09, 0.09, min(up-y, y-low))
		if in > 0 {
			ribs := 0.9 + 0.2*s.grain.At(7*x, 1.2*y)
			tone = tone.Mix(s.lips.Times(ribs), in*0.85)
			gloss += 0.5 * in
		}
		if gap := s.gap(x); gap > 0 {
			tone, gloss = s.teeth(tone, gloss, y-s.line(x), gap)
		}
		line := math.Abs(y-s.line(x)) / (0.075 + 0.03*solid.Bump(x/1.5, 0))
		tone = tone.Mix(solid.Tint(0.05, 0.012, 0.012), 0.8*solid.Step(1.15, 0.95, math.Abs(x)/s.mouthHalf)*solid.Bump(line, 0))
	}
	if grown := s.bearded(p); grown > 0 {
		n := 0.6*s.grain.At(13*x, 4*y) + 0.4*s.grain.At(29*x, 11*y)
		cover := min(0.95, grown*(0.35+1.1*n))
		if s.beard.thick == 0 {
			cover = grown * (0.55 + 0.5*n)
		}
		tone, gloss = tone.Mix(s.hair.Times(0.6+0.7*n), cover), gloss*(1-0.8*cover)
	}
	return tone, gloss
}

// teeth is what is seen between lips that are gap apart, at a height below 0.
func (s *shade) teeth(tone solid.RGB, gloss, y, gap float64) (solid.RGB, float64) {
	in := solid.Step(0, 0.06, min(-y, y+gap))
	inside := solid.Tint(0.05, 0.012, 0.012).Mix(solid.Tint(0.5, 0.46, 0.4), solid.Step(-0.55, -0.4, y))
	return tone.Mix(inside, in), gloss * (1 - in)
}
