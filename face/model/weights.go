package model

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/tunnus-id/tunnus/face/tensor"
)

// A param is one tensor as it was stored.
type param struct {
	shape      []int
	kind       string // uint8, float16, float32 or int32
	raw        []byte
	scale, min float64 // of uint8: value·scale + min
}

// Weights hands out the tensors of one network by name and shape. The first
// tensor that is missing or has another shape is remembered: what is handed out
// then is zeros, and [Weights.Err] tells. A network is built first and asked once.
type Weights struct {
	params map[string]param
	err    error
}

// Err returns what was wrong with the first tensor that could not be had.
func (w *Weights) Err() error { return w.err }

func (w *Weights) get(name string, shape []int) (param, bool) {
	p, ok := w.params[name]
	if ok && slices.Equal(p.shape, shape) {
		return p, true
	}
	if w.err == nil {
		w.err = fmt.Errorf("model: tensor %q has shape %v, not %v", name, p.shape, shape)
	}
	return param{}, false
}

// Floats returns a tensor's values, the last dimension running fastest.
func (w *Weights) Floats(name string, shape ...int) []float32 {
	p, ok := w.get(name, shape)
	if !ok {
		return make([]float32, product(shape))
	}
	return p.floats()
}

// Matrix returns a tensor with all dimensions but the last one merged: the form
// in which convolutions and full layers multiply.
func (w *Weights) Matrix(name string, shape ...int) *tensor.Matrix {
	n := shape[len(shape)-1]
	k := product(shape) / n
	p, ok := w.get(name, shape)
	if ok && p.kind == "uint8" {
		return tensor.FromBytes(k, n, p.raw, float32(p.scale), float32(p.min))
	}
	if !ok {
		return tensor.FromFloats(k, n, make([]float32, k*n))
	}
	return tensor.FromFloats(k, n, p.floats())
}

func (p param) floats() []float32 {
	out := make([]float32, product(p.shape))
	for i := range out {
		switch p.kind {
		case "uint8":
			out[i] = float32(float64(p.raw[i])*p.scale + p.min)
		case "float16":
			out[i] = half(binary.LittleEndian.Uint16(p.raw[2*i:]))
		case "float32":
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(p.raw[4*i:]))
		case "int32":
			out[i] = float32(int32(binary.LittleEndian.Uint32(p.raw[4*i:])))
		}
	}
	return out
}

// half widens a number of IEEE 754 binary16.
func half(h uint16) float32 {
	sign := float32(1)
	if h&0x8000 != 0 {
		sign = -1
	}
	exp, frac := int(h>>10&31), float64(h&0x3ff)
	switch exp {
	case 0:
		return sign * float32(math.Ldexp(frac, -24))
	case 31:
		if frac != 0 {
			return float32(math.NaN())
		}
		return sign * float32(math.Inf(1))
	}
	return sign * float32(math.Ldexp(frac+1024, exp-25))
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
