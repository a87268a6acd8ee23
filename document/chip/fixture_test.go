package chip_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	mrand "math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/bac"
	"github.com/tunnus-id/tunnus/document/virtual"
)

var (
	now       = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	challenge = []byte("8 bytes!")
	utopia    = sync.OnceValue(func() *virtual.Country { return must(virtual.NewCountry(now)) })
	rsaChip   = sync.OnceValue(func() *virtual.Passport { return must(utopia().Issue(ada(virtual.ChipRSA, 75))) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// ada is an invented person; quality 75 gives a portrait of about 17 kB.
func ada(make virtual.Chip, quality int) virtual.Holder {
	return virtual.Holder{
		Surname: "LOVE", GivenNames: "ADA MARIA", Sex: "F", Number: "X1234567", PersonCode: "199002140015",
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2032, 1, 31, 0, 0, 0, 0, time.UTC),
		Portrait: portrait(150, 190, quality), Chip: make,
	}
}

func portrait(width, height, quality int) []byte {
	r := mrand.New(mrand.NewPCG(1, 2))
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{uint8(r.UintN(256))}.Y
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// fresh is the passport's chip without power and without faults.
func fresh(p *virtual.Passport) *virtual.Passport { return p.WithFaults(virtual.Faults{}) }

// A carrier is a Transceiver made of a function.
type carrier func(ctx context.Context, command []byte) ([]byte, error)

func (f carrier) Transceive(ctx context.Context, command []byte) ([]byte, error) {
	return f(ctx, command)
}

const hostileKey = "L898902C3674081221204159"

// hostile is a chip that knows how to speak, and says what answer tells it to.
// It counts its commands.
type hostile struct {
	answer   func(c apdu.Command) ([]byte, apdu.Status)
	session  *apdu.Session
	given    []byte
	commands int
}

func (h *hostile) Transceive(_ context.Context, command []byte) ([]byte, error) {
	h.commands++
	c, err := apdu.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	switch {
	case h.session != nil && c.Class != 0:
		plain, err := h.session.Open(c)
		if err != nil {
			return nil, err
		}
		return h.session.Seal(h.answer(plain))
	case c.Ins == 0x84:
		h.given = make([]byte, 8)
		_, _ = rand.Read(h.given)
		return apdu.Answer(h.given, apdu.OK), nil
	case c.Ins == 0x82:
		var b []byte
		if b, h.session, err = bac.AccessKeys(hostileKey).Answer(h.given, c.Data, rand.Reader); err != nil {
			return nil, errors.New("the reader has another key")
		}
		return apdu.Answer(b, apdu.OK), nil
	}
	return apdu.Answer(nil, apdu.OK), nil
}

// read reads without progress and without a deadline.
func read(t *testing.T, c chip.Transceiver, key string) (chip.Reading, error) {
	t.Helper()
	return chip.Read(t.Context(), c, key, challenge, nil)
}
