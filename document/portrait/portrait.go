package portrait

import (
	"bytes"
	"errors"
	"fmt"
	"image"

	"github.com/tunnus-id/tunnus/document/jp2"
	"github.com/tunnus-id/tunnus/document/lds"
)

// Limits of a portrait. Those of issued documents have a tenth of them.
const (
	MaxBytes  = 256 << 10 // what data group 2 may have
	MaxSide   = 4096      // pixels
	MaxPixels = 2 << 20
)

// Why a picture is refused.
var (
	ErrFormat = errors.New("portrait: neither JPEG nor JPEG 2000, or damaged")
	ErrLimit  = errors.New("portrait: over a limit")
	ErrBehind = errors.New("portrait: something stands behind the picture")
)

// A Config is what a picture says of itself before it is decoded.
type Config struct {
	Format        string // lds.JPEG or lds.JPEG2000
	Width, Height int    // pixels
}

// limits are those of a JPEG that is a portrait.
var limits = Limits{Bytes: MaxBytes, Pixels: MaxPixels, Exact: true}

// DecodeConfig tells kind and size of a picture, and refuses one that [Decode]
// would refuse for a limit. It decodes nothing.
func DecodeConfig(file []byte) (Config, error) {
	if len(file) > MaxBytes {
		return Config{}, fmt.Errorf("%w: %d bytes", ErrLimit, len(file))
	}
	c := Config{Format: lds.Format(file)}
	var err error
	switch c.Format {
	case lds.JPEG:
		c.Width, c.Height, err = limits.inspect(file)
	case lds.JPEG2000:
		c.Width, c.Height, err = inspect2000(file)
	default:
		err = ErrFormat
	}
	if err == nil && (c.Width > MaxSide || c.Height > MaxSide) {
		err = fmt.Errorf("%w: %d×%d pixels", ErrLimit, c.Width, c.Height)
	}
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

// Decode decodes a picture of any of the kinds. Its bounds begin at (0, 0).
func Decode(file []byte) (image.Image, error) {
	c, err := DecodeConfig(file)
	if err != nil {
		return nil, err
	}
	if c.Format == lds.JPEG {
		return DecodeJPEG(file, limits)
	}
	img, err := jp2.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return img, nil
}

// inspect2000 tells the size of a JPEG 2000 picture and refuses what is too much.
func inspect2000(file []byte) (width, height int, err error) {
	c, err := jp2.DecodeConfig(file)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if c.Width > MaxPixels/c.Height {
		return 0, 0, fmt.Errorf("%w: %d×%d pixels", ErrLimit, c.Width, c.Height)
	}
	behind, err := jp2.Behind(file)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if !padding(behind) {
		return 0, 0, ErrBehind
	}
	return c.Width, c.Height, nil
}

// padding reports whether b is what issuers fill records up with.
func padding(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
