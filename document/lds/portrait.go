package lds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Portrait is the holder's image as it is stored. Nothing has decoded it yet.
type Portrait struct {
	Format string // "image/jpeg" or "image/jp2" (JPEG 2000, boxed or bare)
	Image  []byte
}

// Sizes in a face record (ISO/IEC 19794-5:2005 §5.3 to §5.7), in bytes.
const (
	faceHeader    = 14
	faceInfo      = 20
	featurePoint  = 8
	imageInfo     = 12
	maxTemplates  = 8
	biometricTag  = tlv.Tag(0x5F2E)
	encipheredTag = tlv.Tag(0x7F2E) // also ISO/IEC 39794-5, which is not read
)

// magics tell the format from the first bytes: the type that the record names
// is wrong in some issued documents.
var magics = []struct {
	start  []byte
	format string
}{
	{[]byte{0xFF, 0xD8, 0xFF}, "image/jpeg"},
	{[]byte{0, 0, 0, 0x0C, 'j', 'P', ' ', ' ', '\r', '\n'}, "image/jp2"},
	{[]byte{0xFF, 0x4F, 0xFF, 0x51}, "image/jp2"},
}

// ReadPortrait takes the first face image out of data group 2 (Doc 9303-10 §4.7.2).
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
	record, err := tlv.Find(templates[1].Value, biometricTag)
	if errors.Is(err, tlv.ErrMissing) {
		if _, other := tlv.Find(templates[1].Value, encipheredTag); other == nil {
			return Portrait{}, errors.New("lds: DG2: face record of ISO/IEC 39794-5 is not read")
		}
	}
	if err != nil {
		return Portrait{}, fmt.Errorf("lds: DG2: %w", err)
	}
	return readFace(record)
}

// readFace takes the first image out of a record of ISO/IEC 19794-5.
func readFace(r []byte) (Portrait, error) {
	if len(r) < faceHeader+faceInfo || !bytes.HasPrefix(r, []byte("FAC\x00010\x00")) {
		return Portrait{}, errors.New("lds: DG2: no face record of ISO/IEC 19794-5")
	}
	total := binary.BigEndian.Uint32(r[8:])
	if uint64(total) != uint64(len(r)) || binary.BigEndian.Uint16(r[12:]) == 0 {
		return Portrait{}, errors.New("lds: DG2: face record of another length, or without faces")
	}
	r = r[faceHeader:]
	block := uint64(binary.BigEndian.Uint32(r))
	before := uint64(faceInfo + imageInfo + featurePoint*int(binary.BigEndian.Uint16(r[4:])))
	if block > uint64(len(r)) || before >= block {
		return Portrait{}, errors.New("lds: DG2: face block runs over its record")
	}
	image := r[before:block:block]
	for _, m := range magics {
		if bytes.HasPrefix(image, m.start) {
			return Portrait{m.format, image}, nil
		}
	}
	return Portrait{}, errors.New("lds: DG2: neither JPEG nor JPEG 2000")
}
