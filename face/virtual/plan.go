package virtual

import (
	"math"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A plan is a person's recipe worked out into centimetres and colours; form and
// colour both read it, so that lips are red where they bulge.
type plan struct {
	Bones
	Looks
	grain solid.Grain

	crown, chin, noseBase, mouth       float64      // heights; the eyes lie at 0
	width, front, back, middle, square solid.Spline // cross-sections of the head, by height
	eye                                eyePlan
	nose                               nosePlan
	mouthHalf, upperLip, lowerLip      float64
	gape                               float64 // how far the lips are apart
	brow                               browPlan
	beard                              beardPlan

	skin, lips, hair, iris solid.RGB
	style                  hairStyle
	hairline               solid.Spline // height where hair begins, by degrees from the front
}

type eyePlan struct {
	x           float64 // of the middle of each eye
	half        float64 // half the opening's width
	up, low     float64 // height of the opening above and below its axis
	tilt        float64 // radians, outer corner up
	crease      float64 // distance of the lid's fold from the opening
	depth, bags float64
}

type nosePlan struct {
	tip           float64      // height of the tip
	ridge, spread solid.Spline // how far it stands out, and its half width, by height
	wing          float64      // half the distance of the wings
	wingSize      float64
}

type browPlan struct{ inner, outer, height, arch, tail, thick float64 }

func newPlan(p Person, e Expression) *plan {
	e.bend(&p.Bones)
	b := p.Bones
	pl := &plan{Bones: b, Looks: p.Looks, grain: solid.Grain(p.Seed ^ p.Seed>>32)}
	stretch := 1 + 0.022*b.Length
	pl.crown = 11.6 + 0.45*b.Crown
	pl.noseBase = -4.7*stretch - 0.36*b.NoseLength
	pl.mouth = pl.noseBase - 2.2*stretch - 0.26*b.Philtrum
	pl.chin = pl.mouth - 4.2*stretch - 0.38*b.ChinLength - 0.8*e.Gape
	pl.gape = e.Gape
	pl.mouthHalf = 2.5 + 0.24*b.MouthWidth
	pl.upperLip = max(0.22, 0.62+0.19*b.UpperLip-0.15*p.Looks.Age)
	pl.lowerLip = max(0.3, 0.85+0.21*b.LowerLip-0.12*p.Looks.Age)
	pl.eye = eyePlan{
		x:    3.2 + 0.2*b.EyeGap,
		half: 1.46 + 0.12*b.EyeSize, up: max(0.25, 0.53+0.06*b.EyeSize+0.1*b.EyeOpen-0.1*p.Looks.Age),
		low: max(0.2, 0.40+0.05*b.EyeSize+0.05*b.EyeOpen), tilt: 0.06 + 0.075*b.EyeTilt,
		crease: max(0.1, 0.34+0.12*b.Lid), depth: 0.95 + 0.24*b.EyeDepth,
		bags: max(0, 0.2+0.25*b.Bags+0.5*p.Looks.Age),
	}
	pl.eye.shut(e.Blink)
	pl.brow = browPlan{
		inner: pl.eye.x - 2.0 - 0.08*b.Ridge, outer: pl.eye.x + 2.35,
		height: 1.95 + 0.26*b.BrowHeight, arch: 0.5 + 0.22*b.BrowArch,
		tail: 0.1 + 0.12*b.BrowArch, thick: max(0.14, 0.36+0.1*b.BrowThick),
	}
	pl.planSkull()
	pl.planNose()
	pl.planColours()
	pl.style = hairStyles[p.Looks.Hair]
	pl.planHairline()
	pl.beard = beards[p.Looks.Beard]
	return pl
}

// planSkull lays the splines of the cross-sections from the sliders.
func (pl *plan) planSkull() {
	b := pl.Bones
	wide := 1 + 0.028*b.Width
	jaw := 5.15 + 0.4*b.Jaw
	cheek := 6.75 + 0.2*b.Cheekbones
	chinHalf := 2.6 + 0.3*b.ChinWidth
	knots := func(k ...solid.Knot) solid.Spline { return k }
	pl.width = knots(
		solid.Knot{pl.chin, chinHalf * wide},
		solid.Knot{pl.chin + 1.5, (chinHalf*0.62 + jaw*0.38) * wide},
		solid.Knot{pl.mouth - 0.6, (jaw + 0.12*b.JawCorner) * wide},
		solid.Knot{pl.noseBase, (0.45*jaw + 0.55*cheek + 0.18*b.Cheeks + 0.15*b.JawCorner) * wide},
		solid.Knot{-1.3, cheek * wide}, solid.Knot{1.5, (7.05 + 0.1*b.Temples) * wide},
		solid.Knot{4.2, (7.15 + 0.22*b.Temples) * wide}, solid.Knot{7.5, 7.0 * wide}, solid.Knot{pl.crown, 6.6 * wide})
	lean := 0.28 * b.Forehead
	pl.front = knots(
		solid.Knot{pl.chin, 8.0 + 0.35*b.ChinOut}, solid.Knot{pl.chin + 1.3, 8.75 + 0.4*b.ChinOut},
		solid.Knot{pl.mouth - 1.5, 8.6 + 0.15*b.ChinOut}, solid.Knot{pl.mouth, 9.05}, solid.Knot{pl.noseBase, 9.0},
		solid.Knot{-2, 8.6}, solid.Knot{0, 8.55}, solid.Knot{2.4, 9.2}, solid.Knot{5, 9.1 + lean},
		solid.Knot{7.5, 8.1 + 1.3*lean}, solid.Knot{pl.crown, 6.5 + lean})
	pl.back = knots(
		solid.Knot{pl.chin, 2.2}, solid.Knot{pl.chin + 2, -0.5}, solid.Knot{pl.mouth, -3.2}, solid.Knot{pl.noseBase, -5.8},
		solid.Knot{-2, -8.2}, solid.Knot{2, -9.6}, solid.Knot{6, -9.8}, solid.Knot{pl.crown, -8})
	pl.middle = knots(
		solid.Knot{pl.chin, 5.6}, solid.Knot{pl.chin + 2, 3.4}, solid.Knot{pl.mouth, 1.7}, solid.Knot{pl.noseBase, 0.6},
		solid.Knot{0, -0.4}, solid.Knot{4, -1}, solid.Knot{pl.crown, -1})
	pl.square = knots(
		solid.Knot{pl.chin, max(2.02, 2.3+0.12*b.ChinWidth)}, solid.Knot{pl.mouth, max(2.02, 2.1+0.08*b.Cheeks)},
		solid.Knot{pl.noseBase, max(2.02, 2.14+0.08*b.Cheeks)}, solid.Knot{-1, 2.25 + 0.07*b.Cheekbones},
		solid.Knot{2, 2.35}, solid.Knot{5, 2.4 + 0.08*b.Temples}, solid.Knot{pl.crown, 2.1})
}

func (pl *plan) planNose() {
	b := pl.Bones
	out := 1 + 0.11*b.Bridge
	tip := pl.noseBase + 0.85 + 0.2*b.NoseTurn
	size := 1 + 0.1*b.NoseTip
	pl.nose = nosePlan{tip: tip, wing: 1.38 + 0.18*b.NoseWidth, wingSize: 1 + 0.12*b.NoseWidth}
	mid := tip * 0.5
	pl.nose.ridge = solid.Spline{
		{pl.noseBase - 0.35, 0},
		{pl.noseBase, 0.75 + 0.1*b.NoseTurn},
		{pl.noseBase + 0.35, 1.75},
		{tip, 2.3*(0.85+0.15*out) + 0.12*b.NoseTip},
		{tip + 0.9, 1.95 * out},
		{mid, 1.25*out + 0.16*b.NoseHump},
		{-0.6, 0.78*out + 0.08*b.NoseHump},
		{0.5, 0.42 * out},
		{1.9, 0},
	}
	pl.nose.spread = solid.Spline{
		{pl.noseBase - 0.3, 0.55 * size},
		{tip - 0.2, 0.78*size + 0.07*b.NoseWidth},
		{tip + 0.5, 0.72 * size},
		{mid, 0.72 + 0.08*b.NoseWidth},
		{0, 0.55 + 0.04*b.NoseWidth},
		{1.5, 0.8},
	}
}

// lids gives the place of (x, y) in the frame of its eye: along the axis
// outwards, and the distance above (positive) the upper and lower edges of the
// opening. Outside the corners both edges continue as the axis.
func (e *eyePlan) lids(x, y float64) (along, up, low float64) {
	s, c := math.Sincos(e.tilt)
	dx := math.Abs(x) - e.x
	along = dx*c + y*s
	across := y*c - dx*s
	q := along / e.half
	if q <= -1 || q >= 1 {
		return along, across, across
	}
	arch := 1 - q*q
	// the upper lid is highest a little inside of the middle, the lower outside
	return along, across - e.up*math.Pow(arch, 0.8)*(1-0.16*q), across + e.low*arch*(1+0.25*q)
}

// line is the height of the closed lips at x.
func (pl *plan) line(x float64) float64 {
	q := x / pl.mouthHalf
	return pl.mouth + (0.06+0.13*pl.MouthCurve)*q*q + 0.04*pl.Crooked*q - 0.06*solid.Bump(x/0.5, 0)
}

// gap is how far the lips are apart at x.
func (pl *plan) gap(x float64) float64 {
	q := x / pl.mouthHalf
	return pl.gape * max(0, 1-q*q)
}

// lipEdges are the heights of the lips' outer edges at x; equal beyond the corners.
func (pl *plan) lipEdges(x float64) (up, low float64) {
	q := math.Abs(x) / pl.mouthHalf
	mid := pl.line(x)
	if q >= 1 {
		return mid, mid
	}
	arch := 1 - q*q
	bow := (0.16 + 0.07*pl.Bow) * (solid.Bump((math.Abs(x)-0.55)/0.4, 0) - 0.9*solid.Bump(x/0.28, 0))
	return mid + pl.upperLip*math.Pow(arch, 0.85)*(1+bow), mid - pl.gap(x) - pl.lowerLip*math.Pow(arch, 0.6)
}

// browAt gives the place of (x, y) in its brow: along from 0 (inner) to 1
// (tail), and across in units of the brow's half thickness there.
func (pl *plan) browAt(x, y float64) (along, across float64) {
	b := &pl.brow
	along = (math.Abs(x) - b.inner) / (b.outer - b.inner)
	mid := b.height + b.arch*math.Sin(math.Pi*max(0, min(1, along))*0.85)*0.9 - (0.35-b.tail)*solid.Step(0.6, 1.1, along)
	thick := b.thick * (1 - 0.75*solid.Step(0.45, 1.05, along)) * (0.75 + 0.25*solid.Step(-0.05, 0.2, along))
	return along, (y - mid) / thick
}
