package wavelet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// analyse transforms one line forwards (§F.4.8), from place i0 on: each step adds
// to every second sample what its neighbours say, the line mirrored at its ends.
// The halves are returned behind each other.
func analyse(line []float64, i0 int, reversible bool) []float64 {
	n := len(line)
	if n == 1 {
		if i0%2 == 1 && reversible { // at an odd place it is doubled
			return []float64{2 * line[0]}
		}
		return line
	}
	at := func(i int) *float64 {
		for i < 0 || i >= n {
			if i = -i; i < 0 {
				i += 2 * (n - 1)
			}
		}
		return &line[i]
	}
	step := func(parity int, by func(sum float64) float64) {
		for i := (parity + i0) % 2; i < n; i += 2 {
			line[i] += by(*at(i - 1) + *at(i + 1))
		}
	}
	if reversible {
		step(1, func(s float64) float64 { return -math.Floor(s / 2) })
		step(0, func(s float64) float64 { return math.Floor((s + 2) / 4) })
	} else {
		step(1, func(s float64) float64 { return -1.586134342059924 * s })
		step(0, func(s float64) float64 { return -0.052980118572961 * s })
		step(1, func(s float64) float64 { return 0.882911075530934 * s })
		step(0, func(s float64) float64 { return 0.443506852043971 * s })
	}
	var low, high []float64
	scale := 1.230174104914001
	if reversible {
		scale = 1
	}
	for i, v := range line {
		switch {
		case (i+i0)%2 == 0:
			low = append(low, v/scale)
		case reversible:
			high = append(high, v)
		default: // without the gain of 2
			high = append(high, v*scale/2)
		}
	}
	return append(low, high...)
}

// forward transforms a picture whose first sample stands at (x0, y0): first down,
// then across (§F.4.2).
func forward(pix []float64, w, h, x0, y0 int, reversible bool) {
	for x := range w {
		column := make([]float64, h)
		for y := range h {
			column[y] = pix[y*w+x]
		}
		for y, v := range analyse(column, y0, reversible) {
			pix[y*w+x] = v
		}
	}
	for y := range h {
		copy(pix[y*w:], analyse(append([]float64{}, pix[y*w:][:w]...), x0, reversible))
	}
}

// side is how n samples from a place on are split.
func side(n, i0 int) Side {
	low := (i0+n+1)/2 - (i0+1)/2
	return Side{Low: low, High: n - low, Odd: i0%2 == 1}
}

// What was transformed forwards comes back: exactly, or as far as floats go.
func TestUndo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var reversible Reversible
	var irreversible Irreversible
	for _, n := range [][2]int{{1, 1}, {1, 2}, {2, 1}, {1, 9}, {2, 2}, {3, 3}, {5, 4}, {15, 17}, {16, 33}, {40, 31}, {33, 100}} {
		for odd := range 4 {
			w, h, x0, y0 := n[0], n[1], odd%2, odd/2
			const stride = 128
			want := make([]float64, w*h)
			for i := range want {
				want[i] = float64(r.IntN(256) - 128)
			}
			whole, part := append([]float64{}, want...), append([]float64{}, want...)
			forward(whole, w, h, x0, y0, true)
			forward(part, w, h, x0, y0, false)
			ints, floats := make([]int32, stride*h), make([]float32, stride*h)
			for i := range want {
				ints[i/w*stride+i%w], floats[i/w*stride+i%w] = int32(whole[i]), float32(part[i])
			}
			reversible.Undo(ints, stride, side(w, x0), side(h, y0))
			irreversible.Undo(floats, stride, side(w, x0), side(h, y0))
			name := fmt.Sprintf("%d×%d at (%d, %d)", w, h, x0, y0)
			for i, v := range want {
				at := i/w*stride + i%w
				if float64(ints[at]) != v || math.Abs(float64(floats[at])-v) > 1e-3 {
					t.Fatalf("%s: sample %d is %d and %v; want %v", name, i, ints[at], floats[at], v)
				}
			}
			for i := range ints {
				if i%stride >= w && (ints[i] != 0 || floats[i] != 0) {
					t.Fatalf("%s: writes beside the picture", name)
				}
			}
		}
	}
}

// A single sample at an odd place that no forward transform gives goes towards zero.
func TestUndoOddValue(t *testing.T) {
	var r Reversible
	for give, want := range map[int32]int32{7: 3, -7: -3, 8: 4} {
		buf := []int32{give}
		r.Undo(buf, 1, Side{Low: 1}, Side{High: 1, Odd: true})
		if buf[0] != want {
			t.Errorf("%d became %d; want %d", give, buf[0], want)
		}
	}
}
