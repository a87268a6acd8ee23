package network

import (
	"fmt"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// MeshPoints is the number of points of a mesh.
const MeshPoints = 468

// A Mesh is MediaPipe's face mesh (Kartynnik et al. 2019) as the human library
// ships it: a chain of residual blocks that halve the picture five times, then
// one branch for the points and one for whether there is a face. The branch for
// contours is left out.
type Mesh struct {
	first         step
	trunk         []block
	points, flag  []block
	shrink, judge step // to 32 channels, in front of the last block of a branch
	where, sure   *tensor.Conv
}

// A step is a convolution and, for each channel, the slope of what is negative
// (He et al. 2015, "PReLU").
type step struct {
	conv  *tensor.Conv
	slope []float32
}

// A block adds to a picture what a separable convolution makes of it. With
// stride 2 the picture is halved by its largest values, and gets channels of zero.
type block struct {
	step
	stride int
}

// meshWidths are the channels that leave the fourteen blocks of the trunk; a
// block whose number is divisible by three has stride 2.
var meshWidths = []int{16, 16, 32, 32, 32, 64, 64, 64, 128, 128, 128, 128, 128, 128}

func newMesh(w *model.Weights) *Mesh {
	b := meshBuilder{w}
	m := &Mesh{first: b.step(1, 1, 3, 2, 3, 16)}
	in := 16
	for i, out := range meshWidths {
		n := i + 1
		m.trunk = append(m.trunk, b.block(n, n+1, n+1, in, out))
		in = out
	}
	// The numbers are those of the file: depthwise, convolution, slope.
	m.points = []block{b.block(15, 16, 16, in, in), b.block(16, 17, 17, in, in), b.block(17, 18, 18, in, in)}
	m.shrink = b.step(19, 19, 1, 1, in, 32)
	m.points = append(m.points, b.block(18, 20, 20, 32, 32))
	m.where = b.last(21, 3*MeshPoints)
	m.flag = []block{b.block(23, 28, 26, in, in)}
	m.judge = b.step(29, 27, 1, 1, in, 32)
	m.flag = append(m.flag, b.block(24, 30, 28, 32, 32))
	m.sure = b.last(31, 1)
	return m
}

const meshPrefix = "StatefulPartitionedCall/model_1/"

// A meshBuilder asks for tensors by the numbers in their names.
type meshBuilder struct{ w *model.Weights }

func (b meshBuilder) slope(i, c int) []float32 {
	return b.w.Floats(fmt.Sprintf("%sp_re_lu_%d/Neg", meshPrefix, i), 1, 1, c)
}

func (b meshBuilder) step(conv, slope, window, stride, in, out int) step {
	name := fmt.Sprintf("%sconv2d_%d/Conv2D_", meshPrefix, conv)
	w := b.w.Matrix(name+"weights", window, window, in, out)
	return step{tensor.NewConv(square(window, stride), in, w, nil, b.w.Floats(name+"bn_offset", out), linear), b.slope(slope, out)}
}

func (b meshBuilder) block(depth, conv, slope, in, out int) block {
	stride := 1
	if depth < len(meshWidths)+1 && depth%3 == 0 || depth == 15 || depth == 23 {
		stride = 2
	}
	weights := b.w.Floats(fmt.Sprintf("%sdepthwise_conv2d_%d/depthwise/ReadVariableOp", meshPrefix, depth), 3, 3, in, 1)
	name := fmt.Sprintf("%sconv2d_%d/Conv2D_", meshPrefix, conv)
	c := tensor.NewSeparable(tensor.NewDepthwise(in, stride, weights, nil, nil, linear),
		b.w.Matrix(name+"weights", 1, 1, in, out), nil, b.w.Floats(name+"bn_offset", out), linear)
	return block{step{c, b.slope(slope, out)}, stride}
}

// last is a layer over all that is left, 3x3 pixels of 32 channels.
func (b meshBuilder) last(i, out int) *tensor.Conv {
	name := fmt.Sprintf("%sconv2d_%d/", meshPrefix, i)
	return tensor.NewConv(tensor.Area{Height: 3, Width: 3, Stride: 3}, 32, b.w.Matrix(name+"Conv2D/ReadVariableOp", 3, 3, 32, out),
		nil, b.w.Floats(name+"BiasAdd/ReadVariableOp", out), linear)
}

func (s step) run(p *tensor.Pool, x *tensor.Tensor) *tensor.Tensor {
	y := s.conv.Run(p, x)
	tensor.Slope(y, s.slope)
	return y
}

// run leaves x to the caller.
func (b block) run(p *tensor.Pool, x *tensor.Tensor) *tensor.Tensor {
	y := b.conv.Run(p, x)
	if b.stride == 1 {
		tensor.Add(y, x, linear)
	} else {
		half := tensor.MaxPool(p, x, square(2, 2), y.C)
		tensor.Add(y, half, linear)
		p.Free(half)
	}
	tensor.Slope(y, b.slope)
	return y
}

// Find returns the points in pixels of the 192x192 input (x, y and depth one
// after the other) and how sure it is that there is a face, 0 to 1. It takes x over.
func (m *Mesh) Find(p *tensor.Pool, x *tensor.Tensor) (points [3 * MeshPoints]float32, sure float64) {
	x = m.run(p, normalize(x, [3]float32{}, 1.0/255))
	at := m.branch(p, x, m.points, m.shrink, m.where)
	copy(points[:], at.Data)
	flag := m.branch(p, x, m.flag, m.judge, m.sure)
	sure = sigmoid(flag.Data[0])
	p.Free(at, flag, x)
	return points, sure
}

// run is the trunk. It takes x over.
func (m *Mesh) run(p *tensor.Pool, x *tensor.Tensor) *tensor.Tensor {
	y := m.first.run(p, x)
	p.Free(x)
	for _, b := range m.trunk {
		z := b.run(p, y)
		p.Free(y)
		y = z
	}
	return y
}

// branch leaves x to the caller: all blocks but the last, the step to 32
// channels, the last block, the last layer.
func (m *Mesh) branch(p *tensor.Pool, x *tensor.Tensor, blocks []block, shrink step, last *tensor.Conv) *tensor.Tensor {
	y := blocks[0].run(p, x)
	for _, b := range blocks[1 : len(blocks)-1] {
		z := b.run(p, y)
		p.Free(y)
		y = z
	}
	z := shrink.run(p, y)
	p.Free(y)
	y = blocks[len(blocks)-1].run(p, z)
	p.Free(z)
	out := last.Run(p, y)
	p.Free(y)
	return out
}
