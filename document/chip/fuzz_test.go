package chip_test

import (
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/lds"
)

// script is a chip that says what is written: for each command a status, and as
// many bytes of the rest as another byte says, 16 times over.
func script(said []byte) func(apdu.Command) ([]byte, apdu.Status) {
	next := func(n int) []byte {
		n = min(n, len(said))
		b := said[:n]
		said = said[n:]
		return b
	}
	return func(apdu.Command) ([]byte, apdu.Status) {
		head := next(2)
		if len(head) < 2 {
			return nil, apdu.FileNotFound
		}
		status := []apdu.Status{apdu.OK, apdu.EndOfFile, apdu.FileNotFound, apdu.WrongLength, 0x6C10, 0x6110, 0x6982, 0x6F00}[head[0]&7]
		return next(int(head[0]>>3) + 16*int(head[1])), status
	}
}

// Whatever a chip says, a reading ends soon; it has files that were asked for and
// are not over their caps, or a code of a chip. Going on with what was left of it
// ends as well.
func FuzzReadFiles(f *testing.F) {
	files := func(s *shelf) (said []byte) {
		h := &hostile{answer: func(c apdu.Command) ([]byte, apdu.Status) {
			b, status := s.answer(c)
			b = b[:min(len(b), 4095)]
			kind := byte(0)
			switch status {
			case apdu.EndOfFile:
				kind = 1
			case apdu.FileNotFound:
				kind = 2
			}
			said = append(append(said, kind|byte(len(b)%16)<<3, byte(len(b)/16)), b...)
			return b, status
		}}
		_, _ = chip.Read(f.Context(), h, hostileKey, challenge, nil)
		return said
	}
	f.Add(files(full()))
	without := full()
	without.files[2] = nil
	f.Add(files(without))
	f.Fuzz(func(t *testing.T, said []byte) {
		var before chip.Reading
		for range 2 {
			h := &hostile{answer: script(said)}
			got, err := chip.Request{AccessKey: hostileKey, Challenge: challenge, Groups: chip.Readable(), Before: before}.Read(t.Context(), h)
			switch tunnus.CodeOf(err) {
			case "", tunnus.CodeDocChipBroken, tunnus.CodeNFCNoChip, tunnus.CodeNFCAccessDenied:
			case tunnus.CodeNFCLost: // a plain answer in a session is what a chip says that was without power
			default:
				t.Errorf("%v", err)
			}
			if h.commands > 3000 || h.commands > 40+len(said) {
				t.Errorf("%d commands", h.commands)
			}
			for n, b := range got.Groups {
				if file, ok := lds.Group(n); !ok || len(b) > file.MaxSize {
					t.Errorf("data group %d of %d bytes", n, len(b))
				}
			}
			if len(got.SOD) > lds.SOD.MaxSize || err == nil && got.SOD == nil {
				t.Errorf("EF.SOD of %d bytes", len(got.SOD))
			}
			before = got
		}
	})
}
