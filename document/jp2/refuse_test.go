package jp2_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/jp2"
)

// refused are changes of a sound codestream, with the cause that is told.
var refused = []struct {
	name, says string
	err        error
	edit       func(c *codestream)
}{
	{"too wide", "4000 a side", jp2.ErrLimit, size(0, 4001)},
	{"too high", "4000 a side", jp2.ErrLimit, size(4, 4001, 20, 4001)},
	{"2^32 samples", "reference grid", jp2.ErrLimit, size(0, 1<<32-1)},
	{"an origin far away", "reference grid", jp2.ErrLimit, size(8, 1<<31)},
	{"no width", "empty picture", jp2.ErrDamaged, size(0, 0)},
	{"an origin behind the end", "empty picture", jp2.ErrDamaged, size(12, 38)},
	{"tiles without width", "empty picture or tile", jp2.ErrDamaged, size(16, 0)},
	{"more than 1024 tiles", "tiles", jp2.ErrLimit, size(16, 1, 20, 1)},
	{"2^24 tiles in a row", "tiles", jp2.ErrLimit, size(0, 1<<24, 8, 0, 16, 1)},
	{"a first tile beside the picture", "beside", jp2.ErrDamaged, size(8, 20, 16, 20)},
	{"the first tile behind the origin", "beside", jp2.ErrDamaged, size(24, 3)},
	{"another part's capabilities", "capabilities", jp2.ErrUnsupported, body(0, 0, 0x40)},
	{"two components", "2 components", jp2.ErrUnsupported, body(0, 35, 2)},
	{"16384 components", "16384 components", jp2.ErrUnsupported, body(0, 34, 0x40, 0)},
	{"sixteen bits", "16 bits", jp2.ErrUnsupported, body(0, 36, 15)},
	{"signs", "signed true", jp2.ErrUnsupported, body(0, 36, 0x87)},
	{"no samples", "without samples", jp2.ErrDamaged, body(0, 37, 0)},
	{"few samples", "for 9 by 1", jp2.ErrUnsupported, body(0, 37, 9)},
	{"uneven components", "sampled differently", jp2.ErrUnsupported, body(0, 40, 3)},
	{"SIZ ends too soon", "SIZ of 44 bytes", jp2.ErrDamaged, func(c *codestream) { c.main[0].body = c.main[0].body[:44] }},
	{"33 levels", "33 levels", jp2.ErrLimit, change(cod, 5, 33)},
	{"code-blocks of 2048", "code-blocks", jp2.ErrLimit, change(cod, 6, 9)},
	{"code-blocks of 8192 samples", "code-blocks", jp2.ErrLimit, change(cod, 6, 5, 6)},
	{"high throughput", "code-block style", jp2.ErrUnsupported, change(cod, 8, 0x40)},
	{"another transform", "wavelet", jp2.ErrUnsupported, change(cod, 9, 2)},
	{"no layers", "0 layers", jp2.ErrDamaged, change(cod, 2, 0, 0)},
	{"an unknown order", "order 5", jp2.ErrDamaged, change(cod, 1, 5)},
	{"precincts that are not there", "precincts", jp2.ErrDamaged, change(cod, 0, 1)},
	{"precincts of nothing", "smaller than a sample", jp2.ErrDamaged, func(c *codestream) {
		c.of(cod).body = append([]byte{1}, append(c.of(cod).body[1:], 0x55, 0x50, 0x55)...)
	}},
	{"an unknown quantization", "QCD", jp2.ErrDamaged, change(qcd, 0, 3)},
	{"too few steps", "quantization steps", jp2.ErrDamaged, func(c *codestream) { c.of(qcd).body = c.of(qcd).body[:3] }},
	{"reversible and quantized", "with quantization", jp2.ErrDamaged, func(c *codestream) { c.of(qcd).body = []byte{0x41, 9, 9} }},
	{"COD twice", "twice", jp2.ErrDamaged, func(c *codestream) { c.add(*c.of(cod)) }},
	{"QCC twice", "twice", jp2.ErrDamaged, func(c *codestream) { c.add(marker{qcc, []byte{0, 0, 9}}, marker{qcc, []byte{0, 0, 9}}) }},
	{"COC of no component", "no component", jp2.ErrDamaged, func(c *codestream) { c.add(marker{coc, []byte{3, 0, 0, 4, 4, 0, 1}}) }},
	{"no QCD", "without COD or QCD", jp2.ErrDamaged, func(c *codestream) { *c.of(qcd) = marker{0xFF64, nil} }},
	{"a shift of 255", "shifted by 255", jp2.ErrLimit, func(c *codestream) { c.add(marker{0xFF5E, []byte{0, 0, 255}}) }},
	{"an unknown region", "RGN", jp2.ErrDamaged, func(c *codestream) { c.add(marker{0xFF5E, []byte{0, 1, 7}}) }},
	{"POC of nothing", "POC", jp2.ErrDamaged, func(c *codestream) { c.add(marker{0xFF5F, []byte{3, 0, 0, 1, 3, 3, 0}}) }},
	{"65 changes", "order changes", jp2.ErrLimit, func(c *codestream) { c.add(marker{0xFF5F, bytes.Repeat([]byte{0, 0, 0, 1, 3, 3, 0}, 65)}) }},
	{"packed headers", "packed", jp2.ErrUnsupported, func(c *codestream) { c.add(marker{0xFF60, []byte{0}}) }},
	{"packed headers of a tile", "packed", jp2.ErrUnsupported, func(c *codestream) { c.parts[0].header = []marker{{0xFF61, []byte{0}}} }},
	{"a marker of another part", "FF50", jp2.ErrUnsupported, func(c *codestream) { c.add(marker{0xFF50, []byte{0, 0}}) }},
	{"SIZ twice", "FF51", jp2.ErrDamaged, func(c *codestream) { c.add(c.main[0]) }},
	{"another tile", "tile 7 of 1", jp2.ErrDamaged, func(c *codestream) { c.parts[0].tile = 7 }},
	{"another part", "part 1 where 0", jp2.ErrDamaged, func(c *codestream) { c.parts[0].number = 1 }},
	{"no tile", "tile 1 has 0 parts of 1", jp2.ErrDamaged, size(16, 30)},
	{"no packets", "packets in 0 bytes", jp2.ErrDamaged, func(c *codestream) { c.parts[0].packets = nil }},
	{"a part of two", "has 1 parts of 2", jp2.ErrDamaged, func(c *codestream) { c.parts[0].of = 2 }},
	{"packets cut", "inside a packet", jp2.ErrDamaged, func(c *codestream) { c.parts[0].packets = c.parts[0].packets[:500] }},
	{"COD in a later part", "later tile-part", jp2.ErrDamaged, func(c *codestream) {
		c.parts = append(c.parts, part{number: 1, header: []marker{*c.of(cod)}})
	}},
	{"EPH that is not there", "without EPH", jp2.ErrDamaged, change(cod, 0, 4)},
	{"fewer bit-planes than passes", "§B.10", jp2.ErrDamaged, func(c *codestream) { c.of(qcd).body[1] = 0 }},
	{"colours of components that differ", "colours are transformed", jp2.ErrDamaged, func(c *codestream) {
		c.add(marker{coc, []byte{1, 0, 2, 4, 4, 1, 0}})
	}},
}

// size changes numbers of SIZ: pairs of a place and a value.
func size(v ...uint64) func(*codestream) {
	return func(c *codestream) {
		for ; len(v) > 0; v = v[2:] {
			binary.BigEndian.PutUint32(c.main[0].body[2+v[0]:], uint32(v[1]))
		}
	}
}

// body changes bytes of a marker segment by its place, change by its marker.
func body(i, at int, v ...byte) func(*codestream) {
	return func(c *codestream) { copy(c.main[i].body[at:], v) }
}

func change(code uint16, at int, v ...byte) func(*codestream) {
	return func(c *codestream) { copy(c.of(code).body[at:], v) }
}

func TestRefusedCodestreams(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			c := take(t, named(t, "bypass.j2k"))
			tt.edit(&c)
			img, err := jp2.Decode(c.bytes())
			if !errors.Is(err, tt.err) || img != nil || !strings.Contains(fmt.Sprint(err), tt.says) {
				t.Errorf("%v; want %v that says %q", err, tt.err, tt.says)
			}
		})
	}
}

func TestRefusedFiles(t *testing.T) {
	stream, grey := named(t, "bypass.j2k"), named(t, "reset.j2k")
	good, ihdr := box("jp2c", stream), header(45, 37, 3)
	tests := []struct {
		name, says string
		err        error
		boxes      [][]byte
	}{
		{"no header", "in front of the JP2 header", jp2.ErrDamaged, [][]byte{signature, fileType, good}},
		{"no codestream", "no codestream", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", ihdr, space(16))}},
		{"no signature", "neither", jp2.ErrDamaged, [][]byte{fileType, box("jp2h", ihdr, space(16)), good}},
		{"another type", "type JP2", jp2.ErrDamaged, [][]byte{signature, box("ftyp", []byte("jpx \x00\x00\x00\x00jpx ")), box("jp2h", ihdr, space(16)), good}},
		{"two headers", "two JP2 headers", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", ihdr, space(16)), box("jp2h", ihdr, space(16)), good}},
		{"no image header", "image header", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", space(16)), good}},
		{"two image headers", "image header", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", ihdr, ihdr, space(16)), good}},
		{"no colours", "no colour", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", ihdr), good}},
		{"another width", "different pictures", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", header(46, 37, 3), space(16)), good}},
		{"another height", "different pictures", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", header(45, 37+1<<24, 3), space(16)), good}},
		{"fewer components", "different pictures", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", header(45, 37, 1), space(17)), good}},
		{"grey of three", "3 components", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", ihdr, space(17)), good}},
		{"colours of one", "1 components", jp2.ErrDamaged, [][]byte{signature, fileType, box("jp2h", header(37, 45, 1), space(16)), box("jp2c", grey)}},
		{"printing colours", "colour space 12", jp2.ErrUnsupported, [][]byte{signature, fileType, box("jp2h", ihdr, space(12)), good}},
		{"a palette", "palette", jp2.ErrUnsupported, [][]byte{signature, fileType, box("jp2h", ihdr, space(16), box("pclr")), good}},
		{"opacity", "channel 2", jp2.ErrUnsupported, [][]byte{signature, fileType, box("jp2h", ihdr, space(16), box("cdef", []byte{0, 1, 0, 2, 0, 1, 0, 0})), good}},
		{"channels in another order", "channel 0", jp2.ErrUnsupported, [][]byte{signature, fileType, box("jp2h", ihdr, space(16), box("cdef", []byte{0, 1, 0, 0, 0, 0, 0, 3})), good}},
		{"too much beside it", "bytes, 1048576 are read", jp2.ErrLimit, [][]byte{signature, fileType, box("free", make([]byte, jp2.MaxInput)), box("jp2h", ihdr, space(16)), good}},
		{"65 boxes", "64 boxes", jp2.ErrLimit, [][]byte{signature, fileType, bytes.Repeat(box("free"), 65), box("jp2h", ihdr, space(16)), good}},
		{"65 boxes inside", "64 boxes", jp2.ErrLimit, [][]byte{signature, fileType, box("jp2h", ihdr, bytes.Repeat(space(16), 65)), good}},
		{"a box over the end", "of 1000000 bytes", jp2.ErrDamaged, [][]byte{signature, fileType, {0, 15, 66, 64, 'f', 'r', 'e', 'e'}}},
		{"a box of no length", "of 7 bytes", jp2.ErrDamaged, [][]byte{signature, fileType, {0, 0, 0, 7, 'f', 'r', 'e', 'e'}}},
		{"too much", "1048577 bytes", jp2.ErrLimit, [][]byte{stream, make([]byte, jp2.MaxInput+1-len(stream))}},
		{"nothing", "no codestream", jp2.ErrDamaged, [][]byte{}},
		{"another format", "neither", jp2.ErrDamaged, [][]byte{[]byte("\x00\x00\x00\x0Cjumb\r\n\x87\n")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := bytes.Join(tt.boxes, nil)
			for _, read := range []func() error{
				func() error { _, err := jp2.Decode(file); return err },
				func() error { _, err := jp2.DecodeConfig(file); return err },
			} {
				if err := read(); !errors.Is(err, tt.err) || !strings.Contains(fmt.Sprint(err), tt.says) {
					t.Errorf("%v; want %v that says %q", err, tt.err, tt.says)
				}
			}
		})
	}
}

// A file that ends too soon is no picture, wherever it ends; only the end marker
// may be missing.
func TestEveryBeginningIsRefused(t *testing.T) {
	for _, name := range []string{"colour.jp2", "rpcl.j2k", "tileparts.j2k", "grokmodes.j2k"} {
		file := named(t, name)
		for n := range file {
			b := bytes.Clone(file[:n])
			if i := bytes.Index(b, []byte("jp2c")); i >= 0 {
				binary.BigEndian.PutUint32(b[i-4:], 0) // to the end
			}
			if _, err := jp2.Decode(b); (err == nil) != (n == len(file)-2) {
				t.Errorf("%s: %d bytes of %d: %v", name, n, len(file), err)
			}
		}
	}
}

// Packet headers that no encoder writes.
func TestRefusedPacketHeaders(t *testing.T) {
	long := bits{}
	long.write(0b1110, 4) // included, no empty bit-planes, one pass
	for range 300 {
		long.write(1, 1) // Lblock, which must not come round again
	}
	long.write(0, 20)
	wide := bits{}
	wide.write(0b111_10<<30|(1<<29-1)<<1, 35) // two passes, and Lblock of 32 bits
	wide.write(0, 40)
	empty := bits{}
	empty.write(0b11<<31, 33) // included, and more empty bit-planes than there are
	for name, tt := range map[string]struct {
		packets []byte
		says    string
	}{
		"ends inside":           {full(1, 16)[:1], "inside a packet header"},
		"ends inside its bytes": {full(1, 16)[:10], "inside a packet (§B.9)"},
		"lengths of 303 bits":   {long.out, "over 32 bits"},
		"lengths of 33 bits":    {wide.out, "over 32 bits"},
		"no first bit-plane":    {append(empty.out, 0, 0), "empty bit-planes"},
	} {
		_, err := jp2.Decode(forged(8, 1, 6, 0, nil, tt.packets).bytes())
		if !errors.Is(err, jp2.ErrDamaged) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v; want one that says %q", name, err, tt.says)
		}
	}
}

// Colours that have fewer samples cannot have been transformed together.
func TestRefusedTransformOfColours(t *testing.T) {
	file := named(t, "sycc420.jp2")
	c := take(t, file[bytes.Index(file, []byte{0xFF, 0x4F, 0xFF, 0x51}):])
	c.of(cod).body[4] = 1
	if _, err := jp2.Decode(c.bytes()); !errors.Is(err, jp2.ErrDamaged) || !strings.Contains(err.Error(), "colours are transformed") {
		t.Error(err)
	}
}
