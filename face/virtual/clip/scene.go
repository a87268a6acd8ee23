package clip

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A Scene is the circumstances of one film: the device, the room, the person's
// habits. [Draw] makes one up.
type Scene struct {
	// Seed chooses what has no field: things in the room, sway, blinks, noise.
	Seed   uint64
	Device Device
	// Lux is the ambient light that falls on the face from the front.
	Lux float64
	// Nits is the luminance of the screen showing white, cd/m².
	Nits float64
	// Warmth is the colour of the ambient light: -0.2 is an overcast sky, 0.2 a bulb.
	Warmth float64
	// Side is where the strongest ambient light comes from, -1 left to 1 right.
	Side float64
	// Focal is the camera's focal length in pixels.
	Focal float64
	// FPS is how many frames come in a second, with jitter.
	FPS float64
	// Lag is from what the screen is told to the stamp of the frame that sees it.
	Lag time.Duration
	// Readout is how much later the last row is exposed than the first.
	Readout time.Duration
	// Wall is how far the room's wall lies behind the head, cm.
	Wall float64
	// Quality is that of the JPEGs, 1 to 100.
	Quality int
	// Calm keeps the head still but for the script: no sway, no blinks.
	Calm bool
}

// Draw makes up a scene lit by low to high lux.
func Draw(seed uint64, low, high float64) Scene {
	r := rand.New(rand.NewPCG(seed, 0x7363656e))
	within := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	s := Scene{
		Seed: seed, Device: Phone, Lux: low * math.Pow(high/low, r.Float64()), Nits: within(380, 600),
		Warmth: within(-0.14, 0.18), Side: within(-0.8, 0.8), Focal: within(490, 590),
		FPS: within(15, 30), Lag: time.Duration(within(30, 120) * 1e6), Readout: time.Duration(within(8, 28) * 1e6),
		Wall: within(70, 300), Quality: 90 + r.IntN(5),
	}
	if r.Float64() < 0.4 {
		s.Device, s.Nits, s.Focal = Laptop, within(260, 400), within(480, 580)
	}
	return s
}

// A room is what is behind the head, out of focus, a picture of albedos and of
// how much the light there differs from that on the face.
type room struct {
	width, height int
	albedo        []tint
	ambient       tint      // light there, lux
	depth         []float32 // from the camera, cm
}

const roomSide = 160

func newRoom(r *rand.Rand, wall float64, ambient solid.RGB) *room {
	out := &room{width: roomSide, height: roomSide, ambient: tintOf(ambient.Times(0.5 + 0.7*r.Float64()))}
	base := solid.Tint(0.5, 0.5, 0.5).Mix(solid.Tint(r.Float64(), r.Float64(), r.Float64()), 0.25).Times(0.5 + 0.9*r.Float64())
	type thing struct {
		x, y, w, h, soft, near float64
		colour                 solid.RGB
	}
	things := make([]thing, 3+r.IntN(5))
	for i := range things {
		tone := solid.Tint(r.Float64(), r.Float64(), r.Float64()).Mix(solid.Tint(0.5, 0.5, 0.5), 0.6)
		things[i] = thing{
			r.Float64(), r.Float64(), 0.05 + 0.2*r.Float64(), 0.1 + 0.3*r.Float64(), 0.01 + 0.03*r.Float64(),
			0.7 + 0.3*r.Float64(), tone.Times(0.15 + 0.7*r.Float64()),
		}
	}
	slope, grain := 0.4*(2*r.Float64()-1), solid.Grain(r.Uint32())
	for py := range roomSide {
		for px := range roomSide {
			x, y := float64(px)/roomSide, float64(py)/roomSide
			c, depth := base.Times(1+slope*(x-0.5)-0.2*(y-0.5)+0.08*(grain.Rough(9*x, 9*y)-0.5)), wall
			for _, t := range things {
				in := solid.Step(t.w+t.soft, t.w-t.soft, math.Abs(x-t.x)) * solid.Step(t.h+t.soft, t.h-t.soft, math.Abs(y-t.y))
				c, depth = c.Mix(t.colour, 0.9*in), depth*(1-in)+in*min(depth, wall*t.near)
			}
			out.albedo = append(out.albedo, tintOf(c))
			out.depth = append(out.depth, float32(depth))
		}
	}
	return out
}
