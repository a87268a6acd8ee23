package face

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
)

// Limits of one JPEG file. The number of scans bounds the time: a progressive
// file can ask for the whole picture to be gone through again in a few bytes.
const (
	MaxJPEG  = 4 << 20 // bytes
	maxScans = 64
)

// Decode reads a JPEG, baseline or progressive, grey or in colour. Before any
// memory is asked for it refuses files of more than 4 MB, pictures of more than
// 4 megapixels, and more scans than an encoder makes. It reads no other format.
func Decode(file []byte) (image.Image, error) {
	if len(file) > MaxJPEG {
		return nil, fmt.Errorf("face: a JPEG of %d bytes is too large", len(file))
	}
	// Within coded data FF is always followed by 00 or a restart marker, so
	// that each start of a scan is counted; chance finds in metadata are few.
	if n := bytes.Count(file, []byte{0xFF, 0xDA}); n > maxScans {
		return nil, fmt.Errorf("face: a JPEG of %d scans", n)
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("face: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return nil, fmt.Errorf("face: a JPEG of %dx%d pixels", c.Width, c.Height)
	}
	if c.ColorModel != color.YCbCrModel && c.ColorModel != color.GrayModel {
		return nil, fmt.Errorf("face: a JPEG that is neither grey nor YCbCr")
	}
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("face: %w", err)
	}
	return img, nil
}
