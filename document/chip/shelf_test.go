package chip_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"maps"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// A shelf is the files of a chip by short identifier, and what it was asked for.
type shelf struct {
	files   map[byte][]byte
	current byte
	asked   map[byte]int // commands that name a file or read on in it
	carried map[byte]int // bytes
	most    int          // Le that is taken; 0: any
}

// full is a shelf with a data group of each number, all listed in its SOD.
func full() *shelf {
	groups := map[int][]byte{}
	for n, tag := range []tlv.Tag{0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70} {
		groups[n+1] = tlv.Append(nil, tag, bytes.Repeat([]byte{byte(n)}, 100))
	}
	groups[2] = tlv.Append(nil, 0x75, bytes.Repeat([]byte("portrait"), 2200))
	groups[7] = tlv.Append(nil, 0x67, bytes.Repeat([]byte("signature "), 900))
	groups[14] = tlv.Append(nil, 0x6E, security.Set())
	return holding(groups)
}

// holding is a shelf with these groups and a SOD that lists them. Nobody has signed
// it: that is not the reader's matter.
func holding(groups map[int][]byte) *shelf {
	s := &shelf{files: map[byte][]byte{0x1D: listing(groups)}, asked: map[byte]int{}, carried: map[byte]int{}}
	var tags []byte
	for _, n := range slices.Sorted(maps.Keys(groups)) {
		s.files[byte(n)] = groups[n]
		tags = append(tags, groups[n][0])
	}
	s.files[0x1E] = tlv.Append(nil, 0x60, slices.Concat([]byte("\x5F\x01\x040107\x5F\x36\x06040000"), tlv.Append(nil, 0x5C, tags)))
	return s
}

// answer reads files by short identifier, by SELECT and READ BINARY of both kinds.
func (s *shelf) answer(c apdu.Command) ([]byte, apdu.Status) {
	if s.most > 0 && c.Le > s.most {
		return nil, apdu.WrongLength
	}
	offset, odd := int(c.P1)<<8|int(c.P2), 0 // bytes around the answer
	switch {
	case c.Ins == 0xA4 && c.P1 == 2:
		s.current = c.Data[1]
		s.asked[s.current]++
		if s.files[s.current] == nil {
			return nil, apdu.FileNotFound
		}
		return nil, apdu.OK
	case c.Ins == 0xA4:
		return nil, apdu.OK
	case c.Ins == 0xB0 && c.P1&0x80 != 0:
		s.current, offset = c.P1&0x1F, int(c.P2)
	case c.Ins == 0xB1:
		offset, odd = int(c.Data[2])<<16|int(c.Data[3])<<8|int(c.Data[4]), 4
	case c.Ins != 0xB0:
		return nil, apdu.UnknownCommand
	}
	c.Le -= odd
	s.asked[s.current]++
	file := s.files[s.current]
	if file == nil {
		return nil, apdu.FileNotFound
	}
	if offset > len(file) {
		return nil, apdu.WrongOffset
	}
	b, status := file[offset:], apdu.EndOfFile
	if len(b) > c.Le {
		b, status = b[:c.Le], apdu.OK
	}
	s.carried[s.current] += len(b)
	if odd > 0 {
		return tlv.Append(nil, 0x53, b), status
	}
	return bytes.Clone(b), status
}

// listing is an EF.SOD that lists hashes of the groups.
func listing(groups map[int][]byte) []byte {
	sequence := func(add func(*cryptobyte.Builder)) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, add) }
	}
	oid := func(id ...int) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier(id)) }
	}
	hash := sequence(oid(2, 16, 840, 1, 101, 3, 4, 2, 1))
	kind := oid(2, 23, 136, 1, 1, 1)
	object := cryptobyte.NewBuilder(nil)
	sequence(func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		hash(b)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, n := range slices.Sorted(maps.Keys(groups)) {
				sum := sha256.Sum256(groups[n])
				sequence(func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(n)); b.AddASN1OctetString(sum[:]) })(b)
			}
		})
	})(object)
	explicit := cbasn1.Tag(0).ContextSpecific().Constructed()
	attribute := func(b *cryptobyte.Builder, name, value func(*cryptobyte.Builder)) {
		sequence(func(b *cryptobyte.Builder) { name(b); b.AddASN1(cbasn1.SET, value) })(b)
	}
	der := cryptobyte.NewBuilder(nil)
	sequence(func(b *cryptobyte.Builder) {
		oid(1, 2, 840, 113549, 1, 7, 2)(b)
		b.AddASN1(explicit, sequence(func(b *cryptobyte.Builder) {
			b.AddASN1Int64(3)
			b.AddASN1(cbasn1.SET, hash)
			sequence(func(b *cryptobyte.Builder) {
				kind(b)
				b.AddASN1(explicit, func(b *cryptobyte.Builder) { b.AddASN1OctetString(object.BytesOrPanic()) })
			})(b)
			b.AddASN1(cbasn1.SET, sequence(func(b *cryptobyte.Builder) {
				b.AddASN1Int64(3)
				b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte("key")) })
				hash(b)
				b.AddASN1(explicit, func(b *cryptobyte.Builder) {
					attribute(b, oid(1, 2, 840, 113549, 1, 9, 3), kind)
					attribute(b, oid(1, 2, 840, 113549, 1, 9, 4), func(b *cryptobyte.Builder) { b.AddASN1OctetString(make([]byte, 32)) })
				})
				sequence(oid(1, 2, 840, 10045, 4, 3, 2))(b)
				b.AddASN1OctetString([]byte("signature"))
			}))
		}))
	})(der)
	return tlv.Append(nil, 0x77, der.BytesOrPanic())
}

// speaker is a chip with PACE, in whose master file there are files too. What is on
// its shelf can be read behind SELECT of the application; without one it has none.
type speaker struct {
	root, application *shelf
	session           *apdu.Session
	run               *pace.Chip
	selected          bool
}

func (s *speaker) Transceive(_ context.Context, command []byte) ([]byte, error) {
	c, err := apdu.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	if c.Class&0x0C != 0 {
		if c, err = s.session.Open(c); err != nil {
			return nil, err
		}
		return s.session.Seal(s.answer(c))
	}
	return apdu.Answer(s.answer(c)), nil
}

func (s *speaker) answer(c apdu.Command) ([]byte, apdu.Status) {
	switch {
	case c.Ins == 0x22:
		m, _, err := pace.Selects(c.Data, []security.PACE{generic})
		if err != nil {
			return nil, apdu.WrongData
		}
		s.run = pace.NewChip(m, pace.MRZ(hostileKey), nil, rand.Reader)
		return nil, apdu.OK
	case c.Ins == 0x86:
		answer, done, err := s.run.Answer(c.Data)
		if err == nil && done {
			s.session, err = s.run.Session()
		}
		if err != nil {
			return nil, apdu.AuthFailed
		}
		return answer, apdu.OK
	case c.Ins == 0xA4 && c.P1 == 4 && s.application == nil:
		return nil, apdu.FileNotFound
	case c.Ins == 0xA4 && c.P1 == 4:
		s.selected = true
		return nil, apdu.OK
	case s.selected:
		return s.application.answer(c)
	}
	return s.root.answer(c)
}
