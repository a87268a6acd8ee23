package tier1

// Contexts of the arithmetic decoder (Table D.1 to D.5), numbered as there.
const (
	ctxSign    = 9  // 9 to 13
	ctxRefine  = 14 // 14 to 16
	ctxRun     = 17
	ctxUniform = 18
	contexts   = 19
)

// One word holds what is known of a column of four samples (a stripe is four
// rows high) and of what surrounds it:
//
//	bits 0–17   significance, three bits for each of six rows: the row above,
//	            the four rows, the row below; west, own column, east
//	bits 18–23  signs of the own column, the same six rows
//	bits 24–27  already refined once
//	bits 28–31  coded in this bit-plane
//
// The nine bits from 3·i on are therefore row i with all its neighbours.
const (
	around     = 0b111_101_111 // the neighbours of row 0
	self       = 1 << 4        // row 0 itself
	selves     = self | self<<3 | self<<6 | self<<9
	signOwn    = 1 << 19 // the sign of row 0
	refinedOwn = 1 << 24
	codedOwn   = 1 << 28
	coded      = 0xF << 28
)

// An Orientation is the kind of a subband: which directions were high-passed,
// first across, then down.
type Orientation uint8

// The four kinds (§B.5).
const (
	LL Orientation = iota
	HL
	LH
	HH
)

// zeroTable makes the contexts of samples that are not significant yet, by their
// nine bits (Table D.1).
func zeroTable(o Orientation) (t [512]uint8) {
	for i := range t {
		bit := func(n int) int { return i >> n & 1 }
		h, v := bit(3)+bit(5), bit(1)+bit(7)
		d := bit(0) + bit(2) + bit(6) + bit(8)
		switch o {
		case HH:
			t[i] = diagonalContext(h+v, d)
		case HL:
			t[i] = straightContext(v, h, d)
		default:
			t[i] = straightContext(h, v, d)
		}
	}
	return t
}

// straightContext is Table D.1 for LL and LH; HL changes h and v over.
func straightContext(h, v, d int) uint8 {
	switch {
	case h == 2:
		return 8
	case h == 1 && v >= 1:
		return 7
	case h == 1 && d >= 1:
		return 6
	case h == 1:
		return 5
	case v > 0:
		return uint8(2 + v)
	}
	return uint8(min(d, 2))
}

// diagonalContext is Table D.1 for HH.
func diagonalContext(hv, d int) uint8 {
	switch {
	case d >= 3:
		return 8
	case d == 2:
		return uint8(6 + min(hv, 1))
	case d == 1:
		return uint8(3 + min(hv, 2))
	}
	return uint8(min(hv, 2))
}

// signTable makes the contexts of signs (lower bits) and what the sign is turned
// by (bit 7), by the four neighbours: bits 1, 3, 5, 7 tell whether north, west,
// east and south are significant, the bit below each its sign (Tables D.2, D.3).
func signTable() (t [256]uint8) {
	for i := range t {
		of := func(n int) int { // 1, 0 or -1
			return i >> (n + 1) & 1 * (1 - 2*(i>>n&1))
		}
		h := min(1, max(-1, of(2)+of(4)))
		v := min(1, max(-1, of(0)+of(6)))
		turn := uint8(0)
		if h < 0 || h == 0 && v < 0 {
			h, v, turn = -h, -v, 0x80
		}
		t[i] = turn | uint8(ctxSign+3*h+v)
	}
	return t
}
