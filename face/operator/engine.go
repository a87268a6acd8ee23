package operator

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"sync"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// A Runtime makes networks run.
type Runtime interface {
	// Network makes one ready of an ONNX file. What it returns does what the
	// plan says, or an error tells why it cannot.
	Network(file []byte, p Plan) (Network, error)
}

// A Network runs a graph. It is used by one goroutine at a time.
type Network interface {
	// Run puts one input through; it and what comes back are as long as the plan
	// says. The input stays the caller's.
	Run(input []float32) ([]float32, error)
	// Close gives its memory back.
	Close() error
}

// An Engine compares faces by a network of the operator's, and finds them by
// another engine. It implements [face.Engine]. Callers take turns.
type Engine struct {
	eyes  face.Engine
	model Model
	plan  Plan

	mu      sync.Mutex // guards what follows, and with it every pass
	pool    tensor.Pool
	network Network
}

// Open reads the file of a model from a folder, and has it made ready by run.
// Faces and landmarks are found by eyes. It fails if the model is not sound (see
// [Model.Check]), if the file is missing or is not the one that is named, or if
// it is not what the model says of it.
func Open(fsys fs.FS, m Model, run Runtime, eyes face.Engine) (*Engine, error) {
	file, p, err := m.open(fsys)
	if err != nil {
		return nil, err
	}
	network, err := run.Network(file, p)
	if err != nil {
		return nil, err
	}
	e := &Engine{eyes: eyes, model: m, plan: p, network: network}
	// What cannot look at a grey square cannot look at a face, and is known now.
	if _, err := e.pass(make([]float32, 3*m.Chip*m.Chip)); err != nil {
		return nil, errors.Join(err, network.Close())
	}
	return e, nil
}

// CheckFile tells whether the file of a model in a folder is the one that is
// named, and is what the model says of it, without making it run: for a server
// that leaves the work to worker processes.
func (m Model) CheckFile(fsys fs.FS) error {
	_, _, err := m.open(fsys)
	return err
}

// Close gives the memory of the network back.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.network.Close()
}

// Detect implements [face.Engine].
func (e *Engine) Detect(img image.Image) ([]face.Face, error) { return e.eyes.Detect(img) }

// Landmarks implements [face.Engine].
func (e *Engine) Landmarks(img image.Image, b face.Box) ([68]face.Point, error) {
	return e.eyes.Landmarks(img, b)
}

// Meta implements [face.Engine]. Its name says what is done to vectors too, and
// who finds the faces: whatever changes one number changes it.
func (e *Engine) Meta() face.Meta { return e.model.Meta(e.eyes.Meta().Name) }

// codeVersion changes whenever the same picture and network may give other numbers.
const codeVersion = "onnx/1"

// Meta is that of the engine that [Open] makes of the model; eyes names the engine that
// finds the faces.
func (m Model) Meta(eyes string) face.Meta {
	name := codeVersion + " norm:" + string(m.Norm)
	if m.Mirror {
		name += " mirrored"
	}
	n := face.Network{
		Name: m.Name, SHA256: m.SHA256, Size: m.Numbers,
		Chip: m.Chip, Alignment: m.Alignment, Colours: string(m.Colours),
		Mean: m.Mean, Metric: m.Metric, Unit: 1, // one network: the fused distance is its own
	}
	for i, d := range m.Divisor {
		n.Scale[i] = 1 / d
	}
	return face.Meta{
		Name: name + "; faces by " + eyes, Networks: []face.Network{n}, Report: m.Report,
		Match:  face.Thresholds{Distance: m.Match, Fused: m.Match},
		Review: face.Thresholds{Distance: m.Review, Fused: m.Review},
	}
}

// Embed implements [face.Engine]. An error is a fault of the network, never one
// of the person.
func (e *Engine) Embed(c face.Chip) (face.Embedding, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.pool.Clear()
	chip := c.Cut(&e.pool, e.model.Alignment, e.model.Chip)
	defer e.pool.Free(chip)
	out, err := e.look(chip.Data, false)
	if err != nil {
		return nil, err
	}
	if e.model.Mirror {
		turned, err := e.look(chip.Data, true)
		if err != nil {
			return nil, err
		}
		for i, v := range turned {
			out[i] = (out[i] + v) / 2
		}
	}
	length := norm(out)
	if length == 0 {
		return nil, fmt.Errorf("operator: %s says nothing of a face", e.model.File)
	}
	if e.model.Norm == L2 {
		for i := range out {
			out[i] = float32(float64(out[i]) / length)
		}
	}
	return face.Embedding{out}, nil
}

// look runs the network over a chip or its mirror image, of which nothing stays.
func (e *Engine) look(chip []float32, mirrored bool) ([]float32, error) {
	in := e.model.input(chip, mirrored)
	defer clear(in)
	return e.pass(in)
}

// pass runs the network once. A vector that is not one is an error: nothing may
// follow from it.
func (e *Engine) pass(input []float32) ([]float32, error) {
	out, err := e.network.Run(input)
	if err != nil {
		return nil, fmt.Errorf("operator: %s: %w", e.model.File, err)
	}
	if len(out) != e.model.Numbers {
		return nil, fmt.Errorf("operator: %s gives %d numbers, not %d", e.model.File, len(out), e.model.Numbers)
	}
	for _, v := range out {
		if !plain(float64(v)) {
			return nil, fmt.Errorf("operator: %s gives what is no number", e.model.File)
		}
	}
	return out, nil
}

// input brings a chip, or its mirror image, into the network's form.
func (m Model) input(chip []float32, mirrored bool) []float32 {
	out := make([]float32, len(chip))
	plane := m.Chip * m.Chip
	for i := range plane {
		x, y := i%m.Chip, i/m.Chip
		if mirrored {
			x = m.Chip - 1 - x
		}
		for c := range 3 {
			at := c
			if m.Colours == BGR {
				at = 2 - c
			}
			v := float32((float64(chip[3*(y*m.Chip+x)+c]) - m.Mean[at]) / m.Divisor[at])
			if m.Layout == NHWC {
				out[3*i+at] = v
			} else {
				out[at*plane+i] = v
			}
		}
	}
	return out
}

func norm(v []float32) float64 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
