package sandbox

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/virtual"
	face "github.com/tunnus-id/tunnus/face/virtual"
)

// A Body is a phone in the hand of one of the sandbox's people, with their
// passport lying on it. It implements app.Body.
type Body struct {
	passport *virtual.Passport
	person   face.Person
	clock    tunnus.Clock
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
	return &Body{passport, looks, clock}, err
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
