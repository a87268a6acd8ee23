// Package tensor is the arithmetic of the face networks: tensors of float32 in
// the order height, width, channel, matrix multiplication, convolution and
// pooling, for one picture at a time.
//
// On amd64 with AVX2 and FMA, and on arm64 with NEON, the inner loops are
// assembly; elsewhere the same loops run in Go. The two agree up to rounding, and each is deterministic.
// Shapes are fixed by the networks: a shape that does not fit is a mistake in
// the program and panics. Weights and pictures from outside are checked before
// they come here.
package tensor

import "fmt"

// A Tensor has H rows of W pixels of C channels.
type Tensor struct {
	H, W, C int
	Data    []float32 // H·W·C values
}

// A Pool lends slices for the tensors of one forward pass and takes them back,
// so that a pass holds no more memory than its widest moment. It is not safe
// for concurrent use.
type Pool struct {
	free [][]float32
}

// New lends a tensor with undefined contents.
func (p *Pool) New(h, w, c int) *Tensor {
	return &Tensor{h, w, c, p.slice(h * w * c)}
}

// Free takes tensors back; they must not be used any more.
func (p *Pool) Free(ts ...*Tensor) {
	for _, t := range ts {
		p.put(t.Data)
		t.Data = nil
	}
}

// Clear overwrites all that was taken back with zeros: nothing of a face stays
// in memory that waits for the next one.
func (p *Pool) Clear() {
	for _, s := range p.free {
		clear(s[:cap(s)])
	}
}

// slice lends the smallest free slice that is long enough.
func (p *Pool) slice(n int) []float32 {
	best := -1
	for i, s := range p.free {
		if cap(s) >= n && (best < 0 || cap(s) < cap(p.free[best])) {
			best = i
		}
	}
	if best < 0 {
		return make([]float32, n)
	}
	s := p.free[best]
	p.free[best] = p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return s[:n]
}

func (p *Pool) put(s []float32) {
	if cap(s) > 0 {
		p.free = append(p.free, s[:0])
	}
}

// A Range bounds the values that leave a layer; it is how activations are written.
type Range struct{ Low, High float32 }

func must(ok bool, format string, args ...any) {
	if !ok {
		panic("tensor: " + fmt.Sprintf(format, args...))
	}
}
