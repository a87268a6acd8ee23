package virtual_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
)

var _ chip.Transceiver = (*virtual.Passport)(nil)

var (
	now       = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	challenge = []byte("8 bytes!")
	utopia    = sync.OnceValue(func() *virtual.Country { return must(virtual.NewCountry(now)) })
	adas      = sync.OnceValue(func() *virtual.Passport { return must(utopia().Issue(ada())) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// ada is an invented person.
func ada() virtual.Holder {
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		panic(err)
	}
	return virtual.Holder{
		Surname: "LOVE", GivenNames: "ADA MARIA", Sex: "F", Number: "X1234567", PersonCode: "199002140015",
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2032, 1, 31, 0, 0, 0, 0, time.UTC),
		Portrait: portrait.Bytes(),
	}
}

// tell sends a command and returns the status word.
func tell(t *testing.T, p *virtual.Passport, c apdu.Command) ([]byte, apdu.Status) {
	t.Helper()
	answer, err := p.Transceive(t.Context(), c.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	data, status, err := apdu.ParseAnswer(answer)
	if err != nil {
		t.Fatal(err)
	}
	return data, status
}

var (
	selectApplication = apdu.Command{Ins: 0xA4, P1: 4, P2: 12, Data: []byte{0xA0, 0, 0, 2, 0x47, 0x10, 1}}
	selectDG1         = apdu.Command{Ins: 0xA4, P1: 2, P2: 12, Data: []byte{1, 1}}
	readBinary        = apdu.Command{Ins: 0xB0, Le: 8}
)

func TestNothingIsReadWithoutAccessControl(t *testing.T) {
	p := adas().WithFaults(virtual.Faults{})
	if _, s := tell(t, p, selectApplication); s != apdu.OK {
		t.Fatalf("select: %04X", s)
	}
	for name, c := range map[string]apdu.Command{
		"select": selectDG1, "read": readBinary, "read by short identifier": {Ins: 0xB0, P1: 0x81, Le: 8},
		"read by short identifier and odd": {Ins: 0xB1, P2: 1, Data: []byte{0x54, 1, 0}, Le: 8},
		"prove":                            {Ins: 0x88, Data: challenge, Le: 256},
		"protected without session":        {Class: 0x0C, Ins: 0xB0, Le: 8},
		"mutual authentication of nothing": {Ins: 0x82, Data: make([]byte, 40), Le: 40},
	} {
		if data, s := tell(t, p, c); s == apdu.OK || len(data) != 0 {
			t.Errorf("%s: %d bytes, %04X", name, len(data), s)
		}
	}
}

func TestChallengeServesOnce(t *testing.T) {
	p := adas().WithFaults(virtual.Faults{})
	tell(t, p, selectApplication)
	if data, s := tell(t, p, apdu.Command{Ins: 0x84, Le: 8}); s != apdu.OK || len(data) != 8 {
		t.Fatalf("challenge: %X, %04X", data, s)
	}
	guess := apdu.Command{Ins: 0x82, Data: make([]byte, 40), Le: 40}
	if _, s := tell(t, p, guess); s != apdu.AuthFailed {
		t.Errorf("first guess: %04X", s)
	}
	if _, s := tell(t, p, guess); s != apdu.ConditionsNot {
		t.Errorf("second guess: %04X", s)
	}
}

// A plain command in the middle ends the session: what follows is refused.
func TestPlainCommandEndsTheSession(t *testing.T) {
	p := adas().WithFaults(virtual.Faults{})
	if _, err := chip.Read(t.Context(), p, p.AccessKey(), challenge, nil); err != nil {
		t.Fatal(err)
	}
	if _, s := tell(t, p, readBinary); s != apdu.NotSatisfied {
		t.Errorf("plain reading after the session: %04X", s)
	}
	if _, s := tell(t, p, apdu.Command{Class: 0x0C, Ins: 0xB0, Le: 8}); s != apdu.NotSatisfied {
		t.Errorf("protected command afterwards: %04X", s)
	}
}

func TestShortChipRefusesExtendedLength(t *testing.T) {
	h := ada()
	h.Chip = virtual.ChipShort
	p := must(utopia().Issue(h))
	c := selectApplication
	c.Le = 4096
	if _, s := tell(t, p, c); s != apdu.WrongLength {
		t.Errorf("%04X", s)
	}
}

func TestHoldersThatDoNotFit(t *testing.T) {
	for name, change := range map[string]func(*virtual.Holder){
		"small letters":    func(h *virtual.Holder) { h.Surname = "Love" },
		"no surname":       func(h *virtual.Holder) { h.Surname = "" },
		"long names":       func(h *virtual.Holder) { h.GivenNames = "ADA ADA ADA ADA ADA ADA ADA ADA ADA ADA" },
		"two spaces":       func(h *virtual.Holder) { h.Surname = "LO  VE" },
		"long number":      func(h *virtual.Holder) { h.Number = "X123456789" },
		"long person code": func(h *virtual.Holder) { h.PersonCode = "199002140015199" },
		"no portrait":      func(h *virtual.Holder) { h.Portrait = nil },
		"unknown chip":     func(h *virtual.Holder) { h.Chip = "soap" },
	} {
		h := ada()
		change(&h)
		if _, err := utopia().Issue(h); err == nil {
			t.Errorf("%s: issued", name)
		}
	}
}

// Country and passport live on in another process.
func TestJSONKeepsKeys(t *testing.T) {
	var c virtual.Country
	if err := json.Unmarshal(must(json.Marshal(utopia())), &c); err != nil {
		t.Fatal(err)
	}
	trust := must(trustlist.Of(utopia().CSCA()))
	for _, make := range []virtual.Chip{virtual.ChipRSA, virtual.ChipECDSA, virtual.ChipShort, virtual.ChipPlain} {
		h := ada()
		h.Chip = make
		var p virtual.Passport
		if err := json.Unmarshal(must(json.Marshal(must(c.Issue(h)))), &p); err != nil {
			t.Fatal(err)
		}
		got, err := chip.Read(t.Context(), &p, p.AccessKey(), challenge, nil)
		if err != nil {
			t.Fatal(err)
		}
		ev := emrtd.Evidence{SOD: got.SOD, Groups: got.Groups, ActiveAuth: got.ActiveAuth}
		if _, err := emrtd.Verify(ev, trust, challenge, now); err != nil {
			t.Errorf("%q: %v", make, err)
		}
	}
}

func TestJSONOfNoPassport(t *testing.T) {
	for _, text := range []string{`{}`, `{"zone":"P<UTO"}`, `[]`} {
		var p virtual.Passport
		if err := json.Unmarshal([]byte(text), &p); err == nil {
			t.Errorf("%s was loaded", text)
		}
	}
}

// The chip answers any bytes, and gives no file away for them.
func FuzzTransceive(f *testing.F) {
	h := ada()
	h.PACE, h.CAN, h.ChipAuth, h.AuthGroup = []security.PACE{camOffer}, "271828", []security.Auth{security.NewAuth(true, apdu.AES128)}, 13
	p := must(utopia().Issue(h))
	f.Add(selectApplication.Bytes())
	f.Add(apdu.Command{Ins: 0x22, P1: 0xC1, P2: 0xA4, Data: append(append([]byte{0x80, 10}, 4, 0, 0x7F, 0, 7, 2, 2, 4, 6, 4), 0x83, 1, 1)}.Bytes())
	f.Add(apdu.Command{Class: 0x10, Ins: 0x86, Data: []byte{0x7C, 0}, Le: 256}.Bytes())
	f.Add(apdu.Command{Ins: 0x22, P1: 0x41, P2: 0xA6, Data: []byte{0x91, 1, 4}}.Bytes())
	f.Add(readBinary.Bytes())
	f.Add(apdu.Command{Class: 0x0C, Ins: 0xB0, Data: []byte{0x8E, 8, 1, 2, 3, 4, 5, 6, 7, 8}}.Bytes())
	secret := p.Group(1)[5:20]
	f.Fuzz(func(t *testing.T, in []byte) {
		answer, err := p.Transceive(t.Context(), in)
		if err != nil || len(answer) < 2 || bytes.Contains(answer, secret) {
			t.Errorf("%X: %X, %v", in, answer, err)
		}
	})
}
