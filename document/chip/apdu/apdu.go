// Package apdu holds the commands that chips understand and the secure messaging
// that protects them, for both sides: the terminal that asks and the chip that
// answers (ISO/IEC 7816-4, ICAO Doc 9303-11 §9.8).
//
// A [Command] is encoded and parsed; a [Session] wraps it, with Triple DES or AES
// as its [Suite] says. How the secret of a session comes about is the matter of
// the access protocols (packages bac, pace, auth).
package apdu

import (
	"encoding/binary"
	"errors"
)

// MaxLe is the longest answer that one command may ask for, in bytes.
const MaxLe = 65536

// maxShortData and maxShortLe are the limits of the short encoding.
const (
	maxShortData = 255
	maxShortLe   = 256
)

// A Status is the status word that ends each answer.
type Status uint16

// Status words (ISO/IEC 7816-4 §5.6).
const (
	OK              Status = 0x9000
	EndOfFile       Status = 0x6282 // fewer bytes than asked for, with data
	AuthFailed      Status = 0x6300
	WrongLength     Status = 0x6700
	NotSatisfied    Status = 0x6982 // security status
	ConditionsNot   Status = 0x6985 // conditions of use are not satisfied
	WrongObjects    Status = 0x6988 // of secure messaging
	WrongData       Status = 0x6A80
	FileNotFound    Status = 0x6A82
	WrongParameters Status = 0x6A86
	WrongOffset     Status = 0x6B00
	UnknownCommand  Status = 0x6D00
	UnknownClass    Status = 0x6E00
)

// Families of status words whose second byte is a number.
const (
	moreData         Status = 0x6100
	wrongExpectation Status = 0x6C00
	familyMask       Status = 0xFF00
	numberMask       Status = 0x00FF
)

// More reports the answer "n more bytes wait" (61xx).
func (s Status) More() (n int, ok bool) { return size(s), s&familyMask == moreData }

// Expect reports the answer "ask again for n bytes" (6Cxx).
func (s Status) Expect() (n int, ok bool) { return size(s), s&familyMask == wrongExpectation }

func size(s Status) int {
	if s&numberMask == 0 {
		return maxShortLe
	}
	return int(s & numberMask)
}

// A Command is what a terminal sends.
type Command struct {
	Class, Ins, P1, P2 byte
	Data               []byte // at most 65535 bytes
	Le                 int    // how many bytes are expected back, at most [MaxLe]; 0: none
}

// Extended reports whether c needs the encoding with long lengths.
func (c Command) Extended() bool { return len(c.Data) > maxShortData || c.Le > maxShortLe }

// Bytes encodes c, with short lengths if they suffice.
func (c Command) Bytes() []byte {
	b := append(make([]byte, 0, 16+len(c.Data)), c.Class, c.Ins, c.P1, c.P2)
	if !c.Extended() {
		if len(c.Data) > 0 {
			b = append(append(b, byte(len(c.Data))), c.Data...)
		}
		if c.Le > 0 {
			b = append(b, byte(c.Le)) // 256 is written 00
		}
		return b
	}
	b = append(b, 0)
	if len(c.Data) > 0 {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(c.Data))), c.Data...)
	}
	if c.Le > 0 {
		b = binary.BigEndian.AppendUint16(b, uint16(c.Le)) // 65536 is written 0000
	}
	return b
}

var errCommand = errors.New("apdu: no command of ISO 7816-4")

// ParseCommand reads a command, for the chip's side. Data is a part of b.
func ParseCommand(b []byte) (Command, error) {
	if len(b) < 4 {
		return Command{}, errCommand
	}
	c := Command{Class: b[0], Ins: b[1], P1: b[2], P2: b[3]}
	b = b[4:]
	switch {
	case len(b) == 0:
		return c, nil
	case len(b) == 1:
		c.Le = expected(int(b[0]), maxShortLe)
		return c, nil
	case b[0] != 0:
		return parseBody(c, b[1:], int(b[0]), 1)
	case len(b) == 3:
		c.Le = expected(int(binary.BigEndian.Uint16(b[1:])), MaxLe)
		return c, nil
	case len(b) > 3:
		return parseBody(c, b[3:], int(binary.BigEndian.Uint16(b[1:])), 2)
	}
	return Command{}, errCommand
}

// parseBody takes n bytes of data, and what is expected in as many bytes as width.
func parseBody(c Command, b []byte, n, width int) (Command, error) {
	if n == 0 || len(b) < n {
		return Command{}, errCommand
	}
	c.Data, b = b[:n:n], b[n:]
	switch {
	case len(b) == 0:
	case len(b) == width && width == 1:
		c.Le = expected(int(b[0]), maxShortLe)
	case len(b) == width:
		c.Le = expected(int(binary.BigEndian.Uint16(b)), MaxLe)
	default:
		return Command{}, errCommand
	}
	return c, nil
}

func expected(n, zero int) int {
	if n == 0 {
		return zero
	}
	return n
}

// Answer appends the status word to data.
func Answer(data []byte, s Status) []byte {
	return binary.BigEndian.AppendUint16(append(make([]byte, 0, len(data)+2), data...), uint16(s))
}

// ErrAnswer is an answer without a status word.
var ErrAnswer = errors.New("apdu: answer without status word")

// ParseAnswer parts the data from the status word.
func ParseAnswer(b []byte) ([]byte, Status, error) {
	if len(b) < 2 {
		return nil, 0, ErrAnswer
	}
	n := len(b) - 2
	return b[:n:n], Status(binary.BigEndian.Uint16(b[n:])), nil
}
