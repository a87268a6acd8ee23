//go:build !onnx

package onnx

import "github.com/tunnus-id/tunnus/face/operator"

// Built says whether this binary knows ONNX Runtime.
const Built = false

// A Runtime makes networks run.
type Runtime struct{}

// Load fails with [ErrNotBuilt].
func Load(string) (*Runtime, error) { return nil, ErrNotBuilt }

// Network makes one ready.
func (*Runtime) Network([]byte, operator.Plan) (operator.Network, error) { return nil, ErrNotBuilt }

// Close unloads the library.
func (*Runtime) Close() error { return ErrNotBuilt }
