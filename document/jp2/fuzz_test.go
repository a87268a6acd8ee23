package jp2_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/document/jp2"
)

// Whatever the bytes are: both functions agree, the picture is of the size and
// kind that was told, errors name one of the three causes, and the same
// codestream with a comment, in a box, or without its box is the same picture.
func FuzzDecode(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.file)
	}
	f.Add(forged(8, 1, 6, 0, nil, full(1, 16)).bytes())
	f.Add(forged(8, 1, 2, 0, []byte{0x22}, full(2, 8)).bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		c, told := jp2.DecodeConfig(b)
		if told == nil && c.Width*c.Height > 1<<11 || len(b) > 6<<10 {
			return // only to be quick
		}
		img, err := jp2.Decode(b)
		for _, e := range []error{told, err} {
			if e != nil && !errors.Is(e, jp2.ErrDamaged) && !errors.Is(e, jp2.ErrLimit) && !errors.Is(e, jp2.ErrUnsupported) {
				t.Fatalf("an error without a cause: %v", e)
			}
		}
		if told != nil && fmt.Sprint(err) != told.Error() || (img == nil) != (err != nil) {
			t.Fatalf("DecodeConfig: %v; Decode: %v", told, err)
		}
		if told != nil {
			return
		}
		if err == nil && (img.Bounds() != image.Rect(0, 0, c.Width, c.Height) || meaning(img) != c.Space) {
			t.Fatalf("%T of %v; want %+v", img, img.Bounds(), c)
		}
		for name, other := range otherWords(b, c) {
			img2, err2 := jp2.Decode(other)
			if (err == nil) != (err2 == nil) {
				t.Fatalf("%v, but %s: %v", err, name, err2)
			}
			if err == nil && !slices.Equal(planes(img), planes(img2)) {
				t.Fatalf("another picture, %s", name)
			}
		}
		if behind, berr := jp2.Behind(b); err == nil && (berr != nil || !bytes.HasSuffix(b, behind) && b[0] == 0xFF) {
			t.Fatalf("%d bytes behind it, %v", len(behind), berr)
		}
	})
}

// meaning is what a kind of picture means.
func meaning(img image.Image) jp2.Space {
	switch img.(type) {
	case *image.Gray:
		return jp2.Grey
	case *image.YCbCr:
		return jp2.SYCC
	}
	return jp2.SRGB
}

// planes are a picture's samples as they lie in memory.
func planes(img image.Image) []byte {
	switch img := img.(type) {
	case *image.Gray:
		return img.Pix
	case *image.YCbCr:
		return slices.Concat(img.Y, img.Cb, img.Cr)
	}
	return img.(*image.RGBA).Pix
}

// otherWords are ways to say the same. What is sound up to SIZ has a codestream.
func otherWords(b []byte, c jp2.Config) map[string][]byte {
	at := bytes.Index(b, []byte{0xFF, 0x4F, 0xFF, 0x51})
	boxed := !bytes.HasPrefix(b, []byte{0xFF, 0x4F})
	if boxed && bytes.Count(b, []byte{0xFF, 0x4F, 0xFF, 0x51}) != 1 || bytes.Count(b, []byte("jp2c")) > 1 {
		return nil // which is it?
	}
	stream := b[at:]
	if boxed {
		if n := int(binary.BigEndian.Uint32(b[at-8:])); n >= 8 && at-8+n <= len(b) {
			stream = b[at : at-8+n]
		}
	}
	end := 4 + int(binary.BigEndian.Uint16(stream[4:]))
	said := slices.Concat(stream[:end], []byte{0xFF, 0x64, 0, 5, 0, 1, 'x'}, stream[end:])
	grid := func(i int) int {
		return int(binary.BigEndian.Uint32(stream[8+i:]) - binary.BigEndian.Uint32(stream[16+i:]))
	}
	n := int(stream[41])
	number := map[jp2.Space]byte{jp2.SRGB: 16, jp2.Grey: 17, jp2.SYCC: 18}[c.Space]
	return map[string][]byte{
		"with a comment, in a box": slices.Concat(signature, fileType, box("jp2h", header(grid(0), grid(4), n), space(number)), box("jp2c", said)),
	}
}
