package ber

import (
	"errors"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// Limits of [Definite].
const (
	maxOpen       = 16      // elements of indefinite length, one in the other
	maxIndefinite = 64      // of them in all
	maxPieces     = 1 << 14 // elements inside of them
)

// ErrIndefinite is an encoding with indefinite lengths that are not well nested,
// or too many.
var ErrIndefinite = errors.New("ber: indefinite lengths beyond what is read")

// Definite writes the elements of indefinite length that stand at the front of b,
// one in the other, with definite ones, and octet strings that come in pieces as
// one (X.690 §8.1.3.6, §8.7.3). What already has a definite length stays as it
// is, byte for byte: certificates and signed attributes inside keep what their
// signatures cover. n counts the elements that were rewritten; with 0 the
// result is b.
func Definite(b []byte) (out []byte, n int, err error) {
	if len(b) < 2 || b[1] != 0x80 || b[0]&0x1F == 0x1F {
		return b, 0, nil
	}
	var open []frame
	pieces := 0
	for {
		if pieces++; pieces > maxPieces {
			return nil, 0, ErrIndefinite
		}
		switch {
		case len(b) >= 2 && b[0] == 0 && b[1] == 0 && len(open) > 0:
			b = b[2:]
			whole := open[len(open)-1].close()
			if open = open[:len(open)-1]; len(open) == 0 {
				return append(whole, b...), n, nil
			}
			top := &open[len(open)-1]
			top.content = append(top.content, whole...)
		case len(b) >= 2 && b[1] == 0x80 && b[0]&0x20 != 0 && b[0]&0x1F != 0x1F:
			if n++; len(open) == maxOpen || n > maxIndefinite {
				return nil, 0, ErrIndefinite
			}
			open = append(open, frame{tag: b[0]})
			b = b[2:]
		default:
			e, rest, err := tlv.Next(b)
			if err != nil {
				return nil, 0, err
			}
			top := &open[len(open)-1]
			top.content = append(top.content, e.Raw...)
			b = rest
		}
	}
}

// A frame is an element of indefinite length that has not ended yet.
type frame struct {
	tag     byte
	content []byte
}

// piecewise is the tag of an octet string that comes in pieces.
const piecewise = 0x24

// close is the whole element. The pieces of an octet string are joined; if they
// are not all octet strings, the result stays piecewise, which nobody reads.
func (f frame) close() []byte {
	if f.tag == piecewise {
		var joined []byte
		in := String(f.content)
		for !in.Empty() {
			piece, ok := in.Read(OctetString)
			if !ok {
				return tlv.Append(nil, piecewise, f.content)
			}
			joined = append(joined, piece...)
		}
		return tlv.Append(nil, OctetString, joined)
	}
	return tlv.Append(nil, tlv.Tag(f.tag), f.content)
}
