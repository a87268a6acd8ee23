// Package files writes the files of a chip: those with data groups, and EF.COM
// (ICAO Doc 9303-10 §4.6, §4.7). It is what package document/lds reads.
package files

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/portrait"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// ID is the file identifier of a data group (Doc 9303-10 §3.11.2).
func ID(n int) uint16 { return 0x0100 | uint16(n) }

// Groups is the highest number of a data group.
const Groups = 16

// Zone is data group 1 (Doc 9303-10 §4.7.1).
func Zone(z mrz.Zone) []byte {
	lines := bytes.ReplaceAll([]byte(z.String()), []byte("\n"), nil)
	return tlv.Append(nil, 0x61, tlv.Append(nil, 0x5F1F, lines))
}

// Portrait is data group 2 with one image, JPEG or JPEG 2000, in a record of
// ISO/IEC 19794-5 (Doc 9303-10 §4.7.2). Whether anybody can decode it is not looked
// at: countries sign what they have.
func Portrait(image []byte) ([]byte, error) {
	size, _ := portrait.DecodeConfig(image) // no size if there is none
	switch lds.Format(image) {
	case lds.JPEG:
		return face(image, 0, size), nil
	case lds.JPEG2000:
		return face(image, 1, size), nil
	}
	return nil, fmt.Errorf("files: portrait: %w", portrait.ErrFormat)
}

// Face is data group 2 with anything in the place of a JPEG of 0×0 pixels.
func Face(anything []byte) []byte { return face(anything, 0, portrait.Config{}) }

func face(image []byte, kind byte, size portrait.Config) []byte {
	const header, info, about = 14, 20, 12
	block := info + about + len(image)
	r := []byte("FAC\x00010\x00")
	r = binary.BigEndian.AppendUint32(r, uint32(header+block))
	r = binary.BigEndian.AppendUint16(r, 1) // one face
	r = binary.BigEndian.AppendUint32(r, uint32(block))
	r = append(r, make([]byte, info-4)...) // no feature points, nothing said of the person
	r = append(r, 1, kind)                 // full frontal
	r = binary.BigEndian.AppendUint16(r, uint16(size.Width))
	r = binary.BigEndian.AppendUint16(r, uint16(size.Height))
	r = append(r, 1, 2, 0, 0, 0, 0) // sRGB, from a still camera; device and quality not told
	r = append(r, image...)

	return template(0x5F2E, r)
}

// Face39794 is data group 2 with one image in a record of ISO/IEC 39794-5: one
// representation, as a two-dimensional base image, of which nothing more is told.
func Face39794(image []byte) []byte {
	format := byte(2) // imageDataFormat: JPEG
	if lds.Format(image) != lds.JPEG {
		format = 3
	}
	within := func(tag tlv.Tag, parts ...[]byte) []byte { return tlv.Append(nil, tag, slices.Concat(parts...)) }
	plane := within(0xA0, within(0x80, image), within(0xA1, within(0xA0, within(0x80, []byte{format}))))
	representation := within(0x30, within(0x80, []byte{0}), within(0xA1, within(0xA0, plane)))
	version := within(0xA0, within(0x80, []byte{3}), within(0x81, []byte{0x07, 0xE3})) // of 2019
	return template(0x7F2E, within(0xA1, within(0x65, version, within(0xA1, representation))))
}

// template is data group 2 with one biometric template (Doc 9303-10 §4.7.2).
func template(block tlv.Tag, record []byte) []byte {
	facial := []byte{0x80, 2, 1, 1, 0x81, 1, 2, 0x87, 2, 1, 1, 0x88, 2, 0, 8}
	t := tlv.Append(tlv.Append(nil, 0xA1, facial), block, record)
	group := tlv.Append([]byte{0x02, 1, 1}, 0x7F60, t)
	return tlv.Append(nil, 0x75, tlv.Append(nil, 0x7F61, group))
}

// ActiveInfo is the ActiveAuthenticationInfo of a chip that signs with ECDSA
// (Doc 9303-11 §9.2.4).
func ActiveInfo(h crypto.Hash) []byte {
	last := map[crypto.Hash]byte{crypto.SHA224: 2, crypto.SHA256: 3, crypto.SHA384: 4, crypto.SHA512: 5}[h]
	info := tlv.Append(nil, 0x06, []byte{0x67, 0x81, 0x08, 1, 1, 5})          // 2.23.136.1.1.5
	info = tlv.Append(info, 0x02, []byte{1})                                  // version
	info = tlv.Append(info, 0x06, []byte{4, 0, 0x7F, 0, 7, 1, 1, 4, 1, last}) // ecdsa-plain
	return tlv.Append(nil, 0x30, info)
}

// groupTags are the outer tags of the data groups (Doc 9303-10 §4.6.1).
var groupTags = [Groups]byte{0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70}

// COM is EF.COM (Doc 9303-10 §4.6.1).
func COM(groups map[int][]byte) []byte {
	var tags []byte
	for i, tag := range groupTags {
		if groups[i+1] != nil {
			tags = append(tags, tag)
		}
	}
	b := tlv.Append(nil, 0x5F01, []byte("0107"))
	b = tlv.Append(b, 0x5F36, []byte("040000"))
	return tlv.Append(nil, 0x60, tlv.Append(b, 0x5C, tags))
}

// Signature is data group 7 with one picture of a signature (§4.7.7).
func Signature(picture []byte) []byte {
	return tlv.Append(nil, 0x67, tlv.Append([]byte{2, 1, 1}, 0x5F43, picture))
}

// listed is a group of texts behind the list of their tags.
func listed(tag tlv.Tag, texts ...text) []byte {
	var tags, all []byte
	for _, t := range texts {
		if t.value != "" {
			tags = append(tags, byte(t.tag>>8), byte(t.tag))
			all = tlv.Append(all, t.tag, []byte(t.value))
		}
	}
	return tlv.Append(nil, tag, append(tlv.Append(nil, 0x5C, tags), all...))
}

type text struct {
	tag   tlv.Tag
	value string
}

// Person is data group 11: name, personal number, date and place of birth
// (§4.7.11). What is empty is left out.
func Person(name, number, born, place string) []byte {
	return listed(0x6B, text{0x5F0E, name}, text{0x5F10, number}, text{0x5F2B, born}, text{0x5F11, place})
}

// Document is data group 12: who issued it, and on which day (§4.7.12).
func Document(authority, issued string) []byte {
	return listed(0x6C, text{0x5F19, authority}, text{0x5F26, issued})
}

// Optional is data group 13, whose content is the state's own affair (§4.7.13).
func Optional(content []byte) []byte { return tlv.Append(nil, 0x6D, content) }

// Contact is data group 16 with one person to notify (§4.7.16).
func Contact(recorded, name, telephone, address string) []byte {
	var b []byte
	for _, t := range []text{{0x5F50, recorded}, {0x5F51, name}, {0x5F52, telephone}, {0x5F53, address}} {
		b = tlv.Append(b, t.tag, []byte(t.value))
	}
	return tlv.Append(nil, 0x70, tlv.Append([]byte{2, 1, 1}, 0xA1, b))
}
