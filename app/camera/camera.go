// Package camera films the holder for a capture (package face/capture): it shows what
// the server asks for, sends what the camera takes, and returns what the server said at
// the end.
//
// A [Camera] is whatever takes pictures. [Reel] makes one of pictures that were taken
// before: a folder of JPEG files, a Y4M or an MJPEG file. Such pictures know nothing of
// the colours on the screen, so no liveness check should take them for a person; they
// are for trying out the way there.
package camera

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/face/capture"
)

// A Frame is one picture, JPEG.
type Frame struct {
	At   time.Duration // when it was taken, on the camera's clock
	JPEG []byte
	// There tells that, as far as the camera knows, the face is in the oval of the cue.
	There bool
}

// A Camera films. Its clock counts from when it was made, and never goes back.
type Camera interface {
	// Size is that of every frame, in pixels.
	Size() (width, height int)
	// Now is its clock.
	Now() time.Duration
	// Show tells what the screen shows from now on.
	Show(cue capture.Cue)
	// Next waits for the next frame.
	Next(ctx context.Context) (Frame, error)
}

// Film runs a capture on the connection with the camera, and returns the server's
// answer. Whenever another cue is to be on the screen, show is told and has drawn it when
// it returns; a colour goes over into the next within fade. Film fails with
// [capture.ErrBroken] if the line breaks and with [capture.ErrSpoken] if the server does
// not keep to the form.
func Film(ctx context.Context, c capture.Conn, cam Camera, show func(cue capture.Cue, fade time.Duration)) (capture.Answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := capture.NewPhone()
	f := &filming{Conn: c, phone: p, cam: cam, show: show, heard: make(chan heard)}
	if err := f.send(ctx, p.Ready(cam.Size())); err != nil {
		return capture.Answer{}, err
	}
	go f.listen(ctx)
	for over := false; ; {
		if err := f.hear(ctx, over); err != nil {
			return capture.Answer{}, err
		}
		if a, ok := p.Answer(); ok {
			return a, nil
		}
		if !over {
			var err error
			if over, err = f.shoot(ctx); err != nil {
				return capture.Answer{}, err
			}
		}
	}
}

// filming is one capture that goes on.
type filming struct {
	capture.Conn

	phone *capture.Phone
	cam   Camera
	show  func(capture.Cue, time.Duration)
	heard chan heard
	began bool // there is a cue
}

// heard is what came from the server.
type heard struct {
	message []byte
	err     error
}

// listen receives until the line breaks, or the answer has come.
func (f *filming) listen(ctx context.Context) {
	for {
		m, err := f.Receive(ctx)
		select {
		case f.heard <- heard{m, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// hear takes all that has come. Before there is a cue, and behind the end, it waits for
// something.
func (f *filming) hear(ctx context.Context, over bool) error {
	take := func(h heard) error {
		if h.err != nil {
			return broken(ctx, h.err)
		}
		return f.phone.Hear(h.message)
	}
	if over || !f.began {
		select {
		case h := <-f.heard:
			return take(h)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for {
		select {
		case h := <-f.heard:
			if err := take(h); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// shoot shows what is to be shown, and sends one frame; over says that it was the last.
func (f *filming) shoot(ctx context.Context) (over bool, err error) {
	cue, changed, ok := f.phone.Turn(f.cam.Now())
	if !ok {
		return false, nil
	}
	f.began = true
	if changed {
		at := f.cam.Now()
		f.show(cue, f.phone.Fade())
		f.cam.Show(cue)
		if err := f.send(ctx, f.phone.Painted(at)); err != nil {
			return false, err
		}
	}
	frame, err := f.cam.Next(ctx)
	if err != nil {
		return false, fmt.Errorf("camera: %w", err)
	}
	var placed []byte
	if frame.There {
		placed = f.phone.Placed(frame.At)
	}
	for _, m := range [][]byte{placed, f.phone.Frame(frame.At, frame.JPEG)} {
		if err := f.send(ctx, m); err != nil {
			return false, err
		}
	}
	end := f.phone.End()
	return end != nil, f.send(ctx, end)
}

// send sends a message, if there is one.
func (f *filming) send(ctx context.Context, m []byte) error {
	if m == nil {
		return nil
	}
	if err := f.Send(ctx, m); err != nil {
		return broken(ctx, err)
	}
	return nil
}

func broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", capture.ErrBroken, err)
}
