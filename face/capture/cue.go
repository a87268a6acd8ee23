package capture

import (
	"fmt"
	"time"
)

// A Kind says what a cue wants.
type Kind uint8

// The kinds of cues. [Fit] is over when the phone says so, the others after their time.
const (
	Rest  Kind = iota // nothing more: on the phone only, behind the last cue
	Fit               // the face into the oval
	Light             // the screen has the colour
	Left              // the nose to the left of the picture as it is sent, and back
	Right             // and to its right, and back
	Near              // the face up to the oval, where it stays
)

// A Colour is one of the screen, in sRGB.
type Colour struct{ R, G, B uint8 }

// An Oval is where the face is wanted: its centre as shares of the frame's width and
// height, and the width of the face from ear to ear as a share of the shorter side.
type Oval struct{ X, Y, Width float64 }

// A Cue is what the screen shows at one time.
type Cue struct {
	Kind   Kind
	Oval   Oval
	Colour Colour // of the screen around the oval, and of all of it for [Light]
	// Hold is how long it is shown at least. Colours that change faster would flash
	// (WCAG 2.3.1).
	Hold time.Duration
	// Pause is how long the server waits with this cue from when frames have shown the
	// one before it. The phone is not told.
	Pause time.Duration
}

// A Plan is one capture as the server has drawn it.
type Plan struct {
	Cues  []Cue
	Opens int           // the cue with which the attempt opens: the first that tells what was drawn
	Rest  Colour        // of the screen behind the last cue
	Fade  time.Duration // of one colour into the next, in linear light
	Rate  int           // frames a second that are wanted
	Limit time.Duration // of the part from Opens on
}

// Limits of one capture. A phone that keeps to the [Offer] stays far below.
const (
	MaxCues     = 24
	MaxRate     = 30
	MaxFrame    = 256 << 10 // bytes of a JPEG: one of 640×480 at quality 0.92 has about 100 KB
	MaxFrames   = 240       // that are kept
	MaxBytes    = 16 << 20  // of them
	MaxMessages = 900       // of the phone, frames that are not kept among them
	MaxMessage  = MaxFrame + frameHeader
	MinSide     = 360 // pixels of a frame: with fewer no face in an oval is large enough to be compared
	MaxSide     = 1920
	MaxPixels   = 1920 * 1080

	Opening = 5 * time.Second  // until the first message
	Quiet   = 4 * time.Second  // between two messages
	Life    = 90 * time.Second // of a capture; finding the oval takes most of it
)

// How many frames are kept of a time in which the face looks for its oval, the newest:
// of the first one few, of a later one those of the way there.
const (
	seeking = 16
	moving  = 60
)

// Check reports a plan that cannot be told: our fault, not the phone's.
func (p Plan) Check() error {
	switch {
	case len(p.Cues) == 0 || len(p.Cues) > MaxCues:
		return fmt.Errorf("capture: %d cues; 1 to %d can be shown", len(p.Cues), MaxCues)
	case p.Opens < 0 || p.Opens >= len(p.Cues):
		return fmt.Errorf("capture: the attempt opens with cue %d of %d", p.Opens, len(p.Cues))
	case p.Fade < 0 || p.Fade > MinHold/2 || p.Rate < 1 || p.Rate > MaxRate || p.Limit <= 0 || p.Limit > Life:
		return fmt.Errorf("capture: a fade of %v, %d frames a second for %v", p.Fade, p.Rate, p.Limit)
	}
	for i, c := range p.Cues {
		if err := c.check(); err != nil {
			return fmt.Errorf("capture: cue %d: %w", i, err)
		}
	}
	return nil
}

// MinHold is how long each colour is shown at least: 2.5 changes a second are less than
// the three flashes, of two changes each, that WCAG 2.3.1 allows. Both sides see to it.
const MinHold = 400 * time.Millisecond

// maxHold bounds what a cue may ask for.
const maxHold = 10 * time.Second

func (c Cue) check() error {
	switch {
	case c.Kind < Fit || c.Kind > Near:
		return fmt.Errorf("kind %d", c.Kind)
	case c.Kind == Light && c.Hold < MinHold:
		return fmt.Errorf("a colour for %v, at least %v", c.Hold, MinHold)
	case c.Hold < 0 || c.Hold > maxHold || c.Pause < 0 || c.Pause > maxHold:
		return fmt.Errorf("shown for %v after %v", c.Hold, c.Pause)
	}
	for _, v := range []float64{c.Oval.X, c.Oval.Y, c.Oval.Width} {
		if !(v > 0 && v <= 1) {
			return fmt.Errorf("an oval at %v", c.Oval)
		}
	}
	return nil
}
