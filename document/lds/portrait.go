package lds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Portrait is the holder's image as it is stored. Nothing has decoded it yet
// (package document/portrait does).
type Portrait Picture

// Sizes in a face record (ISO/IEC 19794-5:2005 §5.3 to §5.7), in bytes.
const (
	faceHeader   = 14
	faceInfo     = 20
	featurePoint = 8
	imageInfo    = 12
	maxTemplates = 8
)

// Tags of a biometric data block (Doc 9303-10 §4.7.2): primitive for ISO/IEC
// 19794-5, constructed for ISO/IEC 39794-5 and in some documents for the former.
const (
	dataBlock            = tlv.Tag(0x5F2E)
	dataBlockConstructed = tlv.Tag(0x7F2E)
)

var magic19794 = []byte("FAC\x00")

// ReadPortrait takes the face image out of data group 2 (Doc 9303-10 §4.7.2), of
// the first template if there are several.
func ReadPortrait(dg2 []byte) (Portrait, error) {
	content, err := groups[2].Open(dg2)
	if err != nil {
		return Portrait{}, err
	}
	group, err := tlv.Only(content, 0x7F61)
	if err != nil {
		return Portrait{}, fmt.Errorf("lds: DG2: %w", err)
	}
	templates, err := tlv.All(group)
	if err != nil {
		return Portrait{}, fmt.Errorf("lds: DG2: %w", err)
	}
	if len(templates) < 2 || len(templates) > 1+maxTemplates || templates[0].Tag != 0x02 || templates[1].Tag != 0x7F60 {
		return Portrait{}, errors.New("lds: DG2: no biometric templates")
	}
	image, err := readTemplate(templates[1].Value)
	if err != nil {
		return Portrait{}, fmt.Errorf("lds: DG2: %w", err)
	}
	p, err := readPicture(image)
	if err != nil {
		return Portrait{}, fmt.Errorf("lds: DG2: %w", err)
	}
	return Portrait(p), nil
}

// readTemplate takes the image out of the one data block of a template. Which
// standard the block follows is told by how it begins.
func readTemplate(template []byte) ([]byte, error) {
	record, err := tlv.Find(template, dataBlock)
	other, otherErr := tlv.Find(template, dataBlockConstructed)
	switch {
	case err == nil && otherErr == nil:
		return nil, errors.New("two data blocks in one template")
	case errors.Is(err, tlv.ErrMissing) && otherErr == nil:
		if !bytes.HasPrefix(other, magic19794) {
			return read39794(other)
		}
		record = other
	case err != nil:
		return nil, err
	}
	return read19794(record)
}

// read19794 takes the first image out of a record of ISO/IEC 19794-5.
func read19794(r []byte) ([]byte, error) {
	if len(r) < faceHeader+faceInfo || !bytes.HasPrefix(r, magic19794) || !bytes.HasPrefix(r[4:], []byte("010\x00")) {
		return nil, errors.New("no face record of ISO/IEC 19794-5")
	}
	total := binary.BigEndian.Uint32(r[8:])
	if uint64(total) != uint64(len(r)) || binary.BigEndian.Uint16(r[12:]) == 0 {
		return nil, errors.New("face record of another length, or without faces")
	}
	r = r[faceHeader:]
	block := uint64(binary.BigEndian.Uint32(r))
	before := uint64(faceInfo + imageInfo + featurePoint*int(binary.BigEndian.Uint16(r[4:])))
	if block > uint64(len(r)) || before >= block {
		return nil, errors.New("face block runs over its record")
	}
	return r[before:block:block], nil
}

// tagFaceBlock is the tag of FaceImageDataBlock, APPLICATION 5 (ISO/IEC 39794-5
// Annex A).
const tagFaceBlock = cbasn1.Tag(0x65)

var err39794 = errors.New("no face record of ISO/IEC 39794-5")

// read39794 takes the image out of a record of ISO/IEC 39794-5 as Doc 9303 has
// it: in one representation block, as a two-dimensional base image. The path is
//
//	[1] FaceImageDataBlock { versionBlock [0], representationBlocks [1] {
//	  { representationId [0], imageRepresentation [1] { base [0] {
//	    imageRepresentation2DBlock [0] { representationData2D [0], … } } }, … } }, … }
//
// What else the blocks tell is personal and not needed: it is looked at only so
// far that each field comes once and in its order.
func read39794(der []byte) ([]byte, error) {
	s := cryptobyte.String(der)
	var outer, block, representations, representation, choice, base, plane cryptobyte.String
	var image []byte
	if !s.ReadASN1(&outer, tag1) || !s.Empty() || !outer.ReadASN1(&block, tagFaceBlock) || !outer.Empty() ||
		!block.SkipASN1(tag0) || !block.ReadASN1(&representations, tag1) || !ascend(block, 2) {
		return nil, err39794
	}
	if !representations.ReadASN1(&representation, cbasn1.SEQUENCE) || !representations.Empty() {
		return nil, errors.New("face record of ISO/IEC 39794-5 with another number of images than one")
	}
	if !representation.SkipASN1(tag0p) || !representation.ReadASN1(&choice, tag1) || !ascend(representation, 2) ||
		!choice.ReadASN1(&base, tag0) || !choice.Empty() ||
		!base.ReadASN1(&plane, tag0) || !base.Empty() ||
		!plane.ReadASN1Bytes(&image, tag0p) || !plane.PeekASN1Tag(tag1) || !ascend(plane, 1) {
		return nil, err39794
	}
	return image, nil
}

// ascend reports whether s consists of elements with context tags that rise, from
// the number first on. There are thirty at most, by tags of one byte.
func ascend(s cryptobyte.String, first int) bool {
	for !s.Empty() {
		var e cryptobyte.String
		var tag cbasn1.Tag
		if !s.ReadAnyASN1(&e, &tag) {
			return false
		}
		number := int(tag & 0x1F)
		if tag&0xC0 != 0x80 || number < first {
			return false
		}
		first = number + 1
	}
	return true
}
