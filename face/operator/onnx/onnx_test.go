//go:build onnx

package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/network"
	"github.com/tunnus-id/tunnus/face/operator"
	"github.com/tunnus-id/tunnus/face/operator/onnxtest"
	"github.com/tunnus-id/tunnus/face/tensor"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/need"
)

// library returns the path of ONNX Runtime, or ends the test.
func library(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("TUNNUS_ONNX")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "bin", "onnx")
	}
	for _, name := range []string{"libonnxruntime.so.1", "libonnxruntime.1.dylib"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	need.Missing(t, "ONNX Runtime is missing: run make test-onnx, or name its folder in TUNNUS_ONNX")
	return ""
}

// A parts is what all tests share: the library is loaded once a process.
type parts struct {
	once    sync.Once
	runtime *Runtime
	eyes    *face.BuiltIn
	people  map[string]image.Image
	err     error
}

var shared parts

func share(t testing.TB) *parts {
	t.Helper()
	path, files := library(t), need.Models(t)
	shared.once.Do(func() {
		if shared.runtime, shared.err = Load(path); shared.err != nil {
			return
		}
		if shared.eyes, shared.err = face.Open(files); shared.err != nil {
			return
		}
		shared.people = map[string]image.Image{}
		for _, p := range virtual.Cast()[:3] {
			if shared.people[p.Name], shared.err = face.Decode(virtual.NewModel(p).Portrait()); shared.err != nil {
				return
			}
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return &shared
}

// dlib is what an operator would say of the default network.
func dlib(t testing.TB) (fs.FS, operator.Model) {
	t.Helper()
	file, err := onnxtest.Default(need.Models(t))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(file)
	return fstest.MapFS{"dlib.onnx": {Data: file}}, operator.Model{
		Name: "dlib", File: "dlib.onnx", SHA256: hex.EncodeToString(sum[:]),
		Alignment: face.Dlib, Chip: 150, Colours: operator.RGB, Layout: operator.NCHW,
		Mean: [3]float64{122.782, 117.001, 104.298}, Divisor: [3]float64{255, 255, 255}, Mirror: true,
		Numbers: 128, Norm: operator.None, Metric: face.Euclidean, Match: 0.45, Review: 0.58,
	}
}

func open(t testing.TB, files fs.FS, m operator.Model) *operator.Engine {
	t.Helper()
	e, err := operator.Open(files, m, share(t).runtime, share(t).eyes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// One network gives the same numbers on ONNX Runtime as in our own code.
func TestTheDefaultNetworkIsTheSameOnBoth(t *testing.T) {
	files, m := dlib(t)
	theirs, ours := open(t, files, m), share(t).eyes
	for name, img := range share(t).people {
		want, err := face.Embed(ours, img)
		if err != nil {
			t.Fatal(err)
		}
		got, err := face.Embed(theirs, img)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || len(got[0]) != len(want[0]) {
			t.Fatalf("%s: %d vectors", name, len(got))
		}
		far := 0.0
		for i, v := range got[0] {
			far = max(far, math.Abs(float64(v-want[0][i])))
		}
		if !(far <= 1e-5) {
			t.Errorf("%s: one of the numbers differs by %.7f", name, far)
		}
		t.Logf("%s: the numbers differ by at most %.8f", name, far)
	}
}

// The whole decision may be made with an operator's network: the same person
// matches, and another does not.
func TestDecidesByTheOperatorsNetwork(t *testing.T) {
	files, m := dlib(t)
	e := open(t, files, m)
	ada := share(t).people["ada"]
	for name, want := range map[string]face.Verdict{"ada": face.Match, "ben": face.NoMatch} {
		img := share(t).people[name]
		r, err := face.Compare(e, ada, []image.Image{img, img, img})
		if err != nil || r.Verdict != want || r.Engine != e.Meta().Version() || r.Distance != r.Fused {
			t.Errorf("ada and %s: %+v, %v; want %s", name, r, err, want)
		}
	}
}

// What ONNX Runtime cannot run is refused when it is opened, not when a person waits.
func TestWhatCannotRunIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		draw func(g *onnxtest.Graph)
		want string
	}{
		"an operator that nobody has": {func(g *onnxtest.Graph) { g.Node("Guess", []string{"face"}, "vector") }, "Guess"},
		"a shape that is not true": {func(g *onnxtest.Graph) {
			g.Node("GlobalAveragePool", []string{"face"}, "pooled")
			g.Node("Flatten", []string{"pooled"}, "vector")
		}, "shape"},
		"a division by zero": {func(g *onnxtest.Graph) {
			g.Floats("zero", make([]float32, 16*3*112*112), 3*112*112, 16)
			g.Node("Flatten", []string{"face"}, "flat")
			g.Node("MatMul", []string{"flat", "zero"}, "nothing")
			g.Node("Div", []string{"nothing", "nothing"}, "vector")
		}, "what is no number"},
	} {
		var g onnxtest.Graph
		g.Input("face", 0, 3, 112, 112)
		g.Output("vector", 0, 16)
		tt.draw(&g)
		file := g.File()
		sum := sha256.Sum256(file)
		_, m := dlib(t)
		m.File, m.SHA256, m.Chip, m.Numbers = "x.onnx", hex.EncodeToString(sum[:]), 112, 16
		e, err := operator.Open(fstest.MapFS{"x.onnx": {Data: file}}, m, share(t).runtime, nil)
		if err == nil || e != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %s", name, err, tt.want)
		}
	}
}

// A closed network fails, and does not end the program.
func TestClosed(t *testing.T) {
	files, m := dlib(t)
	e, err := operator.Open(files, m, share(t).runtime, share(t).eyes)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := e.Embed(somewhere(t)); err == nil {
		t.Error("a closed network answers")
	}
}

// somewhere is a chip of a face that is none.
func somewhere(t *testing.T) face.Chip {
	t.Helper()
	var points [68]face.Point
	for i := range points {
		points[i] = face.Point{X: float64(40 + 13*i%100), Y: float64(40 + 29*i%100)}
	}
	c, err := face.NewChip(image.NewRGBA(image.Rect(0, 0, 200, 200)), points)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheLibraryIsLoadedOnce(t *testing.T) {
	share(t)
	if _, err := Load("another.so"); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("Load = %v", err)
	}
}

// BenchmarkRatio runs one network on one input by turns, in our own code and on
// ONNX Runtime, each on one thread, and reports how many times longer ours takes.
func BenchmarkRatio(b *testing.B) {
	files, m := dlib(b)
	file, err := fs.ReadFile(files, m.File)
	if err != nil {
		b.Fatal(err)
	}
	theirs, err := share(b).runtime.Network(file, operator.Plan{Input: "face", Output: "vector", In: []int{1, 3, 150, 150}, Out: []int{1, 128}})
	if err != nil {
		b.Fatal(err)
	}
	defer theirs.Close()
	ours, err := network.Open(need.Models(b))
	if err != nil {
		b.Fatal(err)
	}
	var pool tensor.Pool
	planes := make([]float32, 3*150*150)
	var own, other time.Duration
	for b.Loop() {
		chip := pool.New(150, 150, 3)
		clear(chip.Data)
		start := time.Now()
		ours.Residual.Embed(&pool, chip) // takes the chip over
		own += time.Since(start)
		start = time.Now()
		if _, err := theirs.Run(planes); err != nil {
			b.Fatal(err)
		}
		other += time.Since(start)
	}
	b.ReportMetric(float64(own)/float64(other), "x-of-onnxruntime")
	b.ReportMetric(float64(own.Microseconds())/1000/float64(b.N), "ms-own")
	b.ReportMetric(float64(other.Microseconds())/1000/float64(b.N), "ms-onnxruntime")
}
