//go:build !load

package serve

import (
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/face/worker"
)

// faces are judged by this program, started again for each comparison.
func faces(_ bool, program, models string) (proofs.Faces, error) {
	return worker.New(program, "worker", "--models", models), nil
}
