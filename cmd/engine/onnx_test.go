//go:build onnx

package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/operator"
	"github.com/tunnus-id/tunnus/face/operator/onnxtest"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/worker"
	"github.com/tunnus-id/tunnus/need"
)

// TestMain lets the test binary be its own worker, in the words of Args.
func TestMain(m *testing.M) {
	if len(os.Args) != 8 || os.Args[1] != "worker" {
		os.Exit(m.Run())
	}
	c := Choice{Models: os.Args[3], Library: os.Args[7]}
	err := c.Own.UnmarshalText([]byte(os.Args[5]))
	if err == nil {
		err = worker.Run(os.Stdin, os.Stdout, c.Room(), c.Open)
	}
	if err != nil {
		os.Exit(1)
	}
}

// library returns the path of ONNX Runtime, or ends the test.
func library(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TUNNUS_ONNX")
	if dir == "" {
		dir = filepath.Join("..", "..", "bin", "onnx")
	}
	path, err := filepath.Abs(filepath.Join(dir, "libonnxruntime.so.1"))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		need.Missing(t, "ONNX Runtime is missing: run make test-onnx, or name its folder in TUNNUS_ONNX")
	}
	return path
}

// dlib is the choice of an operator who brings the default network as his own.
func dlib(t *testing.T) Choice {
	t.Helper()
	file, err := onnxtest.Default(need.Models(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := modelFolder(t)
	if err := os.WriteFile(filepath.Join(dir, "dlib.onnx"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(file)
	return Choice{Models: dir, Library: library(t), Own: Own{&operator.Model{
		Name: "dlib-1", File: "dlib.onnx", SHA256: hex.EncodeToString(sum[:]),
		Alignment: face.Dlib, Chip: 150, Colours: operator.RGB, Layout: operator.NCHW,
		Mean: [3]float64{122.782, 117.001, 104.298}, Divisor: [3]float64{255, 255, 255}, Mirror: true,
		Numbers: 128, Norm: operator.None, Metric: face.Euclidean, Match: 0.45, Review: 0.58,
	}}}
}

// ONNX Runtime judges faces in a worker that has the limits of any: little memory,
// no file and no socket any more when the pictures come.
func TestAnOwnNetworkJudgesInTheWorker(t *testing.T) {
	c := dlib(t)
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	args, err := c.Args()
	if err != nil {
		t.Fatal(err)
	}
	ada := virtual.NewModel(virtual.Cast()[0])
	frames := ada.Frames(3, 1)
	r, err := worker.New(os.Args[0], append([]string{"worker"}, args...)...).Compare(t.Context(), ada.Portrait(), frames)
	if err != nil || r.Verdict != face.Match || !strings.Contains(r.Engine, "dlib-1 sha256:"+c.Own.Model.SHA256) || r.Distance > 0.45 {
		t.Errorf("%+v, %v", r, err)
	}
}

// What is missing or is not the named file is told when the server starts.
func TestCheckLooksAtTheFiles(t *testing.T) {
	good := dlib(t)
	for name, tt := range map[string]struct {
		change func(*Choice)
		want   func(error) bool
	}{
		"no library named": {func(c *Choice) { c.Library = "" }, func(err error) bool { return errors.Is(err, ErrNoLibrary) }},
		"no library there": {func(c *Choice) { c.Library += "x" }, func(err error) bool { return errors.Is(err, fs.ErrNotExist) }},
		"a folder":         {func(c *Choice) { c.Library = c.Models }, func(err error) bool { return err != nil }},
		"no file":          {func(c *Choice) { c.Own.Model.File = "other.onnx" }, func(err error) bool { return errors.Is(err, fs.ErrNotExist) }},
		"another file":     {func(c *Choice) { c.Own.Model.File = "faceres.bin" }, func(err error) bool { return err != nil && strings.Contains(err.Error(), "which is named") }},
		"other vectors":    {func(c *Choice) { c.Own.Model.Numbers = 64 }, func(err error) bool { return err != nil && strings.Contains(err.Error(), "64 numbers") }},
	} {
		c := good
		m := *good.Own.Model
		c.Own.Model = &m
		tt.change(&c)
		if err := c.Check(); !tt.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
