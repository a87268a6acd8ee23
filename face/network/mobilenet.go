package network

import "github.com/tunnus-id/tunnus/face/tensor"

// widths are the output channels of MobileNet v1: of its first convolution, and
// of the 13 separable ones (Howard et al. 2017, table 1).
var widths = []int{32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024}

// halving tells which of the separable ones have stride 2.
var halving = map[int]bool{2: true, 4: true, 6: true, 12: true}

// A mobilenet is the chain of 14 layers that detector and 1024-d network share.
type mobilenet []*tensor.Conv

// newMobilenet asks first for the leading convolution and pair for each of the
// separable ones: layer number, channels in and out, stride.
func newMobilenet(first *tensor.Conv, pair func(i, in, out, stride int) *tensor.Conv) mobilenet {
	net := mobilenet{first}
	for i := 1; i < len(widths); i++ {
		stride := 1
		if halving[i] {
			stride = 2
		}
		net = append(net, pair(i, widths[i-1], widths[i], stride))
	}
	return net
}

// run applies the layers from to to-1 and frees all but the result.
func (m mobilenet) run(p *tensor.Pool, x *tensor.Tensor, from, to int) *tensor.Tensor {
	for _, layer := range m[from:to] {
		y := layer.Run(p, x)
		p.Free(x)
		x = y
	}
	return x
}
