package tier1

import "errors"

// A Style is the set of mode switches of a component's code-blocks (Table A.19).
type Style uint8

// The mode switches.
const (
	Bypass     Style = 1 << iota // passes without arithmetic coding (§D.6)
	Reset                        // contexts are reset behind each pass
	TermAll                      // each pass is a segment of its own
	Causal                       // contexts do not look into the next stripe (§D.7)
	Terminated                   // predictable termination (§D.4.2): nothing to do for a decoder
	Symbols                      // segmentation symbols (§D.5)
)

const (
	// MaxArea is how many samples a code-block has (§B.7), MaxSide how many in a row or column.
	MaxArea = 4096
	MaxSide = 1024
	// MaxPlanes is how many bit-planes are read: with sign and half a bit they fill a word.
	MaxPlanes = 30
	// arithmeticPasses is behind how many passes Bypass begins.
	arithmeticPasses = 10
)

// ErrPlanes is what is wrong with a block: more bit-planes than are read, or more
// passes than they have.
var ErrPlanes = errors.New("tier1: more bit-planes or coding passes than there can be (§D.3)")

// A Block says how one code-block was coded.
type Block struct {
	Width, Height int
	Kind          Orientation
	Style         Style
	Planes        int // bit-planes that were coded
}

// SegmentPasses is how many passes the codeword segment has that begins with
// pass first, counted from 0 (Table D.9).
func (s Style) SegmentPasses(first int) int {
	switch {
	case s&TermAll != 0:
		return 1
	case s&Bypass == 0:
		return 3 * MaxPlanes
	case first < arithmeticPasses:
		return arithmeticPasses - first
	case (first-arithmeticPasses)%3 == 0:
		return 2
	}
	return 1
}

// A Decoder decodes one block after the other in the same memory.
type Decoder struct {
	Block
	words  []uint32 // columns of four with a border: (Width+2) × (stripes+2)
	values []uint32 // sign in bit 31; magnitude with half a step behind its last bit
	stride int      // of words
	pass   int
	mq     mq
	raw    raw
	zero   [4][512]uint8 // see zeroTable, by orientation
	signs  [256]uint8    // see signTable
}

// New makes a decoder.
func New() *Decoder {
	return &Decoder{
		mq:    mq{rows: states()},
		zero:  [4][512]uint8{zeroTable(LL), zeroTable(HL), zeroTable(LH), zeroTable(HH)},
		signs: signTable(),
	}
}

// Begin starts a block.
func (d *Decoder) Begin(b Block) error {
	if b.Planes < 1 || b.Planes > MaxPlanes {
		return ErrPlanes
	}
	d.Block, d.pass, d.stride = b, 0, b.Width+2
	d.words = cleared(d.words, d.stride*((b.Height+3)/4+2))
	d.values = cleared(d.values, b.Width*b.Height)
	d.mq.reset()
	return nil
}

func cleared(s []uint32, n int) []uint32 {
	if cap(s) < n {
		return make([]uint32, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// Segment decodes the next passes of the block, which are one codeword segment.
// The last two bytes of data are not part of it and must be 0xFF.
func (d *Decoder) Segment(passes int, data []byte) error {
	if d.pass+passes > 3*d.Planes-2 {
		return ErrPlanes
	}
	bare := d.Style&Bypass != 0 && d.pass >= arithmeticPasses && (d.pass+2)%3 != 2
	if bare {
		d.raw.start(data)
	} else {
		d.mq.start(data)
	}
	for range passes {
		plane := uint(d.Planes - (d.pass+2)/3)
		switch kind := (d.pass + 2) % 3; {
		case kind == 0 && bare:
			d.significanceRaw(plane)
		case kind == 0:
			d.significance(plane)
		case kind == 1 && bare:
			d.refinementRaw(plane)
		case kind == 1:
			d.refinement(plane)
		default:
			d.cleanup(plane)
			if d.Style&Symbols != 0 {
				d.symbol()
			}
		}
		if d.Style&Reset != 0 {
			d.mq.reset()
		}
		d.pass++
	}
	return nil
}

// symbol reads a segmentation symbol, which should be 1010 (§D.5). It is not
// judged: encoders that fit a picture to a size cut the last passes of a block a
// few bits short, so that sound pictures have wrong ones.
func (d *Decoder) symbol() {
	for range 4 {
		d.mq.bit(ctxUniform)
	}
}

// unshift undoes the scaling of a region of interest (§H.1): what reaches over
// shift bits belongs to it.
func unshift(v uint32, shift uint) uint32 {
	if m := v &^ (1 << 31); m>>1>>shift != 0 {
		return v&(1<<31) | m>>shift
	}
	return v
}

// Integers writes the block's samples as they go into the reversible transform,
// rows stride apart. What was not decoded of a sample is set to its middle, as
// far as whole numbers can.
func (d *Decoder) Integers(dst []int32, stride int, shift uint) {
	for y := range d.Height {
		row := dst[y*stride:][:d.Width]
		for x, v := range d.values[y*d.Width:][:d.Width] {
			if shift > 0 {
				v = unshift(v, shift)
			}
			sign := int32(v) >> 31
			row[x] = (int32(v&^(1<<31)>>1) ^ sign) - sign
		}
	}
}

// Floats writes the block's samples as they go into the irreversible transform:
// step is the width of a quantization step (§E.1.1).
func (d *Decoder) Floats(dst []float32, stride int, shift uint, step float32) {
	half := step / 2
	for y := range d.Height {
		row := dst[y*stride:][:d.Width]
		for x, v := range d.values[y*d.Width:][:d.Width] {
			if v == 0 {
				row[x] = 0
				continue
			}
			if shift > 0 {
				v = unshift(v, shift)
			}
			sign := int32(v) >> 31
			row[x] = float32((int32(v&^(1<<31))^sign)-sign) * half
		}
	}
}
