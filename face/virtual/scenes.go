package virtual

import (
	"math"
	"math/rand/v2"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// Portrait is the person's passport photograph: a JPEG of 413×531 pixels and at
// most 18 kB, neutral, from the front, before a light wall.
func (p Person) Portrait() []byte { return NewModel(p).Portrait() }

// Frames are n pictures of one live capture by the camera of a telephone: JPEGs
// of 480×640 pixels. The head turns by up to 8 degrees between them. The seed
// chooses room, light, clothes and movement.
func (p Person) Frames(n int, seed uint64) [][]byte { return NewModel(p).Frames(n, seed) }

// portraitBytes keeps the picture near the size that issuers store in a chip.
const portraitBytes = 18_000

// Portrait is like [Person.Portrait].
func (m *Model) Portrait() []byte {
	r := rand.New(rand.NewPCG(m.plan.seed(), 1))
	tilt := func(deg float64) float64 { return deg * math.Pi / 180 * (2*r.Float64() - 1) }
	sc := &scene{
		width: PortraitWidth, height: PortraitHeight, distance: 140, scale: 16.2,
		eyeX: 0.5 * PortraitWidth, eyeY: 0.475 * PortraitHeight,
		pose: solid.Turned(tilt(1.5), tilt(1.5), tilt(1)),
		lamps: []solid.Lamp{
			{From: solid.XYZ(-0.35, 0.45, 0.8), Light: solid.Tint(0.62, 0.61, 0.60), Focus: 7},
			{From: solid.XYZ(0.6, 0.2, 0.7), Light: solid.Tint(0.42, 0.42, 0.42), Focus: 4},
			{From: solid.XYZ(0, 1, 0.2), Light: solid.Tint(0.55, 0.56, 0.58), Focus: 1},
		},
		exposure: m.meter(1),
		backdrop: func(x, y float64) solid.RGB {
			v := 0.80 - 0.10*math.Hypot(x-0.45, y-0.4)
			return solid.Tint(v, v, 1.01*v)
		},
		cloth: clothTones[r.IntN(len(clothTones))],
		blur:  0.55, noise: 0.006, rand: r,
	}
	return solid.Compress(m.take(sc), portraitBytes)
}

// meter is the exposure that suits the skin: darker skin gets more, but less
// than would make all skins equal.
func (m *Model) meter(light float64) float64 {
	return 0.96 * math.Pow(0.42/m.plan.skin.Luma(), 0.38) / light
}

// Frames is like [Person.Frames].
func (m *Model) Frames(n int, seed uint64) [][]byte {
	r := rand.New(rand.NewPCG(seed, m.plan.seed()))
	vary := func(by float64) float64 { return by * (2*r.Float64() - 1) }
	warm := vary(0.16)
	cast := solid.Tint(1+warm, 1, 1-1.1*warm)
	window := solid.XYZ(vary(1), 0.2+0.5*r.Float64(), 0.75)
	key := 0.35 + 0.35*r.Float64()
	lamps := []solid.Lamp{
		{From: window, Light: cast.Times(key), Focus: 5},
		{From: solid.XYZ(-window.X, 0.3, 0.9), Light: cast.Times(0.36), Focus: 2},
		{From: solid.XYZ(0, 1, 0.3), Light: cast.Times(0.6).By(solid.Tint(0.97, 1, 1.04)), Focus: 0.8},
	}
	cloth, room := clothTones[r.IntN(len(clothTones))], newRoom(r, cast)
	scale, distance := 14.5+vary(1.5), 50+vary(7)
	exposure := m.meter((key+0.96)/1.45) * (1 + vary(0.1))
	frames := make([][]byte, n)
	for i := range frames {
		deg := math.Pi / 180
		sc := &scene{
			width: FrameWidth, height: FrameHeight, distance: distance, scale: scale * (1 + vary(0.02)),
			eyeX: FrameWidth * (0.5 + vary(0.03)), eyeY: FrameHeight * (0.46 + vary(0.03)),
			pose:  solid.Turned(vary(7)*deg, vary(5)*deg, vary(4)*deg),
			gaze:  solid.XYZ(vary(0.06), vary(0.03), 0),
			lamps: lamps, exposure: exposure, backdrop: room, cloth: cloth,
			blur: 0.6 + 0.2*r.Float64(), noise: 0.022, rand: r,
		}
		frames[i] = solid.Compress(m.take(sc), 0)
	}
	return frames
}

func (pl *plan) seed() uint64 { return uint64(pl.grain) }

// newRoom is an out-of-focus interior: a wall, and things that stand about.
func newRoom(r *rand.Rand, cast solid.RGB) func(x, y float64) solid.RGB {
	wall := cast.Times(0.16 + 0.34*r.Float64())
	type thing struct {
		x, y, w, h, soft float64
		colour           solid.RGB
	}
	things := make([]thing, 3+r.IntN(4))
	for i := range things {
		tone := solid.Tint(r.Float64(), r.Float64(), r.Float64()).Mix(solid.Tint(0.5, 0.5, 0.5), 0.6)
		things[i] = thing{
			r.Float64(), r.Float64(), 0.08 + 0.25*r.Float64(), 0.1 + 0.4*r.Float64(), 0.02 + 0.05*r.Float64(),
			tone.Times(0.5 * r.Float64()).By(cast),
		}
	}
	slope := 0.3 * (2*r.Float64() - 1)
	return func(x, y float64) solid.RGB {
		c := wall.Times(1 + slope*(x-0.5) - 0.2*(y-0.5))
		for _, t := range things {
			in := solid.Step(t.w+t.soft, t.w-t.soft, math.Abs(x-t.x)) * solid.Step(t.h+t.soft, t.h-t.soft, math.Abs(y-t.y))
			c = c.Mix(t.colour, 0.85*in)
		}
		return c
	}
}

var clothTones = []solid.RGB{
	solid.Tint(0.03, 0.04, 0.08),
	solid.Tint(0.16, 0.17, 0.18),
	solid.Tint(0.05, 0.05, 0.05),
	solid.Tint(0.32, 0.08, 0.07),
	solid.Tint(0.08, 0.16, 0.12),
	solid.Tint(0.42, 0.40, 0.36),
	solid.Tint(0.10, 0.18, 0.32),
	solid.Tint(0.22, 0.14, 0.09),
}
