package network

import (
	"fmt"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// A Landmarks finds 68 points in a face (face-api's landmark network: four
// dense blocks of four layers, then one full layer).
type Landmarks struct {
	blocks [4][4]*tensor.Conv
	last   *tensor.Conv
}

func newLandmarks(w *model.Weights) *Landmarks {
	n := &Landmarks{}
	in := 3
	for b := range n.blocks {
		out := 32 << b
		for i := range n.blocks[b] {
			name, stride, rng := fmt.Sprintf("dense%d/conv%d", b, i), 1, linear
			if i == 0 {
				stride, rng = 2, relu
			}
			bias := w.Floats(name+"/bias", out)
			if b == 0 && i == 0 {
				n.blocks[b][i] = tensor.NewConv(square(3, 2), in, w.Matrix(name+"/filters", 3, 3, in, out), nil, bias, rng)
			} else {
				depth := tensor.NewDepthwise(in, stride, w.Floats(name+"/depthwise_filter", 3, 3, in, 1), nil, nil, linear)
				n.blocks[b][i] = tensor.NewSeparable(depth, w.Matrix(name+"/pointwise_filter", 1, 1, in, out), nil, bias, rng)
			}
			in = out
		}
	}
	n.last = tensor.NewConv(square(1, 1), 256, w.Matrix("fc/weights", 256, 136), nil, w.Floats("fc/bias", 136), linear)
	return n
}

// Find returns the points in units of the 112x112 RGB values x, 0 to 1. It takes x over.
func (n *Landmarks) Find(p *tensor.Pool, x *tensor.Tensor) (points [68]picture.Point) {
	x = normalize(x, meanRGB, 1.0/255)
	for _, b := range n.blocks {
		y := b[0].Run(p, x)
		p.Free(x)
		x = dense(p, b, y)
	}
	mean := tensor.Mean(x)
	p.Free(x)
	y := n.last.Run(p, &tensor.Tensor{H: 1, W: 1, C: len(mean), Data: mean})
	for i := range points {
		points[i] = picture.Point{X: float64(y.Data[2*i]), Y: float64(y.Data[2*i+1])}
	}
	p.Free(y)
	return points
}

// dense runs the last three layers of a block. Each sees the sum of all that
// was made before it. sum is taken over.
func dense(p *tensor.Pool, b [4]*tensor.Conv, sum *tensor.Tensor) *tensor.Tensor {
	// The sums are kept without activation, as the next one builds on them;
	// the first is positive already.
	x := sum
	for _, layer := range b[1:] {
		y := layer.Run(p, x)
		tensor.Add(y, sum, linear)
		if x != sum {
			p.Free(x)
		}
		p.Free(sum)
		sum = y
		x = p.New(sum.H, sum.W, sum.C)
		copy(x.Data, sum.Data)
		tensor.Clamp(x, relu)
	}
	p.Free(sum)
	return x
}
