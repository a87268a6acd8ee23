//go:build !load

package serve

import (
	"github.com/tunnus-id/tunnus/cmd/engine"
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/face/worker"
)

// faces are judged by this program, started again for each comparison.
func faces(_ bool, program string, chosen engine.Choice) (proofs.Faces, error) {
	args, err := chosen.Args()
	if err != nil {
		return nil, err
	}
	return worker.New(program, append([]string{"worker"}, args...)...), nil
}
