package virtual

import (
	"math"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// The words of [Looks].
var (
	HairStyles  = []string{"bald", "buzz", "short", "swept", "curly", "bob", "long", "fringe", "bun"}
	HairColours = []string{"black", "dark", "brown", "red", "blond", "grey", "white"}
	EyeColours  = []string{"brown", "dark", "hazel", "green", "blue", "grey"}
	Beards      = []string{"", "stubble", "moustache", "goatee", "full"}
	Glasses     = []string{"round", "square", "browline"}
)

// A hairStyle says how far hair stands off the skull and what hangs from it.
type hairStyle struct {
	top, side float64 // thickness on the crown and beside the ears, cm
	rough     float64 // how curly the surface is, cm
	front     float64 // how much lower than usual the hair begins, cm
	hang      float64 // height at which hanging hair ends; 0: none hangs
	flare     float64 // how far hanging hair spreads, cm
	parted    float64 // how far hair parted in the middle covers the temples, cm
	bun       bool
}

var hairStyles = map[string]hairStyle{
	"bald":   {},
	"buzz":   {top: 0.15, side: 0.1},
	"short":  {top: 0.9, side: 0.35, rough: 0.15},
	"swept":  {top: 1.7, side: 0.4, rough: 0.25},
	"curly":  {top: 2.1, side: 1.6, rough: 0.8},
	"bob":    {top: 0.9, side: 0.9, rough: 0.1, hang: -10, flare: 1.2, parted: 1.3},
	"long":   {top: 0.9, side: 0.8, rough: 0.1, hang: -23, flare: 1.3, parted: 1.6},
	"fringe": {top: 0.9, side: 0.8, rough: 0.1, front: 3.6, hang: -19, flare: 0.8},
	"bun":    {top: 0.35, side: 0.25, bun: true},
}

// A beardPlan says how thickly each part of the lower face is grown, 0 to 1,
// and how far the hair stands off, cm.
type beardPlan struct{ lip, chin, jaw, thick float64 }

var beards = map[string]beardPlan{
	"":          {},
	"stubble":   {lip: 0.42, chin: 0.42, jaw: 0.42},
	"moustache": {lip: 0.95, chin: 0.1, jaw: 0.1, thick: 0.2},
	"goatee":    {lip: 0.85, chin: 0.9, jaw: 0.12, thick: 0.25},
	"full":      {lip: 0.9, chin: 0.95, jaw: 0.95, thick: 0.5},
}

// planHairline draws where hair begins, by degrees from the middle of the brow:
// over the forehead, round the temple, before the ear, behind it, at the nape.
func (pl *plan) planHairline() {
	back := 2.6 * pl.Receding
	mid := 6.9 + 0.25*pl.Forehead
	down := pl.style.front
	pl.hairline = solid.Spline{
		{0, mid + 0.55*back - down},
		{18, mid + 0.1 + 0.8*back - down - 0.4*pl.style.parted},
		{30, mid - 0.3 + back - down - pl.style.parted},
		{41, 5.6 + 0.8*back - 0.6*down - 1.1*pl.style.parted},
		{51, 3.6 + 0.2*back - pl.style.parted},
		{60, 1.2},
		{70, -1.6},
		{79, -2.0},
		{86, 0.5},
		{100, -1.5},
		{130, -6},
		{180, -7.5},
	}
}

// aboveHairline is the height of a point over the line where hair begins, cm.
func (pl *plan) aboveHairline(angle, y float64) float64 {
	return y - pl.hairline.At(math.Abs(angle)*180/math.Pi)
}

// angleAt is a point's angle around the head's axis, 0 in front.
func (pl *plan) angleAt(p solid.Vec) float64 { return math.Atan2(p.X, p.Z-pl.middle.At(p.Y)) }

// padHair lifts the surface by the hair and the beard that grow on it.
func (pl *plan) padHair(p solid.Vec, angle float64) solid.Vec {
	from := solid.XYZ(0, min(p.Y, 3), -1)
	if pl.beard.thick > 0 && p.Y < pl.noseBase {
		lift := pl.beard.thick * pl.bearded(p) * (0.8 + 0.4*pl.grain.At(3*p.X, 3*p.Y))
		p = p.Add(p.Sub(from).Unit().Times(lift))
	}
	s := &pl.style
	if s.top == 0 {
		return p
	}
	grown := solid.Step(-0.1, 1.6, pl.aboveHairline(angle, p.Y))
	if grown == 0 {
		return p
	}
	high := solid.Step(2, 9, p.Y)
	lift := s.side + (s.top-s.side)*high
	if pl.Hair == "swept" { // parted on one side, higher on the other
		lift *= 1 + 0.25*solid.Step(-1, 4, p.X)*high - 0.5*solid.Bump((p.X+3.2)/0.5, 0)*high
	}
	if s.parted > 0 {
		lift *= 1 - 0.6*solid.Bump(p.X/0.35, 0)*high
	}
	lift += s.rough * (pl.grain.Rough(8*angle+40, 0.8*p.Y) - 0.5) * 1.6
	return p.Add(p.Sub(from).Unit().Times(grown * max(0.02, lift)))
}

// bearded is how densely beard grows at a point of the face, 0 to 1.
func (pl *plan) bearded(p solid.Vec) float64 {
	b := &pl.beard
	ax := math.Abs(p.X)
	up, low := pl.lipEdges(p.X)
	if p.Y < up && p.Y > low {
		return 0
	}
	under := pl.noseBase - 0.2 - 0.2*ax*math.Sqrt(ax)
	lip := b.lip * solid.Step(under+0.1, under-0.3, p.Y) * solid.Step(up-0.2, up+0.1, p.Y) *
		solid.Step(pl.mouthHalf+0.7, pl.mouthHalf-0.2, ax-0.3*(pl.mouth-p.Y))
	chin := b.chin * solid.Step(low+0.1, low-0.15, p.Y) * solid.Step(3.0, 1.5, ax)
	if ax > pl.mouthHalf-0.4 && ax < 3.2 {
		chin = max(chin, b.chin*solid.Step(pl.noseBase, pl.mouth, p.Y)*solid.Bump((ax-pl.mouthHalf-0.35)/0.45, 0))
	}
	// the cheek's edge runs from the corner of the mouth up to the ear
	edge := min(pl.noseBase-0.7, pl.mouth-0.5+0.45*ax+0.4*max(0, ax-pl.mouthHalf-0.2))
	jaw := b.jaw * solid.Step(edge+1, edge-0.9, p.Y) * solid.Step(low+0.1, low-0.2, p.Y)
	return max(lip, chin, jaw)
}

// hangingHair is the hair beside and behind the face, from one front edge
// around the back to the other.
func (pl *plan) hangingHair() *solid.Grid {
	s := &pl.style
	edge := solid.Spline{{s.hang, 48}, {-9, 43}, {-4, 53}, {0, 62}, {4, 55}, {7, 42}, {pl.crown, 20}}
	g := solid.Grow(150, 90, false, paintHair, func(c, r float64) solid.Vec {
		y := pl.crown - 0.6 + (s.hang-pl.crown+0.6)*r
		first := edge.At(y) * math.Pi / 180
		angle := first + (2*math.Pi-2*first)*c
		at := max(y, 0.2)
		p := pl.skull(angle, at)
		p.Y = y
		fall := max(0, 0.2-y)
		wave := pl.grain.Rough(9*angle+70, 0.16*y) - 0.5
		out := s.side + 0.55 + s.flare*solid.Step(0, 9, fall) + 0.9*wave*solid.Step(-1, 6, fall+2)
		out -= 0.7 * solid.Step(0.05, 0, min(c, 1-c)) // the edges lie close
		dir := solid.XYZ(p.X, 0, p.Z-pl.middle.At(at)).Unit()
		p = p.Add(dir.Times(out))
		if p.Z > 0 {
			p.Z -= 0.12 * fall
		}
		return p
	})
	g.TwoSided = true
	return g
}

func (pl *plan) bunGrid() *solid.Grid {
	return solid.Grow(40, 24, true, paintHair, func(c, r float64) solid.Vec {
		sa, ca := math.Sincos(2 * math.Pi * c)
		st, ct := math.Sincos(math.Pi * max(0.002, min(0.998, r)))
		size := 3.1 + 0.5*pl.grain.Rough(9*c, 6*r)
		return solid.XYZ(size*st*sa, pl.crown+1.1+0.85*size*ct, -4.5+size*st*ca)
	})
}
