package jp2_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// The markers that the tests make or look for.
const (
	cod = 0xFF52
	coc = 0xFF53
	qcd = 0xFF5C
	qcc = 0xFF5D
	sot = 0xFF90
)

// A codestream in parts: what stands before the first tile-part, marker by
// marker, and the tile-parts with their markers.
type codestream struct {
	main  []marker
	parts []part
}

type marker struct {
	code uint16
	body []byte
}

type part struct {
	tile       int
	number, of byte
	header     []marker
	packets    []byte
}

// take takes apart a codestream that is known to be sound.
func take(t *testing.T, b []byte) codestream {
	t.Helper()
	var c codestream
	markers := func(at int, end uint16) ([]marker, int) {
		var out []marker
		for {
			code := binary.BigEndian.Uint16(b[at:])
			if code == end {
				return out, at
			}
			n := int(binary.BigEndian.Uint16(b[at+2:]))
			out = append(out, marker{code, bytes.Clone(b[at+4 : at+2+n])})
			at += 2 + n
		}
	}
	var at int
	c.main, at = markers(2, sot)
	for binary.BigEndian.Uint16(b[at:]) == sot {
		end := at + int(binary.BigEndian.Uint32(b[at+6:]))
		p := part{tile: int(b[at+5]), number: b[at+10], of: b[at+11]}
		var sod int
		p.header, sod = markers(at+12, 0xFF93)
		p.packets = b[sod+2 : end]
		c.parts = append(c.parts, p)
		at = end
	}
	return c
}

// bytes puts the codestream together again.
func (c codestream) bytes() []byte {
	out := []byte{0xFF, 0x4F}
	for _, m := range c.main {
		out = m.append(out)
	}
	for _, p := range c.parts {
		var header []byte
		for _, m := range p.header {
			header = m.append(header)
		}
		length := uint32(12 + len(header) + 2 + len(p.packets))
		out = append(out, 0xFF, 0x90, 0, 10, byte(p.tile>>8), byte(p.tile))
		out = append(binary.BigEndian.AppendUint32(out, length), p.number, p.of)
		out = append(append(append(out, header...), 0xFF, 0x93), p.packets...)
	}
	return append(out, 0xFF, 0xD9)
}

func (m marker) append(out []byte) []byte {
	out = binary.BigEndian.AppendUint16(out, m.code)
	return append(binary.BigEndian.AppendUint16(out, uint16(len(m.body)+2)), m.body...)
}

// of is the first marker of a kind in the main header.
func (c codestream) of(code uint16) *marker {
	return &c.main[slices.IndexFunc(c.main, func(m marker) bool { return m.code == code })]
}

// add puts markers behind those of the main header.
func (c *codestream) add(m ...marker) { c.main = append(c.main, m...) }

// box is one box of a JP2 file.
func box(kind string, body ...[]byte) []byte {
	all := bytes.Join(body, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(all)+8)), kind...), all...)
}

var (
	signature = box("jP  ", []byte("\r\n\x87\n"))
	fileType  = box("ftyp", []byte("jp2 \x00\x00\x00\x00jp2 "))
)

// header is an image header box.
func header(w, h, n int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(h))
	b = binary.BigEndian.AppendUint32(b, uint32(w))
	return box("ihdr", append(binary.BigEndian.AppendUint16(b, uint16(n)), 7, 7, 0, 0))
}

// space is a colour specification box.
func space(n byte) []byte { return box("colr", []byte{1, 0, 0, 0, 0, 0, n}) }

// An image is a codestream of a size that hostile ones are made from: grey, one
// tile, no levels, code-blocks of 2^block a side, 30 bit-planes.
func forged(side, layers int, block, style byte, precinct []byte, packets []byte) codestream {
	size := binary.BigEndian.AppendUint16(nil, 0)
	for _, v := range []int{side, side, 0, 0, side, side, 0, 0} {
		size = binary.BigEndian.AppendUint32(size, uint32(v))
	}
	how := byte(0)
	if precinct != nil {
		how = 1
	}
	coding := append([]byte{how, 0, byte(layers >> 8), byte(layers), 0, 0, block - 2, block - 2, style, 1}, precinct...)
	return codestream{
		main: []marker{
			{0xFF51, append(size, 0, 1, 7, 1, 1)},
			{cod, coding},
			{qcd, []byte{7 << 5, 24 << 3}},
		},
		parts: []part{{of: 1, packets: packets}},
	}
}

// A bits writes packet headers (§B.10.1).
type bits struct {
	out []byte
	n   int // bits free in the last byte
}

func (w *bits) write(v uint64, n int) {
	for n--; n >= 0; n-- {
		if w.n == 0 {
			w.n = 8
			if len(w.out) > 0 && w.out[len(w.out)-1] == 0xFF {
				w.n = 7
			}
			w.out = append(w.out, 0)
		}
		w.n--
		w.out[len(w.out)-1] |= byte(v>>n&1) << w.n
	}
}

// full is the only packet of a forged codestream in which every one of blocks
// across times blocks down has the most passes there are, and n bytes of noise
// or, if n is -1, each pass is a segment of its own without any byte.
func full(blocks, n int) []byte {
	w := bits{out: []byte{}}
	w.write(1, 1)
	seen := map[[3]int]bool{}
	for i := range blocks * blocks {
		fresh := 0 // nodes of the tag tree that are met for the first time
		for level := 0; ; level++ {
			k := [3]int{level, i % blocks >> level, i / blocks >> level}
			if !seen[k] {
				seen[k] = true
				fresh++
			}
			if (blocks-1)>>level == 0 {
				break
			}
		}
		w.write(1<<fresh-1, fresh) // included now
		w.write(1<<fresh-1, fresh) // no empty bit-planes
		w.write(0b1111_11111<<7|51, 16)
		w.write(0, 1) // Lblock 3, and six more for 88 passes
		if n < 0 {
			for range 88 {
				w.write(0, 3)
			}
			continue
		}
		w.write(uint64(n), 9)
	}
	out := w.out
	if out[len(out)-1] == 0xFF {
		out = append(out, 0)
	}
	seed := uint32(7)
	for range blocks * blocks * n {
		seed = seed*1664525 + 1013904223
		out = append(out, byte(seed>>24)&0x7F)
	}
	return out
}
