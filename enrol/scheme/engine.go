package scheme

import (
	"github.com/tunnus-id/tunnus/enrol/scheme/format"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/operator"
)

// FaceEngine is the engine that compares faces: the built-in one, or a network
// of the operator's. What has no default for the latter is needed there.
type FaceEngine struct {
	Kind string `json:"kind" default:"built-in" oneof:"built-in onnx" doc:"What compares faces: the built-in networks, or a network of one's own that ONNX Runtime runs, in a program built with the tag onnx. Faces are found by the built-in ones in any case."`

	Name      string          `json:"name" default:"" match:"^([a-z0-9][a-z0-9.-]{0,31})?$" doc:"Name of one's own network with its version, for evidence."`
	File      string          `json:"file" default:"" match:"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$" doc:"Its ONNX file, in the folder that the configuration names. All weights are in it."`
	SHA256    string          `json:"sha256" default:"" match:"^([0-9a-f]{64})?$" doc:"SHA-256 of that file. No other runs."`
	Alignment string          `json:"alignment" default:"" oneof:"- arcface dlib" doc:"How a face is laid into the square that the network takes: by eyes, nose and corners of the mouth as InsightFace does, or by dlib's mean shape with a padding of 0.25."`
	Chip      int             `json:"chip" unit:"pixels" default:"0" min:"0" max:"512" doc:"Side of that square, as 112; for arcface a multiple of that."`
	Colours   string          `json:"colours" default:"" oneof:"- rgb bgr" doc:"Order of a pixel's values."`
	Layout    string          `json:"layout" default:"" oneof:"- nchw nhwc" doc:"Order of the input's dimensions: a plane for each colour, or pixel after pixel."`
	Mean      format.Channels `json:"mean" default:"" doc:"What is taken from each value of a pixel, 0 to 255; in the order of colours."`
	Divisor   format.Channels `json:"divisor" default:"" doc:"By what it is divided then."`
	Mirror    bool            `json:"mirror" default:"false" doc:"Whether the network sees the mirror image of a face too: then the mean of both vectors counts."`
	Numbers   int             `json:"numbers" default:"0" min:"0" max:"4096" doc:"Length of its vectors, as 512."`
	Norm      string          `json:"norm" default:"" oneof:"- l2 none" doc:"What is done to a vector: it is brought to length 1, or nothing."`
	Metric    string          `json:"metric" default:"" oneof:"- euclidean cosine" doc:"How far two vectors are apart: their Euclidean distance, or 1 less the cosine of the angle between them."`
	Match     format.Decimal  `json:"match" default:"" doc:"Greatest distance that is a match."`
	Review    format.Decimal  `json:"review" default:"" doc:"Greatest distance that a person judges. What is further apart is no match."`
}

// Own reports whether faces are compared by a network of the operator's.
func (e FaceEngine) Own() bool { return e.Kind == "onnx" }

// Model is that network as package operator knows it.
func (e FaceEngine) Model() operator.Model {
	return operator.Model{
		Name: e.Name, File: e.File, SHA256: e.SHA256,
		Alignment: face.Alignment(e.Alignment), Chip: e.Chip,
		Colours: operator.Colours(e.Colours), Layout: operator.Layout(e.Layout),
		Mean: e.Mean.Floats(), Divisor: e.Divisor.Floats(), Mirror: e.Mirror,
		Numbers: e.Numbers, Norm: operator.Norm(e.Norm), Metric: face.Metric(e.Metric),
		Match: e.Match.Float(), Review: e.Review.Float(),
	}
}

// engine judges what is said of a network of one's own, and that nothing is said
// of one that nobody asks.
func (c *checker) engine() {
	e := c.file.Faces.Engine
	const at = "faces.engine"
	if !e.Own() {
		c.when(e != FaceEngine{Kind: e.Kind}, at, "says of a network what the built-in engine does not ask: with kind nothing else may stand")
		return
	}
	missing := false
	for _, k := range []struct {
		key   string
		empty bool
	}{
		{"name", e.Name == ""},
		{"file", e.File == ""},
		{"sha256", e.SHA256 == ""},
		{"alignment", e.Alignment == ""},
		{"chip", e.Chip == 0},
		{"colours", e.Colours == ""},
		{"layout", e.Layout == ""},
		{"mean", e.Mean.IsZero()},
		{"divisor", e.Divisor.IsZero()},
		{"numbers", e.Numbers == 0},
		{"norm", e.Norm == ""},
		{"metric", e.Metric == ""},
		{"match", e.Match.IsZero()},
		{"review", e.Review.IsZero()},
	} {
		c.when(k.empty, at+"."+k.key, "missing: a network of one's own needs it")
		missing = missing || k.empty
	}
	if missing || c.read.About(at) {
		return
	}
	for _, why := range e.Model().Faults() {
		c.when(true, at, "%s", why)
	}
}
