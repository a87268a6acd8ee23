package virtual_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/bac"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/virtual"
)

var camOffer = security.NewPACE(security.ChipAuth, true, apdu.AES256, 13)

func TestAccessIsStored(t *testing.T) {
	h := ada()
	h.Chip, h.PACE, h.CAN, h.NoBAC = virtual.ChipPlain, []security.PACE{camOffer}, "271828", true
	h.ChipAuth = []security.Auth{security.NewAuth(true, apdu.AES128)}
	p, err := utopia().Issue(h)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	back := new(virtual.Passport)
	if err := json.Unmarshal(b, back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, p) || back.CAN() != "271828" || !bytes.Equal(back.CardAccess(), p.CardAccess()) {
		t.Errorf("%s", b)
	}
}

// EF.CardAccess stands in the master file, for everybody; nothing else does.
func TestCardAccessIsOpen(t *testing.T) {
	h := ada()
	h.Chip, h.PACE, h.NoBAC = virtual.ChipPlain, []security.PACE{camOffer}, true
	p, err := utopia().Issue(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, status := tell(t, p, apdu.Command{Ins: 0xA4, P1: 2, P2: 12, Data: []byte{0x01, 0x1C}}); status != apdu.OK {
		t.Errorf("select: %04X", uint16(status))
	}
	got, status := tell(t, p, apdu.Command{Ins: 0xB0, Le: 256})
	if status != apdu.EndOfFile || !bytes.Equal(got, security.Set(camOffer.Marshal())) {
		t.Errorf("%X, %04X", got, uint16(status))
	}
	if _, status := tell(t, p, apdu.Command{Ins: 0xA4, P1: 2, P2: 12, Data: []byte{0x01, 0x1D}}); status != apdu.FileNotFound {
		t.Errorf("another file: %04X", uint16(status))
	}
	if _, status := tell(t, p, apdu.Command{Ins: 0x84, Le: 8}); status != apdu.ConditionsNot {
		t.Errorf("BAC is open: %04X", uint16(status))
	}
}

// Commands out of turn get nowhere.
func TestPACEOutOfTurn(t *testing.T) {
	h := ada()
	h.Chip, h.PACE = virtual.ChipPlain, []security.PACE{camOffer}
	p, err := utopia().Issue(h)
	if err != nil {
		t.Fatal(err)
	}
	oid := []byte{4, 0, 0x7F, 0, 7, 2, 2, 4, 6, 4}
	mse := func(password byte) apdu.Command {
		return apdu.Command{Ins: 0x22, P1: 0xC1, P2: 0xA4, Data: append(append([]byte{0x80, 10}, oid...), 0x83, 1, password)}
	}
	start := apdu.Command{Class: 0x10, Ins: 0x86, Data: []byte{0x7C, 0}, Le: 256}
	for _, step := range []struct {
		name string
		c    apdu.Command
		want apdu.Status
	}{
		{"before it is selected", start, apdu.ConditionsNot},
		{"a password that is not printed", mse(2), apdu.WrongData},
		{"a PIN", mse(3), apdu.WrongData},
		{"selected", mse(1), apdu.OK},
		{"another command between", apdu.Command{Ins: 0xA4, P2: 12, Data: []byte{0x3F, 0}}, apdu.OK},
		{"forgotten", start, apdu.ConditionsNot},
		{"selected again", mse(1), apdu.OK},
		{"begun", start, apdu.OK},
		{"the nonce again", start, apdu.WrongData},
		{"over", start, apdu.ConditionsNot},
		{"selected a third time", mse(1), apdu.OK},
		{"the chain ends too soon", apdu.Command{Ins: 0x86, Data: []byte{0x7C, 0}, Le: 256}, apdu.WrongData},
		{"chip authentication without a session", apdu.Command{Ins: 0x22, P1: 0x41, P2: 0xA4, Data: []byte{0x80, 1, 1}}, apdu.NotSatisfied},
		{"chained SELECT", apdu.Command{Class: 0x10, Ins: 0xA4, P2: 12}, apdu.UnknownClass},
	} {
		if _, status := tell(t, p, step.c); status != step.want {
			t.Errorf("%s: %04X; want %04X", step.name, uint16(status), uint16(step.want))
		}
	}
}

func TestAccessThatCannotBe(t *testing.T) {
	for name, change := range map[string]func(*virtual.Holder){
		"a chip that does not open": func(h *virtual.Holder) { h.NoBAC = true },
		"a method that is none": func(h *virtual.Holder) {
			h.PACE = []security.PACE{security.NewPACE(security.Generic, false, apdu.AES128, 13)}
		},
		"a key on a group that is not": func(h *virtual.Holder) {
			h.ChipAuth, h.AuthGroup = []security.Auth{security.NewAuth(true, apdu.AES128)}, 5
		},
	} {
		h := ada()
		h.Chip = virtual.ChipPlain
		change(&h)
		if _, err := utopia().Issue(h); err == nil {
			t.Errorf("%s was issued", name)
		}
	}
}

// protected opens the chip by BAC and returns what sends under the session.
func protected(t *testing.T, p *virtual.Passport) func(apdu.Command) ([]byte, apdu.Status) {
	t.Helper()
	tell(t, p, selectApplication)
	given, _ := tell(t, p, apdu.Command{Ins: 0x84, Le: 8})
	exchange, message, err := bac.AccessKeys(p.AccessKey()).Start(given, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := tell(t, p, apdu.Command{Ins: 0x82, Data: message, Le: 40})
	session, err := exchange.Finish(answer)
	if err != nil {
		t.Fatal(err)
	}
	return func(c apdu.Command) ([]byte, apdu.Status) {
		t.Helper()
		wrapped, err := session.Wrap(c)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.Transceive(t.Context(), wrapped.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		data, status, err := session.Unwrap(answer)
		if err != nil {
			t.Fatalf("%X: %v", answer, err)
		}
		return data, status
	}
}

// EF.CardSecurity stands in the master file, for those who have a session.
func TestCardSecurity(t *testing.T) {
	h := ada()
	h.Chip, h.PACE, h.CardSecurity = virtual.ChipPlain, []security.PACE{camOffer}, true
	p := must(utopia().Issue(h))
	selects := apdu.Command{Ins: 0xA4, P1: 2, P2: 12, Data: []byte{0x01, 0x1D}}
	if _, status := tell(t, p, selects); status != apdu.NotSatisfied {
		t.Errorf("before access: %04X", uint16(status))
	}
	send := protected(t, p)
	send(apdu.Command{Ins: 0xA4, P2: 12, Data: []byte{0x3F, 0}})
	if _, status := send(selects); status != apdu.OK {
		t.Fatalf("under a session: %04X", uint16(status))
	}
	got, status := send(apdu.Command{Ins: 0xB0, Le: 223})
	dg14 := p.Group(14)
	if status != apdu.OK || len(got) != 223 || got[0] != 0x30 || bytes.Equal(got, p.SOD()[:223]) || dg14 == nil {
		t.Errorf("%X, %04X", got, uint16(status))
	}
}
