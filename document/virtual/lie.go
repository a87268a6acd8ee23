package virtual

import (
	"slices"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Lie is what a chip sends in PACE although it knows better. Its own side goes
// on as if it had not.
type Lie string

// The lies. Keys are those of both steps in which keys are sent.
const (
	Honest   Lie = ""
	Token    Lie = "token"     // a token with a bit changed
	OffCurve Lie = "off-curve" // a key with a bit changed
	Infinity Lie = "infinity"  // the neutral point
	Echo     Lie = "echo"      // the terminal's own key
	Silent   Lie = "silent"    // templates with nothing in them
)

// tell changes an answer; asked is the data of the command.
func (l Lie) tell(asked, answer []byte) []byte {
	inside, err := tlv.Only(answer, 0x7C)
	if err != nil || l == Honest {
		return answer
	}
	all, err := tlv.All(inside)
	if err != nil {
		return answer
	}
	var b []byte
	for _, e := range all {
		if l == Silent {
			break
		}
		b = tlv.Append(b, e.Tag, l.object(e, asked))
	}
	return tlv.Append(nil, 0x7C, b)
}

// object changes the value of one object.
func (l Lie) object(e tlv.Element, asked []byte) []byte {
	value := slices.Clone(e.Value)
	key := e.Tag == 0x82 || e.Tag == 0x84
	switch {
	case len(value) == 0:
	case l == Token && e.Tag == 0x86, l == OffCurve && key:
		value[len(value)-1] ^= 1
	case l == Infinity && key:
		return []byte{0}
	case l == Echo && key:
		if own, err := tlv.Find(asked, 0x7C, e.Tag-1); err == nil {
			return own
		}
	}
	return value
}
