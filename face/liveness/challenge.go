package liveness

import (
	"fmt"
	"io"
	"time"

	"github.com/tunnus-id/tunnus/face/liveness/flash"
)

// A Way is how liveness is proved.
type Way string

// The ways. Calm has no flashes, for people who ask for it.
const (
	Light Way = "light"
	Calm  Way = "calm"
)

// A Colour is what the screen shows, in sRGB display values.
type Colour struct {
	R uint8 `json:"r"`
	G uint8 `json:"g"`
	B uint8 `json:"b"`
}

// Linear is the light of the colour per channel, 0 to 1 (IEC 61966-2-1).
func (c Colour) Linear() [3]float64 {
	return flash.Linear(c.values())
}

func (c Colour) values() [3]uint8 { return [3]uint8{c.R, c.G, c.B} }

// Palette are the colours that are drawn from. Their luminances differ by less
// than 3 % of white, and none is a saturated red.
func Palette() [6]Colour {
	return [6]Colour{{255, 150, 150}, {0, 208, 80}, {125, 182, 255}, {255, 130, 255}, {190, 181, 0}, {0, 196, 225}}
}

// Neutral is what the screen shows before the first and after the last colour: a
// grey of the palette's luminance.
func Neutral() Colour { return Colour{179, 179, 179} }

// An Oval is where the face shall be. X and Y are its centre as shares of the
// frame's width and height; Width is that of the face, ear to ear, as a share of
// the frame's shorter side.
type Oval struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Width float64 `json:"width"`
}

// A Move is what a person is asked to do in the calm way. Left and Right are where
// the nose goes in the picture as it is sent, not mirrored; the head comes back
// after each. Near is to come up to the near oval, and to stay there.
type Move string

// The moves.
const (
	Left  Move = "left"
	Right Move = "right"
	Near  Move = "near"
)

// A Step is one thing asked for: a colour in the way [Light], a move in [Calm].
type Step struct {
	Colour Colour `json:"colour,omitzero"`
	Move   Move   `json:"move,omitempty"`
	// Pause is how long after the time of the last move this one is revealed.
	Pause time.Duration `json:"pause,omitempty"`
}

// A Challenge is what is asked of one capture, drawn by the server and used once.
type Challenge struct {
	Way   Way    `json:"way"`
	Steps []Step `json:"steps"`
	// Hold is how long each colour stands at least, and the time for one move.
	Hold time.Duration `json:"hold"`
	// Fade is the time from one colour to the next, a blend in linear light. It
	// begins when the colour is shown and is part of Hold.
	Fade time.Duration `json:"fade,omitempty"`
	// Far is where the face is first, Near where it is while the colours show.
	Far  Oval `json:"far"`
	Near Oval `json:"near"`
}

// Times and counts of a challenge.
const (
	hold      = 400 * time.Millisecond
	fade      = 80 * time.Millisecond
	minSteps  = 8
	maxSteps  = 10
	calmHold  = 2400 * time.Millisecond
	calmSteps = 5
	minPause  = 200 * time.Millisecond
	maxPause  = 1200 * time.Millisecond
)

// Draw makes a challenge of random, which must be a cryptographic source. It
// fails if random does, or if what was drawn does not pass [Challenge.Check].
func Draw(random io.Reader, way Way) (Challenge, error) {
	d := &dice{from: random}
	c := Challenge{Way: way, Far: d.oval(0.31, 0.35), Near: d.oval(0.49, 0.55)}
	switch way {
	case Light:
		c.Hold, c.Fade = hold, fade
		c.Steps = make([]Step, minSteps+d.n(maxSteps-minSteps+1))
		palette := Palette()
		last := len(palette)
		for i := range c.Steps {
			last = d.other(len(palette), last)
			c.Steps[i].Colour = palette[last]
		}
	case Calm:
		c.Hold = calmHold
		c.Steps = make([]Step, calmSteps)
		near := 1 + d.n(calmSteps-1) // never first: a turn shows the head from far, too
		for i := range c.Steps {
			c.Steps[i] = Step{Move: [2]Move{Left, Right}[d.n(2)], Pause: minPause + time.Duration(d.n(int((maxPause-minPause)/time.Millisecond)))*time.Millisecond}
			if i == near {
				c.Steps[i].Move = Near
			}
		}
	default:
		return Challenge{}, fmt.Errorf("liveness: no way %q", way)
	}
	if d.err != nil {
		return Challenge{}, fmt.Errorf("liveness: drawing: %w", d.err)
	}
	if err := c.Check(); err != nil {
		return Challenge{}, err
	}
	return c, nil
}

// dice draws small numbers without bias. The first fault of its source sticks.
type dice struct {
	from io.Reader
	err  error
}

// n is a number from 0 to n-1, for n up to 65536.
func (d *dice) n(n int) int {
	for limit := 65536 - 65536%n; d.err == nil; {
		var b [2]byte
		if _, d.err = io.ReadFull(d.from, b[:]); d.err != nil {
			break
		}
		if v := int(b[0])<<8 | int(b[1]); v < limit {
			return v % n
		}
	}
	return 0
}

// other is a number from 0 to n-1 that is not last.
func (d *dice) other(n, last int) int {
	if last >= n {
		return d.n(n)
	}
	v := d.n(n - 1)
	if v >= last {
		v++
	}
	return v
}

// oval is a place near the middle, and a width between from and to.
func (d *dice) oval(from, to float64) Oval {
	share := func(from, to float64) float64 { return from + (to-from)*float64(d.n(1001))/1000 }
	return Oval{X: share(0.47, 0.53), Y: share(0.46, 0.52), Width: share(from, to)}
}

// Screen is the linear light that the screen gives at a time of the client's
// clock: neutral, a colour, or what is between two. Each step lasts until the next
// is shown, the last one as long as Hold.
func (c Challenge) Screen(shown []Shown, at time.Duration) [3]float64 {
	return c.timeline(shown).on(at)
}
