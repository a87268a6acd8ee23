package lds

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// Formats of pictures.
const (
	JPEG     = "image/jpeg"
	JPEG2000 = "image/jp2" // boxed or a bare codestream
)

// A Picture is an image as it is stored. Nothing has decoded it yet.
type Picture struct {
	Format string // [JPEG] or [JPEG2000]
	Image  []byte
}

// magics tell the format from the first bytes: the type that a record names is
// wrong in some issued documents.
var magics = []struct {
	start  []byte
	format string
}{
	{[]byte{0xFF, 0xD8, 0xFF}, JPEG},
	{[]byte{0, 0, 0, 0x0C, 'j', 'P', ' ', ' ', '\r', '\n'}, JPEG2000},
	{[]byte{0xFF, 0x4F, 0xFF, 0x51}, JPEG2000},
}

// Format tells the format of an image from its first bytes; "" if it is none of
// those that documents hold.
func Format(image []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(image, m.start) {
			return m.format
		}
	}
	return ""
}

func readPicture(image []byte) (Picture, error) {
	if f := Format(image); f != "" {
		return Picture{f, image}, nil
	}
	return Picture{}, errors.New("neither JPEG nor JPEG 2000")
}

// maxSignatures is how many pictures data group 7 may have: a digit counts them.
const maxSignatures = 9

// SignaturePictures reads the displayed signatures or usual marks of data group 7
// (Doc 9303-10 §4.7.7). There is at least one.
func SignaturePictures(dg7 []byte) ([]Picture, error) {
	content, err := groups[7].Open(dg7)
	if err != nil {
		return nil, err
	}
	all, err := tlv.All(content)
	if err != nil {
		return nil, fmt.Errorf("lds: DG7: %w", err)
	}
	n, err := counted(all, 0x5F43, maxSignatures)
	if err != nil {
		return nil, fmt.Errorf("lds: DG7: %w", err)
	}
	pictures := make([]Picture, n)
	for i, e := range all[1:] {
		if pictures[i], err = readPicture(e.Value); err != nil {
			return nil, fmt.Errorf("lds: DG7: %w", err)
		}
	}
	return pictures, nil
}

// counted checks that elements are a number (tag 02) and as many of the tag, one
// at least and most at most.
func counted(all []tlv.Element, tag tlv.Tag, most int) (int, error) {
	if len(all) < 2 || len(all) > 1+most || all[0].Tag != 0x02 || len(all[0].Value) != 1 || int(all[0].Value[0]) != len(all)-1 {
		return 0, errors.New("another number of elements than is told, or none")
	}
	for _, e := range all[1:] {
		if e.Tag != tag {
			return 0, fmt.Errorf("%w: tag %X", tlv.ErrMissing, uint32(tag))
		}
	}
	return len(all) - 1, nil
}
