//go:build load

package serve

import "testing"

// A build in which every face matches serves nobody but a sandbox. e2e/load runs this
// test, for no other build has it.
func TestPrejudgedFacesAreForASandbox(t *testing.T) {
	if got, err := faces(false, "", ""); err == nil || got != nil {
		t.Errorf("a real service got %T, %v", got, err)
	}
	if got, err := faces(true, "", ""); err != nil || got == nil {
		t.Errorf("a sandbox got %T, %v", got, err)
	}
}
