package steps

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/camera"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/face/capture"
)

// A sitter is a phone with a camera.
type sitter struct{ cameras int }

func (*sitter) CodeLine(context.Context) (string, error)            { return "", errIdle }
func (*sitter) Chip(context.Context) (chip.Transceiver, error)      { return nil, errIdle }
func (*sitter) Frames(context.Context, int) ([][]byte, error)       { return nil, errIdle }
func (s *sitter) Camera(context.Context) (camera.Camera, error)     { s.cameras++; return s, nil }
func (*sitter) Size() (w, h int)                                    { return 640, 480 }
func (*sitter) Now() time.Duration                                  { return 0 }
func (*sitter) Show(capture.Cue)                                    {}
func (*sitter) Next(context.Context) (f camera.Frame, failed error) { return f, errIdle }

// lamp is a screen that can be coloured.
type lamp struct {
	*hand
	lit []capture.Cue
}

func (l *lamp) Light(c capture.Cue, _ time.Duration) { l.lit = append(l.lit, c) }

func filmable(types ...string) (*Steps, *hand, *[]posted) {
	s, h, sent := at(types, wire.Status{Next: wire.StepKeys})
	s.Body = &sitter{}
	return s, h, sent
}

var wanted = wire.Status{Next: wire.StepFace, Filmed: true}

// The holder is warned of the colours and may choose the way without; behind the film
// the server is asked where the registration stands.
func TestFilm(t *testing.T) {
	for said, want := range map[string]string{"ready": wire.CaptureLight, "calm": wire.CaptureCalm} {
		s, h, sent := filmable(said)
		way := ""
		s.Capture = func(_ context.Context, w string, _ func(context.Context, capture.Conn) (capture.Answer, error)) error {
			way = w
			return nil
		}
		st, err := s.Find(wanted)(t.Context(), wanted)
		if err != nil || st.Next != wire.StepKeys || way != want || len(*sent) != 1 || (*sent)[0].step != "" {
			t.Errorf("%s: %v, %+v, way %q, sent %v", said, err, st, way, *sent)
		}
		if !h.shows("change its colour") || s.Body.(*sitter).cameras != 1 {
			t.Errorf("%s: told %q", said, h.told)
		}
	}
}

// A refusal is told on; a line that broke is not one.
func TestFilmThatFails(t *testing.T) {
	s, _, sent := filmable("ready")
	s.Capture = func(context.Context, string, func(context.Context, capture.Conn) (capture.Answer, error)) error {
		return tunnus.Fail(tunnus.CodeFaceNoMatch, errors.New("x"))
	}
	if _, err := s.film(t.Context()); tunnus.CodeOf(err) != tunnus.CodeFaceNoMatch || len(*sent) != 0 {
		t.Errorf("refused: %v", err)
	}
	var h *hand
	s, h, sent = filmable("ready")
	s.Capture = func(context.Context, string, func(context.Context, capture.Conn) (capture.Answer, error)) error {
		return capture.ErrBroken
	}
	if _, err := s.film(t.Context()); err != nil || len(*sent) != 1 || !h.shows("broke") {
		t.Errorf("cut off: %v", err)
	}
	s, _, _ = filmable("ready")
	s.Body = struct{ Body }{}
	if _, err := s.film(t.Context()); err == nil {
		t.Error("a film without a camera")
	}
}

// Each cue is said once, in the words of who looks at the screen, and lights it.
func TestCuesAreShown(t *testing.T) {
	l := &lamp{hand: &hand{}}
	show := (&Steps{Screen: l}).lit()
	far, near := capture.Oval{X: .5, Y: .5, Width: .35}, capture.Oval{X: .5, Y: .5, Width: .6}
	cues := []capture.Cue{
		{Kind: capture.Fit, Oval: far},
		{Kind: capture.Fit, Oval: near},
		{Kind: capture.Light, Oval: near},
		{Kind: capture.Light, Oval: near},
		{Kind: capture.Left},
		{Kind: capture.Left},
		{Kind: capture.Right},
		{Kind: capture.Near, Oval: near},
		{Kind: capture.Rest},
	}
	for _, c := range cues {
		show(c, 0)
	}
	want := []string{
		"Look into the camera from an arm's length away.", "Come nearer to the camera.", "Stay as you are …",
		"Turn your head to your right, and back.", "Turn your head to your right, and back.", "Turn your head to your left, and back.",
		"Come nearer to the camera, and stay there.", "Comparing your face with the photo in the chip …",
	}
	if !slices.Equal(l.told, want) || !slices.Equal(l.lit, cues) {
		t.Errorf("told %q; lit %v", l.told, l.lit)
	}
}
