package tier1

// The model decodes a block as Annex C and D are written, sample by sample and
// with nothing kept that could be asked for again: slow, and plain to compare
// with the text. It shares nothing with the decoder but [Block] and Table C.2.

// A coder is the arithmetic decoder of Figures C.15 to C.20.
type coder struct {
	data []byte
	bp   int
	c, a uint32
	ct   int
	i    [19]int
	mps  [19]uint32
}

func (d *coder) at(n int) uint32 {
	if n < len(d.data) {
		return uint32(d.data[n])
	}
	return 0xFF
}

func (d *coder) reset() {
	d.i, d.mps = [19]int{}, [19]uint32{}
	d.i[0], d.i[17], d.i[18] = 4, 3, 46
}

func (d *coder) init(data []byte) {
	d.data, d.bp = data, 0
	d.c = d.at(0) << 16
	d.bytein()
	d.c, d.ct, d.a = d.c<<7, d.ct-7, 0x8000
}

func (d *coder) bytein() {
	if d.at(d.bp) == 0xFF {
		if d.at(d.bp+1) > 0x8F {
			d.c, d.ct = d.c+0xFF00, 8
			return
		}
		d.bp++
		d.c, d.ct = d.c+d.at(d.bp)<<9, 7
		return
	}
	d.bp++
	d.c, d.ct = d.c+d.at(d.bp)<<8, 8
}

func (d *coder) decode(cx int) (bit uint32) {
	e := estimates[d.i[cx]]
	probable := func() { bit, d.i[cx] = d.mps[cx], int(e.nmps) }
	other := func() {
		bit = 1 - d.mps[cx]
		if e.swap == 1 {
			d.mps[cx] = 1 - d.mps[cx]
		}
		d.i[cx] = int(e.nlps)
	}
	d.a -= e.qe
	if d.c>>16 < e.qe { // LPS_EXCHANGE
		if d.a < e.qe {
			probable()
		} else {
			other()
		}
		d.a = e.qe
	} else {
		d.c -= e.qe << 16
		if d.a&0x8000 != 0 {
			return d.mps[cx]
		}
		if d.a < e.qe { // MPS_EXCHANGE
			other()
		} else {
			probable()
		}
	}
	for ok := true; ok; ok = d.a&0x8000 == 0 {
		if d.ct == 0 {
			d.bytein()
		}
		d.a, d.c, d.ct = d.a<<1, d.c<<1, d.ct-1
	}
	return bit
}

// A model is a block while it is decoded.
type model struct {
	Block
	coder
	raw  bool
	bit  int // of a raw segment
	v    [][]sample
	pass int
}

type sample struct {
	significant, negative, refined, coded bool
	magnitude                             uint32 // with half a step, times 2
}

func newModel(b Block) *model {
	m := &model{Block: b}
	m.reset()
	for range b.Height {
		m.v = append(m.v, make([]sample, b.Width))
	}
	return m
}

// rawBit reads bit by bit: the one behind eight ones is stuffed (§D.6).
func (m *model) rawBit() uint32 {
	for m.bit%8 == 0 && m.bit > 0 && m.coder.at(m.bit/8-1) == 0xFF {
		if m.coder.at(m.bit/8) > 0x8F {
			return 1
		}
		m.bit++
	}
	n := m.bit
	m.bit++
	return m.coder.at(n/8) >> (7 - n%8) & 1
}

// near is the neighbour at a distance, as row y's contexts see it (§D.7).
func (m *model) near(x, y, dx, dy int) sample {
	nx, ny := x+dx, y+dy
	if nx < 0 || ny < 0 || nx >= m.Width || ny >= m.Height || m.Style&Causal != 0 && ny/4 > y/4 {
		return sample{}
	}
	return m.v[ny][nx]
}

// around counts the significant neighbours: horizontal, vertical, diagonal.
func (m *model) around(x, y int) (n [3]int) {
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if dx == 0 && dy == 0 || !m.near(x, y, dx, dy).significant {
				continue
			}
			switch {
			case dy == 0:
				n[0]++
			case dx == 0:
				n[1]++
			default:
				n[2]++
			}
		}
	}
	return n
}

// zero is Table D.1, row by row from above.
func (m *model) zero(x, y int) int {
	n := m.around(x, y)
	h, v, d := n[0], n[1], n[2]
	if m.Kind == HL {
		h, v = v, h
	}
	rows := []bool{h == 2, h == 1 && v >= 1, h == 1 && v == 0 && d >= 1, h == 1, v == 2, v == 1, d >= 2, d == 1, true}
	if m.Kind == HH {
		s := h + v
		rows = []bool{d >= 3, d == 2 && s >= 1, d == 2, d == 1 && s >= 2, d == 1 && s == 1, d == 1, s >= 2, s == 1, true}
	}
	for i, is := range rows {
		if is {
			return 8 - i
		}
	}
	return 0
}

// sign decodes the sign of a sample (Tables D.2, D.3).
func (m *model) sign(x, y int) bool {
	if m.raw {
		return m.rawBit() == 1
	}
	sum := func(dx, dy int) (s int) {
		for _, n := range []sample{m.near(x, y, dx, dy), m.near(x, y, -dx, -dy)} {
			switch {
			case n.significant && n.negative:
				s--
			case n.significant:
				s++
			}
		}
		return max(-1, min(1, s))
	}
	row := map[[2]int][2]int{
		{1, 1}: {13, 0}, {1, 0}: {12, 0}, {1, -1}: {11, 0}, {0, 1}: {10, 0}, {0, 0}: {9, 0},
		{0, -1}: {10, 1}, {-1, 1}: {11, 1}, {-1, 0}: {12, 1}, {-1, -1}: {13, 1},
	}[[2]int{sum(1, 0), sum(0, 1)}]
	return m.decode(row[0])^uint32(row[1]) == 1
}

func (m *model) become(x, y, plane int) {
	s := &m.v[y][x]
	negative := m.sign(x, y)
	*s = sample{significant: true, negative: negative, coded: s.coded, magnitude: 3 << (plane - 1)}
}
