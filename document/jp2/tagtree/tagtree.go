// Package tagtree reads the headers of JPEG 2000 packets: their bits, and the tag
// trees in which they tell of many blocks at once (ISO/IEC 15444-1 §B.10.1,
// B.10.2). What the values mean is known to package codestream.
package tagtree

// A Node of a tag tree: how much is known of its value, and, in the highest bit,
// whether that is all. Nodes begin as 0.
type Node uint32

const known Node = 1 << 31

// Size is how many nodes a tree over w by h leaves has.
func Size(w, h int) int {
	n := w * h
	for w*h > 1 {
		w, h = (w+1)/2, (h+1)/2
		n += w * h
	}
	return n
}

// Below reads whether the value of leaf (x, y) is less than threshold, as far
// as that is not known; value is its value then. Nodes stand level by level,
// leaves first.
func Below(tree []Node, w, h, x, y int, threshold uint32, r *Bits) (value uint32, less bool) {
	var path [24]int // from the leaf to the root
	n, base := 0, 0
	for {
		path[n] = base + y*w + x
		n++
		if w*h <= 1 {
			break
		}
		base += w * h
		w, h, x, y = (w+1)/2, (h+1)/2, x/2, y/2
	}
	low := uint32(0)
	for n--; n >= 0; n-- {
		v := tree[path[n]]
		low = max(low, uint32(v&^known))
		for v&known == 0 && low < threshold {
			if r.Bit() != 0 {
				v = known
			} else {
				low++
			}
		}
		v = v&known | Node(low)
		tree[path[n]] = v
	}
	return low, tree[path[0]]&known != 0 && low < threshold
}

// Bits reads a packet header, in which a byte behind 0xFF has seven bits. Behind
// the end it reads zeros and remembers that.
type Bits struct {
	Data []byte
	Pos  int  // of the next byte
	Over bool // more was read than there is
	last byte
	n    uint
}

func (r *Bits) next() {
	if r.n = 8; r.last == 0xFF {
		r.n = 7
	}
	if r.Pos >= len(r.Data) {
		r.last, r.Over = 0, true
		return
	}
	r.last = r.Data[r.Pos]
	r.Pos++
}

// Bit reads one bit.
func (r *Bits) Bit() uint32 {
	if r.n == 0 {
		r.next()
	}
	r.n--
	return uint32(r.last>>r.n) & 1
}

// Uint reads a number of up to 32 bits.
func (r *Bits) Uint(n int) uint32 {
	v := uint32(0)
	for range n {
		v = v<<1 | r.Bit()
	}
	return v
}

// Align goes to the end of the header: a last byte 0xFF has one behind it.
func (r *Bits) Align() {
	if r.last == 0xFF {
		r.next()
	}
	r.n = 0
}
