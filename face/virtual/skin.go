package virtual

import "math"

// A shade colours what a camera sees of one person in one light.
type shade struct {
	*plan
	eyes  vec // the camera, in the head's coordinates
	key   vec // direction of the strongest lamp, in the head's coordinates
	glint rgb // its light
	gaze  vec // shift of the irises, cm
	cloth rgb
}

// A spot is a place of a surface: where, facing where, and the light there.
type spot struct {
	at, normal vec
	light      rgb
}

func (s *shade) colour(p paint, at spot) rgb {
	switch p {
	case paintHead:
		return s.head(at)
	case paintEar:
		tone := s.mottled(at.at.y, at.at.z).by(rgb{1.0, 0.86, 0.82})
		return s.lit(tone, at, 0.5)
	case paintNeck:
		return s.lit(s.mottled(at.at.x+20, at.at.y).times(0.95), at, 0.4)
	case paintHair:
		return s.strands(at, s.angleAt(at.at))
	case paintCloth:
		weave := 0.88 + 0.24*s.grain.at(9*at.at.x, 9*at.at.y)
		return s.cloth.times(weave).by(at.light)
	}
	shine := math.Pow(max(0, at.normal.dot(s.half(at))), 30)
	return rgb{0.028, 0.024, 0.024}.by(at.light).add(s.glint.times(0.35 * shine))
}

// half is the direction between lamp and camera.
func (s *shade) half(at spot) vec { return s.eyes.sub(at.at).unit().add(s.key).unit() }

// lit is matt colour plus the skin's sheen.
func (s *shade) lit(tone rgb, at spot, gloss float64) rgb {
	facing := max(0, at.normal.dot(s.half(at)))
	sheen := gloss * (0.05*math.Pow(facing, 9) + 0.07*math.Pow(facing, 34))
	open := min(1, at.light.luma()/max(0.05, s.glint.luma()))
	return tone.by(at.light).add(s.glint.times(sheen * open))
}

// mottled is bare skin at a place of its own surface.
func (s *shade) mottled(x, y float64) rgb {
	tone := s.skin.times(0.93 + 0.12*s.grain.rough(0.9*x, 0.9*y) + 0.05*s.grain.at(11*x, 11*y))
	red := 0.10 * (s.grain.rough(1.7*x+50, 1.7*y) - 0.4)
	return tone.by(rgb{1, 1 - red, 1 - red})
}

func (s *shade) head(at spot) rgb {
	p := at.at
	angle := s.angleAt(p)
	grown := 0.0
	if s.style.top > 0 {
		over := s.aboveHairline(angle, p.y)
		if over > -1.2 {
			over += 0.8 * (s.grain.at(60*angle, 1.1*p.y) - 0.5) * min(1, 0.4+s.style.top)
			grown = step(-0.25, 0.5, over)
			if s.style.top < 0.3 {
				grown *= step(-0.2, 1.5, over) * (0.62 + 0.3*s.grain.at(30*p.x, 30*p.y))
			}
		}
	}
	var below rgb
	if grown < 1 {
		below = s.face(at)
	}
	if grown > 0 {
		return below.mix(s.strands(at, angle), grown)
	}
	return below
}

// strands is hair, running down the head and shining across its run.
func (s *shade) strands(at spot, angle float64) rgb {
	p := at.at
	fine := 0.5*s.grain.at(52*angle, 0.55*p.y) + 0.5*s.grain.at(130*angle+7, 0.8*p.y)
	if s.style.rough > 0.5 {
		fine = 0.65*s.grain.rough(2.4*p.x+30, 2.4*p.y-1.2*p.z) + 0.35*s.grain.at(9*p.x, 9*p.y)
	}
	down := vec{0.1, -1, 0.15}
	run := down.sub(at.normal.times(down.dot(at.normal))).unit()
	t := run.dot(s.half(at))
	shine := math.Pow(max(0, 1-t*t), 14) * (0.3 + fine)
	open := min(1, at.light.luma()/max(0.05, s.glint.luma()))
	return s.hair.times(0.45 + 1.1*fine).by(at.light).add(s.glint.by(s.hair.mix(rgb{1, 1, 1}, 0.25)).times(0.16 * shine * open))
}

// face is all that is not hair of the head's grid.
func (s *shade) face(at spot) rgb {
	p := at.at
	x, y, ax := p.x, p.y, math.Abs(p.x)
	if p.z < s.middle.at(y) {
		return s.lit(s.mottled(p.y, p.z), at, 0.4)
	}
	tone := s.flushed(s.mottled(x, y), x, y)
	gloss := 0.55 + 0.5*bump(x/1.2, (y+2)/3) + 0.35*bump(x/2.5, (y-5)/1.5)
	if y < 3.5 && y > -2.2 && ax < 6.5 {
		if lens, over := s.eyeball(at); over >= 1 {
			return lens
		} else if over > 0 {
			return s.lit(s.around(tone, x, y), at, 0.3).mix(lens, over)
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
func (s *shade) flushed(tone rgb, x, y float64) rgb {
	red := bump((math.Abs(x)-4)/1.6, (y-s.nose.tip+0.6)/1.5) + 0.8*bump(x/0.9, (y-s.nose.tip)/0.8) + 0.4*bump(x/1.4, (y-s.chin-1.5)/0.9)
	red *= (0.06 + 0.14*s.Flush) * (0.7 + 0.6*s.grain.rough(2*x+9, 2*y))
	return tone.by(rgb{1, 1 - red, 1 - 0.9*red})
}

func (s *shade) freckled(tone rgb, x, y float64) rgb {
	where := bump(x/4.2, (y-s.nose.tip-1.2)/1.9) + 0.4*bump(x/4, (y-5)/1.8)
	if where < 0.05 {
		return tone
	}
	spots := step(0.70, 0.84, s.grain.at(4.9*x, 4.9*y)) + 0.8*step(0.72, 0.84, (s.grain+5).at(8.3*x+30, 8.3*y))
	return tone.mix(tone.by(rgb{0.62, 0.45, 0.36}), min(1, spots*min(1, where)*s.Freckles))
}

func (s *shade) nostrils(tone rgb, x, y float64) rgb {
	ax := math.Abs(x)
	if ax > 2.5 || y > s.noseBase+1.5 || y < s.noseBase-0.6 {
		return tone
	}
	mid := s.nose.wing - 0.68
	d := math.Hypot((ax-mid)/0.34, (y-s.noseBase-0.13+0.12*(ax-mid))/(0.15+0.035*s.NoseTurn))
	dark := 0.86 * step(1.25, 0.7, d)
	dark = max(dark, 0.22*bump((ax-s.nose.wing-0.42)/0.14, (y-s.noseBase-0.55)/0.4))
	return tone.mix(rgb{0.035, 0.014, 0.01}, dark)
}

func (s *shade) mouthAndBeard(tone rgb, gloss float64, p vec) (rgb, float64) {
	x, y := p.x, p.y
	if math.Abs(x) < s.mouthHalf+0.4 && math.Abs(y-s.mouth) < 2.2 {
		up, low := s.lipEdges(x)
		in := step(-0.09, 0.09, min(up-y, y-low))
		if in > 0 {
			ribs := 0.9 + 0.2*s.grain.at(7*x, 1.2*y)
			tone = tone.mix(s.lips.times(ribs), in*0.85)
			gloss += 0.5 * in
		}
		line := math.Abs(y-s.line(x)) / (0.075 + 0.03*bump(x/1.5, 0))
		tone = tone.mix(rgb{0.05, 0.012, 0.012}, 0.8*step(1.15, 0.95, math.Abs(x)/s.mouthHalf)*bump(line, 0))
	}
	if grown := s.bearded(p); grown > 0 {
		n := 0.6*s.grain.at(13*x, 4*y) + 0.4*s.grain.at(29*x, 11*y)
		cover := min(0.95, grown*(0.35+1.1*n))
		if s.beard.thick == 0 {
			cover = grown * (0.55 + 0.5*n)
		}
		tone, gloss = tone.mix(s.hair.times(0.6+0.7*n), cover), gloss*(1-0.8*cover)
	}
	return tone, gloss
}
