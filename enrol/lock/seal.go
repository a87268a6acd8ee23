package lock

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"strconv"
)

// A sealer makes the MACs of a ledger one after the other. The key is worked in
// once: a ledger is read whole before each decision.
type sealer struct {
	h    hash.Hash
	b    []byte // what is sealed, each part behind its length
	made []byte // the newest MAC
}

func (l *Ledger) sealer() *sealer { return &sealer{h: hmac.New(sha256.New, l.secret.Reveal())} }

// seal is [Ledger.seal]; what it returns holds until the next call.
func (s *sealer) seal(key Key, place int, before []byte, e Entry) []byte {
	v3 := e.Input != ""
	v1 := e.Release == "" && e.From.IsZero() && e.Until.IsZero() && !v3
	tag := "tunnus/lock/entry/v2"
	switch {
	case v1:
		tag = "tunnus/lock/entry/v1"
	case v3:
		tag = "tunnus/lock/entry/v3"
	}
	b := part(part(s.b[:0], tag), key)
	b = part(number(b, int64(place)), before)
	b = number(part(part(b, e.Kind), e.Attempt), e.At.UnixMilli())
	b = part(part(b, e.Code), strconv.FormatBool(e.Copyable))
	if !v1 {
		b = number(number(part(b, e.Release), e.From.UnixMilli()), e.Until.UnixMilli())
	}
	if v3 {
		b = part(b, e.Input)
	}
	return s.sum(b)
}

// sum is HMAC-SHA256.
func (s *sealer) sum(b []byte) []byte {
	s.h.Reset()
	s.h.Write(b)
	s.b, s.made = b, s.h.Sum(s.made[:0])
	return s.made
}

// part adds one part behind its length.
func part[T ~string | ~[]byte](b []byte, p T) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(p))), p...)
}

// number adds a number as a part, in decimal digits.
func number(b []byte, n int64) []byte {
	var digits [20]byte
	return part(b, strconv.AppendInt(digits[:0], n, 10))
}
