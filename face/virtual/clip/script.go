package clip

import (
	"math"
	"time"

	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A Script says what the screen shows and how the person moves. All times
// count from the beginning of the film.
type Script struct {
	// Length is when the film ends.
	Length time.Duration
	// Shown is what the screen shows, each colour from its time on, in rising
	// order; before the first it is dark grey, as a page with an oval is.
	Shown []Shown
	// Fade is how long one colour turns into the next, from its time on, in
	// linear light.
	Fade time.Duration
	// Moves are places of the head, in rising order. Between them it moves
	// smoothly; none is looking straight from 40 cm.
	Moves []Move
}

// A Shown is a colour of the whole screen, in the display's values (sRGB).
type Shown struct {
	At     time.Duration
	Colour [3]uint8
}

// A Move is where the head is at a time.
type Move struct {
	At       time.Duration
	Distance float64 // from the camera to between the eyes, cm
	// Yaw, Pitch and Roll are degrees, in the sense of face.Pose.
	Yaw, Pitch, Roll float64
	// X and Y are how far the middle of the face lies from the picture's, in
	// widths of the picture, right and down.
	X, Y float64
}

// idle is what the screen shows first.
var idle = [3]uint8{40, 40, 40}

// linear is a display value as light, 0 to 1 (IEC 61966-2-1).
func linear(v uint8) float64 {
	x := float64(v) / 255
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

func lightOf(c [3]uint8) solid.RGB { return solid.Tint(linear(c[0]), linear(c[1]), linear(c[2])) }

// light is the mean light of the screen between two times, as a share of white.
func (s *Script) light(from, to time.Duration) solid.RGB {
	const steps = 6
	var sum solid.RGB
	for i := range steps {
		sum = sum.Add(s.lightAt(from + (to-from)*time.Duration(2*i+1)/(2*steps)))
	}
	return sum.Times(1.0 / steps)
}

func (s *Script) lightAt(at time.Duration) solid.RGB {
	was := lightOf(idle)
	for i := len(s.Shown) - 1; i >= 0; i-- {
		sh := s.Shown[i]
		if at < sh.At {
			continue
		}
		now := lightOf(sh.Colour)
		if since := at - sh.At; since < s.Fade {
			if i > 0 {
				was = lightOf(s.Shown[i-1].Colour)
			}
			return was.Mix(now, float64(since)/float64(s.Fade))
		}
		return now
	}
	return was
}

// place is where the head is.
func (s *Script) place(at time.Duration) Move {
	if len(s.Moves) == 0 {
		return Move{At: at, Distance: 40}
	}
	for i, m := range s.Moves {
		if at >= m.At {
			continue
		}
		if i == 0 {
			return m
		}
		return onTheWay(s.Moves[i-1], m, at)
	}
	return s.Moves[len(s.Moves)-1]
}

// onTheWay goes smoothly from one place to the next.
func onTheWay(a, b Move, at time.Duration) Move {
	k := solid.Step(0, 1, float64(at-a.At)/float64(b.At-a.At))
	mix := func(x, y float64) float64 { return x + k*(y-x) }
	return Move{
		At: at, Distance: mix(a.Distance, b.Distance),
		Yaw: mix(a.Yaw, b.Yaw), Pitch: mix(a.Pitch, b.Pitch), Roll: mix(a.Roll, b.Roll),
		X: mix(a.X, b.X), Y: mix(a.Y, b.Y),
	}
}
