package codestream

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Why a codestream is refused. All errors of this package are one of these.
var (
	ErrDamaged     = errors.New("damaged")
	ErrLimit       = errors.New("over a limit")
	ErrUnsupported = errors.New("not supported")
)

// Limits, checked before anything is allocated.
const (
	MaxInput  = 1 << 20 // bytes
	MaxSide   = 4000    // samples across or down, and therefore 16 million of them
	MaxTiles  = 1024
	MaxLevels = 32 // of the transform

	maxGrid        = 1 << 24 // reference grid, offsets included
	maxSubsampling = 4
	maxComponents  = 3
	maxPrecincts   = 1 << 15 // of a tile
	maxBlocks      = 1 << 17 // of a tile
	maxPieces      = 1 << 17 // of a tile: what one layer adds to one segment of a block
	maxProgression = 64      // progression order changes of a tile
	maxSteps       = 1 << 24 // blocks seen in packet headers, and packets found to have been read before
	maxWork        = 1 << 27 // coding passes times samples
)

// A Plane is one component as it was decoded: Width times Height samples of eight
// bits, rows behind each other. It begins at (X, Y), counted in its own samples,
// of which one stands for DX by DY points of the reference grid (§B.2).
type Plane struct {
	X, Y, Width, Height int
	DX, DY              int
	Pix                 []byte // nil from [Inspect]
}

// A Frame is a picture of Width by Height points on the reference grid, whatever
// its components make of them.
type Frame struct {
	Width, Height int
	Planes        []Plane
}

// A rect has the upper and left borders inside and the others outside, on the
// reference grid or on that of a component, a resolution or a subband.
type rect struct{ x0, y0, x1, y1 int }

func (r rect) width() int  { return max(0, r.x1-r.x0) }
func (r rect) height() int { return max(0, r.y1-r.y0) }
func (r rect) empty() bool { return r.x1 <= r.x0 || r.y1 <= r.y0 }

func (r rect) intersect(o rect) rect {
	return rect{max(r.x0, o.x0), max(r.y0, o.y0), min(r.x1, o.x1), min(r.y1, o.y1)}
}

// over divides by dx and dy, upwards.
func (r rect) over(dx, dy int) rect {
	up := func(v, d int) int { return (v + d - 1) / d }
	return rect{up(r.x0, dx), up(r.y0, dy), up(r.x1, dx), up(r.y1, dy)}
}

// band is the subband that a rect of a component has at a level, with gain of
// high-passed directions at x and y (§B.5, equation B-15).
func (r rect) band(level, x, y uint) rect {
	of := func(v int, high uint) int {
		w := int64(v)
		if high != 0 {
			w -= 1 << (level - 1)
		}
		return int((w + 1<<level - 1) >> level)
	}
	return rect{of(r.x0, x), of(r.y0, y), of(r.x1, x), of(r.y1, y)}
}

// A size is the marker segment SIZ (§A.5.1).
type size struct {
	image    rect
	tile     rect // the first tile, before it is cut to the image
	across   int  // tiles in a row
	tiles    int
	sampling [][2]int // of each component: XRsiz, YRsiz
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("codestream: %w: "+format, append([]any{ErrDamaged}, args...)...)
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("codestream: %w: "+format, append([]any{ErrUnsupported}, args...)...)
}

func over(format string, args ...any) error {
	return fmt.Errorf("codestream: %w: "+format, append([]any{ErrLimit}, args...)...)
}

// readSize reads the body of SIZ.
func readSize(b []byte) (size, error) {
	if len(b) < 36 {
		return size{}, damaged("SIZ of %d bytes (§A.5.1)", len(b))
	}
	if r := binary.BigEndian.Uint16(b); r&0xC000 != 0 {
		return size{}, unsupported("capabilities %#04x of another part (§A.5.1)", r)
	}
	var v [8]int // Xsiz, Ysiz, XOsiz, YOsiz, XTsiz, YTsiz, XTOsiz, YTOsiz
	for i := range v {
		u := binary.BigEndian.Uint32(b[2+4*i:])
		if i == 4 || i == 5 {
			u = min(u, 2*maxGrid) // a tile larger than the grid is all of it
		}
		if u > 2*maxGrid || i < 2 && u > maxGrid {
			return size{}, over("reference grid reaches to %d", u)
		}
		v[i] = int(u)
	}
	s := size{image: rect{v[2], v[3], v[0], v[1]}, tile: rect{v[6], v[7], v[6] + v[4], v[7] + v[5]}}
	n := int(binary.BigEndian.Uint16(b[34:]))
	switch {
	case s.image.empty() || v[4] == 0 || v[5] == 0:
		return size{}, damaged("an empty picture or tile (§A.5.1)")
	case v[6] > v[2] || v[7] > v[3] || s.tile.x1 <= v[2] || s.tile.y1 <= v[3]:
		return size{}, damaged("the first tile is beside the picture (§B.3)")
	case n != 1 && n != maxComponents:
		return size{}, unsupported("%d components; 1 and 3 are read", n)
	case len(b) != 36+3*n:
		return size{}, damaged("SIZ of %d bytes for %d components (§A.5.1)", len(b), n)
	}
	s.across = (v[0] - v[6] + v[4] - 1) / v[4]
	down := (v[1] - v[7] + v[5] - 1) / v[5]
	if s.across > MaxTiles || down > MaxTiles || s.across*down > MaxTiles {
		return size{}, over("%d by %d tiles, %d are read", s.across, down, MaxTiles)
	}
	s.tiles = s.across * down
	for c := b[36:]; len(c) > 0; c = c[3:] {
		d := [2]int{int(c[1]), int(c[2])}
		switch {
		case c[0] != 7:
			return size{}, unsupported("%d bits, signed %t; eight without a sign are read", c[0]&0x7F+1, c[0]&0x80 != 0)
		case d[0] == 0 || d[1] == 0:
			return size{}, damaged("a component without samples (§A.5.1)")
		case d[0] > maxSubsampling || d[1] > maxSubsampling:
			return size{}, unsupported("one sample for %d by %d points", d[0], d[1])
		}
		r := s.image.over(d[0], d[1])
		if r.empty() {
			return size{}, damaged("a component without samples (§B.2)")
		}
		if r.width() > MaxSide || r.height() > MaxSide {
			return size{}, over("%d by %d samples, %d a side are read", r.width(), r.height(), MaxSide)
		}
		s.sampling = append(s.sampling, d)
	}
	return s, nil
}

// frame is the picture, without samples.
func (s size) frame() Frame {
	out := Frame{Width: s.image.width(), Height: s.image.height()}
	for _, d := range s.sampling {
		r := s.image.over(d[0], d[1])
		out.Planes = append(out.Planes, Plane{X: r.x0, Y: r.y0, Width: r.width(), Height: r.height(), DX: d[0], DY: d[1]})
	}
	return out
}

// tileAt is the part of the picture in tile i (§B.3).
func (s size) tileAt(i int) rect {
	x, y := i%s.across*s.tile.width(), i/s.across*s.tile.height()
	return rect{s.tile.x0 + x, s.tile.y0 + y, s.tile.x1 + x, s.tile.y1 + y}.intersect(s.image)
}
