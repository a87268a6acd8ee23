// Package engine opens the face engine that a scheme names: the built-in one, or
// a network of the operator's on ONNX Runtime. Where its files lie is said by
// how a program was started.
package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/judge"
	"github.com/tunnus-id/tunnus/face/operator"
	"github.com/tunnus-id/tunnus/face/operator/onnx"
)

// A Choice is one engine, and where its files lie.
type Choice struct {
	Models  string // folder of the built-in networks, and of the operator's
	Own     Own    // a network of the operator's, if there is one
	Library string // of ONNX Runtime
}

// Of is the choice that a scheme makes.
func Of(rules scheme.Rules, models, library string) Choice {
	c := Choice{Models: models, Library: library}
	if e := rules.Faces.Engine; e.Own() {
		m := e.Model()
		m.Report = rules.File.Faces.Report
		c.Own.Model = &m
	}
	return c
}

// ErrNoLibrary says that a network of the operator's has nothing to run on.
var ErrNoLibrary = errors.New("the scheme has a face network of its own, and the configuration does not say where the library of ONNX Runtime lies (onnx_runtime)")

// Check tells whether [Choice.Open] would find what it needs, without running
// anything of it: for a server that leaves the work to worker processes.
func (c Choice) Check() error {
	_, err := face.Check(os.DirFS(c.Models))
	if err != nil {
		err = fmt.Errorf("%w (make models fetches them)", err)
	}
	return errors.Join(err, c.checkOwn())
}

func (c Choice) checkOwn() error {
	if c.Own.Model == nil {
		return nil
	}
	if !onnx.Built {
		return fmt.Errorf("faces.engine: %w", onnx.ErrNotBuilt)
	}
	if c.Library == "" {
		return ErrNoLibrary
	}
	info, err := os.Stat(c.Library)
	if err != nil {
		return fmt.Errorf("onnx_runtime: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("onnx_runtime: %s is no file", c.Library)
	}
	return c.Own.Model.CheckFile(os.DirFS(c.Models))
}

// Open opens it, and the built-in engine that follows faces through films. A process
// opens one network of an operator's, once.
func (c Choice) Open() (judge.Engines, error) {
	builtIn, err := face.Open(os.DirFS(c.Models))
	if err != nil {
		return judge.Engines{}, err
	}
	if c.Own.Model == nil {
		return judge.Engines{Film: builtIn, Compare: builtIn}, nil
	}
	run, err := onnx.Load(c.Library)
	if err != nil {
		return judge.Engines{}, err
	}
	own, err := operator.Open(os.DirFS(c.Models), *c.Own.Model, run, builtIn)
	if err != nil {
		return judge.Engines{}, err
	}
	return judge.Engines{Film: builtIn, Compare: own}, nil
}

// Meta is that of the engine that Open opens.
func (c Choice) Meta() face.Meta {
	if c.Own.Model == nil {
		return face.Default()
	}
	return c.Own.Model.Meta(face.Default().Name)
}

// Room is how much memory the engine needs beyond the built-in one, in bytes: a
// file is read, checked and turned into weights, which are then laid out anew.
func (c Choice) Room() uint64 {
	if c.Own.Model == nil {
		return 0
	}
	info, err := fs.Stat(os.DirFS(c.Models), c.Own.Model.File)
	if err != nil {
		return 0 // Open says so
	}
	return runtimeRoom + 4*uint64(info.Size())
}

// runtimeRoom is what ONNX Runtime takes for itself.
const runtimeRoom = 128 << 20

// Own is a network of an operator's as it is told on a command line; the zero
// value is none.
type Own struct{ Model *operator.Model }

// UnmarshalText reads it as JSON.
func (o *Own) UnmarshalText(text []byte) error {
	o.Model = nil
	if len(text) == 0 {
		return nil
	}
	var m operator.Model
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	o.Model = &m
	return nil
}

// Args tell a worker which engine to open, in the words of its command.
func (c Choice) Args() ([]string, error) {
	args := []string{"--models", c.Models}
	if c.Own.Model == nil {
		return args, nil
	}
	own, err := json.Marshal(c.Own.Model)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return append(args, "--own", string(own), "--library", c.Library), nil
}
