//go:build !race

package worker

import (
	"strings"
	"testing"
)

// Not under the race detector, whose own memory is over the worker's limit.

func TestLimitsLeaveRoom(t *testing.T) {
	if out, err := helper("none").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "well") {
		t.Errorf("%s, %v", out, err)
	}
}
