package engine

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/model"
	"github.com/tunnus-id/tunnus/face/operator"
	"github.com/tunnus-id/tunnus/need"
)

// own is a choice with a network of the operator's in a folder.
func own(t *testing.T, file []byte) Choice {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "own.onnx"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return Choice{Models: dir, Library: filepath.Join(dir, "own.onnx"), Own: Own{&operator.Model{
		Name: "own-1", File: "own.onnx", SHA256: strings.Repeat("0", 64), Alignment: face.ArcFace, Chip: 112,
		Colours: operator.BGR, Layout: operator.NHWC, Mean: [3]float64{103.939, 116.779, 123.68}, Divisor: [3]float64{1, 2, 0.1},
		Mirror: true, Numbers: 512, Norm: operator.L2, Metric: face.Cosine, Match: 0.55, Review: 0.7, Report: strings.Repeat("ab", 32),
	}}}
}

// What a server says on a worker's command line is what the worker opens.
func TestArgsSayTheChoice(t *testing.T) {
	c := own(t, nil)
	args, err := c.Args()
	if err != nil || len(args) != 6 || args[0] != "--models" || args[2] != "--own" || args[4] != "--library" {
		t.Fatalf("%q, %v", args, err)
	}
	var again Own
	if err := again.UnmarshalText([]byte(args[3])); err != nil || *again.Model != *c.Own.Model || args[1] != c.Models || args[5] != c.Library {
		t.Errorf("%+v, %v", again.Model, err)
	}
	if args, err := (Choice{Models: "models"}).Args(); err != nil || len(args) != 2 {
		t.Errorf("the built-in engine: %q, %v", args, err)
	}
	for _, text := range []string{"{", `{"Chip": "112"}`, "auraface"} {
		if err := again.UnmarshalText([]byte(text)); err == nil || again.Model != nil {
			t.Errorf("%s: %v, %v", text, again.Model, err)
		}
	}
	if err := again.UnmarshalText(nil); err != nil || again.Model != nil {
		t.Errorf("none: %v, %v", again.Model, err)
	}
}

// The schemes that ship have the built-in engine, which needs no more memory.
func TestShippedSchemesHaveTheBuiltInEngine(t *testing.T) {
	c := Of(scheme.Nordic(), "models", "")
	if c.Own.Model != nil || c.Room() != 0 || c.Models != "models" {
		t.Errorf("%+v", c)
	}
	rules := scheme.Nordic()
	rules.Faces.Engine = scheme.FaceEngine{Kind: "onnx", File: "own.onnx"}
	if c := Of(rules, "models", "lib.so"); c.Own.Model == nil || c.Own.Model.File != "own.onnx" || c.Library != "lib.so" {
		t.Errorf("%+v", c)
	}
}

// Memory grows with the file.
func TestRoom(t *testing.T) {
	small, large := own(t, make([]byte, 1<<10)).Room(), own(t, make([]byte, 1<<20)).Room()
	if small < 100<<20 || large-small < 3<<20 {
		t.Errorf("%d and %d bytes", small, large)
	}
}

// modelFolder is a folder on disk with the files of the built-in networks.
func modelFolder(t *testing.T) string {
	t.Helper()
	dir, from := t.TempDir(), need.Models(t)
	for _, name := range model.Files() {
		b, err := fs.ReadFile(from, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
