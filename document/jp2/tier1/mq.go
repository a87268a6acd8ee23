package tier1

import "math/bits"

// A state is one row of Table C.2 for one value of the more probable symbol:
// the probability estimate, and which row follows.
type state struct {
	qe         uint32 // shifted to the upper half, as the code register is compared
	mps, lps   uint8  // next rows
	mostlikely uint8  // the more probable symbol
}

// estimates is Table C.2: the probability estimate, the rows that follow the more
// and the less probable symbol, and whether the latter changes places.
var estimates = [47]struct {
	qe         uint32
	nmps, nlps uint8
	swap       uint8
}{
	{0x5601, 1, 1, 1},
	{0x3401, 2, 6, 0},
	{0x1801, 3, 9, 0},
	{0x0AC1, 4, 12, 0},
	{0x0521, 5, 29, 0},
	{0x0221, 38, 33, 0},
	{0x5601, 7, 6, 1},
	{0x5401, 8, 14, 0},
	{0x4801, 9, 14, 0},
	{0x3801, 10, 14, 0},
	{0x3001, 11, 17, 0},
	{0x2401, 12, 18, 0},
	{0x1C01, 13, 20, 0},
	{0x1601, 29, 21, 0},
	{0x5601, 15, 14, 1},
	{0x5401, 16, 14, 0},
	{0x5101, 17, 15, 0},
	{0x4801, 18, 16, 0},
	{0x3801, 19, 17, 0},
	{0x3401, 20, 18, 0},
	{0x3001, 21, 19, 0},
	{0x2801, 22, 19, 0},
	{0x2401, 23, 20, 0},
	{0x2201, 24, 21, 0},
	{0x1C01, 25, 22, 0},
	{0x1801, 26, 23, 0},
	{0x1601, 27, 24, 0},
	{0x1401, 28, 25, 0},
	{0x1201, 29, 26, 0},
	{0x1101, 30, 27, 0},
	{0x0AC1, 31, 28, 0},
	{0x09C1, 32, 29, 0},
	{0x08A1, 33, 30, 0},
	{0x0521, 34, 31, 0},
	{0x0441, 35, 32, 0},
	{0x02A1, 36, 33, 0},
	{0x0221, 37, 34, 0},
	{0x0141, 38, 35, 0},
	{0x0111, 39, 36, 0},
	{0x0085, 40, 37, 0},
	{0x0049, 41, 38, 0},
	{0x0025, 42, 39, 0},
	{0x0015, 43, 40, 0},
	{0x0009, 44, 41, 0},
	{0x0005, 45, 42, 0},
	{0x0001, 45, 43, 0},
	{0x5601, 46, 46, 0},
}

// states makes row 2i of row i of Table C.2 for symbol 0, and 2i+1 for symbol 1.
// There are 128 places so that an index of seven bits is always inside.
func states() (t [128]state) {
	for i, r := range estimates {
		for s := range uint8(2) {
			t[2*i+int(s)] = state{r.qe << 16, 2*r.nmps + s, 2*r.nlps + (s ^ r.swap), s}
		}
	}
	return t
}

// An mq is the arithmetic decoder of §C.3.
type mq struct {
	a, c  uint32 // interval and code registers; a is kept in the upper half, as c is
	ct    int    // bits left before the next byte
	data  []byte // one codeword segment and two bytes 0xFF behind it
	pos   int
	state [32]uint8  // row, by context
	rows  [128]state // see states
}

// reset puts all contexts into their first states (Table D.7).
func (m *mq) reset() {
	m.state = [32]uint8{0: 2 * 4, ctxRun: 2 * 3, ctxUniform: 2 * 46}
}

// start begins with a codeword segment, which must end with two bytes 0xFF that
// are not its own (INITDEC, §C.3.5).
func (m *mq) start(data []byte) {
	m.data, m.pos = data, 0
	m.c = uint32(data[0]) << 16
	m.byteIn()
	m.c <<= 7
	m.ct -= 7
	m.a = 0x8000 << 16
}

// byteIn takes the next byte, and none past the end (BYTEIN, §C.3.4).
func (m *mq) byteIn() {
	next := uint32(m.data[m.pos+1])
	switch {
	case m.data[m.pos] != 0xFF:
		m.c += next << 8
		m.ct = 8
		m.pos++
	case next > 0x8F:
		m.c += 0xFF00
		m.ct = 8
	default:
		m.c += next << 9
		m.ct = 7
		m.pos++
	}
}

// bit decodes one decision (DECODE, §C.3.2).
func (m *mq) bit(ctx uint8) uint32 {
	s := &m.rows[m.state[ctx&31]&127]
	m.a -= s.qe
	d := uint32(s.mostlikely)
	lower := m.c < s.qe
	if !lower {
		m.c -= s.qe
		if m.a >= 0x8000<<16 {
			return d
		}
	}
	if lower != (m.a < s.qe) {
		d ^= 1
		m.state[ctx&31] = s.lps
	} else {
		m.state[ctx&31] = s.mps
	}
	if lower {
		m.a = s.qe
	}
	m.renormalise()
	return d
}

// renormalise shifts until the interval is large again (RENORMD, §C.3.3).
func (m *mq) renormalise() {
	for n := bits.LeadingZeros32(m.a); n > 0; {
		if m.ct == 0 {
			m.byteIn()
		}
		k := min(n, m.ct)
		m.a <<= k
		m.c <<= k
		m.ct -= k
		n -= k
	}
}

// A raw reads the bits of a segment that is not arithmetically coded (§D.6).
type raw struct {
	data []byte // as in mq
	pos  int
	last byte
	ct   int
}

func (r *raw) start(data []byte) { *r = raw{data: data} }

// bit reads one bit. Behind a byte 0xFF stands a stuffed one.
func (r *raw) bit() uint32 {
	if r.ct == 0 {
		r.ct = 8
		if r.last == 0xFF {
			r.ct = 7
		}
		if b := r.data[r.pos]; r.last == 0xFF && b > 0x8F {
			r.ct = 8 // the end: ones from here on
		} else {
			r.last = b
			r.pos++
		}
	}
	r.ct--
	return uint32(r.last>>r.ct) & 1
}
