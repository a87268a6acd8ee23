package scan

import (
	"encoding/binary"
	"math"
	"os"
	"testing"

	"github.com/tunnus-id/tunnus/need"
)

// A font reads outlines from an OpenType file with CFF outlines (Adobe Technical
// Notes 5176 and 5177): as much as fonts-ocr-b needs.
type font struct {
	data          []byte
	glyphs, subrs [][]byte
	gsubrs        [][]byte
}

// A point of an outline, in thousandths of an em, y upwards.
type point struct{ x, y float64 }

// ocrb opens one of the fonts of Debian's fonts-ocr-b.
func ocrb(t testing.TB, name string) *font {
	t.Helper()
	b, err := os.ReadFile("/usr/share/fonts/opentype/ocr-b/" + name + ".otf")
	if err != nil {
		need.Missing(t, "the Debian package fonts-ocr-b is missing")
	}
	f := &font{data: b}
	f.open()
	return f
}

func (f *font) table(tag string) []byte {
	for i := range int(binary.BigEndian.Uint16(f.data[4:])) {
		e := f.data[12+16*i:]
		if string(e[:4]) == tag {
			at, n := binary.BigEndian.Uint32(e[8:]), binary.BigEndian.Uint32(e[12:])
			return f.data[at : at+n]
		}
	}
	panic("no table " + tag)
}

func (f *font) open() {
	cff := f.table("CFF ")
	_, rest := cffIndex(cff[cff[2]:])
	tops, rest := cffIndex(rest)
	_, rest = cffIndex(rest)
	f.gsubrs, _ = cffIndex(rest)
	top := cffDict(tops[0])
	f.glyphs, _ = cffIndex(cff[int(top[17][0]):])
	if p := top[18]; len(p) == 2 {
		size, at := int(p[0]), int(p[1])
		private := cffDict(cff[at : at+size])
		if s := private[19]; len(s) == 1 {
			f.subrs, _ = cffIndex(cff[at+int(s[0]):])
		}
	}
}

func cffIndex(b []byte) (items [][]byte, rest []byte) {
	n := int(binary.BigEndian.Uint16(b))
	if n == 0 {
		return nil, b[2:]
	}
	size := int(b[2])
	at := func(i int) int {
		v := 0
		for _, c := range b[3+i*size : 3+(i+1)*size] {
			v = v<<8 | int(c)
		}
		return 3 + (n+1)*size - 1 + v
	}
	for i := range n {
		items = append(items, b[at(i):at(i+1)])
	}
	return items, b[at(n):]
}

func cffDict(b []byte) map[int][]float64 {
	out := map[int][]float64{}
	var args []float64
	for len(b) > 0 {
		c := int(b[0])
		switch {
		case c == 12:
			out[1200+int(b[1])], args, b = args, nil, b[2:]
		case c <= 21:
			out[c], args, b = args, nil, b[1:]
		case c == 28:
			args, b = append(args, float64(int16(binary.BigEndian.Uint16(b[1:])))), b[3:]
		case c == 29:
			args, b = append(args, float64(int32(binary.BigEndian.Uint32(b[1:])))), b[5:]
		case c == 30: // a real number: none that matters here
			for b = b[1:]; b[0]&15 != 15 && b[0]>>4 != 15; {
				b = b[1:]
			}
			args, b = append(args, math.NaN()), b[1:]
		case c <= 246:
			args, b = append(args, float64(c-139)), b[1:]
		case c <= 250:
			args, b = append(args, float64((c-247)*256+int(b[1])+108)), b[2:]
		default:
			args, b = append(args, float64(-(c-251)*256-int(b[1])-108)), b[2:]
		}
	}
	return out
}

// glyph finds a character in the cmap table (format 4).
func (f *font) glyph(r rune) int {
	cmap := f.table("cmap")
	for i := range int(binary.BigEndian.Uint16(cmap[2:])) {
		sub := cmap[binary.BigEndian.Uint32(cmap[4+8*i+4:]):]
		if binary.BigEndian.Uint16(sub) != 4 {
			continue
		}
		n := int(binary.BigEndian.Uint16(sub[6:])) / 2
		u := func(at int) int { return int(binary.BigEndian.Uint16(sub[at:])) }
		for s := range n {
			end, start := u(14+2*s), u(16+2*n+2*s)
			delta, offset := u(16+4*n+2*s), u(16+6*n+2*s)
			if int(r) < start || int(r) > end {
				continue
			}
			if offset == 0 {
				return (int(r) + delta) & 0xFFFF
			}
			return u(16 + 6*n + 2*s + offset + 2*(int(r)-start))
		}
	}
	return 0
}

// outline gives the contours of a character as polygons.
func (f *font) outline(r rune) [][]point {
	p := &pen{font: f}
	p.run(f.glyphs[f.glyph(r)], 0)
	return p.contours
}
