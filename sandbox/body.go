package sandbox

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/camera"
	sitting "github.com/tunnus-id/tunnus/app/camera/virtual"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/virtual"
	face "github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/virtual/clip"
)

// A Body is a phone in the hand of one of the sandbox's people, with their
// passport lying on it. It implements app.Body.
type Body struct {
	passport *virtual.Passport
	person   face.Person
	clock    tunnus.Clock
	sitter   *clip.Sitter // once the person was filmed
}

// NewBody finds a person of the world in a folder.
func NewBody(dir, name string, clock tunnus.Clock) (*Body, error) {
	if dir == "" {
		return nil, errors.New("sandbox: a virtual person needs the folder of the world (--world)")
	}
	w, err := Open(dir, clock)
	if err != nil {
		return nil, err
	}
	passport, err := w.Passport(name)
	if err != nil {
		return nil, err
	}
	who, err := Find(name)
	if err != nil {
		return nil, err
	}
	looks, err := who.Looks()
	return &Body{passport: passport, person: looks, clock: clock}, err
}

// Page is what is printed on the passport, for whoever types it off.
func (b *Body) Page() []string {
	z := b.passport.Zone()
	return []string{
		"On the passport in front of you is printed:",
		"  passport number   " + z.Number,
		"  surname           " + z.Surname,
		"  given names       " + z.GivenNames,
		"  personal code     " + z.Optional1 + "   (country XX)",
	}
}

// CodeLine is what the camera reads off the data page.
func (b *Body) CodeLine(context.Context) (string, error) { return b.passport.Zone().String(), nil }

// Chip lays the passport on the phone.
func (b *Body) Chip(context.Context) (chip.Transceiver, error) {
	b.passport.Reset()
	return b.passport, nil
}

// Frames is what the camera sees of the person: never twice the same.
func (b *Body) Frames(_ context.Context, n int) ([][]byte, error) {
	return b.person.Frames(n, uint64(b.clock.Now().UnixNano())), nil
}

// Camera films the person, who follows what the screen asks for. It implements
// steps.Filmer.
func (b *Body) Camera(context.Context) (camera.Camera, error) {
	if b.sitter == nil {
		b.sitter = clip.Sit(face.NewModel(b.person))
	}
	scene := clip.Draw(uint64(b.clock.Now().UnixNano()), 60, 200)
	scene.Device, scene.FPS = clip.Phone, filmRate
	return sitting.New(b.sitter, scene, b.clock, camera.Sleep), nil
}

// filmRate is how many pictures a second are drawn: one takes some 25 ms.
const filmRate = 12
