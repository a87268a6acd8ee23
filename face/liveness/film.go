package liveness

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/face/liveness/match"
)

// decoys is how many sequences that were not shown are compared.
const decoys = 200

// A film is the part of a capture in which the colours were shown.
type film struct {
	*match.Film
	challenge Challenge
	shown     []Shown
	index     []int           // of its frames in the capture
	at        []time.Duration // of each
}

// newFilm takes the frames in which the face was seen while the colours showed, each
// file once; also those within the time of a colour before the first and after the
// last, whose light is late.
func newFilm(c Challenge, k Capture, seen []Observation) *film {
	f := &film{challenge: c, shown: k.Shown}
	digests := map[[32]byte]bool{}
	from, to := k.Shown[0].At-c.Hold, k.Shown[len(k.Shown)-1].At+2*c.Hold
	for i, o := range seen {
		if at := k.Frames[i].At; at >= from && at <= to && o.Sure && !digests[o.Digest] {
			digests[o.Digest] = true
			f.index, f.at = append(f.index, i), append(f.at, at)
		}
	}
	if len(f.at) > 0 {
		f.Film = match.New(f.at)
	}
	return f
}

// screen is what the screen showed, and would have shown with other steps.
func (f *film) screen(steps []Step) match.Screen {
	c := f.challenge
	c.Steps = steps
	return c.timeline(f.shown).on
}

// starts are the times at which the screen changed, with the end of the last colour.
func (f *film) starts() []time.Duration {
	return f.challenge.timeline(f.shown).at
}

// decoys are screens with sequences that were not shown. They are the same each
// time, so that a verdict can be made again.
func (f *film) decoys() []match.Screen {
	random := rand.New(rand.NewPCG(3, 1))
	palette := Palette()
	out := make([]match.Screen, 0, decoys)
	for len(out) < decoys {
		steps := make([]Step, len(f.challenge.Steps))
		last := -1
		for k := range steps {
			c := random.IntN(len(palette) - 1)
			if c >= last && last >= 0 {
				c++
			}
			last, steps[k].Colour = c, palette[c]
		}
		if !slices.Equal(steps, f.challenge.Steps) {
			out = append(out, f.screen(steps))
		}
	}
	return out
}
