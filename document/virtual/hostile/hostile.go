// Package hostile is how chips answer otherwise than they should, on order: files
// without end, lengths and tags that cannot be, statuses that lie, and what is odd
// but legal. Package virtual has chips that do so.
package hostile

import (
	"bytes"
	"crypto/rand"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Manner is how a chip answers otherwise than it should, or otherwise than most
// do. The zero value is that of most chips.
type Manner string

// Manners of one file (virtual.Faults.Of), under secure messaging. The last three are
// odd and legal.
const (
	Endless      Manner = "endless"      // nearly as long as is allowed, and bytes wherever it is read
	OverCap      Manner = "over-cap"     // longer than any such file
	HugeLength   Manner = "huge-length"  // four gigabytes
	HugeTag      Manner = "huge-tag"     // a tag of eight bytes
	OtherTag     Manner = "other-tag"    // the tag of another file
	Indefinite   Manner = "indefinite"   // a length that is not told
	Nothing      Manner = "nothing"      // no bytes, and success
	OneMore      Manner = "one-more"     // one byte more than was asked for
	Flood        Manner = "flood"        // 60,000 bytes at each reading
	WrongLength  Manner = "wrong-length" // 6C01 for ever
	WarnAndError Manner = "warn"         // the right bytes with a status that is none (6281)
	OneByte      Manner = "one-byte"     // one byte at a time: of no file is the header whole
	Drip         Manner = "drip"         // eight bytes at a time
	Half         Manner = "half"         // half of what was asked for, and the end (6282)
	LongForm     Manner = "long-form"    // a length in more bytes than it needs
)

// Manners of all answers. The last one is odd and legal.
const (
	Garbage     Manner = "garbage"     // 60,000 bytes of chance
	Mute        Manner = "mute"        // no bytes at all
	HalfStatus  Manner = "half-status" // one byte
	MoreForEver Manner = "more"        // 61FF, and again after each GET RESPONSE
	RetryAlways Manner = "retry"       // 6C01 to everything
	LyingStatus Manner = "lying"       // another status outside secure messaging than inside
	Replay      Manner = "replay"      // under a session, the first protected answer again and again
	Unprotected Manner = "unprotected" // under a session, a plain success
	Parts       Manner = "parts"       // answers in parts (61xx)
)

// Manners lists all but the zero value.
func Manners() []Manner {
	return []Manner{
		Endless, OverCap, HugeLength, HugeTag, OtherTag, Indefinite, Nothing, OneMore, Flood, WrongLength, WarnAndError, OneByte, Drip, Half, LongForm,
		Garbage, Mute, HalfStatus, MoreForEver, RetryAlways, LyingStatus, Replay, Unprotected, Parts,
	}
}

// flood is how much comes at once from chips that do not stop.
const flood = 60_000

// GetResponse is the instruction that asks for the rest of an answer (ISO/IEC 7816-4 §11.7.1).
const GetResponse = 0xC0

// most is how long a file may be for readers to take it, in bytes.
func most(id uint16) int {
	if f, ok := lds.Group(int(id & 0xFF)); ok && f.ID == id {
		return f.MaxSize
	}
	if id == lds.COM.ID {
		return lds.COM.MaxSize
	}
	return lds.SOD.MaxSize
}

// File changes what a reading of a file gives.
func (m Manner) File(id uint16, file []byte, offset, n int, data []byte, status apdu.Status) ([]byte, apdu.Status) {
	tag, header, length, err := tlv.Header(file)
	if err != nil || n <= 0 {
		return data, status
	}
	first := byte(tag) // all files have tags of one byte
	var head []byte
	switch m {
	case Endless:
		size := most(id) - 5
		head = []byte{first, 0x83, byte(size >> 16), byte(size >> 8), byte(size)}
	case OverCap:
		head = []byte{first, 0x83, 0xFF, 0xFF, 0xFF}
	case HugeLength:
		head = []byte{first, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}
	case HugeTag:
		head = []byte{0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1, 0}
	case OtherTag:
		head = []byte{first ^ 1, 4}
	case Indefinite:
		head = []byte{first, 0x80}
	case LongForm:
		whole := append([]byte{first, 0x84, 0, byte(length >> 16), byte(length >> 8), byte(length)}, file[header:]...)
		return Cut(whole, offset, n)
	default:
		return m.part(n, data, status)
	}
	part := make([]byte, n)
	if offset < len(head) {
		copy(part, head[offset:])
	}
	return part, apdu.OK
}

// part changes one part of a file.
func (m Manner) part(n int, data []byte, status apdu.Status) ([]byte, apdu.Status) {
	switch m {
	case Nothing:
		return nil, apdu.OK
	case OneMore:
		return append(bytes.Clone(data), make([]byte, n+1-len(data))...), apdu.OK
	case Flood:
		return make([]byte, flood), apdu.OK
	case WrongLength:
		return nil, 0x6C01
	case WarnAndError:
		return data, 0x6281
	case OneByte:
		return data[:min(1, len(data))], status
	case Drip:
		return data[:min(8, len(data))], status
	case Half:
		return data[:(len(data)+1)/2], apdu.EndOfFile
	}
	return data, status
}

// Cut returns up to n bytes of a file.
func Cut(file []byte, offset, n int) ([]byte, apdu.Status) {
	switch {
	case offset >= len(file):
		return nil, apdu.WrongOffset
	case offset+n > len(file):
		return file[offset:], apdu.EndOfFile
	}
	return file[offset : offset+n], apdu.OK
}

// Answer changes a whole answer; under tells of secure messaging, rest keeps what
// is still to come in parts, or comes again.
func (m Manner) Answer(command, answer []byte, under bool, rest *[]byte) []byte {
	switch m {
	case Garbage:
		b := make([]byte, flood)
		rand.Read(b)       // never fails
		b[len(b)-2] = 0x5A // no status begins like this
		return b
	case Mute:
		return nil
	case HalfStatus:
		return []byte{0x90}
	case MoreForEver:
		if command[1] == GetResponse {
			return apdu.Answer(make([]byte, 256), 0x61FF)
		}
		return []byte{0x61, 0xFF}
	case RetryAlways:
		return []byte{0x6C, 1}
	case LyingStatus:
		if under && len(answer) > 2 {
			return append(bytes.Clone(answer[:len(answer)-2]), 0x6A, 0x82)
		}
	case Replay:
		if under && *rest != nil {
			return bytes.Clone(*rest)
		} else if under {
			*rest = bytes.Clone(answer)
		}
	case Unprotected:
		if under {
			return apdu.Answer(make([]byte, 16), apdu.OK)
		}
	case Parts:
		return m.parts(command, answer, rest)
	}
	return answer
}

// parts gives 200 bytes at a time.
func (m Manner) parts(command, answer []byte, rest *[]byte) []byte {
	const some = 200
	if command[1] != GetResponse {
		if len(answer) <= some {
			return answer
		}
		*rest = answer
		return []byte{0x61, some}
	}
	data := (*rest)[:len(*rest)-2]
	if len(data) <= some {
		return *rest
	}
	*rest = (*rest)[some:]
	return apdu.Answer(data[:some], apdu.Status(0x6100|min(some, len(data)-some)))
}
