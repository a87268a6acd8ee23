//go:build load

package serve

import (
	"testing"

	"github.com/tunnus-id/tunnus/cmd/engine"
)

// A build in which every face matches serves nobody but a sandbox. e2e/load runs this
// test, for no other build has it.
func TestPrejudgedFacesAreForASandbox(t *testing.T) {
	if got, err := faces(false, "", engine.Choice{}); err == nil || got != nil {
		t.Errorf("a real service got %T, %v", got, err)
	}
	if got, err := faces(true, "", engine.Choice{}); err != nil || got == nil {
		t.Errorf("a sandbox got %T, %v", got, err)
	}
}
