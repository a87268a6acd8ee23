package scheme

import (
	"os"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/operator"
)

// own is the example of doc/scheme.md.
func own(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../doc/scheme.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "```json\n\"engine\": ")
	example, _, ok2 := strings.Cut(rest, "```")
	if !ok || !ok2 {
		t.Fatal("the example of an engine is missing")
	}
	return example
}

// The example is taken, means what it says, and is another revision.
func TestAnEngineOfOnesOwn(t *testing.T) {
	r, err := Parse("x", with(t, "faces.engine", own(t)))
	if err != nil {
		t.Fatal(err)
	}
	same(t, r)
	e := r.Faces.Engine
	want := operator.Model{
		Name: "auraface-1", File: "auraface.onnx", SHA256: e.SHA256,
		Alignment: face.ArcFace, Chip: 112, Colours: operator.RGB, Layout: operator.NCHW,
		Mean: [3]float64{127.5, 127.5, 127.5}, Divisor: [3]float64{127.5, 127.5, 127.5},
		Numbers: 512, Norm: operator.L2, Metric: face.Cosine, Match: 0.55, Review: 0.7,
	}
	if m := e.Model(); !e.Own() || m != want || m.Check() != nil {
		t.Errorf("it means %+v\nnot      %+v: %v", m, want, m.Check())
	}
	if open := r.Open(); len(open) != 1 || !strings.Contains(open[0], "auraface-1; its limits rest on: no report") {
		t.Errorf("whoever checks the file is told %q", open)
	}
	again, err := Parse("x", with(t, "faces.engine", strings.Replace(own(t), `"0.55"`, `"0.550"`, 1)))
	if err != nil || again.Revision() != r.Revision() {
		t.Errorf("0.550 is another number than 0.55: %v", err)
	}
	for _, change := range [][2]string{
		{`"0.55"`, `"0.56"`},
		{`"rgb"`, `"bgr"`},
		{`"mean": "127.5"`, `"mean": "127.5 127.5 127"`},
	} {
		other, err := Parse("x", with(t, "faces.engine", strings.Replace(own(t), change[0], change[1], 1)))
		if err != nil || other.Revision() == r.Revision() {
			t.Errorf("%s: the same rules: %v", change[1], err)
		}
	}
}

// Where nothing is said the built-in engine compares.
func TestTheBuiltInEngine(t *testing.T) {
	for _, value := range []string{"", "{}", `{"kind": "built-in"}`} {
		r, err := Parse("x", with(t, "faces.engine", value))
		if err != nil || r.Faces.Engine.Own() {
			t.Errorf("%q: %v", value, err)
			continue
		}
		same(t, r)
	}
}
