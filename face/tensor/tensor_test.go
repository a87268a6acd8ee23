package tensor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var everything = Range{float32(math.Inf(-1)), float32(math.Inf(1))}

func tensorOf(h, w, c int, v ...float32) *Tensor { return &Tensor{h, w, c, v} }

func ones(n int) []float32 { return slices.Repeat([]float32{1}, n) }

// A 3x3 window of ones over 1..9 with zeros around: worked out by hand.
func TestConvSame(t *testing.T) {
	in := tensorOf(3, 3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	l := NewConv(Area{3, 3, 1, true}, 1, FromFloats(9, 1, ones(9)), nil, nil, everything)
	got := l.Run(&Pool{}, in)
	want := []float32{12, 21, 16, 27, 45, 33, 24, 39, 28}
	if !cmp.Equal(got.Data, want) {
		t.Errorf("Run = %v; want %v", got.Data, want)
	}
}

// With stride 2 on four columns, TensorFlow pads at the end only.
func TestConvSameStride(t *testing.T) {
	in := tensorOf(4, 4, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
	l := NewConv(Area{3, 3, 2, true}, 1, FromFloats(9, 1, ones(9)), nil, nil, everything)
	got := l.Run(&Pool{}, in)
	want := []float32{54, 45, 72, 54}
	if got.H != 2 || got.W != 2 || !cmp.Equal(got.Data, want) {
		t.Errorf("Run = %dx%d %v; want 2x2 %v", got.H, got.W, got.Data, want)
	}
}

// Order of the weights: window row, window column, channel in, channel out.
func TestConvValidChannels(t *testing.T) {
	in := tensorOf(2, 2, 2, 1, 10, 2, 20, 3, 30, 4, 40)
	w := []float32{1, 0, 0, 1, 2, 0, 0, 2, 3, 0, 0, 3, 4, 0, 0, 4}
	l := NewConv(Area{2, 2, 1, false}, 2, FromFloats(8, 2, w), []float32{1, 2}, []float32{5, -1}, Range{0, 600})
	got := l.Run(&Pool{}, in)
	// 1+4+9+16 = 30, plus 5; ten times as much, twice, minus 1; kept below 600.
	if want := []float32{35, 599}; !cmp.Equal(got.Data, want) {
		t.Errorf("Run = %v; want %v", got.Data, want)
	}
}

func TestSeparable(t *testing.T) {
	in := tensorOf(2, 2, 2, 1, 10, 2, 20, 3, 30, 4, 40)
	d := NewDepthwise(2, 1, ones(18), []float32{1, 0.5}, []float32{0, 1}, Range{0, 40})
	l := NewSeparable(d, FromFloats(2, 1, []float32{1, 1}), nil, []float32{7}, everything)
	got := l.Run(&Pool{}, in)
	// Every window sees all: 10, and 100/2 + 1 kept at 40; 10 + 40 + 7.
	if want := []float32{57, 57, 57, 57}; !cmp.Equal(got.Data, want) {
		t.Errorf("Run = %v; want %v", got.Data, want)
	}
}

func TestBytesAreSpread(t *testing.T) {
	m := FromBytes(2, 1, []uint8{0, 255}, 0.5, -3)
	l := NewConv(Area{1, 1, 1, true}, 2, m, nil, nil, everything)
	got := l.Run(&Pool{}, tensorOf(1, 1, 2, 10, 1))
	if want := []float32{-30 + 124.5}; !cmp.Equal(got.Data, want) {
		t.Errorf("Run = %v; want %v", got.Data, want)
	}
}

func TestMaxPool(t *testing.T) {
	in := tensorOf(3, 3, 1, -1, -2, -3, -4, -5, -6, -7, -8, -9)
	got := MaxPool(&Pool{}, in, Area{2, 2, 1, false}, 1)
	if want := []float32{-1, -2, -4, -5}; !cmp.Equal(got.Data, want) {
		t.Errorf("MaxPool = %v; want %v", got.Data, want)
	}
}

func TestHalfMean(t *testing.T) {
	in := tensorOf(3, 2, 1, 1, 2, 3, 6, 100, 100)
	got := HalfMean(&Pool{}, in, 2)
	if want := []float32{3, 0}; got.H != 1 || got.W != 1 || !cmp.Equal(got.Data, want) {
		t.Errorf("HalfMean = %v; want %v", got.Data, want)
	}
}

func TestMean(t *testing.T) {
	got := Mean(tensorOf(2, 1, 2, 1, 10, 3, 20))
	if want := []float32{2, 15}; !cmp.Equal(got, want) {
		t.Errorf("Mean = %v; want %v", got, want)
	}
}

// A smaller tensor counts as padded with zeros at its end.
func TestAddSmaller(t *testing.T) {
	dst := tensorOf(2, 2, 1, 1, -2, -3, 4)
	Add(dst, tensorOf(1, 1, 1, 9), Range{0, 9})
	if want := []float32{9, 0, 0, 4}; !cmp.Equal(dst.Data, want) {
		t.Errorf("Add = %v; want %v", dst.Data, want)
	}
}

// A pool that lends what it has lent already would mix two tensors.
func TestPoolLendsOnce(t *testing.T) {
	var p Pool
	a := p.New(2, 2, 2)
	p.Free(a)
	b, c := p.New(1, 1, 1), p.New(2, 2, 2)
	b.Data[0] = 1
	clear(c.Data)
	if b.Data[0] != 1 {
		t.Error("two tensors share memory")
	}
}

func random(r *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = r.Float32()*2 - 1
	}
	return out
}

func farthest(a, b []float32) (d float64) {
	for i := range a {
		d = max(d, math.Abs(float64(a[i])-float64(b[i])))
	}
	return d
}

// The product in tiles agrees with the schoolbook one for every shape around
// the size of a tile.
func TestMultiplyShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, rows := range []int{1, 5, 6, 7, 13} {
		for _, k := range []int{1, 3, 4, 9, 64} {
			for _, n := range []int{1, 9, 16, 17, 33} {
				a, b := random(r, rows*k), random(r, k*n)
				l := NewConv(Area{1, 1, 1, true}, k, FromFloats(k, n, b), nil, nil, Range{-2, 2})
				got := l.Run(&Pool{}, &Tensor{rows, 1, k, a})
				want := make([]float32, rows*n)
				for i := range want {
					var sum float64
					for j := range k {
						sum += float64(a[i/n*k+j]) * float64(b[j*n+i%n])
					}
					want[i] = Range{-2, 2}.keep(float32(sum))
				}
				if d := farthest(got.Data, want); d > 1e-5 {
					t.Errorf("%dx%d times %dx%d is off by %g", rows, k, k, n, d)
				}
			}
		}
	}
}

func BenchmarkMultiply(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	const m, k, n = 1024, 512, 512
	in := &Tensor{m, 1, k, random(r, m*k)}
	l := NewConv(Area{1, 1, 1, true}, k, FromFloats(k, n, random(r, k*n)), nil, nil, everything)
	var p Pool
	for b.Loop() {
		p.Free(l.Run(&p, in))
	}
	b.ReportMetric(2*m*k*n*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
