package face

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/face/tensor"
)

// pattern is the made-up input of testdata/tfjs.txt.
func pattern(p *tensor.Pool, size int) *tensor.Tensor {
	x := p.New(size, size, 3)
	for i := range x.Data {
		x.Data[i] = float32((i * 7919) % 256)
	}
	return x
}

// outputs runs all four networks on the pattern.
func outputs(e *Engine) map[string][]float32 {
	p := &tensor.Pool{}
	grey := [3]float32{127.5, 127.5, 127.5}
	out := map[string][]float32{
		"residual": e.residual.embed(p, normalize(pattern(p, chipSize), meanRGB, 1.0/255)),
	}
	for _, q := range e.landmarks.find(p, normalize(pattern(p, landmarkSize), meanRGB, 1.0/255)) {
		out["landmarks"] = append(out["landmarks"], float32(q.X), float32(q.Y))
	}
	x := normalize(pattern(p, featureSize), [3]float32{100, 100, 100}, 1)
	out["features"] = tensor.Mean(e.features.base.run(p, x, 0, len(e.features.base)))
	e.detector.run(p, normalize(pattern(p, detectorSize), grey, 1/127.5), func(anchor int, code []float32, score float64) {
		b := place(code, e.detector.anchors[4*anchor:])
		out["boxes"] = append(out["boxes"], float32(b.Top), float32(b.Left), float32(b.Bottom), float32(b.Right))
		out["scores"] = append(out["scores"], float32(score))
	})
	return out
}

// The networks give what another implementation of them gives.
func TestNetworksAgreeWithTensorFlow(t *testing.T) {
	got := outputs(engine(t))
	f, err := os.Open("testdata/tfjs.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		var name string
		var i int
		var want float64
		if _, err := fmt.Sscan(s.Text(), &name, &i, &want); err != nil {
			t.Fatalf("%q: %v", s.Text(), err)
		}
		n++
		if v := got[name]; i >= len(v) || math.Abs(float64(v[i])-want) > 1e-4 {
			t.Errorf("%s: value %d of %d differs from %g", name, i, len(v), want)
		}
	}
	if n < 30 {
		t.Fatalf("only %d values compared", n)
	}
}

func TestNetworksHaveTheirSizes(t *testing.T) {
	got := outputs(engine(t))
	for name, want := range map[string]int{"residual": 128, "landmarks": 136, "features": 1024, "scores": anchorCount} {
		if n := len(got[name]); n != want {
			t.Errorf("%s: %d values; want %d", name, n, want)
		}
	}
}

func TestPlace(t *testing.T) {
	// Variances 0.1 and 0.2: down by 5·0.1·h, twice as wide.
	got := place([]float32{5, 0, 0, float32(5 * math.Log(2))}, []float32{0.2, 0.2, 0.4, 0.4})
	want := Box{0.1, 0.3, 0.5, 0.5}
	for _, d := range []float64{got.Left - want.Left, got.Top - want.Top, got.Right - want.Right, got.Bottom - want.Bottom} {
		if math.Abs(d) > 1e-6 {
			t.Fatalf("place = %v; want %v", got, want)
		}
	}
}

func TestApart(t *testing.T) {
	big := candidate{Box{0, 0, 10, 10}, 0.7}
	shifted := candidate{Box{1, 1, 11, 11}, 0.9}
	inside := candidate{Box{2, 2, 5, 5}, 0.8}
	beside := candidate{Box{9, 0, 19, 10}, 0.6}
	got := apart([]candidate{big, shifted, inside, beside})
	if len(got) != 2 || got[0] != shifted || got[1] != beside {
		t.Errorf("apart = %v; want the surest of one face, and the other", got)
	}
}
