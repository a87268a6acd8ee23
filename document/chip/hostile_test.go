package chip_test

import (
	"bytes"
	"context"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// Chips that have the key and mean no good: each reading ends soon, with the
// chip called broken.
func TestHostileChips(t *testing.T) {
	header := func(length ...byte) func(apdu.Command) ([]byte, apdu.Status) {
		return func(c apdu.Command) ([]byte, apdu.Status) {
			if c.Ins != 0xB0 {
				return nil, apdu.OK
			}
			b := append(append([]byte{0x60}, length...), make([]byte, 4096)...)
			return b[:min(c.Le, 8)], apdu.OK
		}
	}
	tests := []struct {
		name   string
		answer func(c apdu.Command) ([]byte, apdu.Status)
	}{
		{"nothing", func(apdu.Command) ([]byte, apdu.Status) { return nil, apdu.OK }},
		{"more than was asked for", func(c apdu.Command) ([]byte, apdu.Status) { return make([]byte, c.Le+1), apdu.OK }},
		{"four gigabytes", header(0x84, 0xFF, 0xFF, 0xFF, 0xFF)},
		{"over the cap", header(0x82, 0x04, 0x01)},
		{"indefinite length", header(0x80)},
		{"wrong status", func(c apdu.Command) ([]byte, apdu.Status) { return make([]byte, c.Le), 0x6F00 }},
		{"wrong status for a file", func(apdu.Command) ([]byte, apdu.Status) { return nil, 0x6283 }},
		{"another length for ever", func(apdu.Command) ([]byte, apdu.Status) { return nil, 0x6C01 }},
		{"another tag", func(apdu.Command) ([]byte, apdu.Status) { return []byte{0x61, 1, 0, 0, 0, 0, 0, 0}, apdu.OK }},
		{"SOD of rubbish", func(c apdu.Command) ([]byte, apdu.Status) {
			if c.Ins == 0xA4 && c.Data[1] == 0x1E || c.P1 == 0x9E {
				return nil, apdu.FileNotFound
			}
			return []byte{0x77, 6, 1, 2, 3, 4, 5, 6}[:min(8, max(c.Le, 0))], apdu.OK
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &hostile{answer: tt.answer}
			_, err := read(t, h, hostileKey)
			if tunnus.CodeOf(err) != tunnus.CodeDocChipBroken {
				t.Errorf("got %v", err)
			}
			if h.commands > 20 {
				t.Errorf("took %d commands to notice", h.commands)
			}
		})
	}
}

// server answers for the files of a passport; part may change what is read.
func server(p *virtual.Passport, part func(offset int, b []byte) []byte) func(apdu.Command) ([]byte, apdu.Status) {
	files := map[byte][]byte{0x1D: p.SOD(), 1: p.Group(1), 2: p.Group(2), 15: p.Group(15)}
	var current []byte
	return func(c apdu.Command) ([]byte, apdu.Status) {
		switch c.Ins {
		case 0xA4:
			if current = files[c.Data[1]]; current == nil {
				return nil, apdu.FileNotFound
			}
			return nil, apdu.OK
		case 0xB0:
			offset := int(c.P1)<<8 | int(c.P2)
			if c.P1&0x80 != 0 {
				if current = files[c.P1&0x1F]; current == nil {
					return nil, apdu.FileNotFound
				}
				offset = 0
			}
			b := append(bytes.Clone(current), make([]byte, 5000)...)[offset : offset+c.Le]
			return part(offset, b), apdu.OK
		}
		return nil, apdu.UnknownCommand
	}
}

// A reading accepts fewer bytes than it asked for, never more and never none.
func TestPartsOfFiles(t *testing.T) {
	tests := []struct {
		name     string
		part     func(offset int, b []byte) []byte
		code     tunnus.Code
		commands int
	}{
		{"as asked", func(_ int, b []byte) []byte { return b }, "", 30},
		{"half", func(_ int, b []byte) []byte { return b[:(len(b)+1)/2] }, "", 100},
		{"one more", func(_ int, b []byte) []byte { return append(b, 0) }, tunnus.CodeDocChipBroken, 10},
		{"one more at the end", func(offset int, b []byte) []byte {
			if offset < 10_000 {
				return b
			}
			return append(b, 0)
		}, tunnus.CodeDocChipBroken, 30},
		{"none in the middle", func(offset int, b []byte) []byte {
			if offset == 0 {
				return b
			}
			return nil
		}, tunnus.CodeDocChipBroken, 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &hostile{answer: server(rsaChip(), tt.part)}
			_, err := read(t, h, hostileKey)
			if tunnus.CodeOf(err) != tt.code || h.commands > tt.commands {
				t.Errorf("after %d commands: %v; want %q", h.commands, err, tt.code)
			}
		})
	}
}

// Chips that do not know short identifiers are read by SELECT, whatever they say
// to the others; after the first file they are not asked again.
func TestChipsWithoutShortIdentifiers(t *testing.T) {
	for name, refuse := range map[string]func() ([]byte, apdu.Status){
		"not found":        func() ([]byte, apdu.Status) { return nil, apdu.FileNotFound },
		"wrong parameters": func() ([]byte, apdu.Status) { return nil, apdu.WrongParameters },
		"beyond the end":   func() ([]byte, apdu.Status) { return nil, apdu.WrongOffset },
		"nothing":          func() ([]byte, apdu.Status) { return nil, apdu.OK },
		"another file":     func() ([]byte, apdu.Status) { return []byte{0x41, 1, 0}, apdu.OK },
		"half a tag":       func() ([]byte, apdu.Status) { return []byte{0x7F}, apdu.EndOfFile },
	} {
		files, asked := server(rsaChip(), func(_ int, b []byte) []byte { return b }), 0
		h := &hostile{answer: func(c apdu.Command) ([]byte, apdu.Status) {
			if c.Ins == 0xB0 && c.P1&0x80 != 0 {
				asked++
				return refuse()
			}
			return files(c)
		}}
		got, err := read(t, h, hostileKey)
		if err != nil || len(got.Groups) != 3 || asked > 2 {
			t.Errorf("%s: asked %d times, %v", name, asked, err)
		}
	}
}

// A file as large as is allowed, one byte at a time.
func TestDripEnds(t *testing.T) {
	h := &hostile{answer: func(c apdu.Command) ([]byte, apdu.Status) {
		switch {
		case c.Ins == 0xA4 && c.Data[1] == 0x1E:
			return nil, apdu.FileNotFound
		case c.P1 == 0x9E:
			return nil, apdu.FileNotFound
		case (c.P1 == 0 || c.P1 == 0x9D) && c.P2 == 0 && c.Le > 0:
			return []byte{0x77, 0x82, 0x7F, 0xF0}, apdu.OK
		}
		return []byte{0}[:min(1, c.Le)], apdu.OK
	}}
	_, err := read(t, h, hostileKey)
	if tunnus.CodeOf(err) != tunnus.CodeDocChipBroken {
		t.Errorf("got %v", err)
	}
	if h.commands > 3000 {
		t.Errorf("%d commands", h.commands)
	}
}

// Whatever is not protected by the session ends it, whenever it comes.
func TestUnprotectedAnswerEndsTheReading(t *testing.T) {
	for name, forged := range map[string][]byte{
		"plain success": {0x90, 0x00}, "plain data": {1, 2, 3, 4, 0x90, 0x00}, "nothing": {}, "one byte": {0x90},
		"status of another": {0x99, 2, 0x90, 0, 0x8E, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0},
	} {
		for _, at := range []int{7, 8, 12, 15} {
			p, n := fresh(rsaChip()), 0
			_, err := read(t, carrier(func(ctx context.Context, c []byte) ([]byte, error) {
				if n++; n == at {
					return forged, nil
				}
				return p.Transceive(ctx, c)
			}), p.AccessKey())
			if err == nil && name != "plain success" {
				t.Errorf("%s at command %d was believed", name, at)
			}
			// A bare status word to a long command restarts with short ones: the
			// data are then read anew under another session, never taken as they are.
			if err == nil && n < 30 {
				t.Errorf("%s at command %d: went on as if nothing were", name, at)
			}
			if err != nil && tunnus.CodeOf(err) != tunnus.CodeDocChipBroken {
				t.Errorf("%s at command %d: %v", name, at, err)
			}
		}
	}
}

// An answer of the same session, given a second time, is refused: the counter
// has gone on.
func TestReplayedAnswerEndsTheReading(t *testing.T) {
	p, n := fresh(rsaChip()), 0
	var old []byte
	_, err := read(t, carrier(func(ctx context.Context, c []byte) ([]byte, error) {
		if n++; n == 10 {
			return old, nil
		}
		answer, err := p.Transceive(ctx, c)
		old = answer
		return answer, err
	}), p.AccessKey())
	if tunnus.CodeOf(err) != tunnus.CodeDocChipBroken {
		t.Errorf("got %v", err)
	}
}

// A chip may end secure messaging over a short file identifier. It is read anew, by
// SELECT, once.
func TestChipsThatEndTheSessionOverShortIdentifiers(t *testing.T) {
	for _, refuse := range []apdu.Status{apdu.WrongParameters, apdu.FileNotFound, apdu.UnknownCommand} {
		files, opened := server(rsaChip(), func(_ int, b []byte) []byte { return b }), 0
		h := &hostile{answer: files}
		c := carrier(func(ctx context.Context, command []byte) ([]byte, error) {
			plain, err := apdu.ParseCommand(command)
			switch {
			case err != nil:
				return nil, err
			case plain.Ins == 0x82:
				opened++
			case plain.Class != 0 && plain.Ins == 0xB0 && plain.P1&0x80 != 0:
				h.session = nil
				return apdu.Answer(nil, refuse), nil
			}
			return h.Transceive(ctx, command)
		})
		if got, err := read(t, c, hostileKey); err != nil || len(got.Groups) != 3 || opened != 2 {
			t.Errorf("%04X: opened %d times, %v", uint16(refuse), opened, err)
		}
		never := carrier(func(ctx context.Context, command []byte) ([]byte, error) {
			if command[0] != 0 {
				h.session = nil
				return apdu.Answer(nil, refuse), nil
			}
			return h.Transceive(ctx, command)
		})
		h.commands = 0
		if _, err := read(t, never, hostileKey); tunnus.CodeOf(err) != tunnus.CodeDocChipBroken || h.commands > 20 {
			t.Errorf("%04X to everything: %v after %d commands", uint16(refuse), err, h.commands)
		}
	}
}
