package virtual

import "math"

// paint says how the pixels of a grid are coloured.
type paint uint8

const (
	paintHead paint = iota
	paintEar
	paintNeck
	paintHair
	paintCloth
	paintFrame
)

// grids are all surfaces of the person.
func (pl *plan) grids() []*grid {
	all := []*grid{pl.headGrid(), pl.earGrid(-1), pl.earGrid(1), pl.neckGrid(), pl.clothGrid()}
	if pl.style.hang != 0 {
		all = append(all, pl.hangingHair())
	}
	if pl.style.bun {
		all = append(all, pl.bunGrid())
	}
	if shape, ok := glassesShapes[pl.Looks.Glasses]; ok {
		all = append(all, pl.glasses(shape)...)
	}
	return all
}

// earGrid is a dish with a rim, standing off the head at 35 degrees.
func (pl *plan) earGrid(side float64) *grid {
	sa, ca := math.Sincos(0.62)
	root := vec{pl.skull(math.Pi/2, -0.8).x - 0.25, -0.9, -0.9}
	back, up := vec{sa, 0, -ca}, vec{0.1, 1, -0.18}.unit()
	out := vec{ca, 0.05, sa}
	g := grow(44, 16, true, paintEar, func(c, r float64) vec {
		rho := math.Sqrt(max(0.001, r)) // rows run from the middle outwards
		sin, cos := math.Sincos(2 * math.Pi * c)
		tall := 3.2
		if cos < 0 {
			tall = 3.0
		}
		wide := 1.75 - 0.35*step(0.2, -1, cos)
		h := 0.32*bump((rho-0.86)/0.1, 0) - 0.45*bump(rho/0.42, 0) + 0.12*bump((rho-0.6)/0.1, (cos-0.3)/0.8)
		h -= 0.5 * step(0.92, 1, rho)
		p := root.add(back.times(1.0 + rho*wide*sin)).add(up.times(rho * tall * cos)).add(out.times(h))
		p.x *= side
		return p
	})
	if side > 0 { // rows and columns run the other way round there
		for i := range g.nrm {
			g.nrm[i] = g.nrm[i].times(-1)
		}
	}
	g.twoSided = true
	return g
}

func (pl *plan) neckGrid() *grid {
	wide := 1 + 0.065*pl.Neck
	half := spline{{-20, 6.4}, {-17, 6.1}, {-13, 4.9}, {-8, 4.75}, {-4, 5.1}}
	return grow(80, 40, true, paintNeck, func(c, r float64) vec {
		sin, cos := math.Sincos(2 * math.Pi * (c - 0.5))
		y := -4 - 16*r
		w := half.at(y) * wide
		p := vec{w * sin, y, -1.6 + 0.12*(y+4) + 0.98*w*cos}
		if cos > 0 { // windpipe, and the two muscles that meet above the breastbone
			p.z += 0.2*bump(p.x/1.1, (y+12)/3) + 0.25*bump((math.Abs(p.x)-2.6-0.25*(y+18))/0.6, (y+15)/4)
		}
		return p
	})
}

func (pl *plan) clothGrid() *grid {
	wide := 0.95 + 0.045*pl.Neck
	half := spline{{-40, 20.5}, {-25, 21.5}, {-22, 20.8}, {-19.8, 18}, {-18.2, 13.5}, {-17, 9.6}, {-16, 7.4}, {-15.3, 6.7}, {-14.9, 4}}
	deep := spline{{-40, 12}, {-25, 11}, {-20, 8.6}, {-17, 7.6}, {-15.3, 7.2}, {-14.9, 4.5}}
	return grow(140, 90, true, paintCloth, func(c, r float64) vec {
		sin, cos := math.Sincos(2 * math.Pi * (c - 0.5))
		y := -14.9 - 25*r*r*(1.6-0.6*r)
		y -= 0.9 * (1 + cos) * (1 - r) * step(0, 0.06, r) // the collar hangs lower in front
		fold := 0.35 * (pl.grain.rough(6*sin+3*cos+20, 0.35*y) - 0.5) * step(-16, -20, y)
		return vec{(half.at(y)*wide + fold) * sin, y, -3 + (deep.at(y)+fold)*cos}
	})
}

// glasses are two rims, a bridge and two arms.
func (pl *plan) glasses(shape glassesShape) []*grid {
	cx, cy := pl.eye.x-0.02, -0.25
	face := pl.features(pl.skull(0, 0.2)).z // the saddle of the nose
	plane := func(x float64) float64 { return face + 0.55 - 0.018*x*x }
	rim := func(side, t float64) vec {
		sin, cos := math.Sincos(2 * math.Pi * t)
		e := 2 / shape.power
		x := side * (cx + shape.wide*math.Copysign(math.Pow(math.Abs(cos), e), cos))
		y := cy + shape.tall*math.Copysign(math.Pow(math.Abs(sin), e), sin)
		return vec{x, y, plane(x)}
	}
	inner, outer := cx-shape.wide, cx+shape.wide
	temple := pl.skull(1.5, 0.3).x + 0.25
	parts := make([]*grid, 0, 5)
	for _, side := range []float64{-1, 1} {
		parts = append(parts,
			tube(96, func(t float64) (vec, float64) {
				thick := shape.thick
				if shape.half && t > 0.52 && t < 0.98 {
					thick *= 0.35
				}
				return rim(side, t), thick
			}),
			tube(24, func(t float64) (vec, float64) {
				from, to := vec{side * outer, cy + 0.55*shape.tall, plane(outer)}, vec{side * temple, 0.5, -0.5}
				return from.mix(to, t), shape.thick
			}))
	}
	return append(parts, tube(16, func(t float64) (vec, float64) {
		x := inner * (2*t - 1)
		return vec{x, cy + 0.45*shape.tall + 0.3*(1-(2*t-1)*(2*t-1)), plane(x) + 0.1}, shape.thick
	}))
}

// A glassesShape is the outline of a rim: half its width and height in cm, 2 for
// an ellipse or more for a box, and the radius of the frame.
type glassesShape struct {
	wide, tall, power, thick float64
	half                     bool // a heavy upper half only
}

var glassesShapes = map[string]glassesShape{
	"round":    {wide: 2.35, tall: 2.2, power: 2, thick: 0.1},
	"square":   {wide: 2.65, tall: 1.8, power: 4, thick: 0.19},
	"browline": {wide: 2.6, tall: 1.85, power: 2.8, thick: 0.24, half: true},
}

// tube is a pipe along a path that gives place and radius.
func tube(length int, path func(t float64) (vec, float64)) *grid {
	g := grow(8, length, true, paintFrame, func(c, r float64) vec {
		at, radius := path(r)
		a, _ := path(max(0, r-0.01))
		b, _ := path(min(1, r+0.01))
		along := b.sub(a).unit()
		side := along.cross(vec{0.3, 0.4, 1}).unit()
		sin, cos := math.Sincos(2 * math.Pi * c)
		return at.add(side.times(radius * sin)).add(along.cross(side).times(radius * cos))
	})
	g.twoSided = true
	return g
}
