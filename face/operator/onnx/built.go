//go:build onnx

package onnx

import (
	"errors"
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/tunnus-id/tunnus/face/operator"
)

// Built says whether this binary knows ONNX Runtime.
const Built = true

// A Runtime makes networks run. There is one in a process.
type Runtime struct{}

// Load loads the library from a file. It fails if one is loaded already.
func Load(library string) (*Runtime, error) {
	if ort.IsInitialized() {
		return nil, errors.New("onnx: ONNX Runtime is loaded already")
	}
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		return nil, fmt.Errorf("onnx: ONNX Runtime cannot be loaded from %s: %w", library, err)
	}
	return &Runtime{}, ort.DisableTelemetry()
}

// Close unloads the library. Its networks must be closed.
func (*Runtime) Close() error { return ort.DestroyEnvironment() }

// Network implements [operator.Runtime].
func (*Runtime) Network(file []byte, p operator.Plan) (operator.Network, error) {
	options, err := settings()
	if err != nil {
		return nil, err
	}
	n := &session{}
	err = func() error {
		defer func() { _ = options.Destroy() }() // frees memory, and cannot fail
		var err error
		if n.in, err = ort.NewEmptyTensor[float32](shape(p.In)); err != nil {
			return err
		}
		if n.out, err = ort.NewEmptyTensor[float32](shape(p.Out)); err != nil {
			return err
		}
		n.run, err = ort.NewAdvancedSessionWithONNXData(file, []string{p.Input}, []string{p.Output}, []ort.Value{n.in}, []ort.Value{n.out}, options)
		return err
	}()
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", errors.Join(err, n.Close()))
	}
	return n, nil
}

// settings are those of every network: one thread, no memory kept between two
// faces but the weights.
func settings() (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(1), o.SetInterOpNumThreads(1), o.SetExecutionMode(ort.ExecutionModeSequential),
		o.SetCpuMemArena(false), o.SetMemPattern(false),
		o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
	)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", errors.Join(err, o.Destroy()))
	}
	return o, nil
}

func shape(dimensions []int) ort.Shape {
	out := make(ort.Shape, len(dimensions))
	for i, n := range dimensions {
		out[i] = int64(n)
	}
	return out
}

// session implements [operator.Network].
type session struct {
	run     *ort.AdvancedSession
	in, out *ort.Tensor[float32]
}

// Run implements [operator.Network]. What it saw of a face is overwritten.
func (n *session) Run(input []float32) ([]float32, error) {
	if n.run == nil {
		return nil, errors.New("onnx: the network is closed")
	}
	in, out := n.in.GetData(), n.out.GetData()
	if len(input) != len(in) {
		return nil, fmt.Errorf("onnx: an input of %d numbers, not %d", len(input), len(in))
	}
	defer clear(in)
	defer clear(out)
	copy(in, input)
	if err := n.run.Run(); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return append([]float32(nil), out...), nil
}

// Close implements [operator.Network].
func (n *session) Close() error {
	var errs []error
	if n.run != nil {
		errs = append(errs, n.run.Destroy())
	}
	for _, t := range []*ort.Tensor[float32]{n.in, n.out} {
		if t != nil {
			errs = append(errs, t.Destroy())
		}
	}
	n.run, n.in, n.out = nil, nil, nil
	return errors.Join(errs...)
}
