// Package virtual is a camera before which an invented person sits, who does what the
// screen asks for and is lit by it: a capture from end to end without anybody there.
//
// It films with package face/virtual/clip while the capture goes on. What it proves is
// that the parts speak to each other; see there for what it does not prove.
package virtual

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/camera"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/virtual/clip"
)

// A Camera films one person. It is a [camera.Camera], used by one goroutine.
type Camera struct {
	stage  *clip.Stage
	device clip.Device
	script clip.Script
	clock  tunnus.Clock
	sleep  func(context.Context, time.Duration) error
	began  time.Time

	came time.Duration // when the screen changed last
	at   clip.Move     // where the head comes to rest
}

// New seats a person in a scene. A test hands in a clock and a sleep that moves it.
func New(s *clip.Sitter, sc clip.Scene, clock tunnus.Clock, sleep func(context.Context, time.Duration) error) *Camera {
	c := &Camera{
		stage: clip.New(s, sc), device: sc.Device, at: clip.Move{Distance: usual},
		clock: clock, sleep: sleep, began: clock.Now(),
	}
	c.script = clip.Script{Length: longest, Fade: fade, Moves: []clip.Move{c.at}}
	return c
}

const (
	usual   = 45                    // cm from the camera
	fade    = 80 * time.Millisecond // of one colour into the next
	longest = time.Hour
)

// Size implements [camera.Camera].
func (c *Camera) Size() (width, height int) { return c.device.Size() }

// Now implements [camera.Camera].
func (c *Camera) Now() time.Duration { return c.clock.Now().Sub(c.began) }

// Next implements [camera.Camera]. Where drawing takes longer than what is drawn, the
// film falls behind the clock, as that of a phone does that has too much to do.
func (c *Camera) Next(ctx context.Context) (camera.Frame, error) {
	f, _ := c.stage.Next(&c.script)
	if err := c.sleep(ctx, max(0, f.At-c.Now())); err != nil {
		return camera.Frame{}, err
	}
	return camera.Frame{At: f.At, JPEG: f.JPEG, There: f.At >= c.came+approach+still}, nil
}

// How long the person takes for what is asked.
const (
	react    = 350 * time.Millisecond
	approach = 1500 * time.Millisecond
	still    = 400 * time.Millisecond
	turn     = 700 * time.Millisecond
)

// ears is how much wider a face is from ear to ear, as an oval wants it, than from cheek
// to cheek, as the film has it.
const ears = 1.32

// angle is how far a head is turned, in degrees.
const angle = 26

// Show implements [camera.Camera]: the person does what is asked for.
func (c *Camera) Show(cue capture.Cue) {
	now := c.Now()
	c.came = now
	c.script.Shown = append(c.script.Shown, clip.Shown{At: now, Colour: [3]uint8{cue.Colour.R, cue.Colour.G, cue.Colour.B}})
	switch cue.Kind {
	case capture.Fit, capture.Near:
		w, h := c.Size()
		shorter := float64(min(w, h)) / float64(w)
		c.moveTo(now, clip.Move{
			At: now + approach, Distance: ears * c.stage.DistanceFor(cue.Oval.Width*shorter),
			X: cue.Oval.X - 0.5, Y: (cue.Oval.Y - 0.5) * float64(h) / float64(w),
		})
	case capture.Left, capture.Right:
		there := c.at
		there.At, there.Yaw = now+react+turn, angle
		if cue.Kind == capture.Left {
			there.Yaw = -angle
		}
		back := c.at
		back.At = there.At + turn
		c.moveTo(now+react, there)
		c.moveTo(there.At, back)
	}
}

// moveTo goes from where the head is to another place.
func (c *Camera) moveTo(from time.Duration, to clip.Move) {
	if last := c.script.Moves[len(c.script.Moves)-1].At; from <= last {
		from = last + time.Millisecond
		to.At = max(to.At, from+time.Millisecond)
	} else {
		c.at.At = from
		c.script.Moves = append(c.script.Moves, c.at)
	}
	c.at = to
	c.script.Moves = append(c.script.Moves, to)
}
