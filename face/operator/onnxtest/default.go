package onnxtest

import (
	"fmt"
	"io/fs"

	"github.com/tunnus-id/tunnus/face/model"
)

// Default writes the network of 128 numbers that the default engine runs: dlib's
// face recognition network of 29 layers, with its scaling done in the convolutions.
// It takes a picture of 150x150 as planes of red, green and blue.
func Default(models fs.FS) ([]byte, error) {
	w, err := model.Open(models, model.Recognition)
	if err != nil {
		return nil, err
	}
	d := &dlib{weights: w, side: 150}
	d.graph.Input("face", 0, 3, 150, 150)
	d.graph.Output("vector", 0, 128)
	x := d.conv("face", "conv32_down", 3, 32, 7, 2, 0)
	x = d.node("Relu", x)
	x = d.node("MaxPool", x, Ints("kernel_shape", 3, 3), Ints("strides", 2, 2))
	d.side = (d.side-7)/2 + 1
	d.side = (d.side-3)/2 + 1
	for _, b := range blocks {
		x = d.block(x, b.name, b.in, b.out)
	}
	x = d.node("GlobalAveragePool", x)
	x = d.node("Flatten", x)
	d.graph.Floats("fc", w.Floats("fc", 256, 128), 256, 128)
	d.graph.Node("MatMul", []string{x, "fc"}, "vector")
	return d.graph.File(), w.Err()
}

// blocks are those of the network; where channels grow, and at the last, it halves.
var blocks = []struct {
	name    string
	in, out int
}{
	{"conv32_1", 32, 32},
	{"conv32_2", 32, 32},
	{"conv32_3", 32, 32},
	{"conv64_down", 32, 64},
	{"conv64_1", 64, 64},
	{"conv64_2", 64, 64},
	{"conv64_3", 64, 64},
	{"conv128_down", 64, 128},
	{"conv128_1", 128, 128},
	{"conv128_2", 128, 128},
	{"conv256_down", 128, 256},
	{"conv256_1", 256, 256},
	{"conv256_2", 256, 256},
	{"conv256_down_out", 256, 256},
}

// dlib is the network under way.
type dlib struct {
	graph   Graph
	weights *model.Weights
	side    int // of the picture as it is now
	nodes   int
}

// node adds one and returns its output.
func (d *dlib) node(op, input string, attributes ...Message) string {
	return d.join(op, []string{input}, attributes...)
}

func (d *dlib) join(op string, inputs []string, attributes ...Message) string {
	d.nodes++
	out := fmt.Sprintf("%s_%d", op, d.nodes)
	d.graph.Node(op, inputs, out, attributes...)
	return out
}

// conv adds a convolution with the scaling that follows it: the weights are
// given height, width, in, out, and wanted the other way round.
func (d *dlib) conv(x, name string, in, out, size, stride, pad int) string {
	w := d.weights
	kernel := w.Floats(name+"/conv/filters", size, size, in, out)
	bias, mul, add := w.Floats(name+"/conv/bias", out), w.Floats(name+"/scale/weights", out), w.Floats(name+"/scale/biases", out)
	turned := make([]float32, len(kernel))
	for i := range size * size {
		for c := range in {
			for o := range out {
				turned[(o*in+c)*size*size+i] = kernel[(i*in+c)*out+o] * mul[o]
			}
		}
	}
	for o := range bias {
		bias[o] = bias[o]*mul[o] + add[o]
	}
	d.graph.Floats(name+"/w", turned, out, in, size, size)
	d.graph.Floats(name+"/b", bias, out)
	return d.join("Conv", []string{x, name + "/w", name + "/b"},
		Ints("kernel_shape", size, size), Ints("strides", stride, stride), Ints("pads", pad, pad, pad, pad))
}

// block adds a residual block.
func (d *dlib) block(x, name string, in, out int) string {
	down := in != out || name == "conv256_down_out"
	stride, pad := 1, 1
	if down {
		stride, pad = 2, 0
	}
	y := d.node("Relu", d.conv(x, name+"/conv1", in, out, 3, stride, pad))
	y = d.conv(y, name+"/conv2", out, out, 3, 1, 1)
	if down {
		half, side := d.side/2, (d.side-3)/2+1
		x = d.node("AveragePool", x, Ints("kernel_shape", 2, 2), Ints("strides", 2, 2))
		x = d.pad(x, out-in, 0)
		y = d.pad(y, 0, half-side) // the convolutions drop an odd rest
		d.side = half
	}
	return d.node("Relu", d.join("Add", []string{x, y}))
}

// pad adds zeros behind the channels, or at the end of rows and columns.
func (d *dlib) pad(x string, channels, side int) string {
	if channels == 0 && side == 0 {
		return x
	}
	name := fmt.Sprintf("pads_%d", d.nodes)
	d.graph.Numbers(name, 0, 0, 0, 0, 0, channels, side, side)
	return d.join("Pad", []string{x, name})
}
