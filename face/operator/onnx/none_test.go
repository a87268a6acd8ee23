//go:build !onnx

package onnx

import (
	"errors"
	"testing"
)

// A build without the tag says so, and which one it takes.
func TestWithoutTheTagNothingRuns(t *testing.T) {
	if r, err := Load("libonnxruntime.so.1"); r != nil || !errors.Is(err, ErrNotBuilt) || Built {
		t.Errorf("Load = %v, %v in a build without ONNX Runtime", r, err)
	}
}
