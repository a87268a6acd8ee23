package tagtree

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// A writer writes tag trees (§B.10.2), to be read again.
type writer struct {
	out  []byte
	free int
}

func (w *writer) bit(b byte) {
	if w.free == 0 {
		w.free = 8
		if len(w.out) > 0 && w.out[len(w.out)-1] == 0xFF {
			w.free = 7
		}
		w.out = append(w.out, 0)
	}
	w.free--
	w.out[len(w.out)-1] |= b << w.free
}

// A grid is one level of a tree that is written: the least value of four below.
type grid struct {
	w, h  int
	value []uint32
	told  []uint32 // the threshold that has been told of
	done  []bool
}

func tree(w, h int, leaves []uint32) []grid {
	all := []grid{{w, h, leaves, make([]uint32, w*h), make([]bool, w*h)}}
	for w*h > 1 {
		below := all[len(all)-1]
		w, h = (w+1)/2, (h+1)/2
		g := grid{w, h, highest(w * h), make([]uint32, w*h), make([]bool, w*h)}
		for i, v := range below.value {
			at := i/below.w/2*w + i%below.w/2
			g.value[at] = min(g.value[at], v)
		}
		all = append(all, g)
	}
	return all
}

func highest(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = 1 << 30
	}
	return out
}

// tell writes whether leaf (x, y) is below a threshold.
func tell(t []grid, x, y int, threshold uint32, w *writer) {
	low := uint32(0)
	for level := len(t) - 1; level >= 0; level-- {
		g := &t[level]
		at := y>>level*g.w + x>>level
		low = max(low, g.told[at])
		for low < threshold && !g.done[at] {
			if g.value[at] <= low {
				w.bit(1)
				g.done[at] = true
			} else {
				w.bit(0)
				low++
			}
		}
		g.told[at] = low
	}
}

// What is written leaf by leaf, with thresholds that rise, is read again.
func TestTrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		w, h := 1+r.IntN(9), 1+r.IntN(9)
		leaves := make([]uint32, w*h)
		for i := range leaves {
			leaves[i] = uint32(r.IntN(6))
		}
		var out writer
		written := tree(w, h, leaves)
		for threshold := uint32(1); threshold < 8; threshold++ {
			for i := range leaves {
				tell(written, i%w, i/w, threshold, &out)
			}
		}
		nodes, in := make([]Node, Size(w, h)), Bits{Data: out.out}
		for threshold := uint32(1); threshold < 8; threshold++ {
			for i, want := range leaves {
				v, less := Below(nodes, w, h, i%w, i/w, threshold, &in)
				if less != (want < threshold) || less && v != want {
					t.Fatalf("%d×%d, leaf %d below %d: %d, %t; it is %d", w, h, i, threshold, v, less, want)
				}
			}
		}
		if in.Over || in.Pos != len(out.out) {
			t.Fatalf("%d of %d bytes read", in.Pos, len(out.out))
		}
	}
}

// A byte behind 0xFF has seven bits, and a header that ends with 0xFF one more byte.
func TestBits(t *testing.T) {
	r := Bits{Data: []byte{0xFF, 0x7F, 0xFF, 0x00, 0xAB}}
	if v := r.Uint(15); v != 0x7FFF {
		t.Errorf("15 bits are %#x", v)
	}
	if v := r.Uint(8); v != 0xFF {
		t.Errorf("8 more bits are %#x", v)
	}
	if r.Align(); r.Pos != 4 || r.Over {
		t.Errorf("ends at %d, over %t", r.Pos, r.Over)
	}
	if v := r.Uint(8); v != 0xAB || r.Over {
		t.Errorf("the next byte is %#x", v)
	}
	if v := r.Uint(32); v != 0 || !r.Over {
		t.Errorf("%#x behind the end, over %t", v, r.Over)
	}
	if !bytes.Equal(r.Data, []byte{0xFF, 0x7F, 0xFF, 0x00, 0xAB}) {
		t.Error("the input is changed")
	}
}
