//go:build load

package serve

import (
	"errors"

	"github.com/tunnus-id/tunnus/cmd/engine"
	"github.com/tunnus-id/tunnus/enrol/proofs"
	"github.com/tunnus-id/tunnus/face/prejudged"
)

// faces are not judged in a build for e2e/load, which serves a sandbox only.
func faces(sandbox bool, _ string, _ engine.Choice) (proofs.Faces, error) {
	if !sandbox {
		return nil, errors.New(`this is a build with the tag "load", in which every face matches: it serves a sandbox only`)
	}
	return prejudged.Faces{}, nil
}
