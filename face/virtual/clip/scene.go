package clip

import (
	"math"
	"math/rand/v2"
	"time"
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
