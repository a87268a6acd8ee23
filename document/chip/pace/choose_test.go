package pace_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/chip/security"
)

func TestChooseTheStrongest(t *testing.T) {
	weak, old := security.NewPACE(security.Generic, true, apdu.DES3, 18), security.NewPACE(security.Generic, false, apdu.AES128, 0)
	good, best := security.NewPACE(security.Generic, true, apdu.AES128, 13), security.NewPACE(security.Integrated, true, apdu.AES256, 17)
	cam := security.NewPACE(security.ChipAuth, true, apdu.AES128, 12)
	foreign := security.NewPACE(security.Generic, true, apdu.AES256, 40)
	tests := []struct {
		name      string
		offered   []security.PACE
		want      security.PACE
		ambiguous bool
	}{
		{"one", []security.PACE{good}, good, false},
		{"cipher before group", []security.PACE{weak, good}, good, true},
		{"curve before short residues", []security.PACE{old, good}, good, true},
		{"longer", []security.PACE{good, best, old}, best, true},
		{"chip authentication first", []security.PACE{best, cam}, cam, true},
		{"own parameters are passed over", []security.PACE{foreign, weak}, weak, true},
	}
	for _, tt := range tests {
		m, ambiguous, ok := pace.Choose(tt.offered)
		if !ok || ambiguous != tt.ambiguous || !m.Info().OID.Equal(tt.want.OID) || m.Info().Domain != tt.want.Domain {
			t.Errorf("%s: %+v, %v, %v", tt.name, m.Info(), ambiguous, ok)
		}
	}
	if _, _, ok := pace.Choose([]security.PACE{foreign}); ok {
		t.Error("own parameters are spoken")
	}
	if _, _, ok := pace.Choose(nil); ok {
		t.Error("nothing is spoken")
	}
}

func TestMethodsThatAreNotSpoken(t *testing.T) {
	for name, info := range map[string]security.PACE{
		"parameters left open":      security.NewPACE(security.Generic, true, apdu.AES128, -1),
		"a curve for residues":      security.NewPACE(security.Generic, false, apdu.AES128, 13),
		"residues for a curve":      security.NewPACE(security.Generic, true, apdu.AES128, 0),
		"P-224 integrated":          security.NewPACE(security.Integrated, true, apdu.AES128, 10),
		"CAM over residues":         security.NewPACE(security.ChipAuth, false, apdu.AES128, 0),
		"CAM with Triple DES":       security.NewPACE(security.ChipAuth, true, apdu.DES3, 13),
		"reserved":                  security.NewPACE(security.Generic, false, apdu.AES128, 3),
		"an info that says nothing": {},
	} {
		if _, err := pace.NewMethod(info); !errors.Is(err, pace.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the terminal selects is what the chip understands, also where the chip
// must be told the group.
func TestSelects(t *testing.T) {
	offered := []security.PACE{
		security.NewPACE(security.Generic, true, apdu.AES128, 12), security.NewPACE(security.Generic, true, apdu.AES128, 13),
		security.NewPACE(security.Integrated, true, apdu.AES128, 12),
	}
	for _, info := range offered {
		m, err := pace.NewMethod(info)
		if err != nil {
			t.Fatal(err)
		}
		c, err := pace.NewTerminal(m, pace.CAN("123456"), true, rand.Reader).Select()
		if err != nil {
			t.Fatal(err)
		}
		got, can, err := pace.Selects(c.Data, offered)
		if err != nil || !can || got.Info().Domain != info.Domain || !got.Info().OID.Equal(info.OID) {
			t.Errorf("%+v: %+v, %v", info, got.Info(), err)
		}
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "no password": {0x80, 1, 4}, "a PIN": {0x80, 1, 4, 0x83, 1, 3}, "another mechanism": {0x80, 1, 4, 0x83, 1, 1}, "rubbish": {0xFF},
	} {
		if _, _, err := pace.Selects(data, offered); err == nil {
			t.Errorf("%s was understood", name)
		}
	}
}

// A run that has failed, or is over, goes no further.
func TestRunsEnd(t *testing.T) {
	m, err := pace.NewMethod(security.NewPACE(security.Generic, true, apdu.AES128, 13))
	if err != nil {
		t.Fatal(err)
	}
	terminal, chip, err := run(m, pace.MRZ(mrz), pace.MRZ(mrz), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := terminal.Next(nil); !errors.Is(err, pace.ErrRefused) {
		t.Errorf("the terminal goes on: %v", err)
	}
	if _, _, err := chip.Answer(nil); !errors.Is(err, pace.ErrRefused) {
		t.Errorf("the chip goes on: %v", err)
	}
	early := pace.NewTerminal(m, pace.MRZ(mrz), false, bytes.NewReader(nil))
	if _, err := early.Session(); err == nil {
		t.Error("a session before the run")
	}
	if _, err := pace.NewChip(m, pace.MRZ(mrz), nil, rand.Reader).Session(); err == nil {
		t.Error("a session of the chip before the run")
	}
}

// No answers that a chip without the password makes up give a session, and none
// crash the terminal.
func FuzzTerminal(f *testing.F) {
	for _, file := range []string{"g1.txt", "g2.txt", "h1.txt", "h2.txt", "i1.txt"} {
		v := load(f, file)
		f.Add(uint8(len(file)), v.bytes(f, "answer2"), v.bytes(f, "answer3"), v.bytes(f, "answer4"), v.bytes(f, "answer5"))
	}
	all := methods(f)
	f.Fuzz(func(t *testing.T, which uint8, a, b, c, d []byte) {
		m := all[int(which)%len(all)]
		terminal := pace.NewTerminal(m, pace.MRZ(mrz), false, rand.Reader)
		for _, answer := range [][]byte{nil, a, b, c, d} {
			_, done, err := terminal.Next(answer)
			if done {
				t.Fatalf("%s: believed %X %X %X %X", name(m), a, b, c, d)
			}
			if err != nil {
				return
			}
		}
	})
}

// No commands of a terminal without the password give the chip a session.
func FuzzChip(f *testing.F) {
	for _, file := range []string{"g1.txt", "g2.txt", "h1.txt"} {
		v := load(f, file)
		f.Add(uint8(1), v.bytes(f, "command1")[5:], []byte{}, []byte{}, []byte{})
		f.Add(uint8(len(file)), v.bytes(f, "command2")[5:], v.bytes(f, "command3")[5:], v.bytes(f, "command4")[5:], v.bytes(f, "command5")[5:])
	}
	all := methods(f)
	var offered []security.PACE
	for _, m := range all {
		offered = append(offered, m.Info())
	}
	f.Fuzz(func(t *testing.T, which uint8, a, b, c, d []byte) {
		m := all[int(which)%len(all)]
		if got, _, err := pace.Selects(a, offered); err == nil && !bytes.Contains(a, []byte{4, 0, 0x7F, 0, 7, 2, 2, 4, byte(got.Info().OID[9]), byte(got.Info().OID[10])}) {
			t.Fatalf("%X selects %s", a, name(got))
		}
		chip := pace.NewChip(m, pace.MRZ(mrz), nil, rand.Reader)
		for _, data := range [][]byte{a, b, c, d} {
			_, done, err := chip.Answer(data)
			if done {
				t.Fatalf("%s: believed %X %X %X %X", name(m), a, b, c, d)
			}
			if err != nil {
				return
			}
		}
	})
}
