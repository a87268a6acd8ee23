package face

import (
	"fmt"
	"image"
	"image/color"

	"github.com/tunnus-id/tunnus/document/portrait"
	"github.com/tunnus-id/tunnus/face/picture"
)

// MaxJPEG is the longest file of one frame, in bytes.
const MaxJPEG = 4 << 20

// Decode reads a frame: a JPEG, baseline or progressive, grey or in colour. Before
// any memory is asked for it refuses files of more than 4 MB, pictures of more than
// 4 megapixels, and more scans than an encoder makes. It reads no other format;
// portraits of documents are decoded by package portrait. A photograph stands as its
// EXIF orientation says.
func Decode(file []byte) (image.Image, error) {
	img, err := portrait.DecodeJPEG(file, portrait.Limits{Bytes: MaxJPEG, Pixels: picture.MaxPixels})
	if err != nil {
		return nil, fmt.Errorf("face: %w", err)
	}
	if m := img.ColorModel(); m != color.YCbCrModel && m != color.GrayModel {
		return nil, fmt.Errorf("face: a JPEG that is neither grey nor YCbCr")
	}
	return upright(img, file), nil
}
