package portrait

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
)

// MaxScans bounds the time for a JPEG: a progressive one can ask for the whole
// picture to be gone through again in a few bytes. Encoders make about ten.
const MaxScans = 64

// Limits are what a JPEG may ask for.
type Limits struct {
	Bytes  int  // length of the file
	Pixels int  // width times height
	Exact  bool // nothing but zeros may stand behind the picture
}

// DecodeJPEG decodes a JPEG, baseline or progressive, grey or in colour. What is
// over a limit is refused before memory is asked for.
func DecodeJPEG(file []byte, l Limits) (image.Image, error) {
	if _, _, err := l.inspect(file); err != nil {
		return nil, err
	}
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return img, nil
}

// inspect tells the size of a JPEG and refuses what is too much.
func (l Limits) inspect(file []byte) (width, height int, err error) {
	if len(file) > l.Bytes {
		return 0, 0, fmt.Errorf("%w: %d bytes", ErrLimit, len(file))
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > l.Pixels/c.Height {
		return 0, 0, fmt.Errorf("%w: %d×%d pixels", ErrLimit, c.Width, c.Height)
	}
	if c.ColorModel == color.CMYKModel {
		return 0, 0, fmt.Errorf("%w: four colours, as printers use", ErrFormat)
	}
	scans, end, err := walk(file)
	switch {
	case err != nil:
		return 0, 0, err
	case scans > MaxScans:
		return 0, 0, fmt.Errorf("%w: %d scans", ErrLimit, scans)
	case l.Exact && !padding(file[end:]):
		return 0, 0, ErrBehind
	}
	return c.Width, c.Height, nil
}

// Markers (ITU-T T.81 Table B.1).
const (
	restart0 = 0xD0
	restart7 = 0xD7
	endOf    = 0xD9 // image
	scan     = 0xDA
)

// walk goes from marker to marker, as image/jpeg does, counts the scans and tells
// where the image ends. Within coded data FF is always followed by 00 or a restart
// marker (§B.1.1.5), and what stands inside other segments is passed over.
func walk(b []byte) (scans, end int, err error) {
	for at := 2; ; {
		skip := bytes.IndexByte(b[at:], 0xFF)
		if skip < 0 || at+skip+1 >= len(b) {
			return 0, 0, fmt.Errorf("%w: a JPEG without an end", ErrFormat)
		}
		at += skip + 1
		switch m := b[at]; {
		case m == 0xFF: // fill: the marker is still to come
			continue
		case m == 0 || m >= restart0 && m <= restart7:
			at++
			continue
		case m == endOf:
			return scans, at + 1, nil
		case m == scan:
			scans++
		}
		if at+3 > len(b) {
			return 0, 0, fmt.Errorf("%w: a JPEG without an end", ErrFormat)
		}
		n := int(binary.BigEndian.Uint16(b[at+1:]))
		if at += 1 + n; n < 2 || at > len(b) {
			return 0, 0, fmt.Errorf("%w: a segment of %d bytes", ErrFormat, n)
		}
	}
}
