package clip

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/tunnus-id/tunnus/face/virtual/quick"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// lids is when a person blinks: every few seconds, for a fifth of one.
type lids struct {
	rand        *rand.Rand
	begin, long time.Duration
}

func (l *lids) next(after time.Duration) {
	l.begin = after + time.Duration((0.8+4*l.rand.Float64())*float64(time.Second))
	l.long = time.Duration((0.16 + 0.12*l.rand.Float64()) * float64(time.Second))
}

// open is how far the eyes are open, 0 to 1; at rises from call to call.
func (l *lids) open(at time.Duration) float64 {
	for at > l.begin+l.long {
		l.next(l.begin + l.long)
	}
	if at < l.begin {
		return 1
	}
	return 1 - math.Sin(math.Pi*float64(at-l.begin)/float64(l.long))
}

// The cornea mirrors a fortieth of the light that meets it (Fresnel, n = 1.376)
// and is a ball of 0.78 cm (ISO/IEC 39794-5 speaks of its reflections).
const mirrored, cornea = 0.025, 0.78

// glint draws what each open eye mirrors: the screen, and the window.
func (st *Stage) glint(l *lens, open float64) {
	if st.body.paper || open < 0.5 {
		return
	}
	w, h, below := st.scene.Device.screen()
	m := st.sitter.marks
	window := st.lamps[0].From.Unit()
	ambient := quick.TintOf(st.lamps[0].Light.Times(0.5 * mirrored * 4 * math.Pi))
	for _, side := range []float64{-1, 1} {
		eye := st.body.place(solid.XYZ(side*m.X, 0.09, m.Z))
		back := solid.XYZ(0, 0, l.distance).Sub(eye)
		size := cornea / 2 / back.Length()
		to := solid.XYZ(0, -below, l.distance).Sub(eye).Unit().Add(back.Unit()).Unit()
		st.mirror(l, eye.Add(to.Times(cornea)), w*size, h*size, tint{}, mirrored*math.Pi)
		to = window.Add(back.Unit()).Unit()
		st.mirror(l, eye.Add(to.Times(cornea)), 0.05, 0.07, ambient, 0)
	}
}

// mirror adds a soft spot of a half width and height in cm: ambient light, and
// of each cd/m² of the screen.
func (st *Stage) mirror(l *lens, at solid.Vec, w, h float64, ambient tint, screen float64) {
	x, y, near := l.project(at)
	scale := l.focal / l.distance * near
	sx, sy := math.Hypot(w*scale, 0.5), math.Hypot(h*scale, 0.5)
	peak := w * h * scale * scale / (sx * sy)
	c := st.canvas
	for py := max(0, int(y-2.5*sy)); py <= min(c.height-1, int(y+2.5*sy)); py++ {
		for px := max(0, int(x-2.5*sx)); px <= min(c.width-1, int(x+2.5*sx)); px++ {
			i := py*c.width + px
			if c.hits[i].surface != 1 {
				continue
			}
			k := peak * math.Exp(-math.Pow((float64(px)+0.5-x)/sx, 4)-math.Pow((float64(py)+0.5-y)/sy, 4))
			for ch := range 3 {
				c.ambient[ch][i] += float32(k) * ambient[ch]
				c.screen[ch][i] += float32(k * screen)
			}
		}
	}
}
