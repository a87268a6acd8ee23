package camera

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/face/capture"
)

// A Strip is a film that was taken before: its frames, JPEG, all of one size.
type Strip struct {
	Width, Height int
	Rate          float64 // frames a second
	Frames        [][]byte
}

// Limits of a strip; what is longer is cut off.
const (
	maxStrip = 600
	maxRate  = 60
)

// A Reel plays a strip over and over, as a camera that sees it.
type Reel struct {
	strip Strip
	now   func() time.Duration
	sleep func(ctx context.Context, d time.Duration) error
	taken int
	since time.Duration // when the screen changed last
}

// New makes a camera of a strip. It fails if that has no frames, or if they are larger
// or smaller than a capture takes.
func New(s Strip) (*Reel, error) {
	switch {
	case len(s.Frames) == 0:
		return nil, errors.New("camera: no pictures")
	case !fits(s.Width, s.Height):
		return nil, fmt.Errorf("camera: pictures of %d×%d", s.Width, s.Height)
	case !(s.Rate > 0 && s.Rate <= maxRate):
		return nil, fmt.Errorf("camera: %g pictures a second", s.Rate)
	}
	began := time.Now()
	return &Reel{
		strip: s, sleep: Sleep,
		now: func() time.Duration { return time.Since(began) },
	}, nil
}

func fits(width, height int) bool {
	return min(width, height) >= capture.MinSide && max(width, height) <= capture.MaxSide && width*height <= capture.MaxPixels
}

// Sleep waits for so long, or until the context ends.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Size implements [Camera].
func (r *Reel) Size() (width, height int) { return r.strip.Width, r.strip.Height }

// Now implements [Camera].
func (r *Reel) Now() time.Duration { return r.now() }

// settled is how long whoever was filmed is given to find an oval: nobody there
// listens.
const settled = time.Second

// Show implements [Camera].
func (r *Reel) Show(capture.Cue) { r.since = r.now() }

// Next implements [Camera].
func (r *Reel) Next(ctx context.Context) (Frame, error) {
	every := time.Duration(float64(time.Second) / r.strip.Rate)
	next := time.Duration(r.taken) * every
	if now := r.now(); now > next+every { // the machine was busy: the film went on
		r.taken = int(now/every) + 1
		next = time.Duration(r.taken) * every
	}
	if err := r.sleep(ctx, max(0, next-r.now())); err != nil {
		return Frame{}, err
	}
	at := r.now()
	f := Frame{At: at, JPEG: r.strip.Frames[r.taken%len(r.strip.Frames)], There: at >= r.since+settled}
	r.taken++
	return f, nil
}
