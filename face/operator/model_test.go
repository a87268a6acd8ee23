package operator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/operator"
	"github.com/tunnus-id/tunnus/face/operator/onnxtest"
)

// sound is a model without fault, and the folder with its file.
func sound(draw ...func(*onnxtest.Graph)) (fstest.MapFS, operator.Model) {
	var g onnxtest.Graph
	if len(draw) == 0 {
		draw = append(draw, ports)
	}
	draw[0](&g)
	file := g.File()
	sum := sha256.Sum256(file)
	return fstest.MapFS{"own.onnx": {Data: file}}, operator.Model{
		Name: "own-1", File: "own.onnx", SHA256: hex.EncodeToString(sum[:]),
		Alignment: face.ArcFace, Chip: 112, Colours: operator.RGB, Layout: operator.NCHW,
		Mean: [3]float64{127.5, 127.5, 127.5}, Divisor: [3]float64{127.5, 127.5, 127.5},
		Numbers: 16, Norm: operator.L2, Metric: face.Cosine, Match: 0.4, Review: 0.6,
	}
}

func ports(g *onnxtest.Graph) {
	g.Input("face", 0, 3, 112, 112)
	g.Output("vector", 0, 16)
	g.Floats("w", make([]float32, 16), 16)
	g.Node("Identity", []string{"face"}, "vector")
}

// inRows is such a model that takes one pixel after the other.
func inRows() (fstest.MapFS, operator.Model) {
	files, m := sound(func(g *onnxtest.Graph) {
		g.Input("face", 0, 0, 0, 3)
		g.Output("vector", 1, 16)
		g.Node("Identity", []string{"face"}, "vector")
	})
	m.Layout = operator.NHWC
	return files, m
}

// blind are eyes that see nobody, and a box's landmarks anywhere.
type blind struct{}

func (blind) Detect(image.Image) ([]face.Face, error) { return nil, nil }

func (blind) Landmarks(image.Image, face.Box) ([68]face.Point, error) { return upright(1, 0, 0), nil }

func (blind) Embed(face.Chip) (face.Embedding, error) { return nil, errors.New("not asked") }

func (blind) Meta() face.Meta { return face.Meta{Name: "blind/1"} }

func chip(t *testing.T, img image.Image, points [68]face.Point) face.Chip {
	t.Helper()
	c, err := face.NewChip(img, points)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A still is a runtime that answers each input by a function.
type still struct {
	answer func(input []float32) ([]float32, error)
	closed *int
}

func (s still) Network([]byte, operator.Plan) (operator.Network, error) { return s, nil }

func (s still) Run(input []float32) ([]float32, error) { return s.answer(input) }

func (s still) Close() error {
	if s.closed != nil {
		*s.closed++
	}
	return nil
}

// ones answers a vector whose numbers are i+1.
func ones([]float32) ([]float32, error) {
	out := make([]float32, 16)
	for i := range out {
		out[i] = float32(i + 1)
	}
	return out, nil
}

func TestModelsThatAreNotSoundAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*operator.Model)
		want   string
	}{
		"no name":           {func(m *operator.Model) { m.Name = "" }, "no name"},
		"no file":           {func(m *operator.Model) { m.File = "" }, "not named"},
		"a file elsewhere":  {func(m *operator.Model) { m.File = "../own.onnx" }, "folder of models"},
		"an absolute file":  {func(m *operator.Model) { m.File = "/own.onnx" }, "folder of models"},
		"no sum":            {func(m *operator.Model) { m.SHA256 = "" }, "SHA-256"},
		"a sum in capitals": {func(m *operator.Model) { m.SHA256 = strings.ToUpper(m.SHA256) }, "SHA-256"},
		"another file":      {func(m *operator.Model) { m.SHA256 = strings.Repeat("0", 64) }, "which is named"},
		"half a report":     {func(m *operator.Model) { m.Report = "abcd" }, "report"},
		"an alignment":      {func(m *operator.Model) { m.Alignment = "box" }, "alignment"},
		"a size of arcface": {func(m *operator.Model) { m.Chip = 150 }, "112 pixels"},
		"a tiny chip":       {func(m *operator.Model) { m.Chip = 0 }, "too small"},
		"a huge chip":       {func(m *operator.Model) { m.Chip = 112 * 100 }, "too large"},
		"colours":           {func(m *operator.Model) { m.Colours = "GBR" }, "colours"},
		"a layout":          {func(m *operator.Model) { m.Layout = "CHW" }, "layout"},
		"division by zero":  {func(m *operator.Model) { m.Divisor[2] = 0 }, "divisor"},
		"no mean":           {func(m *operator.Model) { m.Mean[0] = math.NaN() }, "mean"},
		"short vectors":     {func(m *operator.Model) { m.Numbers = 2 }, "vectors"},
		"a norm":            {func(m *operator.Model) { m.Norm = "l1" }, "norm"},
		"a metric":          {func(m *operator.Model) { m.Metric = "" }, "metric"},
		"no limits":         {func(m *operator.Model) { m.Match, m.Review = 0, 0 }, "limits"},
		"limits turned":     {func(m *operator.Model) { m.Match, m.Review = 0.6, 0.4 }, "limits"},
		"limits that are none": {func(m *operator.Model) {
			m.Match, m.Review = math.Inf(1), math.Inf(1)
		}, "limits"},
		"a limit of all faces": {func(m *operator.Model) { m.Review = 2 }, "every pair"},
		"another size":         {func(m *operator.Model) { m.Chip = 224 }, "not one picture of [1 3 224 224]"},
		"another layout":       {func(m *operator.Model) { m.Layout = operator.NHWC }, "not one picture of [1 112 112 3]"},
		"other vectors":        {func(m *operator.Model) { m.Numbers = 32 }, "not one vector of 32"},
	} {
		files, m := sound()
		tt.change(&m)
		e, err := operator.Open(files, m, still{answer: ones}, blind{})
		if err == nil || e != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %s", name, err, tt.want)
		}
	}
	files, m := sound()
	if e, err := operator.Open(files, m, still{answer: ones}, blind{}); err != nil || e.Meta().Version() != "onnx/1 norm:l2; faces by blind/1 own-1 sha256:"+m.SHA256 {
		t.Errorf("the sound one: %v", err)
	}
	if _, err := operator.Open(fstest.MapFS{}, m, still{answer: ones}, blind{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// The sum pins all that runs: a graph whose weights lie in a file beside it would
// run whatever lies there.
func TestWeightsElsewhereAreRefused(t *testing.T) {
	nested := func(field int) func(*onnxtest.Graph) {
		return func(g *onnxtest.Graph) {
			ports(g)
			var inner onnxtest.Graph
			inner.External("w", "weights.bin", 16)
			var a onnxtest.Message
			a.Text(1, "branch")
			a.Bytes(field, inner.Body())
			g.Node("If", []string{"face"}, "x", a)
		}
	}
	for name, draw := range map[string]func(*onnxtest.Graph){
		"of the graph": func(g *onnxtest.Graph) { ports(g); g.External("w2", "weights.bin", 16) },
		"of a branch":  nested(6),
		"of branches":  nested(11),
		"of a constant": func(g *onnxtest.Graph) {
			ports(g)
			var a, w onnxtest.Message
			w.Int(14, 1)
			a.Bytes(5, w)
			g.Node("Constant", nil, "c", a)
		},
	} {
		files, m := sound(draw)
		if _, err := operator.Open(files, m, still{answer: ones}, blind{}); !errors.Is(err, operator.ErrExternal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGraphsThatAreNoNetworkOfFacesAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		draw func(*onnxtest.Graph)
		want string
	}{
		"nothing":     {func(*onnxtest.Graph) {}, "not one picture"},
		"two inputs":  {func(g *onnxtest.Graph) { ports(g); g.Input("more", 1) }, "not one picture"},
		"two outputs": {func(g *onnxtest.Graph) { ports(g); g.Output("more", 1) }, "2 outputs"},
		"no output":   {func(g *onnxtest.Graph) { g.Input("face", 0, 3, 112, 112) }, "0 outputs"},
		"ten pictures": {func(g *onnxtest.Graph) {
			g.Input("face", 10, 3, 112, 112)
			g.Output("vector", 10, 16)
		}, "not one picture"},
		"a map of features": {func(g *onnxtest.Graph) {
			g.Input("face", 0, 3, 112, 112)
			g.Output("vector", 0, 16, 7, 7)
		}, "not one vector"},
	} {
		files, m := sound(tt.draw)
		if _, err := operator.Open(files, m, still{answer: ones}, blind{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %s", name, err, tt.want)
		}
	}
	// Weights had to be inputs once, and are none.
	files, m := sound(func(g *onnxtest.Graph) { ports(g); g.Input("w", 16) })
	if _, err := operator.Open(files, m, still{answer: ones}, blind{}); err != nil {
		t.Errorf("weights among the inputs: %v", err)
	}
}

// What a network says that is no vector is a fault of ours: nothing follows from it.
func TestAnswersThatAreNoVectorAreFaults(t *testing.T) {
	files, m := sound()
	for name, answer := range map[string]func([]float32) ([]float32, error){
		"a fault":       func([]float32) ([]float32, error) { return nil, errors.New("out of memory") },
		"too short":     func([]float32) ([]float32, error) { return make([]float32, 15), nil },
		"no number":     func([]float32) ([]float32, error) { v, _ := ones(nil); v[3] = float32(math.NaN()); return v, nil },
		"beyond bounds": func([]float32) ([]float32, error) { v, _ := ones(nil); v[3] = float32(math.Inf(1)); return v, nil },
	} {
		closed := 0
		if e, err := operator.Open(files, m, still{answer, &closed}, blind{}); err == nil || e != nil || closed != 1 {
			t.Errorf("%s: opened: %v, closed %d times", name, err, closed)
		}
		bad := false
		e, err := operator.Open(files, m, still{answer: func(in []float32) ([]float32, error) {
			if bad {
				return answer(in)
			}
			return ones(in)
		}}, blind{})
		if err != nil {
			t.Fatal(err)
		}
		bad = true
		if v, err := e.Embed(chip(t, grey(), upright(1, 0, 0))); err == nil || v != nil {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	silent := still{answer: func([]float32) ([]float32, error) { return make([]float32, 16), nil }}
	e, err := operator.Open(files, m, silent, blind{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(chip(t, grey(), upright(1, 0, 0))); err == nil {
		t.Error("a vector of no length is one")
	}
}

// grey is a picture with a grey slope.
func grey() image.Image {
	img := image.NewGray(image.Rect(0, 0, 300, 300))
	for y := range 300 {
		for x := range 300 {
			img.SetGray(x, y, color.Gray{uint8((x + 2*y) / 4)})
		}
	}
	return img
}

// upright are landmarks of a face whose five points lie as in InsightFace's
// template, scaled and moved.
func upright(scale, dx, dy float64) (p [68]face.Point) {
	at := func(x, y float64) face.Point { return face.Point{X: scale*x + dx, Y: scale*y + dy} }
	for i := range p {
		p[i] = at(56, 80)
	}
	for i := 36; i < 42; i++ {
		p[i], p[i+6] = at(38.2946, 51.6963), at(73.5318, 51.5014)
	}
	p[30], p[48], p[54] = at(56.0252, 71.7366), at(41.5493, 92.3655), at(70.7299, 92.2041)
	return p
}
