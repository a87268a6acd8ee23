package virtual

import (
	"math"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// How the pixels of each surface are coloured.
const (
	paintHead solid.Paint = iota
	paintEar
	paintNeck
	paintHair
	paintCloth
	paintFrame
)

// grids are all surfaces of the person.
func (pl *plan) grids() []*solid.Grid {
	all := []*solid.Grid{pl.headGrid(), pl.earGrid(-1), pl.earGrid(1), pl.neckGrid(), pl.clothGrid()}
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
func (pl *plan) earGrid(side float64) *solid.Grid {
	sa, ca := math.Sincos(0.62)
	root := solid.XYZ(pl.skull(math.Pi/2, -0.8).X-0.25, -0.9, -0.9)
	back, up := solid.XYZ(sa, 0, -ca), solid.XYZ(0.1, 1, -0.18).Unit()
	out := solid.XYZ(ca, 0.05, sa)
	g := solid.Grow(44, 16, true, paintEar, func(c, r float64) solid.Vec {
		rho := math.Sqrt(max(0.001, r)) // rows run from the middle outwards
		sin, cos := math.Sincos(2 * math.Pi * c)
		tall := 3.2
		if cos < 0 {
			tall = 3.0
		}
		wide := 1.75 - 0.35*solid.Step(0.2, -1, cos)
		h := 0.32*solid.Bump((rho-0.86)/0.1, 0) - 0.45*solid.Bump(rho/0.42, 0) + 0.12*solid.Bump((rho-0.6)/0.1, (cos-0.3)/0.8)
		h -= 0.5 * solid.Step(0.92, 1, rho)
		p := root.Add(back.Times(1.0 + rho*wide*sin)).Add(up.Times(rho * tall * cos)).Add(out.Times(h))
		p.X *= side
		return p
	})
	if side > 0 { // rows and columns run the other way round there
		for i := range g.Nrm {
			g.Nrm[i] = g.Nrm[i].Times(-1)
		}
	}
	g.TwoSided = true
	return g
}

func (pl *plan) neckGrid() *solid.Grid {
	wide := 1 + 0.065*pl.Neck
	half := solid.Spline{{-20, 6.4}, {-17, 6.1}, {-13, 4.9}, {-8, 4.75}, {-4, 5.1}}
	return solid.Grow(80, 40, true, paintNeck, func(c, r float64) solid.Vec {
		sin, cos := math.Sincos(2 * math.Pi * (c - 0.5))
		y := -4 - 16*r
		w := half.At(y) * wide
		p := solid.XYZ(w*sin, y, -1.6+0.12*(y+4)+0.98*w*cos)
		if cos > 0 { // windpipe, and the two muscles that meet above the breastbone
			p.Z += 0.2*solid.Bump(p.X/1.1, (y+12)/3) + 0.25*solid.Bump((math.Abs(p.X)-2.6-0.25*(y+18))/0.6, (y+15)/4)
		}
		return p
	})
}

func (pl *plan) clothGrid() *solid.Grid {
	wide := 0.95 + 0.045*pl.Neck
	half := solid.Spline{{-40, 20.5}, {-25, 21.5}, {-22, 20.8}, {-19.8, 18}, {-18.2, 13.5}, {-17, 9.6}, {-16, 7.4}, {-15.3, 6.7}, {-14.9, 4}}
	deep := solid.Spline{{-40, 12}, {-25, 11}, {-20, 8.6}, {-17, 7.6}, {-15.3, 7.2}, {-14.9, 4.5}}
	return solid.Grow(140, 90, true, paintCloth, func(c, r float64) solid.Vec {
		sin, cos := math.Sincos(2 * math.Pi * (c - 0.5))
		y := -14.9 - 25*r*r*(1.6-0.6*r)
		y -= 0.9 * (1 + cos) * (1 - r) * solid.Step(0, 0.06, r) // the collar hangs lower in front
		fold := 0.35 * (pl.grain.Rough(6*sin+3*cos+20, 0.35*y) - 0.5) * solid.Step(-16, -20, y)
		return solid.XYZ((half.At(y)*wide+fold)*sin, y, -3+(deep.At(y)+fold)*cos)
	})
}

// glasses are two rims, a bridge and two arms.
func (pl *plan) glasses(shape glassesShape) []*solid.Grid {
	cx, cy := pl.eye.x-0.02, -0.25
	face := pl.features(pl.skull(0, 0.2)).Z // the saddle of the nose
	plane := func(x float64) float64 { return face + 0.55 - 0.018*x*x }
	rim := func(side, t float64) solid.Vec {
		sin, cos := math.Sincos(2 * math.Pi * t)
		e := 2 / shape.power
		x := side * (cx + shape.wide*math.Copysign(math.Pow(math.Abs(cos), e), cos))
		y := cy + shape.tall*math.Copysign(math.Pow(math.Abs(sin), e), sin)
		return solid.XYZ(x, y, plane(x))
	}
	inner, outer := cx-shape.wide, cx+shape.wide
	temple := pl.skull(1.5, 0.3).X - 0.3 // the ends vanish in the hair
	parts := make([]*solid.Grid, 0, 5)
	for _, side := range []float64{-1, 1} {
		parts = append(parts,
			tube(96, func(t float64) (solid.Vec, float64) {
				thick := shape.thick
				if shape.half && t > 0.52 && t < 0.98 {
					thick *= 0.35
				}
				return rim(side, t), thick
			}),
			tube(24, func(t float64) (solid.Vec, float64) {
				from, to := solid.XYZ(side*outer, cy+0.55*shape.tall, plane(outer)), solid.XYZ(side*temple, 0.4, 0.2)
				return from.Mix(to, t), min(0.13, shape.thick)
			}))
	}
	return append(parts, tube(16, func(t float64) (solid.Vec, float64) {
		x := inner * (2*t - 1)
		return solid.XYZ(x, cy+0.45*shape.tall+0.3*(1-(2*t-1)*(2*t-1)), plane(x)+0.1), shape.thick
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
func tube(length int, path func(t float64) (solid.Vec, float64)) *solid.Grid {
	g := solid.Grow(8, length, true, paintFrame, func(c, r float64) solid.Vec {
		at, radius := path(r)
		a, _ := path(max(0, r-0.01))
		b, _ := path(min(1, r+0.01))
		along := b.Sub(a).Unit()
		side := along.Cross(solid.XYZ(0.3, 0.4, 1)).Unit()
		sin, cos := math.Sincos(2 * math.Pi * c)
		return at.Add(side.Times(radius * sin)).Add(along.Cross(side).Times(radius * cos))
	})
	g.TwoSided = true
	return g
}
