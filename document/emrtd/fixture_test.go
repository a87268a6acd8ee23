package emrtd_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
)

var (
	now       = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	challenge = []byte("8 bytes!")
)

// ada is an invented person.
func ada() virtual.Holder {
	return virtual.Holder{
		Surname: "LOVE", GivenNames: "ADA MARIA", Sex: "F", Number: "X1234567", PersonCode: "199002140015",
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2032, 1, 31, 0, 0, 0, 0, time.UTC),
		Portrait: portrait(),
	}
}

func ben() virtual.Holder {
	h := ada()
	h.Surname, h.GivenNames, h.Sex, h.Number = "TALL", "BEN", "M", "X7654321"
	return h
}

// portrait is a JPEG of about 17 kB.
var portrait = sync.OnceValue(func() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	img := image.NewGray(image.Rect(0, 0, 150, 190))
	for y := range 190 {
		for x := range 150 {
			img.SetGray(x, y, color.Gray{uint8(r.UintN(256))})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 63}); err != nil {
		panic(err)
	}
	return b.Bytes()
})

// utopia and adas are shared by the tests: keys take time to make, and nothing
// here changes them.
var (
	utopia = sync.OnceValue(func() *virtual.Country { return must(virtual.NewCountry(now)) })
	adas   = sync.OnceValue(func() *virtual.Passport { return must(utopia().Issue(ada())) })
	bens   = sync.OnceValue(func() *virtual.Passport { return must(utopia().Issue(ben())) })
	trust  = sync.OnceValue(func() *trustlist.List { return must(trustlist.Of(utopia().CSCA())) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// evidence is what an honest reader brings from the passport.
func evidence(t testing.TB, p *virtual.Passport) emrtd.Evidence {
	t.Helper()
	answer, err := p.Prove(challenge)
	if err != nil {
		t.Fatal(err)
	}
	access := chip.Access{Protocol: chip.BAC}
	if card := p.CardAccess(); card != nil {
		access = chip.Access{Protocol: chip.PACE, CardAccess: card}
	}
	return emrtd.Evidence{SOD: bytes.Clone(p.SOD()), Groups: p.Groups(), ActiveAuth: answer, Access: access, Printed: p.Zone().String()}
}

// refused checks that the evidence is refused with the code, and that the named
// check is the one that failed.
func refused(t *testing.T, ev emrtd.Evidence, code tunnus.Code, check string) {
	t.Helper()
	v, err := emrtd.Verify(ev, trust(), challenge, now)
	if tunnus.CodeOf(err) != code {
		t.Fatalf("got %v; want %s", err, code)
	}
	if !v.IsZero() || v.Portrait() != nil {
		t.Error("something was returned beside the error")
	}
	var f *emrtd.Failure
	if !errors.As(err, &f) {
		t.Fatalf("no list of checks in %v", err)
	}
	if f.Result(check) != emrtd.Failed {
		t.Errorf("%s is %s; want failed. All: %+v", check, f.Result(check), f.Checks)
	}
}
