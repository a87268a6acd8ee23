package tensor

// An Area is how a window moves over a picture.
type Area struct {
	Height, Width int // of the window
	Stride        int
	// Same pads with zeros so that a stride of 1 keeps the size, as TensorFlow
	// does: the larger half of an odd padding lies at the end. Else only whole
	// windows count.
	Same bool
}

// out returns the number of steps over n pixels and the zeros before the first.
func (a Area) out(n, window int) (steps, before int) {
	if !a.Same {
		return (n-window)/a.Stride + 1, 0
	}
	steps = (n + a.Stride - 1) / a.Stride
	return steps, max((steps-1)*a.Stride+window-n, 0) / 2
}

// A Depthwise is a 3x3 convolution of each channel by itself.
type Depthwise struct {
	area    Area
	c       int
	weights []float32 // 9·c, tap by tap
	bias    []float32
	rng     Range
}

// NewDepthwise makes a 3x3 depthwise layer: weights are 9·c values, tap by tap;
// each channel's result is multiplied by mul, moved by add and kept in rng. A
// nil mul or add changes nothing.
func NewDepthwise(c, stride int, weights, mul, add []float32, rng Range) *Depthwise {
	must(len(weights) == 9*c, "%d weights for %d channels", len(weights), c)
	w := make([]float32, 9*c)
	bias := make([]float32, c)
	for i := range w {
		w[i] = weights[i]
		if mul != nil {
			w[i] *= mul[i%c]
		}
	}
	copy(bias, add)
	return &Depthwise{Area{3, 3, stride, true}, c, w, bias, rng}
}

// A Conv is a convolution with what follows it: scaling, bias, activation. With
// a depthwise layer before it, it is a separable convolution, done in one go so
// that the middle tensor never exists whole.
type Conv struct {
	area   Area
	in     int
	w      *Matrix
	finish finish
	depth  *Depthwise
}

// NewConv makes a layer of in channels. w has Height·Width·in rows, in the
// order of the window, and a column for each output channel. mul and add may be nil.
func NewConv(area Area, in int, w *Matrix, mul, add []float32, rng Range) *Conv {
	must(w.K == area.Height*area.Width*in, "%d rows for a %dx%d window of %d", w.K, area.Height, area.Width, in)
	if mul == nil {
		mul = make([]float32, w.N)
		for i := range mul {
			mul[i] = 1
		}
	}
	if add == nil {
		add = make([]float32, w.N)
	}
	must(len(mul) == w.N && len(add) == w.N, "scale or bias for %d channels", w.N)
	return &Conv{area: area, in: in, w: w, finish: finish{padColumns(mul), padColumns(add), rng}}
}

// NewSeparable puts a depthwise layer before a 1x1 convolution.
func NewSeparable(d *Depthwise, w *Matrix, mul, add []float32, rng Range) *Conv {
	c := NewConv(Area{1, 1, 1, true}, d.c, w, mul, add, rng)
	c.depth = d
	return c
}

// blockFloats bounds the rows that are gathered at a time: they stay in the
// second-level cache, and an unrolled picture never exists whole.
const blockFloats = 64 << 10

// Run applies the layer to in, which stays the caller's.
func (l *Conv) Run(p *Pool, in *Tensor) *Tensor {
	must(in.C == l.in, "%d channels, not %d", in.C, l.in)
	area := l.area
	if l.depth != nil {
		area = l.depth.area
	}
	oh, top := area.out(in.H, area.Height)
	ow, left := area.out(in.W, area.Width)
	must(oh > 0 && ow > 0, "a %dx%d picture is too small", in.H, in.W)
	out := p.New(oh, ow, l.w.N)

	var wide []float32
	if l.w.bytes != nil {
		wide = p.slice(l.w.size())
	}
	edge := p.slice(tileRows * l.w.K)
	b := l.w.spread(wide)
	total, k := oh*ow, l.w.K
	block := max(blockFloats/k/tileRows, 1) * tileRows
	direct := l.depth == nil && area.Height == 1 && area.Width == 1 && area.Stride == 1
	var rows []float32
	if !direct {
		rows = p.slice(min(block, total) * k)
	}
	for from := 0; from < total; from += block {
		n := min(block, total-from)
		a := rows
		switch {
		case direct:
			a = in.Data[from*k:]
		case l.depth != nil:
			l.depth.fill(p, rows, in, from, n, ow, top, left)
		default:
			l.unroll(rows, in, from, n, ow, top, left)
		}
		multiply(a, n, k, b, l.w.N, out.Data[from*l.w.N:], l.finish, edge)
	}
	p.put(wide)
	p.put(edge)
	p.put(rows)
	return out
}

// unroll writes the windows of n output pixels, one a row.
func (l *Conv) unroll(dst []float32, in *Tensor, from, n, ow, top, left int) {
	span := l.area.Width * in.C
	for i := from; i < from+n; i++ {
		y, x := i/ow*l.area.Stride-top, i%ow*l.area.Stride-left
		for ky := range l.area.Height {
			gather(dst[:span], in, y+ky, x)
			dst = dst[span:]
		}
	}
}

// gather copies a row of pixels that starts at (y, x); what lies outside is zero.
func gather(dst []float32, in *Tensor, y, x int) {
	n := len(dst) / in.C
	lo, hi := max(-x, 0), min(n, in.W-x)
	if y < 0 || y >= in.H || lo >= hi {
		clear(dst)
		return
	}
	clear(dst[:lo*in.C])
	copy(dst[lo*in.C:hi*in.C], in.Data[(y*in.W+x+lo)*in.C:])
	clear(dst[hi*in.C:])
}

// fill writes n output pixels of the depthwise layer.
func (d *Depthwise) fill(p *Pool, dst []float32, in *Tensor, from, n, ow, top, left int) {
	patch := p.slice(9 * d.c)
	defer p.put(patch)
	span := 3 * d.c
	for i := from; i < from+n; i++ {
		y, x := i/ow*d.area.Stride-top, i%ow*d.area.Stride-left
		px := dst[(i-from)*d.c:][:d.c]
		if y >= 0 && x >= 0 && y+3 <= in.H && x+3 <= in.W {
			row := in.W * d.c
			at := in.Data[y*row+x*d.c:]
			depth3x3(px, at, at[row:], at[2*row:], d)
			continue
		}
		for ky := range 3 {
			gather(patch[ky*span:][:span], in, y+ky, x)
		}
		depth3x3(px, patch, patch[span:], patch[2*span:], d)
	}
}
