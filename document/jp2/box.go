package jp2

import (
	"encoding/binary"
	"fmt"

	"github.com/tunnus-id/tunnus/document/jp2/codestream"
)

// maxBoxes is how many boxes one level may have.
const maxBoxes = 64

// A head is what the boxes of a file say.
type head struct {
	stream        []byte // the codestream, and what may stand behind it
	rest          []byte // of the file behind the box of the codestream
	space         Space  // "" if it is not named
	boxed         bool
	width, height uint32
	components    int
}

// differs tells whether the image header box speaks of another picture than the
// codestream (§I.5.3.1): two readers could see two sizes.
func (h *head) differs(f codestream.Frame) bool {
	return h.components != len(f.Planes) || uint64(h.width) != uint64(f.Width) || uint64(h.height) != uint64(f.Height)
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("jp2: %w: "+format, append([]any{ErrDamaged}, args...)...)
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("jp2: %w: "+format, append([]any{ErrUnsupported}, args...)...)
}

// nextBox reads the box at the start of b (§I.4). A length of 0 reaches to the end.
func nextBox(b []byte) (kind string, body, rest []byte, err error) {
	if len(b) < 8 {
		return "", nil, nil, damaged("ends inside a box (§I.4)")
	}
	kind, header, length := string(b[4:8]), 8, uint64(binary.BigEndian.Uint32(b))
	switch length {
	case 0:
		length = uint64(len(b))
	case 1:
		if len(b) < 16 {
			return "", nil, nil, damaged("ends inside a box (§I.4)")
		}
		header, length = 16, binary.BigEndian.Uint64(b[8:])
	}
	if length < uint64(header) || length > uint64(len(b)) {
		return "", nil, nil, damaged("a box %q of %d bytes (§I.4)", kind, length)
	}
	return kind, b[header:length], b[length:], nil
}

// readFile reads the boxes of a JP2 file up to its codestream (§I.2.2). Boxes of
// other kinds are skipped.
func readFile(b []byte) (head, error) {
	h := head{boxed: true}
	seen := map[string]bool{}
	for n := 0; ; n++ {
		if n == maxBoxes {
			return head{}, fmt.Errorf("jp2: %w: more than %d boxes", ErrLimit, maxBoxes)
		}
		if len(b) == 0 {
			return head{}, damaged("no codestream (§I.5.4)")
		}
		kind, body, rest, err := nextBox(b)
		if err != nil {
			return head{}, err
		}
		switch {
		case n == 0 && (kind != "jP  " || string(body) != "\r\n\x87\n"):
			return head{}, damaged("neither a JP2 file nor a codestream (§I.5.1)")
		case n == 1 && (kind != "ftyp" || !compatible(body)):
			return head{}, damaged("not of the type JP2 (§I.5.2)")
		case kind == "jp2h" && seen[kind]:
			return head{}, damaged("two JP2 headers (§I.5.3)")
		case kind == "jp2h":
			if err := h.read(body); err != nil {
				return head{}, err
			}
		case kind == "jp2c" && !seen["jp2h"]:
			return head{}, damaged("a codestream in front of the JP2 header (§I.2.2)")
		case kind == "jp2c":
			h.stream, h.rest = body, rest
			return h, nil
		}
		seen[kind], b = true, rest
	}
}

// compatible tells whether a file type box lists JP2 (§I.5.2).
func compatible(b []byte) bool {
	for i := 8; i+4 <= len(b); i += 4 {
		if string(b[i:i+4]) == "jp2 " {
			return true
		}
	}
	return false
}

// read reads the JP2 header box (§I.5.3).
func (h *head) read(b []byte) error {
	colours := false
	for n := 0; len(b) > 0; n++ {
		if n == maxBoxes {
			return fmt.Errorf("jp2: %w: more than %d boxes", ErrLimit, maxBoxes)
		}
		kind, body, rest, err := nextBox(b)
		if err != nil {
			return err
		}
		switch {
		case (n == 0) != (kind == "ihdr"):
			return damaged("an image header box at place %d (§I.5.3.1)", n)
		case kind == "ihdr":
			err = h.image(body)
		case kind == "colr" && !colours: // further ones are to be ignored
			colours = true
			err = h.colour(body)
		case kind == "cdef":
			err = channels(body)
		case kind == "pclr" || kind == "cmap":
			err = unsupported("a palette (§I.5.3.4)")
		}
		if err != nil {
			return err
		}
		b = rest
	}
	if !colours {
		return damaged("no colour specification (§I.5.3.3)")
	}
	return nil
}

// image reads the image header box. Depths are left to the codestream.
func (h *head) image(b []byte) error {
	if len(b) != 14 || b[11] != 7 {
		return damaged("an image header that is none (§I.5.3.1)")
	}
	h.height, h.width = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	h.components = int(binary.BigEndian.Uint16(b[8:]))
	return nil
}

// colour reads a colour specification box (§I.5.3.3).
func (h *head) colour(b []byte) error {
	if len(b) < 3 {
		return damaged("a colour specification of %d bytes (§I.5.3.3)", len(b))
	}
	switch b[0] {
	case 1:
		if len(b) != 7 {
			return damaged("a colour specification of %d bytes (§I.5.3.3)", len(b))
		}
		spaces := map[uint32]Space{16: SRGB, 17: Grey, 18: SYCC}
		n := binary.BigEndian.Uint32(b[3:])
		if h.space = spaces[n]; h.space == "" {
			return unsupported("colour space %d (Table I.10)", n)
		}
	case 2: // restricted ICC: what it is follows from the number of components
	default:
		return unsupported("colours specified by method %d (Table I.9)", b[0])
	}
	return nil
}

// channels reads a channel definition box (§I.5.3.6): the order of Table I.18 is
// the only one read.
func channels(b []byte) error {
	if len(b) < 2 || len(b) != 2+6*int(binary.BigEndian.Uint16(b)) {
		return damaged("a channel definition of %d bytes (§I.5.3.6)", len(b))
	}
	for b = b[2:]; len(b) > 0; b = b[6:] {
		channel, kind, of := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[4:])
		if kind != 0 || of != channel+1 {
			return unsupported("channel %d is of kind %d for %d", channel, kind, of)
		}
	}
	return nil
}
