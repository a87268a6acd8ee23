package jp2

import (
	"bytes"
	"fmt"
	"image"
	"slices"

	"github.com/tunnus-id/tunnus/document/jp2/codestream"
)

// Why a file is refused. All errors of this package are one of these.
var (
	ErrDamaged     = codestream.ErrDamaged     // it is not what the standard says, or ends too soon
	ErrLimit       = codestream.ErrLimit       // it asks for more than is given
	ErrUnsupported = codestream.ErrUnsupported // it is more than a portrait needs
)

const (
	// MaxInput is the longest file that is read, in bytes.
	MaxInput = codestream.MaxInput
	// MaxSide is the largest width and height, in samples.
	MaxSide = codestream.MaxSide
)

// A Space is what the components of a picture mean.
type Space string

// The spaces that are read.
const (
	Grey Space = "grey"
	SRGB Space = "srgb"
	SYCC Space = "sycc" // luminance and two colour differences, of which there may be fewer samples
)

// A Config is what a file says of its picture before it is decoded.
type Config struct {
	Width, Height int // of the picture that [Decode] would return
	Space         Space
}

// DecodeConfig reads only what stands in front of the coded data.
func DecodeConfig(b []byte) (Config, error) {
	_, c, err := inspect(b)
	return c, err
}

// Decode decodes a JP2 file or a bare codestream. Its bounds begin at (0, 0),
// wherever the picture lies on its reference grid. It is an [*image.Gray], an
// opaque [*image.RGBA] or, for [SYCC], an [*image.YCbCr].
func Decode(b []byte) (image.Image, error) {
	stream, c, err := inspect(b)
	if err != nil {
		return nil, err
	}
	frame, err := codestream.Decode(stream)
	if err != nil {
		return nil, fmt.Errorf("jp2: %w", err)
	}
	bounds := image.Rect(0, 0, c.Width, c.Height)
	planes := frame.Planes
	switch c.Space {
	case Grey:
		return &image.Gray{Pix: planes[0].Pix, Stride: c.Width, Rect: bounds}, nil
	case SYCC:
		ratio, _ := subsampling(planes)
		return &image.YCbCr{
			Y: planes[0].Pix, Cb: planes[1].Pix, Cr: planes[2].Pix, YStride: c.Width, CStride: planes[1].Width,
			SubsampleRatio: ratio, Rect: bounds,
		}, nil
	}
	img := image.NewRGBA(bounds)
	r, g, bl := planes[0].Pix, planes[1].Pix, planes[2].Pix
	for out := img.Pix; len(out) >= 4 && len(r) > 0 && len(g) > 0 && len(bl) > 0; out = out[4:] {
		out[0], out[1], out[2], out[3] = r[0], g[0], bl[0], 0xFF
		r, g, bl = r[1:], g[1:], bl[1:]
	}
	return img, nil
}

// Behind returns what [Decode] does not look at: the bytes behind the codestream
// and, in a JP2 file, those behind it that are no boxes (§I.4). Most pictures have
// none; a second file may hide there.
func Behind(b []byte) ([]byte, error) {
	h, err := find(b)
	if err != nil {
		return nil, err
	}
	n, err := codestream.Length(h.stream)
	if err != nil {
		return nil, fmt.Errorf("jp2: %w", err)
	}
	rest := h.rest
	for i := 0; i < maxBoxes && len(rest) > 0; i++ {
		kind, _, next, err := nextBox(rest)
		if err != nil || slices.Contains([]string{"jP  ", "ftyp", "jp2h", "jp2c"}, kind) {
			break // no box, or another picture
		}
		rest = next
	}
	return slices.Concat(h.stream[n:], rest), nil
}

// find finds the codestream in a file, or takes the whole for one.
func find(b []byte) (head, error) {
	if len(b) > MaxInput {
		return head{}, fmt.Errorf("jp2: %w: %d bytes, %d are read", ErrLimit, len(b), MaxInput)
	}
	if bytes.HasPrefix(b, []byte{0xFF, 0x4F}) {
		return head{stream: b}, nil
	}
	return readFile(b)
}

// inspect finds the codestream and what it will look like.
func inspect(b []byte) (stream []byte, c Config, err error) {
	h, err := find(b)
	if err != nil {
		return nil, Config{}, err
	}
	frame, err := codestream.Inspect(h.stream)
	if err != nil {
		return nil, Config{}, fmt.Errorf("jp2: %w", err)
	}
	planes := frame.Planes
	c = Config{Width: planes[0].Width, Height: planes[0].Height, Space: h.space}
	ratio, even := subsampling(planes)
	if c.Space == "" { // nobody says: a bare codestream, or a profile
		switch {
		case len(planes) == 1:
			c.Space = Grey
		case even && ratio == image.YCbCrSubsampleRatio444:
			c.Space = SRGB
		default:
			c.Space = SYCC
		}
	}
	switch {
	case h.boxed && h.differs(frame):
		return nil, Config{}, fmt.Errorf("jp2: %w: header and codestream tell of different pictures (§I.5.3.1)", ErrDamaged)
	case (c.Space == Grey) != (len(planes) == 1):
		return nil, Config{}, fmt.Errorf("jp2: %w: %d components in space %s (§I.5.3.3)", ErrDamaged, len(planes), c.Space)
	case c.Space == SRGB && !(even && ratio == image.YCbCrSubsampleRatio444) || c.Space == SYCC && !even:
		return nil, Config{}, fmt.Errorf("jp2: %w: components that are sampled differently", ErrUnsupported)
	}
	return h.stream, c, nil
}

// subsampling tells how many samples the second and the third component have;
// even is false if that is none of the ways known, or the components do not
// begin at the same place.
func subsampling(p []codestream.Plane) (ratio image.YCbCrSubsampleRatio, even bool) {
	if len(p) == 1 {
		return image.YCbCrSubsampleRatio444, true
	}
	dx, dy := p[1].DX/p[0].DX, p[1].DY/p[0].DY
	ratios := map[[2]int]image.YCbCrSubsampleRatio{
		{1, 1}: image.YCbCrSubsampleRatio444, {2, 1}: image.YCbCrSubsampleRatio422,
		{2, 2}: image.YCbCrSubsampleRatio420, {1, 2}: image.YCbCrSubsampleRatio440,
	}
	ratio, even = ratios[[2]int{dx, dy}]
	for _, q := range p[1:] {
		even = even && q.DX == dx*p[0].DX && q.DY == dy*p[0].DY &&
			q.X*dx == p[0].X && q.Y*dy == p[0].Y && q.Width == (p[0].Width+dx-1)/dx && q.Height == (p[0].Height+dy-1)/dy
	}
	return ratio, even
}
