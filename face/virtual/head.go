package virtual

import (
	"math"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

const headCols, headRows = 280, 250

// headGrid is skull and face, with the hair that lies close to it.
func (pl *plan) headGrid() *solid.Grid {
	return solid.Grow(headCols, headRows, true, paintHead, func(c, r float64) solid.Vec {
		s := 2*c - 1 // denser towards the face, which looks at s = 0
		angle := math.Pi * (0.45*s + 0.55*s*s*s)
		y := pl.crown + (pl.chin-pl.crown)*(r-0.55*math.Sin(2*math.Pi*r)/(2*math.Pi))
		p := pl.skull(angle, y)
		if math.Cos(angle) > 0 {
			p = pl.features(p)
		}
		return pl.padHair(p, angle)
	})
}

// skull is the bare head's surface at an angle from the front and a height.
func (pl *plan) skull(angle, y float64) solid.Vec {
	zc := pl.middle.At(y)
	depth, n := pl.front.At(y)-zc, pl.square.At(y)
	sin, cos := math.Sincos(angle)
	if cos < 0 {
		depth, n = zc-pl.back.At(y), 2.2
	}
	end := roundOff((pl.crown-y)/7.2) * roundOff((y-pl.chin)/1.5)
	r := math.Pow(math.Pow(math.Abs(sin)/pl.width.At(y), n)+math.Pow(math.Abs(cos)/depth, n), -1/n)
	r *= max(end, 0.004)
	return solid.XYZ(r*sin, y, zc+r*cos)
}

// roundOff is the quarter of a circle that closes a surface: 0 at 0, 1 from 1 on.
func roundOff(t float64) float64 {
	if t >= 1 {
		return 1
	}
	t = 1 - max(t, 0)
	return math.Sqrt(1 - t*t)
}

// features pushes the face's surface in and out along z.
func (pl *plan) features(p solid.Vec) solid.Vec {
	x, y, ax := p.X, p.Y, math.Abs(p.X)
	x -= 0.12 * pl.Crooked * solid.Bump((y-pl.nose.tip)/2.5, x/3)
	b := &pl.Bones
	z := pl.socket(x, y)
	z += (0.28 + 0.14*b.Ridge) * solid.Bump((math.Hypot(x, 0.9)-2.7)/1.9, (y-pl.brow.height+0.1)/0.65) // brow ridge
	z += (0.10 + 0.05*b.Ridge) * solid.Bump(x/1.2, (y-2)/0.9)                                          // between the brows
	z += (0.30 + 0.2*b.Cheekbones) * solid.Bump((ax-4.5)/1.5, (y+2.4)/1.2)                             // cheekbones
	z += (0.25 + 0.3*b.Cheeks) * solid.Bump((ax-3.6)/1.4, (y-pl.noseBase+0.6)/1.5)                     // cheeks
	z += (-0.25 + 0.25*b.Cheeks) * solid.Bump((ax-5)/1.0, (y-pl.mouth-0.6)/1.6)                        // hollow beneath
	z += 0.2 * b.Forehead * solid.Bump((math.Hypot(x, 1.4)-2.3)/1.5, (y-5)/1.4)                        // frontal bosses
	z += (0.38 + 0.16*b.ChinOut) * solid.Bump(x/(1.35+0.15*b.ChinWidth), (y-pl.chin-1.3)/0.95)
	z -= 0.22 * solid.Bump(x/2.2, (y-pl.mouth+1.75)/0.45) // above the chin
	z += pl.noseOut(x, y) + pl.lipsOut(x, y) + pl.folds(x, y)
	p.Z += z
	return p
}

// socket is the eye's hollow with the ball and lids in it.
func (pl *plan) socket(x, y float64) float64 {
	e := &pl.eye
	ax := math.Abs(x)
	z := -e.depth * solid.Bump((ax-e.x+0.15)/1.75, (y-0.25)/1.15)
	z -= 0.35 * solid.Bump((ax-1.75)/0.55, (y-0.35)/0.8) // inner corner beside the nose
	z += 0.62 * solid.Bump((ax-e.x)/1.0, (y-0.05)/0.78)  // the ball
	along, up, low := e.lids(x, y)
	inside := solid.Step(1.25, 0.95, math.Abs(along)/e.half)
	z += 0.10 * inside * (solid.Bump(0, (up-0.12)/0.14) + 0.7*solid.Bump(0, (low+0.12)/0.12)) // edges of the lids
	z -= 0.10 * inside * solid.Bump(0, (up-e.crease-0.1)/0.1)
	z += max(0, -0.12-0.12*pl.Lid) * inside * solid.Bump(0, (up-e.crease-0.35)/0.25) // heavy fold
	return z + 0.3*e.bags*(solid.Bump((ax-e.x)/0.95, (low+0.7)/0.28)-solid.Bump((ax-e.x+0.1)/1.0, (low+1.15)/0.22))
}

func (pl *plan) noseOut(x, y float64) float64 {
	n := &pl.nose
	if y > 2 || y < pl.noseBase-0.9 || math.Abs(x) > 4 {
		return 0
	}
	z := n.ridge.At(y) * solid.Bump(x/n.spread.At(y), 0)
	z += (0.14 + 0.1*pl.NoseTip) * solid.Bump(x/0.62, (y-n.tip+0.05)/0.5)
	d := math.Abs(x) - n.wing
	z += 0.78 * n.wingSize * solid.Bump(d/0.42, (y-pl.noseBase-0.55)/0.42)
	z -= 0.14 * solid.Bump((d-0.62)/0.2, (y-pl.noseBase-0.7)/0.5) // where the wing meets the cheek
	return z - 0.2*solid.Bump((math.Abs(x)-0.66)/0.26, (y-pl.noseBase-0.12)/0.16)
}

func (pl *plan) lipsOut(x, y float64) float64 {
	dy := y - pl.mouth
	if dy > 3 || dy < -3-pl.gape || math.Abs(x) > 5 {
		return 0
	}
	wide := solid.Bump(x/(0.62*pl.mouthHalf), 0)
	line := y - pl.line(x)
	z := (0.16 + 0.42*pl.upperLip) * wide * solid.Bump(0, (line-0.5*pl.upperLip)/(0.25+0.3*pl.upperLip))
	gap := pl.gap(x)
	z += (0.12 + 0.4*pl.lowerLip) * wide * solid.Bump(0, (line+gap+0.55*pl.lowerLip)/(0.2+0.32*pl.lowerLip))
	if gap > 0 {
		z -= 0.9 * solid.Step(0, 0.1, min(-line, line+gap))
	}
	z -= 0.34 * solid.Step(1.15, 0.8, math.Abs(x)/pl.mouthHalf) * solid.Bump(0, line/0.13)
	z -= 0.16 * solid.Bump((math.Abs(x)-pl.mouthHalf-0.1)/0.35, (y-pl.line(pl.mouthHalf))/0.4) // corners
	return z - 0.1*solid.Bump(x/0.32, (y-(pl.noseBase+pl.mouth+pl.upperLip)/2)/0.6)            // philtrum
}

// folds are what years leave: from nose to mouth, on the brow, beside the eyes.
func (pl *plan) folds(x, y float64) float64 {
	old := pl.Age
	ax := math.Abs(x)
	t := (pl.noseBase + 0.7 - y) / (pl.noseBase + 0.7 - pl.mouth + 0.5)
	if t > -0.3 && t < 1.5 {
		d := ax - (pl.nose.wing + 0.5 + 0.75*t + 0.6*t*t)
		fade := solid.Step(-0.3, 0.2, t) * solid.Step(1.3, 0.6, t)
		deep := 0.03 + 0.11*old
		return fade * (-deep*solid.Bump(d/0.2, 0) + 0.8*deep*solid.Bump((d-0.55)/0.45, 0))
	}
	if y > 3.2 && y < 7.5 && old > 0.3 {
		wave := math.Sin(5.2*y + 2.5*pl.grain.At(0.35*x+9, y))
		return 0.07 * (old - 0.3) * min(0, wave) * solid.Bump(x/2.8, (y-5.2)/1.3)
	}
	return 0
}
