package network

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// A Detector is SSD MobileNet v1 (Liu et al. 2016) as face-api ships it: six
// feature maps, 5118 anchors, two classes of which the second is "face".
type Detector struct {
	base    mobilenet
	extra   []*tensor.Conv // eight layers behind the base
	boxes   []*tensor.Conv
	classes []*tensor.Conv
	anchors []float32 // top, left, bottom, right of each, 0 to 1
}

const (
	anchorCount = 5118
	// maxOverlap is the value that the library uses. minScore is far below its
	// 0.5: whoever asks may want to know of a second face that is half seen.
	minScore   = 0.1
	maxOverlap = 0.5
	// maxFound bounds the candidates that are looked at more closely.
	maxFound = 16
)

// featureMaps lists channels and anchors a cell of the six maps.
var featureMaps = [6]struct{ c, anchors int }{{512, 3}, {1024, 6}, {512, 6}, {256, 6}, {256, 6}, {128, 6}}

// extraLayers lists window and channels of the layers behind the base; a 3x3
// window has stride 2 and makes a feature map.
var extraLayers = [8]struct{ window, c int }{{1, 256}, {3, 512}, {1, 128}, {3, 256}, {1, 128}, {3, 256}, {1, 64}, {3, 128}}

func newDetector(w *model.Weights) *Detector {
	conv := func(name string, window, in, out, stride int) *tensor.Conv {
		return tensor.NewConv(square(window, stride), in, w.Matrix(name+"/weights", window, window, in, out),
			nil, w.Floats(name+"/convolution_bn_offset", out), relu6)
	}
	d := &Detector{anchors: w.Floats("Output/extra_dim", 1, anchorCount, 4)}
	d.base = newMobilenet(conv("MobilenetV1/Conv2d_0_pointwise", 3, 3, widths[0], 2), func(i, in, out, stride int) *tensor.Conv {
		name := fmt.Sprintf("MobilenetV1/Conv2d_%d_", i)
		mul, add := normalization(w, name+"depthwise/BatchNorm/", in)
		depth := tensor.NewDepthwise(in, stride, w.Floats(name+"depthwise/depthwise_weights", 3, 3, in, 1), mul, add, relu6)
		return tensor.NewSeparable(depth, w.Matrix(name+"pointwise/weights", 1, 1, in, out),
			nil, w.Floats(name+"pointwise/convolution_bn_offset", out), relu6)
	})
	in := widths[len(widths)-1]
	for i, e := range extraLayers {
		d.extra = append(d.extra, conv(fmt.Sprintf("Prediction/Conv2d_%d_pointwise", i), e.window, in, e.c, (e.window+1)/2))
		in = e.c
	}
	for i, m := range featureMaps {
		predict := func(kind string, n int) *tensor.Conv {
			name := fmt.Sprintf("Prediction/BoxPredictor_%d/%s", i, kind)
			return tensor.NewConv(square(1, 1), m.c, w.Matrix(name+"/weights", 1, 1, m.c, n),
				nil, w.Floats(name+"/biases", n), linear)
		}
		d.boxes = append(d.boxes, predict("BoxEncodingPredictor", 4*m.anchors))
		d.classes = append(d.classes, predict("ClassPredictor", 3*m.anchors))
	}
	return d
}

// normalization turns a batch normalization into a factor and a summand.
func normalization(w *model.Weights, prefix string, c int) (mul, add []float32) {
	gamma, beta := w.Floats(prefix+"gamma", c), w.Floats(prefix+"beta", c)
	mean, variance := w.Floats(prefix+"moving_mean", c), w.Floats(prefix+"moving_variance", c)
	for i := range gamma {
		gamma[i] /= float32(math.Sqrt(float64(variance[i]) + 0.001))
		beta[i] -= mean[i] * gamma[i]
	}
	return gamma, beta
}

// Find returns what may be faces in a 512x512 square of RGB values,
// the surest first. It takes x over.
func (d *Detector) Find(p *tensor.Pool, x *tensor.Tensor) []Candidate {
	var found []Candidate
	x = normalize(x, [3]float32{127.5, 127.5, 127.5}, 1/127.5)
	d.run(p, x, func(anchor int, code []float32, score float64) {
		if score > minScore {
			found = append(found, Candidate{place(code, d.anchors[4*anchor:]), score})
		}
	})
	found = apart(found)
	return found[:min(len(found), maxFound)]
}

// run reports what the network says of each anchor, in their order. It takes x over.
func (d *Detector) run(p *tensor.Pool, x *tensor.Tensor, report func(anchor int, code []float32, score float64)) {
	anchor, level := 0, 0
	predict := func(x *tensor.Tensor) {
		boxes, classes := d.boxes[level].Run(p, x), d.classes[level].Run(p, x)
		for i := range x.H * x.W * featureMaps[level].anchors {
			report(anchor, boxes.Data[4*i:], sigmoid(classes.Data[3*i+1]))
			anchor++
		}
		level++
		p.Free(boxes, classes)
	}
	x = d.base.run(p, x, 0, 12)
	predict(x)
	x = d.base.run(p, x, 12, len(d.base))
	predict(x)
	for i, layer := range d.extra {
		y := layer.Run(p, x)
		p.Free(x)
		x = y
		if i%2 == 1 {
			predict(x)
		}
	}
	p.Free(x)
}

// place moves and stretches an anchor as the network says (Liu et al. 2016,
// §2.2, with variances 0.1 and 0.2).
func place(code, anchor []float32) picture.Box {
	h, w := float64(anchor[2]-anchor[0]), float64(anchor[3]-anchor[1])
	y := float64(anchor[0]) + h/2 + float64(code[0])/10*h
	x := float64(anchor[1]) + w/2 + float64(code[1])/10*w
	h *= math.Exp(float64(code[2])/5) / 2
	w *= math.Exp(float64(code[3])/5) / 2
	return picture.Box{Left: x - w, Top: y - h, Right: x + w, Bottom: y + h}
}

// apart keeps the surest of boxes that mean one face: those that overlap, and
// those that lie inside another.
func apart(found []Candidate) []Candidate {
	slices.SortStableFunc(found, func(a, b Candidate) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Candidate
	for _, c := range found {
		if !slices.ContainsFunc(kept, func(k Candidate) bool { return sameFace(c.Box, k.Box) }) {
			kept = append(kept, c)
		}
	}
	return kept
}

// sameFace reports whether two boxes share more than half of their union, or
// one shares more than two thirds of itself with the other.
func sameFace(a, b picture.Box) bool {
	w := min(a.Right, b.Right) - max(a.Left, b.Left)
	h := min(a.Bottom, b.Bottom) - max(a.Top, b.Top)
	if w <= 0 || h <= 0 {
		return false
	}
	shared, one, other := w*h, a.Width()*a.Height(), b.Width()*b.Height()
	return shared > maxOverlap*(one+other-shared) || shared > min(one, other)*2/3
}
