package steps

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/camera"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/face/capture"
)

// A Screen is what the holder sees and types on.
type Screen interface {
	// Tell shows one line.
	Tell(text string)
	// Progress shows how far a long step is; done == total ends it.
	Progress(step string, done, total int)
	// Ask asks for one value: the key ("surname") is for programs, the text for people.
	Ask(ctx context.Context, key, text string) (string, error)
	// AskSecret asks without showing what is typed: PINs and the passphrase.
	AskSecret(ctx context.Context, key, text string) (tunnus.Secret, error)
	// Choose asks for one of several answers and returns the one chosen.
	Choose(ctx context.Context, key, text string, answers []string) (string, error)
}

// A Body is what the phone senses: its camera and its chip reader.
type Body interface {
	// CodeLine returns the machine-readable lines of the document. A [Typist] is no
	// witness of them.
	CodeLine(ctx context.Context) (string, error)
	// Chip connects to the chip that is held to the phone.
	Chip(ctx context.Context) (chip.Transceiver, error)
	// Frames takes n pictures of the person in front, JPEG.
	Frames(ctx context.Context, n int) ([][]byte, error)
}

// A Filmer is a [Body] with a camera that films: one for each capture. A film needs it.
type Filmer interface {
	Camera(ctx context.Context) (camera.Camera, error)
}

// A Lamp is a [Screen] that can be coloured: it lights the holder's face. One that is
// none asks in words, and only a camera that knows of the colours sees them.
type Lamp interface {
	// Light has the cue on the screen when it returns, or its colour on the way there
	// within fade, mixed in linear light.
	Light(cue capture.Cue, fade time.Duration)
}

// A Typist is a [Body] without a camera for the page: its code line is typed by hand.
// The names in it have no check digits, so what differs from the chip may be a slip of
// the finger, and is not told to the server as what was seen.
type Typist interface{ Typed() bool }
