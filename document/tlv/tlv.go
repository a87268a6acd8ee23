// Package tlv reads and writes the tag-length-value encoding in which chips of
// travel documents keep their files (ISO/IEC 7816-4 §6.3, a part of BER).
//
// What is read comes from outside, so everything is bounded: tags have at most
// three bytes, lengths at most four and a cap, lengths are definite, a level
// has at most [MaxElements] elements, and nothing here calls itself: who wants
// to go deeper names the path ([Find]). Nothing is copied; values are parts of
// what was handed in.
//
// Lengths with more bytes than needed are accepted, since issued documents have
// them; [Append] writes the shortest. What must be DER (the security object) is
// read in package lds, not here.
package tlv

import (
	"errors"
	"fmt"
)

const (
	// MaxLength is the longest value that is read, in bytes.
	MaxLength = 1 << 24
	// MaxElements is how many elements one level may have.
	MaxElements = 256
	// MaxDepth is how many levels [Find] goes down.
	MaxDepth = 8
)

// What is wrong with an encoding.
var (
	ErrTruncated  = errors.New("tlv: ends too soon")
	ErrTag        = errors.New("tlv: tag of more than three bytes, or none")
	ErrIndefinite = errors.New("tlv: indefinite length")
	ErrTooLong    = errors.New("tlv: length over the cap")
	ErrTrailing   = errors.New("tlv: bytes behind the element")
	ErrTooMany    = errors.New("tlv: too many elements or levels")
	ErrMissing    = errors.New("tlv: element missing")
	ErrTwice      = errors.New("tlv: element present twice")
)

// A Tag is a tag's bytes as they are written, read as one number: 0x77, 0x5F36, 0x7F61.
type Tag uint32

// An Element is one tag with its value. Raw is the whole of it, header included.
type Element struct {
	Tag   Tag
	Value []byte
	Raw   []byte
}

// Header reads tag and length at the start of b, which may end before the value
// does: it tells how long a file is from its first bytes. header is the number
// of bytes of tag and length, length that of the value.
func Header(b []byte) (tag Tag, header, length int, err error) {
	tag, n, err := readTag(b)
	if err != nil {
		return 0, 0, 0, err
	}
	if len(b) <= n {
		return 0, 0, 0, ErrTruncated
	}
	first := b[n]
	n++
	switch {
	case first < 0x80:
		return tag, n, int(first), nil
	case first == 0x80:
		return 0, 0, 0, ErrIndefinite
	case first > 0x84:
		return 0, 0, 0, ErrTooLong
	}
	more := int(first & 0x7F)
	if len(b) < n+more {
		return 0, 0, 0, ErrTruncated
	}
	var l uint64
	for _, c := range b[n : n+more] {
		l = l<<8 | uint64(c)
	}
	if l > MaxLength {
		return 0, 0, 0, ErrTooLong
	}
	return tag, n + more, int(l), nil
}

// readTag reads a tag of one to three bytes and tells how many they are.
func readTag(b []byte) (Tag, int, error) {
	if len(b) == 0 {
		return 0, 0, ErrTruncated
	}
	if b[0] == 0 {
		return 0, 0, ErrTag
	}
	tag := Tag(b[0])
	if b[0]&0x1F != 0x1F {
		return tag, 1, nil
	}
	for n := 1; n < 3; n++ {
		if len(b) <= n {
			return 0, 0, ErrTruncated
		}
		tag = tag<<8 | Tag(b[n])
		if b[n]&0x80 == 0 {
			return tag, n + 1, nil
		}
	}
	return 0, 0, ErrTag
}

// Next reads the element at the start of b and returns what follows it.
func Next(b []byte) (e Element, rest []byte, err error) {
	tag, header, length, err := Header(b)
	if err != nil {
		return Element{}, nil, err
	}
	end := header + length
	if len(b) < end {
		return Element{}, nil, ErrTruncated
	}
	return Element{Tag: tag, Value: b[header:end:end], Raw: b[:end:end]}, b[end:], nil
}

// Only returns the value of the one element that b consists of; its tag must be
// the one given.
func Only(b []byte, tag Tag) ([]byte, error) {
	e, rest, err := Next(b)
	switch {
	case err != nil:
		return nil, err
	case e.Tag != tag:
		return nil, fmt.Errorf("%w: tag %X", ErrMissing, uint32(tag))
	case len(rest) != 0:
		return nil, ErrTrailing
	}
	return e.Value, nil
}

// All reads the elements that b consists of, one level of them.
func All(b []byte) ([]Element, error) {
	var all []Element
	for len(b) > 0 {
		if len(all) == MaxElements {
			return nil, ErrTooMany
		}
		e, rest, err := Next(b)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		b = rest
	}
	return all, nil
}

// Find goes down the path of tags, one level each, and returns the value of the
// last. An element of the path that occurs twice on its level is an error: two
// readers might choose differently.
func Find(b []byte, path ...Tag) ([]byte, error) {
	if len(path) > MaxDepth {
		return nil, ErrTooMany
	}
	for _, tag := range path {
		all, err := All(b)
		if err != nil {
			return nil, err
		}
		found := false
		for _, e := range all {
			if e.Tag != tag {
				continue
			}
			if found {
				return nil, fmt.Errorf("%w: tag %X", ErrTwice, uint32(tag))
			}
			b, found = e.Value, true
		}
		if !found {
			return nil, fmt.Errorf("%w: tag %X", ErrMissing, uint32(tag))
		}
	}
	return b, nil
}

// Append adds the element to dst, with the shortest length there is.
func Append(dst []byte, tag Tag, value []byte) []byte {
	for shift := 24; shift >= 0; shift -= 8 {
		if c := byte(tag >> shift); c != 0 || Tag(1)<<shift <= tag {
			dst = append(dst, c)
		}
	}
	switch n := len(value); {
	case n < 0x80:
		dst = append(dst, byte(n))
	case n <= 0xFF:
		dst = append(dst, 0x81, byte(n))
	case n <= 0xFFFF:
		dst = append(dst, 0x82, byte(n>>8), byte(n))
	case n <= 0xFFFFFF:
		dst = append(dst, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(dst, value...)
}
