package scan

import "math"

// A run is a piece of ink in one row of the picture: x from a up to b.
type run struct{ y, a, b int32 }

// A blob is a piece of ink that hangs together.
type blob struct {
	x0, y0, x1, y1 int // up to x1 and y1
	x, y           float64
	h              float64
	runs           []run
}

// maxRuns bounds the work on pictures that are all speckles.
const maxRuns = 400_000

// radius is half the width of the neighbourhood that a pixel is compared with.
const radius = 18

// ink finds the pixels that are darker than their surroundings by a part of the
// spread there (Niblack 1986), as runs from left to right and top to bottom.
func (g *grey) ink(part float64) []run {
	sums, squares := make([]int32, g.w), make([]int32, g.w)
	add := func(y int, sign int32) {
		for x, v := range g.row(y) {
			sums[x] += sign * int32(v)
			squares[x] += sign * int32(v) * int32(v)
		}
	}
	for y := -radius - 1; y < radius; y++ {
		add(y, 1)
	}
	var out []run
	below := make([]float32, g.w)
	for y := range g.h {
		add(y+radius, 1)
		add(y-radius-1, -1)
		g.levels(sums, squares, part, below)
		row, start := g.row(y), -1
		for x, v := range row {
			dark := float32(v) < below[x]
			if dark && start < 0 {
				start = x
			} else if !dark && start >= 0 {
				out, start = append(out, run{int32(y), int32(start), int32(x)}), -1
			}
		}
		if start >= 0 {
			out = append(out, run{int32(y), int32(start), int32(g.w)})
		}
		if len(out) > maxRuns {
			return nil
		}
	}
	return out
}

// levels computes for a row under which value a pixel is ink.
func (g *grey) levels(sums, squares []int32, part float64, below []float32) {
	const n = float64((2*radius + 1) * (2*radius + 1))
	var sum, square int64
	last := g.w - 1
	for x := -radius - 1; x < radius; x++ {
		at := min(max(x, 0), last)
		sum += int64(sums[at])
		square += int64(squares[at])
	}
	for x := range below {
		in, out := min(x+radius, last), max(x-radius-1, 0)
		sum += int64(sums[in] - sums[out])
		square += int64(squares[in]) - int64(squares[out])
		mean := float64(sum) / n
		spread := math.Sqrt(max(0, float64(square)/n-mean*mean))
		below[x] = float32(mean - max(4, part*spread))
	}
}

// blobs joins runs that touch, and keeps what may be a character.
func blobs(runs []run) []blob {
	parent := make([]int32, len(runs))
	find := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	above, count := 0, make([]int32, len(runs))
	for i, r := range runs {
		parent[i] = int32(i)
		for above < i && (runs[above].y < r.y-1 || runs[above].y == r.y-1 && runs[above].b < r.a) {
			above++
		}
		for k := above; k < i && runs[k].y == r.y-1 && runs[k].a <= r.b; k++ {
			a, b := find(int32(k)), find(int32(i))
			parent[max(a, b)] = min(a, b)
		}
	}
	for i := range runs {
		count[find(int32(i))]++
	}
	at, sorted := int32(0), make([]run, len(runs))
	next := make([]int32, len(runs))
	for i, n := range count {
		next[i] = at
		at += n
	}
	for i, r := range runs {
		root := find(int32(i))
		sorted[next[root]] = r
		next[root]++
	}
	var out []blob
	for i, n := range count {
		if n < 4 || n > 600 {
			continue
		}
		if b := newBlob(sorted[next[i]-n : next[i]]); b.isGlyph() {
			out = append(out, b)
		}
	}
	return out
}

func newBlob(runs []run) blob {
	b := blob{x0: math.MaxInt, y0: int(runs[0].y), y1: int(runs[len(runs)-1].y) + 1, runs: runs}
	for _, r := range runs {
		b.x0, b.x1 = min(b.x0, int(r.a)), max(b.x1, int(r.b))
	}
	b.x, b.y = float64(b.x0+b.x1-1)/2, float64(b.y0+b.y1-1)/2
	b.h = float64(b.y1 - b.y0)
	return b
}

func (b blob) isGlyph() bool {
	w, h := b.x1-b.x0, b.y1-b.y0
	return h >= 5 && h <= 90 && w >= 2 && w <= 90 && 2*w <= 3*h+4 && h <= 7*w
}
