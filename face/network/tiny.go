package network

import (
	"fmt"
	"math"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// A Tiny is face-api's tiny face detector: Tiny YOLO v2 (Redmon & Farhadi 2016)
// of separable convolutions, one class. It costs a tenth of a [Detector] and
// misses faces that fill the picture.
type Tiny struct {
	layers []*tensor.Conv
	last   *tensor.Conv
}

// tinyWidths are the output channels of the six convolutions.
var tinyWidths = []int{16, 32, 64, 128, 256, 512}

// tinyAnchors are the boxes that the network stretches, width and height in cells.
var tinyAnchors = [5][2]float64{
	{1.603231, 2.094468}, {6.041143, 7.080126}, {2.882459, 3.518061}, {4.266906, 5.178857}, {9.041765, 10.66308},
}

// tinyScore is the score that the library asks for.
const tinyScore = 0.5

// tinyMean is taken from the pictures of this network.
var tinyMean = [3]float32{117.001, 114.697, 97.404}

func newTiny(w *model.Weights) *Tiny {
	t := &Tiny{}
	in := 3
	for i, out := range tinyWidths {
		name := fmt.Sprintf("conv%d", i)
		bias := w.Floats(name+"/bias", out)
		if i == 0 {
			area := tensor.Area{Height: 3, Width: 3, Stride: 1}
			t.layers = append(t.layers, tensor.NewConv(area, in, w.Matrix(name+"/filters", 3, 3, in, out), nil, bias, linear))
		} else {
			depth := tensor.NewDepthwise(in, 1, w.Floats(name+"/depthwise_filter", 3, 3, in, 1), nil, nil, linear)
			t.layers = append(t.layers, tensor.NewSeparable(depth, w.Matrix(name+"/pointwise_filter", 1, 1, in, out), nil, bias, linear))
		}
		in = out
	}
	n := 5 * len(tinyAnchors)
	t.last = tensor.NewConv(square(1, 1), in, w.Matrix("conv8/filters", 1, 1, in, n), nil, w.Floats("conv8/bias", n), linear)
	return t
}

// Find returns what may be faces in a square of RGB values, the surest first.
// The side is a multiple of 32 pixels: 160 and 224 for a face near the camera,
// 416 for small ones. It takes x over.
func (t *Tiny) Find(p *tensor.Pool, x *tensor.Tensor) []Candidate {
	x = t.run(p, normalize(x, tinyMean, 1.0/255))
	var found []Candidate
	cells := float64(x.W)
	for i := range x.H * x.W {
		for a, anchor := range tinyAnchors {
			code := x.Data[25*i+5*a:][:5]
			score := sigmoid(code[4])
			if score < tinyScore {
				continue
			}
			cx, cy := (float64(i%x.W)+sigmoid(code[0]))/cells, (float64(i/x.W)+sigmoid(code[1]))/cells
			w, h := math.Exp(float64(code[2]))*anchor[0]/cells/2, math.Exp(float64(code[3]))*anchor[1]/cells/2
			found = append(found, Candidate{picture.Box{Left: cx - w, Top: cy - h, Right: cx + w, Bottom: cy + h}, score})
		}
	}
	p.Free(x)
	return apart(found)
}

// run returns the map of the last layer, 25 values a cell. It takes x over.
func (t *Tiny) run(p *tensor.Pool, x *tensor.Tensor) *tensor.Tensor {
	for i, layer := range t.layers {
		y := layer.Run(p, x)
		tensor.Slope(y, []float32{0.1})
		p.Free(x)
		area := square(2, 2)
		if i == len(t.layers)-1 {
			area.Stride = 1
		}
		x = tensor.MaxPool(p, y, area, y.C)
		p.Free(y)
	}
	y := t.last.Run(p, x)
	p.Free(x)
	return y
}
