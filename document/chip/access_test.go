package chip_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/virtual"
)

var generic = security.NewPACE(security.Generic, true, apdu.AES128, 12)

// speaking issues a passport whose chip speaks PACE and has no key to prove.
func speaking(t testing.TB, change func(*virtual.Holder), offers ...security.PACE) *virtual.Passport {
	t.Helper()
	h := ada(virtual.ChipPlain, 5)
	h.PACE, h.CAN = offers, "314159"
	if change != nil {
		change(&h)
	}
	p, err := utopia().Issue(h)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readCAN reads with a card access number.
func readCAN(t *testing.T, c chip.Transceiver, can string) (chip.Reading, error) {
	t.Helper()
	return chip.Request{CAN: can, Challenge: challenge}.Read(t.Context(), c)
}

// The virtual passport is read by each way that is spoken, with code line and
// card access number.
func TestReadByEveryMethod(t *testing.T) {
	n := 0
	for _, mapping := range []security.Mapping{security.Generic, security.Integrated, security.ChipAuth} {
		for _, suite := range []apdu.Suite{apdu.DES3, apdu.AES128, apdu.AES192, apdu.AES256} {
			for id := range 19 {
				offer := security.NewPACE(mapping, id >= 8, suite, id)
				if _, err := pace.NewMethod(offer); err != nil {
					continue
				}
				n++
				t.Run(fmt.Sprintf("%s/%s/%d", mapping, suite, id), func(t *testing.T) {
					p := speaking(t, nil, offer)
					got, err := read(t, p, p.AccessKey())
					if n%2 == 0 && err == nil {
						got, err = readCAN(t, p, p.CAN())
					}
					if err != nil {
						t.Fatal(err)
					}
					if a := got.Access; a.Protocol != chip.PACE || !a.Method.OID.Equal(offer.OID) || a.Method.Domain != id || a.Downgraded || len(got.Groups[2]) == 0 {
						t.Errorf("%+v", a)
					}
				})
			}
		}
	}
	if n != 141 {
		t.Errorf("%d methods", n)
	}
}

func TestPACEBeforeBAC(t *testing.T) {
	weak := security.NewPACE(security.Generic, true, apdu.DES3, 12)
	tests := []struct {
		name   string
		holder func(*virtual.Holder)
		fault  virtual.Faults
		want   chip.Protocol
		method security.PACE
		down   bool
	}{
		{"both offered", nil, virtual.Faults{}, chip.PACE, generic, false},
		{"PACE only", func(h *virtual.Holder) { h.NoBAC = true }, virtual.Faults{}, chip.PACE, generic, false},
		{"BAC only", func(h *virtual.Holder) { h.PACE = nil }, virtual.Faults{}, chip.BAC, security.PACE{}, false},
		{"BAC only, with a data group 14", func(h *virtual.Holder) { h.PACE, h.Chip = nil, virtual.ChipECDSA }, virtual.Faults{}, chip.BAC, security.PACE{}, false},
		{"PACE taken away", nil, virtual.Faults{WithoutCardAccess: true}, chip.BAC, security.PACE{}, true},
		{"PACE emptied", nil, virtual.Faults{CardAccess: security.Set()}, chip.BAC, security.PACE{}, true},
		{"PACE garbled", nil, virtual.Faults{CardAccess: []byte{0x31, 3, 1, 2, 3}}, chip.BAC, security.PACE{}, true},
		{"the stronger taken away", nil, virtual.Faults{CardAccess: security.Set(weak.Marshal())}, chip.PACE, weak, true},
		{"one added", nil, virtual.Faults{CardAccess: security.Set(weak.Marshal(), generic.Marshal(), security.NewPACE(security.Generic, true, apdu.DES3, 8).Marshal())}, chip.PACE, generic, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := speaking(t, tt.holder, weak, generic).WithFaults(tt.fault)
			if tt.name == "PACE only" {
				p = speaking(t, tt.holder, generic)
			}
			got, err := read(t, p, p.AccessKey())
			if err != nil {
				t.Fatal(err)
			}
			if a := got.Access; a.Protocol != tt.want || a.Downgraded != tt.down || !a.Method.OID.Equal(tt.method.OID) {
				t.Errorf("%+v; want %s, downgraded %v", a, tt.want, tt.down)
			}
		})
	}
}

// A data group 14 that nobody can read does not hide that PACE was taken away.
func TestUnreadableGroup14IsADowngrade(t *testing.T) {
	p := must(utopia().Issue(ada(virtual.ChipECDSA, 5)))
	files := server(p, func(_ int, b []byte) []byte { return b })
	h := &hostile{answer: func(c apdu.Command) ([]byte, apdu.Status) {
		if c.P1 == 0x8E {
			return []byte{0x6E, 2, 5, 0}, apdu.OK
		}
		return files(c)
	}}
	if got, err := read(t, h, hostileKey); err != nil || !got.Access.Downgraded {
		t.Errorf("%+v, %v", got.Access, err)
	}
}

// A chip that offers PACE and fails in it is not tried with BAC, which it has.
func TestLyingChipsAreNotOpenedByBAC(t *testing.T) {
	for _, offer := range []security.PACE{
		generic, security.NewPACE(security.ChipAuth, true, apdu.AES256, 13), security.NewPACE(security.Generic, false, apdu.AES128, 0),
		security.NewPACE(security.Integrated, true, apdu.AES128, 13),
	} {
		p := speaking(t, nil, offer)
		for _, lie := range []virtual.Lie{virtual.Token, virtual.OffCurve, virtual.Infinity, virtual.Echo, virtual.Silent} {
			bac := false
			liar := p.WithFaults(virtual.Faults{PACE: lie})
			_, err := read(t, carrier(func(ctx context.Context, c []byte) ([]byte, error) {
				bac = bac || c[1] == 0x84
				return liar.Transceive(ctx, c)
			}), p.AccessKey())
			if tunnus.CodeOf(err) != tunnus.CodeDocChipBroken || bac {
				t.Errorf("%s: %s: %v, BAC tried: %v", offer.OID, lie, err, bac)
			}
		}
	}
}

// Each answer of PACE is cut, lengthened and changed, one at a time.
func TestChangedAnswersOfPACE(t *testing.T) {
	p := speaking(t, nil, generic)
	for step := range 4 {
		for name, ch := range map[string]func([]byte) []byte{
			"cut":        func(b []byte) []byte { return append(b[:len(b)-3:len(b)-3], 0x90, 0) },
			"longer":     func(b []byte) []byte { return append(b[:len(b)-2:len(b)-2], 0, 0x90, 0) },
			"refused":    func([]byte) []byte { return []byte{0x63, 0} },
			"status":     func([]byte) []byte { return []byte{0x90, 0} },
			"four bytes": func([]byte) []byte { return []byte{0x7C, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x90, 0} },
		} {
			n, c := 0, fresh(p)
			_, err := read(t, carrier(func(ctx context.Context, command []byte) ([]byte, error) {
				answer, err := c.Transceive(ctx, command)
				if command[1] == 0x86 {
					if n++; n == step+1 {
						answer = ch(answer)
					}
				}
				return answer, err
			}), p.AccessKey())
			if code := tunnus.CodeOf(err); code != tunnus.CodeDocChipBroken && (code != tunnus.CodeNFCAccessDenied || name != "refused") {
				t.Errorf("step %d, %s: %v", step+1, name, err)
			}
		}
	}
}

// Chips of the time before PACE say many things when they are asked for
// EF.CardAccess. Only what is no answer at all ends the reading.
func TestCardAccessRefused(t *testing.T) {
	for name, answer := range map[string][]byte{
		"security status": {0x69, 0x82}, "no current file": {0x69, 0x86}, "wrong parameters": {0x6A, 0x86}, "unknown": {0x6D, 0},
		"success and nothing": {0x90, 0}, "no status": {}, "more data for ever": {0x61, 1}, "another file": {0x60, 1, 0, 0x90, 0},
	} {
		p, opened := fresh(rsaChip()), false
		got, err := read(t, carrier(func(ctx context.Context, c []byte) ([]byte, error) {
			if opened = opened || c[1] == 0xA4 && c[2] == 4; !opened {
				return answer, nil
			}
			return p.Transceive(ctx, c)
		}), p.AccessKey())
		none := name == "no status" || name == "more data for ever"
		if (err != nil) != none || err == nil && (got.Access.Protocol != chip.BAC || got.Access.CardAccess != nil) {
			t.Errorf("%s: %+v, %v", name, got.Access, err)
		}
	}
}

func TestWrongPasswordIsDenied(t *testing.T) {
	p := speaking(t, nil, generic)
	if _, err := read(t, p, hostileKey); tunnus.CodeOf(err) != tunnus.CodeNFCAccessDenied {
		t.Errorf("code line: %v", err)
	}
	if _, err := readCAN(t, p, "314158"); tunnus.CodeOf(err) != tunnus.CodeNFCAccessDenied {
		t.Errorf("card access number: %v", err)
	}
	bac, tried := fresh(rsaChip()), false
	if _, err := readCAN(t, carrier(func(ctx context.Context, c []byte) ([]byte, error) {
		tried = tried || c[1] == 0x84
		return bac.Transceive(ctx, c)
	}), "314159"); tunnus.CodeOf(err) != tunnus.CodeNFCAccessDenied || tried {
		t.Errorf("card access number without PACE: %v, BAC tried: %v", err, tried)
	}
	none := speaking(t, func(h *virtual.Holder) { h.CAN = "" }, generic)
	if _, err := readCAN(t, none, "314159"); tunnus.CodeOf(err) != tunnus.CodeNFCAccessDenied {
		t.Errorf("card access number where none is printed: %v", err)
	}
}

// The key of chip authentication mapping may be another than that of chip
// authentication, on the same curve too, behind it in data group 14 or in
// EF.CardSecurity alone. A copied chip has none of them: it is read like others, and is
// found out by the server.
func TestKeysOfChipAuthenticationMapping(t *testing.T) {
	cam := security.NewPACE(security.ChipAuth, true, apdu.AES128, 13)
	way := []security.Auth{security.NewAuth(true, apdu.AES128)}
	for name, change := range map[string]func(*virtual.Holder){
		"one key":                             func(*virtual.Holder) {},
		"one key, for both":                   func(h *virtual.Holder) { h.ChipAuth = way },
		"behind another of its curve":         func(h *virtual.Holder) { h.ChipAuth, h.AuthGroup, h.MapKey = way, 13, virtual.MapSecond },
		"behind another":                      func(h *virtual.Holder) { h.ChipAuth, h.AuthGroup, h.MapKey = way, 12, virtual.MapSecond },
		"in EF.CardSecurity":                  func(h *virtual.Holder) { h.ChipAuth, h.AuthGroup, h.MapKey = way, 13, virtual.MapSecurity },
		"in EF.CardSecurity, and no other":    func(h *virtual.Holder) { h.MapKey = virtual.MapSecurity },
		"in EF.CardSecurity, short commands":  func(h *virtual.Holder) { h.MapKey, h.Short = virtual.MapSecurity, true },
		"in EF.CardSecurity, which is hidden": func(h *virtual.Holder) { h.MapKey = virtual.MapSecurity },
	} {
		p := speaking(t, change, cam)
		c := chip.Transceiver(p)
		hidden := name == "in EF.CardSecurity, which is hidden"
		if hidden {
			c = leaving(p)
		}
		got, err := read(t, c, p.AccessKey())
		if err != nil || got.Access.Mapped == hidden || got.Access.Downgraded || len(got.Groups) < 2 || got.CardSecurity != nil {
			t.Errorf("%s: %+v, %d groups, %v", name, got.Access, len(got.Groups), err)
		}
		copied := p.WithFaults(virtual.Faults{OtherChipKey: true})
		if got, err = read(t, copied, p.AccessKey()); err != nil || got.Access.Mapped {
			t.Errorf("%s, copied: %+v, %v", name, got.Access, err)
		}
	}
	copied := speaking(t, nil, cam).WithFaults(virtual.Faults{OtherChipKey: true})
	if found, err := prove(t, copied, copied.AccessKey()); err != nil || !errors.Is(found.err, auth.ErrProof) {
		t.Errorf("a copy is not found out: %v, %v", found.err, err)
	}
}

// leaving gives up its session over whatever comes before the application.
func leaving(p *virtual.Passport) chip.Transceiver {
	selected := false
	return carrier(func(ctx context.Context, c []byte) ([]byte, error) {
		switch protected := c[0]&0x0C != 0; {
		case !protected:
			selected = false
		case c[1] == 0xA4 && c[2] == 4:
			selected = true
		case !selected:
			p.Reset()
			return apdu.Answer(nil, apdu.NotSatisfied), nil
		}
		return p.Transceive(ctx, c)
	})
}

// A chip without extended length is read once more with short commands.
func TestPACEWithShortCommands(t *testing.T) {
	p := speaking(t, func(h *virtual.Holder) { h.Chip, h.NoBAC = virtual.ChipShort, true }, generic)
	got, err := read(t, p, p.AccessKey())
	if err != nil || got.Access.Protocol != chip.PACE {
		t.Errorf("%+v, %v", got.Access, err)
	}
}
