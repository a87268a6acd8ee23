package network

import (
	"fmt"
	"math"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// A Residual is dlib's face recognition network with 29 layers, as face-api
// ships it.
type Residual struct {
	first  *tensor.Conv
	blocks []residual
	last   *tensor.Conv // 256 to 128, no bias
}

// A residual block adds what two convolutions make of a picture to the picture
// itself, or, with down, to the picture halved.
type residual struct {
	down         bool
	conv1, conv2 *tensor.Conv
}

// residualBlocks lists the blocks by name, with channels in and out.
var residualBlocks = []struct {
	name    string
	in, out int
	down    bool
}{
	{"conv32_1", 32, 32, false},
	{"conv32_2", 32, 32, false},
	{"conv32_3", 32, 32, false},
	{"conv64_down", 32, 64, true},
	{"conv64_1", 64, 64, false},
	{"conv64_2", 64, 64, false},
	{"conv64_3", 64, 64, false},
	{"conv128_down", 64, 128, true},
	{"conv128_1", 128, 128, false},
	{"conv128_2", 128, 128, false},
	{"conv256_down", 128, 256, true},
	{"conv256_1", 256, 256, false},
	{"conv256_2", 256, 256, false},
	{"conv256_down_out", 256, 256, true},
}

func newResidual(w *model.Weights) *Residual {
	// A convolution's bias goes through the scale layer behind it.
	conv := func(name string, area tensor.Area, in, out int, rng tensor.Range) *tensor.Conv {
		bias, mul, add := w.Floats(name+"/conv/bias", out), w.Floats(name+"/scale/weights", out), w.Floats(name+"/scale/biases", out)
		for i := range add {
			add[i] += bias[i] * mul[i]
		}
		return tensor.NewConv(area, in, w.Matrix(name+"/conv/filters", area.Height, area.Width, in, out), mul, add, rng)
	}
	n := &Residual{
		first: conv("conv32_down", tensor.Area{Height: 7, Width: 7, Stride: 2}, 3, 32, relu),
		last:  tensor.NewConv(square(1, 1), 256, w.Matrix("fc", 256, 128), nil, nil, linear),
	}
	for _, b := range residualBlocks {
		area := square(3, 1)
		if b.down {
			area = tensor.Area{Height: 3, Width: 3, Stride: 2}
		}
		n.blocks = append(n.blocks, residual{
			b.down,
			conv(b.name+"/conv1", area, b.in, b.out, relu),
			conv(b.name+"/conv2", square(3, 1), b.out, b.out, linear),
		})
	}
	return n
}

// Embed returns the 128 numbers of a chip of 150x150 pixels, x, which it takes over.
func (n *Residual) Embed(p *tensor.Pool, x *tensor.Tensor) []float32 {
	y := n.first.Run(p, normalize(x, meanRGB, 1.0/255))
	p.Free(x)
	x = tensor.MaxPool(p, y, tensor.Area{Height: 3, Width: 3, Stride: 2}, y.C)
	p.Free(y)
	for _, b := range n.blocks {
		x = b.run(p, x)
	}
	mean := tensor.Mean(x)
	p.Free(x)
	y = n.last.Run(p, &tensor.Tensor{H: 1, W: 1, C: len(mean), Data: mean})
	out := append([]float32(nil), y.Data...)
	p.Free(y)
	return out
}

func (b residual) run(p *tensor.Pool, x *tensor.Tensor) *tensor.Tensor {
	y := b.conv1.Run(p, x)
	z := b.conv2.Run(p, y)
	p.Free(y)
	if !b.down {
		tensor.Add(z, x, relu)
		p.Free(x)
		return z
	}
	// The shortcut has the larger picture: the convolutions, which drop an odd
	// rest, count as zero there.
	half := tensor.HalfMean(p, x, z.C)
	tensor.Add(half, z, relu)
	p.Free(x, z)
	return half
}

// A Features is MobileNet v1 up to its pooling, trained on faces (the
// faceres model of the human library).
type Features struct{ base mobilenet }

func newFeatures(w *model.Weights) *Features {
	bias := func(name string, c int) []float32 { return w.Floats(name+"_bn/batchnorm_1/sub", c) }
	first := tensor.NewConv(square(3, 2), 3, w.Matrix("conv1/convolution/merged_input", 3, 3, 3, widths[0]),
		nil, bias("conv1", widths[0]), relu6)
	net := newMobilenet(first, func(i, in, out, stride int) *tensor.Conv {
		dw, pw := fmt.Sprintf("conv_dw_%d", i), fmt.Sprintf("conv_pw_%d", i)
		depth := tensor.NewDepthwise(in, stride, w.Floats(dw+"/depthwise_kernel", 3, 3, in, 1),
			w.Floats(dw+"_bn/batchnorm_1/mul", in), bias(dw, in), relu6)
		return tensor.NewSeparable(depth, w.Matrix(pw+"/convolution/merged_input", 1, 1, in, out), nil, bias(pw, out), relu6)
	})
	return &Features{net}
}

// Embed returns the 1024 numbers, of length 1, of a chip of 224x224 pixels, x,
// which it takes over.
func (n *Features) Embed(p *tensor.Pool, x *tensor.Tensor) []float32 {
	// The network wants blue first, and less the mean of ImageNet.
	for i := 0; i < len(x.Data); i += 3 {
		x.Data[i], x.Data[i+2] = x.Data[i+2], x.Data[i]
	}
	x = n.base.run(p, normalize(x, [3]float32{103.939, 116.779, 123.68}, 1), 0, len(n.base))
	out := tensor.Mean(x)
	p.Free(x)
	var sum float64
	for _, v := range out {
		sum += float64(v) * float64(v)
	}
	if sum > 0 {
		for i := range out {
			out[i] /= float32(math.Sqrt(sum))
		}
	}
	return out
}
