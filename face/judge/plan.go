package judge

import (
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// How many frames a second are wanted. Moves take five times as long as colours.
const (
	lightRate = 20
	calmRate  = 10
)

// slack is how much longer than drawn a capture may take from the first cue that tells
// something: each of ten may come late by a slow line. Who needs more works on the
// pictures.
const slack = 6 * time.Second

// Plan is what a phone is told of a challenge, one cue after the other: first the ovals,
// which say nothing of what was drawn, then its steps. The attempt opens with the first.
func Plan(c liveness.Challenge) (capture.Plan, error) {
	rest := colour(liveness.Neutral())
	far, near := capture.Oval(c.Far), capture.Oval(c.Near)
	p := capture.Plan{Rest: rest, Fade: c.Fade, Limit: slack}
	p.Cues = []capture.Cue{{Kind: capture.Fit, Oval: far, Colour: rest}}
	at := far
	switch c.Way {
	case liveness.Light:
		p.Rate, at = lightRate, near
		p.Cues = append(p.Cues, capture.Cue{Kind: capture.Fit, Oval: near, Colour: rest})
	case liveness.Calm:
		p.Rate = calmRate
	default:
		return capture.Plan{}, fmt.Errorf("judge: no way %q", c.Way)
	}
	p.Opens = len(p.Cues)
	for i, s := range c.Steps {
		cue := capture.Cue{Kind: capture.Light, Oval: at, Colour: colour(s.Colour), Hold: c.Hold}
		if c.Way == liveness.Calm {
			cue.Kind, cue.Colour = moves()[s.Move], rest
			if s.Move == liveness.Near {
				at = near
			}
			cue.Oval = at
			if i > 0 { // revealed when the last one's time and the pause are over
				cue.Pause = c.Hold + s.Pause
			}
		}
		p.Cues = append(p.Cues, cue)
		p.Limit += c.Hold + s.Pause
	}
	if err := p.Check(); err != nil {
		return capture.Plan{}, err
	}
	return p, nil
}

func moves() map[liveness.Move]capture.Kind {
	return map[liveness.Move]capture.Kind{
		liveness.Left: capture.Left, liveness.Right: capture.Right, liveness.Near: capture.Near,
	}
}

func colour(c liveness.Colour) capture.Colour { return capture.Colour(c) }

// Came is what a film of the plan of c says, and its pictures in the same order. It fails
// for a film of another plan.
func Came(c liveness.Challenge, f capture.Film) (k liveness.Capture, frames [][]byte, err error) {
	first := len(f.Cues) - len(c.Steps)
	if first < 1 || first > 2 {
		return k, nil, fmt.Errorf("judge: %d cues for a challenge of %d", len(f.Cues), len(c.Steps))
	}
	k = liveness.Capture{Width: f.Width, Height: f.Height}
	for i, cue := range f.Cues[first:] {
		k.Revealed = append(k.Revealed, cue.Revealed)
		k.Shown = append(k.Shown, liveness.Shown{Step: i, At: cue.Shown})
	}
	for _, frame := range f.Frames {
		k.Frames = append(k.Frames, liveness.Frame{Number: int(frame.Number), At: frame.At, Arrived: frame.Arrived})
		frames = append(frames, frame.JPEG)
	}
	return k, frames, nil
}
