package codestream

import "encoding/binary"

// Markers (Table A.2).
const (
	soc = 0xFF4F
	siz = 0xFF51
	cod = 0xFF52
	coc = 0xFF53
	tlm = 0xFF55
	plm = 0xFF57
	plt = 0xFF58
	qcd = 0xFF5C
	qcc = 0xFF5D
	rgn = 0xFF5E
	poc = 0xFF5F
	ppm = 0xFF60
	ppt = 0xFF61
	crg = 0xFF63
	com = 0xFF64
	sot = 0xFF90
	sop = 0xFF91
	eph = 0xFF92
	sod = 0xFF93
	eoc = 0xFFD9
)

// A span is a part of the input, from its first byte to behind its last.
type span struct{ from, to int }

// A stream is what the headers of a codestream say, and where its packets are.
type stream struct {
	input []byte
	size  size
	main  header
	tiles []tileData
	end   int // behind the last byte
}

// A tileData is what belongs to one tile.
type tileData struct {
	header header
	parts  []span // packets, by tile-part
	length int    // of all parts, in bytes
	told   int    // how many parts there are; 0 if nobody says
}

// segment reads the marker at an offset with its parameters, and tells where
// the next marker stands.
func segment(b []byte, at int) (marker uint16, body []byte, next int, err error) {
	if len(b)-at < 2 {
		return 0, nil, 0, damaged("ends at byte %d", at)
	}
	marker = binary.BigEndian.Uint16(b[at:])
	if marker == sod || marker == eoc {
		return marker, nil, at + 2, nil
	}
	if len(b)-at < 4 {
		return 0, nil, 0, damaged("ends at byte %d", at)
	}
	n := int(binary.BigEndian.Uint16(b[at+2:]))
	if n < 2 || n > len(b)-at-2 {
		return 0, nil, 0, damaged("marker %04X has %d bytes (§A.1)", marker, n)
	}
	return marker, b[at+4 : at+2+n], at + 2 + n, nil
}

// Inspect reads only what the first marker segment says of a codestream.
func Inspect(b []byte) (Frame, error) {
	s, _, err := begin(b)
	if err != nil {
		return Frame{}, err
	}
	return s.frame(), nil
}

// Length tells how many of the bytes are the codestream, by its headers only. What
// stands behind them is not looked at by [Decode].
func Length(b []byte) (int, error) {
	st, err := open(b)
	if err != nil {
		return 0, err
	}
	return st.end, nil
}

// begin reads SOC and SIZ and tells where the next marker stands.
func begin(b []byte) (size, int, error) {
	if len(b) > MaxInput {
		return size{}, 0, over("%d bytes, %d are read", len(b), MaxInput)
	}
	if len(b) < 2 || binary.BigEndian.Uint16(b) != soc {
		return size{}, 0, damaged("does not begin as a codestream (§A.4.1)")
	}
	marker, body, next, err := segment(b, 2)
	if err != nil {
		return size{}, 0, err
	}
	if marker != siz {
		return size{}, 0, damaged("marker %04X where SIZ must be (§A.3)", marker)
	}
	s, err := readSize(body)
	return s, next, err
}

// open reads all headers (§A.3). Packets are not touched.
func open(b []byte) (*stream, error) {
	s, at, err := begin(b)
	if err != nil {
		return nil, err
	}
	st := &stream{input: b, size: s, tiles: make([]tileData, s.tiles)}
	if at, err = st.headers(b, at, &st.main, sot, true); err != nil {
		return nil, err
	}
	if st.main.cod == nil || st.main.qcd == nil {
		return nil, damaged("a main header without COD or QCD (§A.3)")
	}
	for at < len(b) { // a missing end is borne
		marker, body, next, err := segment(b, at)
		if err != nil {
			return nil, err
		}
		if marker == eoc {
			at = next
			break
		}
		if marker != sot {
			return nil, damaged("marker %04X between tile-parts (§A.3)", marker)
		}
		if at, err = st.part(body, at, next); err != nil {
			return nil, err
		}
	}
	for i, t := range st.tiles {
		if len(t.parts) < max(1, t.told) {
			return nil, damaged("tile %d has %d parts of %d (§A.4.2)", i, len(t.parts), max(1, t.told))
		}
	}
	st.end = at
	return st, nil
}

// part reads a tile-part whose marker stands at an offset, and tells where it
// ends (§A.4.2).
func (st *stream) part(body []byte, at, next int) (int, error) {
	if len(body) != 8 {
		return 0, damaged("SOT of %d bytes (§A.4.2)", len(body))
	}
	tile, length := int(binary.BigEndian.Uint16(body)), int64(binary.BigEndian.Uint32(body[2:]))
	if tile >= len(st.tiles) {
		return 0, damaged("tile %d of %d (§A.4.2)", tile, len(st.tiles))
	}
	t := &st.tiles[tile]
	if int(body[6]) != len(t.parts) {
		return 0, damaged("tile %d: part %d where %d must be (§A.4.2)", tile, body[6], len(t.parts))
	}
	end := len(st.input)
	switch {
	case length > int64(len(st.input)-at):
		return 0, damaged("tile %d ends behind the input", tile)
	case length != 0:
		end = at + int(length)
	case end >= at+2 && binary.BigEndian.Uint16(st.input[end-2:]) == eoc:
		end -= 2
	}
	if end < next {
		return 0, damaged("tile %d: a part of %d bytes (§A.4.2)", tile, length)
	}
	from, err := st.headers(st.input[:end], next, &t.header, sod, len(t.parts) == 0)
	if err != nil {
		return 0, err
	}
	t.parts = append(t.parts, span{from, end})
	t.told = max(t.told, int(body[7]))
	t.length += end - from
	return end, nil
}

// headers reads marker segments of b up to the one that ends them: SOT of a main
// header, SOD of a tile-part. Only the first part of a tile may say how it is coded.
func (st *stream) headers(b []byte, at int, h *header, last uint16, first bool) (int, error) {
	for {
		marker, body, next, err := segment(b, at)
		if err != nil {
			return 0, err
		}
		switch marker {
		case last:
			if marker == sot {
				return at, nil
			}
			return next, nil
		case cod, coc, qcd, qcc, rgn, poc:
			if !first && marker != poc {
				return 0, damaged("marker %04X in a later tile-part (§A.3)", marker)
			}
			if err := h.set(marker, body, len(st.size.sampling)); err != nil {
				return 0, err
			}
		case tlm, plm, plt, crg, com:
		case ppm, ppt:
			return 0, unsupported("packed packet headers (§A.7.4, §A.7.5)")
		case siz, soc, sot, sop, eph, sod, eoc:
			return 0, damaged("marker %04X in a header (§A.3)", marker)
		default:
			return 0, unsupported("marker %04X", marker)
		}
		at = next
	}
}
