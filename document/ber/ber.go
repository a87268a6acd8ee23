// Package ber reads ASN.1 as signers of travel documents write it: DER, and what
// is found of BER in issued certificates (ITU-T X.690): lengths with more bytes
// than needed, any non-zero octet for TRUE, times without seconds or with an
// offset from UTC. crypto/x509 refuses all of these.
//
// A [String] is read from its front, element by element; nothing is copied, and
// nothing here calls itself, so what is hostile costs no more than its length.
// Lengths are bounded by package document/tlv. Indefinite lengths are not read:
// who accepts them makes them definite first ([Definite]).
package ber

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// Tags of the universal class, and of the fields that structures number.
const (
	Boolean         tlv.Tag = 0x01
	Integer         tlv.Tag = 0x02
	BitString       tlv.Tag = 0x03
	OctetString     tlv.Tag = 0x04
	Null            tlv.Tag = 0x05
	ObjectID        tlv.Tag = 0x06
	Enumerated      tlv.Tag = 0x0A
	UTF8String      tlv.Tag = 0x0C
	PrintableString tlv.Tag = 0x13
	TeletexString   tlv.Tag = 0x14
	IA5String       tlv.Tag = 0x16
	UTCTime         tlv.Tag = 0x17
	GeneralizedTime tlv.Tag = 0x18
	BMPString       tlv.Tag = 0x1E
	Sequence        tlv.Tag = 0x30
	Set             tlv.Tag = 0x31

	Field          tlv.Tag = 0x80 // + number: a field that is primitive
	FieldOfOthers  tlv.Tag = 0xA0 // + number: a field that holds elements
	lastUTCCentury         = 50   // UTCTime of a later year is of 19xx (RFC 5280 §4.1.2.5.1)
)

// A String is what is left to read.
type String []byte

// Next reads the element at the front, of any tag.
func (s *String) Next() (e tlv.Element, ok bool) {
	e, rest, err := tlv.Next(*s)
	if err != nil {
		return tlv.Element{}, false
	}
	*s = rest
	return e, true
}

// Read reads the element at the front, which must have the tag.
func (s *String) Read(tag tlv.Tag) (value String, ok bool) {
	e, ok := s.element(tag)
	return String(e.Value), ok
}

// ReadRaw reads the element at the front, which must have the tag, header and all.
func (s *String) ReadRaw(tag tlv.Tag) (raw []byte, ok bool) {
	e, ok := s.element(tag)
	return e.Raw, ok
}

func (s *String) element(tag tlv.Tag) (tlv.Element, bool) {
	rest := *s
	e, ok := rest.Next()
	if !ok || e.Tag != tag {
		return tlv.Element{}, false
	}
	*s = rest
	return e, true
}

// Optional reads the element at the front if it has the tag; ok is false only if
// what is there cannot be read.
func (s *String) Optional(tag tlv.Tag) (value String, has, ok bool) {
	if !s.Has(tag) {
		return nil, false, true
	}
	value, ok = s.Read(tag)
	return value, ok, ok
}

// Has reports whether the element at the front has the tag, which is of one byte.
func (s String) Has(tag tlv.Tag) bool { return len(s) > 0 && tlv.Tag(s[0]) == tag }

// Empty reports that nothing is left.
func (s String) Empty() bool { return len(s) == 0 }

// An OID is the content of an object identifier as it is encoded. "" is none.
type OID string

// OID reads an object identifier.
func (s *String) OID() (OID, bool) {
	v, ok := s.RawOID()
	return OID(v), ok
}

// RawOID reads an object identifier and copies nothing: what it is is found by
// looking in a table for OID(raw).
func (s *String) RawOID() (raw []byte, ok bool) {
	v, ok := s.Read(ObjectID)
	if !ok || len(v) == 0 || v[len(v)-1]&0x80 != 0 {
		return nil, false
	}
	return v, true
}

// NewOID encodes a dotted name such as "2.5.29.15"; "" if it is none.
func NewOID(dotted string) OID {
	var arcs []uint64
	for part := range strings.SplitSeq(dotted, ".") {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return ""
		}
		arcs = append(arcs, n)
	}
	if len(arcs) < 2 || arcs[0] > 2 || arcs[0] < 2 && arcs[1] > 39 {
		return ""
	}
	b := append128(nil, 40*arcs[0]+arcs[1])
	for _, a := range arcs[2:] {
		b = append128(b, a)
	}
	return OID(b)
}

// append128 writes n in base 128, all digits but the last marked.
func append128(b []byte, n uint64) []byte {
	shift := 0
	for n>>(shift+7) != 0 {
		shift += 7
	}
	for ; shift > 0; shift -= 7 {
		b = append(b, byte(n>>shift)|0x80)
	}
	return append(b, byte(n)&0x7F)
}

// String is the dotted name. An arc of more than 63 bits is shown as "?".
func (o OID) String() string {
	var b strings.Builder
	var n uint64
	for i, first, large := 0, true, false; i < len(o); i++ {
		large = large || n>>56 != 0
		n = n<<7 | uint64(o[i]&0x7F)
		if o[i]&0x80 != 0 {
			continue
		}
		if first {
			top := min(n/40, 2)
			b.WriteString(strconv.FormatUint(top, 10))
			n, first = n-40*top, false
		}
		b.WriteByte('.')
		if large {
			b.WriteByte('?')
		} else {
			b.WriteString(strconv.FormatUint(n, 10))
		}
		n, large = 0, false
	}
	return b.String()
}

// Int reads an integer that is not negative and small.
func (s *String) Int() (int, bool) {
	v, ok := s.Read(Integer)
	if !ok || len(v) == 0 || len(v) > 4 || v[0]&0x80 != 0 {
		return 0, false
	}
	n := 0
	for _, b := range v {
		n = n<<8 | int(b)
	}
	return n, true
}

// Unsigned reads an integer of at most size bytes. One whose leading zero was
// forgotten, and would be negative, is taken for what was meant.
func (s *String) Unsigned(size int) (*big.Int, bool) {
	v, ok := s.Read(Integer)
	for len(v) > 1 && v[0] == 0 {
		v = v[1:]
	}
	if !ok || len(v) == 0 || len(v) > size {
		return nil, false
	}
	return new(big.Int).SetBytes(v), true
}

// Bool reads a boolean; every octet but 0 is true.
func (s *String) Bool() (value, ok bool) {
	v, ok := s.Read(Boolean)
	if !ok || len(v) != 1 {
		return false, false
	}
	return v[0] != 0, true
}

// Bits reads a bit string; the bits of the last byte that are not in use are 0.
func (s *String) Bits() ([]byte, bool) {
	v, ok := s.Read(BitString)
	if !ok || len(v) == 0 || v[0] > 7 || len(v) == 1 && v[0] != 0 {
		return nil, false
	}
	if unused := v[0]; unused != 0 {
		last := v[len(v)-1]
		if last&(1<<unused-1) != 0 {
			v = append(String(nil), v...)
			v[len(v)-1] = last >> unused << unused
		}
	}
	return v[1:], true
}

// Time reads UTCTime or GeneralizedTime. Seconds may be missing, and the zone may
// be an offset; without a zone it is UTC. Parts of a second are dropped.
func (s *String) Time() (time.Time, bool) {
	e, ok := s.Next()
	if !ok || e.Tag != UTCTime && e.Tag != GeneralizedTime {
		return time.Time{}, false
	}
	return readTime(e.Value, e.Tag == GeneralizedTime)
}

// TimeIn reads GeneralizedTime that has the tag of a field instead of its own.
func (s *String) TimeIn(field tlv.Tag) (time.Time, bool) {
	v, ok := s.Read(field)
	if !ok {
		return time.Time{}, false
	}
	return readTime(v, true)
}

// readTime reads what stands in a time; general tells its year of four digits.
func readTime(in []byte, general bool) (time.Time, bool) {
	var parts [6]int
	ok := true
	for i := range parts {
		size := 2
		if i == 0 && general {
			size = 4
		}
		if i == 5 && (len(in) == 0 || in[0] < '0' || in[0] > '9') { // no seconds
			break
		}
		if parts[i], in, ok = digits(in, size); !ok {
			return time.Time{}, false
		}
	}
	if !general {
		if parts[0] += 1900; parts[0] < 1900+lastUTCCentury {
			parts[0] += 100
		}
	}
	if len(in) > 1 && in[0] == '.' && general {
		for in = in[1:]; len(in) > 0 && in[0] >= '0' && in[0] <= '9'; {
			in = in[1:]
		}
	}
	offset, ok := zone(in)
	t := time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], 0, time.UTC)
	// A date that does not exist comes out as another one.
	if !ok || t.Year() != parts[0] || int(t.Month()) != parts[1] || t.Day() != parts[2] || t.Hour() != parts[3] || t.Minute() != parts[4] || t.Second() != parts[5] {
		return time.Time{}, false
	}
	return t.Add(-offset), true
}

func digits(in []byte, size int) (n int, rest []byte, ok bool) {
	if len(in) < size {
		return 0, nil, false
	}
	for _, c := range in[:size] {
		if c < '0' || c > '9' {
			return 0, nil, false
		}
		n = 10*n + int(c-'0')
	}
	return n, in[size:], true
}

// zone reads "Z", an offset such as "+0200", or nothing.
func zone(in []byte) (time.Duration, bool) {
	if len(in) == 0 || string(in) == "Z" {
		return 0, true
	}
	if len(in) != 5 || in[0] != '+' && in[0] != '-' {
		return 0, false
	}
	hours, rest, ok := digits(in[1:], 2)
	minutes, _, okToo := digits(rest, 2)
	if !ok || !okToo || hours > 14 || minutes > 59 {
		return 0, false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if in[0] == '-' {
		offset = -offset
	}
	return offset, true
}
