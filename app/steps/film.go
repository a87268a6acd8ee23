package steps

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus/app/camera"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/face/capture"
)

// film has the holder filmed. That the screen will change colour is said before, and who
// does not bear that moves instead.
func (s *Steps) film(ctx context.Context) (wire.Status, error) {
	body, ok := s.Body.(Filmer)
	if !ok {
		return wire.Status{}, errors.New("steps: this phone has no camera that films")
	}
	s.Screen.Tell("You will be filmed for a few seconds. Hold the phone at eye level, in good light but not in the sun.")
	s.Screen.Tell("The screen will change its colour about twice a second. If you do not bear such changes, choose calm: then you turn your head instead.")
	chosen, err := s.Screen.Choose(ctx, "face", "Are you ready?", []string{"ready", "calm"})
	if err != nil {
		return wire.Status{}, err
	}
	way := wire.CaptureLight
	if chosen == "calm" {
		way = wire.CaptureCalm
	}
	cam, err := body.Camera(ctx)
	if err != nil {
		return wire.Status{}, err
	}
	err = s.Capture(ctx, way, func(ctx context.Context, c capture.Conn) (capture.Answer, error) {
		return camera.Film(ctx, c, cam, s.lit())
	})
	if errors.Is(err, capture.ErrBroken) && ctx.Err() == nil {
		s.Screen.Tell("The line to the server broke.")
		err = nil // the server knows what has become of it
	}
	if err != nil {
		return wire.Status{}, err
	}
	return s.Post(ctx, "", wire.Begin{})
}

// lit shows each cue: in words and, where the screen can, in its colour.
func (s *Steps) lit() func(capture.Cue, time.Duration) {
	width, said := 0.0, ""
	lamp, _ := s.Screen.(Lamp)
	return func(cue capture.Cue, fade time.Duration) {
		if lamp != nil {
			lamp.Light(cue, fade)
		}
		text := map[capture.Kind]string{
			capture.Light: "Stay as you are …",
			// As a picture that is not mirrored has it.
			capture.Left: "Turn your head to your right, and back.", capture.Right: "Turn your head to your left, and back.",
			capture.Near: "Come nearer to the camera, and stay there.", capture.Rest: "Comparing your face with the photo in the chip …",
		}[cue.Kind]
		if cue.Kind == capture.Fit {
			text = "Look into the camera from an arm's length away."
			if width > 0 && cue.Oval.Width > width {
				text = "Come nearer to the camera."
			}
			width = cue.Oval.Width
		}
		if text != said || cue.Kind == capture.Left || cue.Kind == capture.Right {
			s.Screen.Tell(text)
		}
		said = text
	}
}
