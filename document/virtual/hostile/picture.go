package hostile

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
)

// pictures are small files that cost much to who decodes them without limits.
var pictures = map[string]func() []byte{
	"jp2-four-billion-pixels": func() []byte { return codestream(1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1) },
	"jp2-many-tiles":          func() []byte { return codestream(60_000, 60_000, 1, 1) },
	"jp2-no-pixels":           func() []byte { return codestream(0, 0, 1, 1) },
	"jp2-roi-255":             func() []byte { return codestream(64, 64, 64, 64, segment(0x5E, []byte{0, 0, 255})...) },
	"jp2-33-levels": func() []byte {
		return bytes.Replace(codestream(64, 64, 64, 64), coding(1), coding(33), 1)
	},
	"jp2-truncated": func() []byte { return codestream(240, 320, 240, 320)[:60] },
	"jp2-box-of-itself": func() []byte {
		return append(bytes.Clone(signature), 0, 0, 0, 8, 'j', 'p', '2', 'h', 0, 0, 0, 1, 'j', 'p', '2', 'c', 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0)
	},
	"jpeg-four-billion":      func() []byte { return jpeg(0xC0, 0xFFFF, 0xFFFF, 1) },
	"jpeg-progressive-scans": func() []byte { return jpeg(0xC2, 2000, 1000, 3000) },
	"jpeg-no-pixels":         func() []byte { return jpeg(0xC0, 0, 0, 1) },
	"jpeg-truncated":         func() []byte { return jpeg(0xC0, 240, 320, 1)[:30] },
	"jpeg-and-page":          func() []byte { return append(jpeg(0xC0, 8, 8, 1), "<html><script>alert(1)</script>PK\x05\x06"...) },
	"gif":                    func() []byte { return []byte("GIF89a\xFF\xFF\xFF\xFF\x00\x00\x00;") },
	"text":                   func() []byte { return []byte("<svg onload=alert(1)>") },
}

// Pictures names the files of [Picture].
func Pictures() []string { return slices.Sorted(maps.Keys(pictures)) }

// Picture is a small file that costs much to who decodes it without limits, or is
// no picture at all; nil for a name that is none.
func Picture(name string) []byte {
	if f := pictures[name]; f != nil {
		return f()
	}
	return nil
}

// signature is how a boxed JPEG 2000 begins (ISO/IEC 15444-1 §I.5.1).
var signature = []byte{0, 0, 0, 12, 'j', 'P', ' ', ' ', 13, 10, 0x87, 10}

// segment is a marker segment of JPEG or JPEG 2000.
func segment(marker byte, content []byte) []byte {
	b := []byte{0xFF, marker}
	b = binary.BigEndian.AppendUint16(b, uint16(2+len(content)))
	return append(b, content...)
}

// coding is COD of some levels: 64×64, reversible.
func coding(levels byte) []byte { return segment(0x52, []byte{0, 0, 0, 1, 0, levels, 4, 4, 0, 1}) }

// codestream is JPEG 2000 of one component and no data (ISO/IEC 15444-1 §A).
func codestream(width, height, tileWidth, tileHeight uint32, more ...byte) []byte {
	size := make([]byte, 2)
	for _, n := range []uint32{width, height, 0, 0, tileWidth, tileHeight, 0, 0} {
		size = binary.BigEndian.AppendUint32(size, n)
	}
	size = append(size, 0, 1, 7, 1, 1)
	return slices.Concat([]byte{0xFF, 0x4F}, segment(0x51, size),
		coding(1),
		segment(0x5C, []byte{0x40, 0x40, 0x48, 0x48, 0x50}), // QCD
		more,
		segment(0x90, []byte{0, 0, 0, 0, 0, 14, 0, 1}), []byte{0xFF, 0x93, 0xFF, 0xD9}) // SOT, SOD, EOC
}

// jpeg is a JPEG of one component, with scans in which nothing stands.
func jpeg(frame byte, width, height uint16, scans int) []byte {
	table := append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)
	header := []byte{8}
	header = binary.BigEndian.AppendUint16(header, height)
	header = binary.BigEndian.AppendUint16(header, width)
	header = append(header, 1, 1, 0x11, 0)
	codes := append([]byte{0}, make([]byte, 17)...) // one code of one bit, for nothing
	codes[1] = 1
	b := slices.Concat([]byte{0xFF, 0xD8}, segment(0xDB, table), segment(frame, header), segment(0xC4, codes))
	last := byte(63)
	if frame == 0xC2 {
		last = 0
	}
	for range scans {
		b = append(append(b, segment(0xDA, []byte{1, 1, 0, 0, last, 0})...), 0)
	}
	return append(b, 0xFF, 0xD9)
}
