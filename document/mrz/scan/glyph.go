package scan

import (
	"encoding/base64"
	"encoding/binary"
	"math"
)

// alphabet are the characters of a zone, in the order of the network's outputs;
// behind them stands one for "no whole character".
const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
	nothing  = len(alphabet)
	classes  = len(alphabet) + 1
)

// A patch is one cell of the grid in grey: one pitch wide, 1.383 pitches high,
// the digits' middle in its middle.
const (
	patchW = 12
	patchH = 16
	inputs = patchW * patchH
	hidden = 64
)

type (
	patch  [inputs]float32
	scores [classes]float32 // logarithms of probabilities
)

// A network has one hidden layer of rectified sums. Each row's last number is
// its bias.
type network struct {
	first  [hidden][inputs + 1]float32
	second [classes][hidden + 1]float32
}

// newNetwork unpacks the table: for each row of both layers its scale, as
// 32 bits of a float, and its numbers in 8 bits each.
func newNetwork() *network {
	b, _ := base64.StdEncoding.DecodeString(weights) // TestTable checks it
	n := &network{}
	for i := range n.first {
		b = unpackRow(n.first[i][:], b)
	}
	for i := range n.second {
		b = unpackRow(n.second[i][:], b)
	}
	return n
}

func unpackRow(row []float32, b []byte) []byte {
	if len(b) < 4+len(row) {
		return nil
	}
	scale := math.Float32frombits(binary.BigEndian.Uint32(b))
	for i := range row {
		row[i] = scale * float32(int8(b[4+i]))
	}
	return b[4+len(row):]
}

// level takes light and contrast out of a patch. An almost empty patch stays
// almost flat: floor is the least spread that counts as ink.
func (p *patch) level(floor float32) {
	var sum, squares float32
	for _, v := range p {
		sum += v
	}
	mean := sum / inputs
	for _, v := range p {
		squares += (v - mean) * (v - mean)
	}
	spread := max(float32(math.Sqrt(float64(squares/inputs))), floor)
	for i, v := range p {
		p[i] = (mean - v) / spread
	}
}

// judge reads a levelled patch.
func (n *network) judge(p *patch) (out scores) {
	var h [hidden]float32
	for i := range h {
		h[i] = max(0, dot(n.first[i][:inputs], p[:])+n.first[i][inputs])
	}
	top := float32(math.Inf(-1))
	for i := range out {
		out[i] = dot(n.second[i][:hidden], h[:]) + n.second[i][hidden]
		top = max(top, out[i])
	}
	var sum float64
	for _, v := range out {
		sum += math.Exp(float64(v - top))
	}
	whole := top + float32(math.Log(sum))
	for i := range out {
		out[i] -= whole
	}
	return out
}

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for i := 0; i+3 < len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	return s0 + s1 + s2 + s3
}
