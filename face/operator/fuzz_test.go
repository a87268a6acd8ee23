package operator_test

import (
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus/face/operator"
	"github.com/tunnus-id/tunnus/face/operator/onnxtest"
)

// FuzzInspect: a file either cannot be read, or says the same each time, in memory
// that its length bounds; and one that is cut off is never taken for whole weights.
func FuzzInspect(f *testing.F) {
	for _, draw := range []func(*onnxtest.Graph){ports, func(g *onnxtest.Graph) { ports(g); g.External("w", "x", 3) }} {
		var g onnxtest.Graph
		draw(&g)
		f.Add(g.File())
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		g, err := operator.Inspect(file)
		if err != nil {
			if len(g.Inputs)+len(g.Outputs) > 0 {
				t.Fatalf("refused, and yet %v", g)
			}
			return
		}
		if len(g.Inputs)+len(g.Outputs) > len(file) {
			t.Fatalf("%d bytes make %d ports", len(file), len(g.Inputs)+len(g.Outputs))
		}
		for _, p := range append(g.Inputs, g.Outputs...) {
			if len(p.Shape) > 9 {
				t.Fatalf("%d dimensions", len(p.Shape))
			}
		}
		// Weights in another file that are added to what was taken are found.
		var w onnxtest.Graph
		w.External("w", "x", 1)
		var more onnxtest.Message
		more.Bytes(7, w.Body())
		if _, err := operator.Inspect(append(append([]byte(nil), file...), more...)); !errors.Is(err, operator.ErrExternal) {
			t.Fatalf("weights in another file are not seen: %v", err)
		}
	})
}
