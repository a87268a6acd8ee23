package scan

import (
	"cmp"
	"math"
	"slices"
)

// A row is a line of pieces at even steps: y = a + b·x.
type row struct {
	a, b   float64
	h      float64 // usual height of its pieces
	weight float64 // how much there is of it: pieces times contrast
	pieces []piece // from left to right
}

// A piece of a row, with its place when steps are counted from the leftmost.
type piece struct {
	*blob
	place int
}

func (r *row) y(x float64) float64 { return r.a + r.b*x }

// middle is the x of the row's middle.
func (r *row) middle() float64 { return (r.pieces[0].x + r.pieces[len(r.pieces)-1].x) / 2 }

// limits on rows: how many pieces make one, how many are followed, and how many
// are kept.
const (
	leastPieces = 14
	maxChains   = 300
	maxRows     = 16
)

// rows joins blobs that stand side by side, and lists the heaviest first.
func rows(g *grey, all []blob) []*row {
	slices.SortFunc(all, func(a, b blob) int { return cmp.Compare(a.x, b.x) })
	right, left := neighbours(all)
	var chains [][]int
	for i := range all {
		if l := left[i]; l >= 0 && right[l] == i {
			continue // not the first of its chain
		}
		chain := []int{i}
		for k := right[i]; k >= 0 && left[k] == chain[len(chain)-1]; k = right[k] {
			chain = append(chain, k)
		}
		if len(chain) >= 5 {
			chains = append(chains, chain)
		}
	}
	slices.SortStableFunc(chains, func(a, b []int) int { return len(b) - len(a) })
	used := map[*blob]bool{}
	var out []*row
	for _, chain := range chains[:min(len(chains), maxChains)] {
		if used[&all[chain[len(chain)/2]]] {
			continue
		}
		r := grow(all, chain)
		if r == nil {
			continue
		}
		for _, p := range r.pieces {
			used[p.blob] = true
		}
		r.weigh(g)
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b *row) int { return cmp.Compare(b.weight, a.weight) })
	return out[:min(len(out), maxRows)]
}

// weigh compares the ink of the pieces with the paper at their corners: print is
// darker than patterns of the paper.
func (r *row) weigh(g *grey) {
	contrasts := make([]float64, len(r.pieces))
	for i, p := range r.pieces {
		sum, n := 0, 0
		for _, r := range p.runs {
			for _, v := range g.row(int(r.y))[r.a:r.b] {
				sum += int(v)
			}
			n += int(r.b - r.a)
		}
		paper := g.at(float64(p.x0-2), float64(p.y0-2)) + g.at(float64(p.x1+1), float64(p.y0-2)) +
			g.at(float64(p.x0-2), float64(p.y1+1)) + g.at(float64(p.x1+1), float64(p.y1+1))
		contrasts[i] = 1 - float64(sum)/float64(n)/float64(paper/4+1)
	}
	r.weight = float64(len(r.pieces)) * max(0, quantile(contrasts, .5))
}

// neighbours finds for each blob the next one to the right and to the left that
// may belong to its row. The blobs are sorted by x.
func neighbours(all []blob) (right, left []int) {
	right, left = make([]int, len(all)), make([]int, len(all))
	for i := range all {
		left[i] = -1
	}
	best := make([]float64, len(all)) // distance to the left one
	for i, a := range all {
		right[i] = -1
		nearest := math.MaxFloat64
		for k := i + 1; k < len(all) && all[k].x-a.x < 2*a.h; k++ {
			b := all[k]
			dx, dy := b.x-a.x, math.Abs(b.y-a.y)
			if dx < .3*a.h || dy > .36*dx+1 || b.h > 1.7*a.h || a.h > 1.7*b.h {
				continue
			}
			d := dx + 2*dy
			if d < nearest {
				nearest, right[i] = d, k
			}
			if left[k] < 0 || d < best[k] {
				left[k], best[k] = i, d
			}
		}
	}
	return right, left
}

// grow follows a chain in both directions, and puts its pieces at even steps.
func grow(all []blob, chain []int) *row {
	r := &row{}
	for _, i := range chain {
		r.pieces = append(r.pieces, piece{blob: &all[i]})
	}
	for range 4 {
		r.fit()
		before := len(r.pieces)
		r.gather(all)
		if len(r.pieces) == before {
			break
		}
	}
	if len(r.pieces) < leastPieces {
		return nil
	}
	r.fit()
	if !r.number() {
		return nil
	}
	return r
}

// fit lays the line through the pieces, twice: the second time without those
// that stand off.
func (r *row) fit() {
	heights := make([]float64, len(r.pieces))
	for i, p := range r.pieces {
		heights[i] = p.h
	}
	r.h = quantile(heights, .5)
	for round := range 2 {
		var n, sx, sy, sxx, sxy float64
		for _, p := range r.pieces {
			if round > 0 && math.Abs(p.y-r.y(p.x)) > .2*r.h {
				continue
			}
			n, sx, sy, sxx, sxy = n+1, sx+p.x, sy+p.y, sxx+p.x*p.x, sxy+p.x*p.y
		}
		if d := n*sxx - sx*sx; n > 2 && d > 0 {
			r.b = (n*sxy - sx*sy) / d
			r.a = (sy - r.b*sx) / n
		}
	}
}

// gather takes up all pieces along the line, as far as no gap is wide.
func (r *row) gather(all []blob) {
	lo, hi := r.pieces[0].x, r.pieces[len(r.pieces)-1].x
	var on []*blob
	for i := range all {
		b := &all[i]
		if math.Abs(b.y-r.y(b.x)) < .3*r.h && b.h > .55*r.h && b.h < 1.5*r.h {
			on = append(on, b)
		}
	}
	gap := 4 * r.h
	first := slices.IndexFunc(on, func(b *blob) bool { return b.x >= lo })
	if first < 0 {
		return
	}
	last := first
	for first > 0 && on[first].x-on[first-1].x < gap {
		first--
	}
	for last+1 < len(on) && (on[last+1].x <= hi || on[last+1].x-on[last].x < gap) {
		last++
	}
	r.pieces = r.pieces[:0]
	for _, b := range on[first : last+1] {
		r.pieces = append(r.pieces, piece{blob: b})
	}
}

// number counts the steps between the pieces, along which the step may change
// slowly, and drops pieces that stand between two places. It reports whether
// most pieces keep step, which printed text of another kind does not.
func (r *row) number() bool {
	gaps := make([]float64, 0, len(r.pieces))
	for i := 1; i < len(r.pieces); i++ {
		gaps = append(gaps, r.pieces[i].x-r.pieces[i-1].x)
	}
	step := quantile(gaps, .5)
	if step < 4 {
		return false
	}
	mid := len(r.pieces) / 2
	walk := func(from, to, dir int) {
		local := step
		for i := from; i != to; i += dir {
			d := math.Abs(r.pieces[i+dir].x - r.pieces[i].x)
			n := math.Round(d / local)
			if n == 1 {
				local += .25 * (d - local)
			}
			r.pieces[i+dir].place = r.pieces[i].place + dir*int(n)
		}
	}
	walk(mid, len(r.pieces)-1, 1)
	walk(mid, 0, -1)
	for range 3 {
		ruler, ok := fitRuler(r.pieces)
		if !ok {
			return false
		}
		for i := range r.pieces {
			r.pieces[i].place = int(math.Round(ruler.place(r.pieces[i].x)))
		}
	}
	return r.settle()
}

// settle keeps the best piece of each place, and counts from the leftmost.
func (r *row) settle() bool {
	ruler, ok := fitRuler(r.pieces)
	if !ok {
		return false
	}
	off := func(p piece) float64 { return math.Abs(ruler.place(p.x) - float64(p.place)) }
	var kept []piece
	for _, p := range r.pieces {
		if off(p) > .3 {
			continue
		}
		if n := len(kept); n > 0 && kept[n-1].place >= p.place {
			if off(kept[n-1]) <= off(p) {
				continue
			}
			kept = kept[:n-1]
		}
		kept = append(kept, p)
	}
	if len(kept) < leastPieces || 4*len(kept) < 3*len(r.pieces) {
		return false
	}
	for i := len(kept) - 1; i >= 0; i-- {
		kept[i].place -= kept[0].place
	}
	r.pieces = kept
	return true
}

// A ruler maps x to places along a row in perspective: (a·x + b) / (c·x + 1).
type ruler struct{ a, b, c, from float64 }

func (r ruler) place(x float64) float64 {
	x -= r.from
	return (r.a*x + r.b) / (r.c*x + 1)
}

func fitRuler(pieces []piece) (ruler, bool) {
	from := pieces[len(pieces)/2].x
	var out ruler
	for round := range 2 {
		s := newSystem(3)
		for _, p := range pieces {
			x, n := p.x-from, float64(p.place)
			if round == 0 || math.Abs(out.place(p.x)-n) < .3 {
				s.add([]float64{x / 100, 1, -n * x / 100}, n, 1)
			}
		}
		v, ok := s.solve()
		if !ok {
			return ruler{}, false
		}
		out = ruler{v[0] / 100, v[1], v[2] / 100, from}
	}
	return out, true
}

// quantile changes the order of v.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[int(q*float64(len(v)-1))]
}
