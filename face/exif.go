package face

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// upright shows a photograph as its camera was held: by the EXIF orientation of the
// file (CIPA DC-008, tag 0x0112), if there is a usual one.
func upright(img image.Image, file []byte) image.Image {
	if o := orientation(file); o > 1 {
		return turned{img, o}
	}
	return img
}

// A turned picture is one that is turned and mirrored as its orientation says, 2 to 8.
type turned struct {
	image.Image
	orientation uint16
}

// Bounds implements [image.Image].
func (t turned) Bounds() image.Rectangle {
	size := t.Image.Bounds().Size()
	if t.orientation >= 5 {
		size.X, size.Y = size.Y, size.X
	}
	return image.Rectangle{Max: size}
}

// At implements [image.Image].
func (t turned) At(x, y int) color.Color {
	from := t.Image.Bounds()
	right, bottom := from.Dx()-1, from.Dy()-1
	if t.orientation >= 5 {
		x, y = y, x
	}
	switch t.orientation {
	case 2, 7, 3, 8:
		x = right - x
	}
	switch t.orientation {
	case 3, 6, 4, 7:
		y = bottom - y
	}
	return t.Image.At(from.Min.X+x, from.Min.Y+y)
}

const (
	maxSegments    = 64  // of a JPEG, before its picture
	maxEntries     = 256 // of an image file directory
	tagOrientation = 0x0112
	typeShort      = 3
)

// orientation is what the file's first EXIF segment says, 1 to 8; 1 if nothing can be
// made out.
func orientation(jpeg []byte) uint16 {
	rest := bytes.TrimPrefix(jpeg, []byte{0xFF, 0xD8})
	for range maxSegments {
		if len(rest) < 4 || rest[0] != 0xFF || rest[1] == 0xDA {
			return 1
		}
		length := int(binary.BigEndian.Uint16(rest[2:])) + 2
		if length < 4 || length > len(rest) {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(rest[4:length], []byte("Exif\x00\x00")); ok && rest[1] == 0xE1 {
			return directory(tiff)
		}
		rest = rest[length:]
	}
	return 1
}

// directory looks the orientation up in the first directory of a TIFF structure.
func directory(tiff []byte) uint16 {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(tiff, []byte("MM\x00*")):
		order = binary.BigEndian
	case !bytes.HasPrefix(tiff, []byte("II*\x00")):
		return 1
	}
	if len(tiff) < 8 {
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range min(order.Uint16(tiff[at:]), maxEntries) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			if o := order.Uint16(entries[8:]); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}
