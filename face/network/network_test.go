package network

import (
	"bufio"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/tensor"
	"github.com/tunnus-id/tunnus/need"
)

// pattern is the made-up input of testdata/tfjs.txt.
func pattern(p *tensor.Pool, size int) *tensor.Tensor {
	x := p.New(size, size, 3)
	for i := range x.Data {
		x.Data[i] = float32((i * 7919) % 256)
	}
	return x
}

// all opens the networks once for all tests.
var all = sync.OnceValues(func() (*Set, error) { return Open(folder) })

var folder fs.FS

func networks(t testing.TB) *Set {
	t.Helper()
	folder = need.Models(t)
	s, err := all()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// outputs runs all networks on the pattern.
func outputs(s *Set) map[string][]float32 {
	p := &tensor.Pool{}
	out := map[string][]float32{"residual": s.Residual.Embed(p, pattern(p, ResidualSize))}
	for _, q := range s.Landmarks.Find(p, pattern(p, LandmarkSize)) {
		out["landmarks"] = append(out["landmarks"], float32(q.X), float32(q.Y))
	}
	x := normalize(pattern(p, FeatureSize), [3]float32{100, 100, 100}, 1)
	out["features"] = tensor.Mean(s.Features.base.run(p, x, 0, len(s.Features.base)))
	x = normalize(pattern(p, DetectorSize), [3]float32{127.5, 127.5, 127.5}, 1/127.5)
	s.Detector.run(p, x, func(anchor int, code []float32, score float64) {
		b := place(code, s.Detector.anchors[4*anchor:])
		out["boxes"] = append(out["boxes"], float32(b.Top), float32(b.Left), float32(b.Bottom), float32(b.Right))
		out["scores"] = append(out["scores"], float32(score))
	})
	out["tiny"] = s.Tiny.run(p, normalize(pattern(p, 224), tinyMean, 1.0/255)).Data
	points, sure := s.Mesh.Find(p, pattern(p, MeshSize))
	out["mesh"], out["flag"] = points[:], []float32{float32(sure)}
	return out
}

// The networks give what another implementation of them gives.
func TestNetworksAgreeWithTensorFlow(t *testing.T) {
	got := outputs(networks(t))
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
		if v := got[name]; i >= len(v) || math.Abs(float64(v[i])-want) > 1e-4*max(1, math.Abs(want)) {
			t.Errorf("%s: value %d of %d differs from %g", name, i, len(v), want)
		}
	}
	if n < 45 {
		t.Fatalf("only %d values compared", n)
	}
}

func TestNetworksHaveTheirSizes(t *testing.T) {
	got := outputs(networks(t))
	for name, want := range map[string]int{"residual": 128, "landmarks": 136, "features": 1024, "scores": anchorCount, "tiny": 7 * 7 * 25, "mesh": 1404} {
		if n := len(got[name]); n != want {
			t.Errorf("%s: %d values; want %d", name, n, want)
		}
	}
}

func TestPlace(t *testing.T) {
	// Variances 0.1 and 0.2: down by 5·0.1·h, twice as wide.
	got := place([]float32{5, 0, 0, float32(5 * math.Log(2))}, []float32{0.2, 0.2, 0.4, 0.4})
	want := picture.Box{Left: 0.1, Top: 0.3, Right: 0.5, Bottom: 0.5}
	for _, d := range []float64{got.Left - want.Left, got.Top - want.Top, got.Right - want.Right, got.Bottom - want.Bottom} {
		if math.Abs(d) > 1e-6 {
			t.Fatalf("place = %v; want %v", got, want)
		}
	}
}

func TestApart(t *testing.T) {
	big := Candidate{picture.Box{Left: 0, Top: 0, Right: 10, Bottom: 10}, 0.7}
	shifted := Candidate{picture.Box{Left: 1, Top: 1, Right: 11, Bottom: 11}, 0.9}
	inside := Candidate{picture.Box{Left: 2, Top: 2, Right: 5, Bottom: 5}, 0.8}
	beside := Candidate{picture.Box{Left: 9, Top: 0, Right: 19, Bottom: 10}, 0.6}
	got := apart([]Candidate{big, shifted, inside, beside})
	if len(got) != 2 || got[0] != shifted || got[1] != beside {
		t.Errorf("apart = %v; want the surest of one face, and the other", got)
	}
}
