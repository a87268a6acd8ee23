//go:build !onnx

package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/face/operator/onnx"
)

// A build without the tag never runs another engine than the scheme names.
func TestWithoutTheTagAnOwnNetworkIsRefused(t *testing.T) {
	c := own(t, nil)
	c.Models = modelFolder(t)
	if err := c.Check(); !errors.Is(err, onnx.ErrNotBuilt) || !strings.Contains(err.Error(), "-tags onnx") {
		t.Errorf("Check = %v", err)
	}
	if e, err := c.Open(); e.Compare != nil || !errors.Is(err, onnx.ErrNotBuilt) {
		t.Errorf("Open = %v, %v", e, err)
	}
	c.Own.Model = nil
	if err := c.Check(); err != nil {
		t.Errorf("the built-in one: %v", err)
	}
}
